"""Listening sockets: bound to what a name means, accepting in turns.

Guarantees: an address is bound whole or not at all; when the process runs out of descriptors,
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


async def bind(host: str, port: int) -> list[socket.socket]:
    """Bind every address of `host`, all on one port. Raises OSError; then none stays bound."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    failed: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            listening = _bind_one(family, (address[0], port, *address[2:]))
        except OSError as raised:
            if raised.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                failed = raised  # a name for ::1 too, on a machine without IPv6
                continue
            close_all(bound)
            raise
        bound.append(listening)
        port = listening.getsockname()[1]
    if not bound:
        raise failed or OSError(errno.EADDRNOTAVAIL, f"no address for {host}")
    return bound


def _bind_one(family: int, address: tuple[str | int, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


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
