"""The door: accepted sockets, told to be TLS or plain by their first octet, become connections.

Guarantees: TLS and plain HTTP on one port (spec README, rule 4); a client that says nothing, or
that does not finish its handshake, is let go after a time; over the connection limit a client is
told so, far over it dropped. Does not know: HTTP.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

import structlog
from uvicorn.config import Config

from habar.northbound.http.protocol import HotProtocol
from habar.northbound.http.service import Service

_TLS_HANDSHAKE = b"\x16"
_HANDSHAKE_FAILURE = b"\x15\x03\x01\x00\x02\x02\x28"
"""A TLS alert, fatal: said where there is no certificate to go on with."""


class Door:
    """Turns accepted sockets into connections of `service`."""

    def __init__(self, service: Service, tls: ssl.SSLContext | None) -> None:
        self._service = service
        self._tls = tls
        self._silent: dict[socket.socket, float] = {}
        self._handovers: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """Connections in any state."""
        return len(self._silent) + len(self._handovers) + len(self._service.state.connections)

    @property
    def busy(self) -> bool:
        """Whether a connection is on its way from the socket to the protocol."""
        return bool(self._handovers)

    def admit(self, client: socket.socket, config: Config) -> None:
        """Take an accepted socket; `config` says which application it is to reach."""
        service = self._service
        service.stats.accepted += 1
        limit = service.settings.connection_limit
        overloaded = self.open >= limit
        if overloaded:
            service.stats.refused += 1
            if self.open >= limit + limit // 10 + 1:
                client.close()
                return
        client.setblocking(False)
        first = _peek(client)
        if first is not None:
            self._hand_over(client, first, config, overloaded=overloaded)
            return
        loop = service.loop
        self._silent[client] = loop.time() + service.settings.header_timeout

        def speaks() -> None:
            first = _peek(client)
            if first is not None:
                self._forget(client)
                self._hand_over(client, first, config, overloaded=overloaded)

        loop.add_reader(client.fileno(), speaks)

    def _forget(self, client: socket.socket) -> None:
        del self._silent[client]
        self._service.loop.remove_reader(client.fileno())

    def _hand_over(
        self, client: socket.socket, first: bytes, config: Config, *, overloaded: bool
    ) -> None:
        if not first:
            client.close()
            return
        encrypted = first == _TLS_HANDSHAKE
        if encrypted and self._tls is None:
            _decline(client)
            return
        tls = self._tls if encrypted else None
        task = self._service.loop.create_task(self._connect(client, tls, config, overloaded))
        self._handovers.add(task)
        task.add_done_callback(self._handed_over)

    def _handed_over(self, task: asyncio.Task[None]) -> None:
        self._handovers.discard(task)
        self._service.left()

    async def _connect(
        self, client: socket.socket, tls: ssl.SSLContext | None, config: Config, overloaded: bool
    ) -> None:
        service = self._service
        timeout = service.settings.handshake_timeout
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await service.loop.connect_accepted_socket(
                lambda: HotProtocol(service, config, overloaded=overloaded),
                client,
                ssl=tls,
                ssl_handshake_timeout=timeout if tls else None,
            )
        except (OSError, TimeoutError) as failed:
            client.close()
            if tls is not None:
                service.stats.handshake_failures += 1
                structlog.get_logger("habar.http").debug("no handshake", error=str(failed))

    def sweep(self, now: float) -> None:
        """Let those go that have said nothing for too long."""
        for client in [client for client, until in self._silent.items() if until <= now]:
            self._forget(client)
            client.close()

    def close(self) -> None:
        """Let everybody go who is not a connection yet."""
        for client in list(self._silent):
            self._forget(client)
            client.close()

    def abort(self) -> None:
        """Break off the handshakes under way, too."""
        self.close()
        for task in list(self._handovers):
            task.cancel()


def _peek(client: socket.socket) -> bytes | None:
    """The first octet without taking it; None: not there yet; empty: the client has gone."""
    try:
        return client.recv(1, socket.MSG_PEEK)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""


def _decline(client: socket.socket) -> None:
    """Close on a TLS hello in a way that its sender understands."""
    try:
        client.recv(65_536)  # unread octets would turn the close into a reset
        client.send(_HANDSHAKE_FAILURE)
        client.shutdown(socket.SHUT_WR)
    except OSError as gone:
        structlog.get_logger("habar.http").debug("client has gone", error=str(gone))
    client.close()
