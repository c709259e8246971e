"""Listening sockets: bound to what a name means, accepting in turns, shared where that is wanted.

Guarantees: an address is bound whole or not at all; it is shared with nobody who was not meant to
have it: `reserve` fails where another program listens. When the process runs out of descriptors,
accepting rests a moment instead of spinning. Does not know: what becomes of an accepted socket.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable

import structlog

_BACKLOG = 4_096
_AT_ONCE = 64
_REST = 0.5
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


async def bind(host: str, port: int, *, shared: bool = False) -> list[socket.socket]:
    """Listen on every address of `host`, all on one port. Raises OSError; then none stays bound.

    `shared`: with other processes of this user, which must say so too (SO_REUSEPORT); the system
    spreads the clients over them.
    """
    return await _bind_all(host, port, _shared if shared else _alone, listen=True)


async def reserve(host: str, port: int) -> list[socket.socket]:
    """Keep every address of `host` for processes that are to share it, without listening.

    Port 0 takes any free one, which the system gives to nobody else then. Raises OSError; then
    none stays bound.
    """
    # A bind that shares would succeed beside another one that shares: so one that does not goes
    # first, and tells of whoever listens there.
    close_all(await _bind_all(host, port, _alone, listen=False))
    return await _bind_all(host, port, _shared, listen=False)


async def _bind_all(
    host: str, port: int, prepare: Callable[[socket.socket], None], *, listen: bool
) -> list[socket.socket]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    failed: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            made = _bind_one(family, (address[0], port, *address[2:]), prepare, listen=listen)
        except OSError as raised:
            if raised.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                failed = raised  # a name for ::1 too, on a machine without IPv6
                continue
            close_all(bound)
            raise
        bound.append(made)
        port = made.getsockname()[1]
    if not bound:
        raise failed or OSError(errno.EADDRNOTAVAIL, f"no address for {host}")
    return bound


def _alone(made: socket.socket) -> None:
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _shared(made: socket.socket) -> None:
    _alone(made)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def _bind_one(
    family: int,
    address: tuple[str | int, ...],
    prepare: Callable[[socket.socket], None],
    *,
    listen: bool,
) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        prepare(made)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        if listen:
            made.listen(_BACKLOG)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def close_all(sockets: list[socket.socket]) -> None:
    """Close sockets."""
    for each in sockets:
        each.close()


class Acceptor:
    """Accepts from one listening socket and gives each client to `admit`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        admit: Callable[[socket.socket], None],
    ) -> None:
        self._loop = loop
        self._listening = listening
        self._admit = admit
        self._rest: asyncio.TimerHandle | None = None
        self._watch()

    def _watch(self) -> None:
        self._rest = None
        self._loop.add_reader(self._listening.fileno(), self.accept)

    def accept(self) -> None:
        """Accept those who wait, at most as many as leaves others their turn."""
        for _ in range(_AT_ONCE):
            try:
                client, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as failed:
                if failed.errno in _EXHAUSTED:
                    self._rest_a_moment(failed)
                    return
                continue  # the client has gone again
            self._admit(client)

    def _rest_a_moment(self, failed: OSError) -> None:
        structlog.get_logger("habar.http").error("cannot accept", error=str(failed))
        if self._rest is None:
            self._loop.remove_reader(self._listening.fileno())
            self._rest = self._loop.call_later(_REST, self._watch)

    def close(self) -> None:
        """Accept who is in the queue already, then stop listening."""
        if self._rest is None:
            self.accept()
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._listening.fileno())
        self._listening.close()
