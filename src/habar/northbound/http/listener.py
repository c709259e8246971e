"""The HTTP listener: any number of addresses, every protocol on each, TLS and plain on one port.

Guarantees: `start` binds all addresses or none; `drain` answers what was received before it
closes; after `close` nothing of it runs any more. Does not know: the protocols (they are handlers
and applications given to it), signals, where settings come from.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp
from uvicorn.config import Config

from habar.northbound.http.access_log import AccessLog
from habar.northbound.http.door import Door
from habar.northbound.http.metrics import HttpCollector, HttpStats
from habar.northbound.http.observed import Observed, nothing_here
from habar.northbound.http.protocol import HotProtocol
from habar.northbound.http.request import ErrorBody, Handler
from habar.northbound.http.service import Service, asgi_config
from habar.northbound.http.settings import HttpSettings, ListenAddress
from habar.northbound.http.sockets import Acceptor, bind, close_all


class HttpServer:
    """The listener. `handlers` are the hot paths' (exact, raw; the empty path arrives as `/`).

    `app` serves all other paths (404 where it is None), `ops` the staff's paths on the addresses
    that have them. Without `tls` only plain HTTP is spoken. Start it once, in the loop it runs in.
    """

    def __init__(
        self,
        settings: HttpSettings,
        handlers: Mapping[bytes, Handler],
        error_body: ErrorBody,
        *,
        app: ASGIApp | None = None,
        ops: ASGIApp | None = None,
        tls: ssl.SSLContext | None = None,
        registry: CollectorRegistry | None = None,
        logger: Any = None,
    ) -> None:
        self.settings = settings
        self.stats = HttpStats()
        self.addresses: tuple[ListenAddress, ...] = ()
        self._handlers = handlers
        self._error_body = error_body
        if app is None:
            app = nothing_here(error_body(404), settings.error_content_type)
        self._app = app
        self._ops = ops
        self._tls = tls
        self._logger = logger
        self._acceptors: list[Acceptor] = []
        self._service: Service | None = None
        self._door: Door | None = None
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._announced = False
        if registry is not None:
            registry.register(HttpCollector(self.stats, lambda: self.open_connections))

    @property
    def open_connections(self) -> int:
        """Connections in any state, from the first octet awaited to the last one sent."""
        return self._door.open if self._door is not None else 0

    @property
    def draining(self) -> bool:
        """Whether the listener is about to end."""
        return self._announced

    def readiness(self) -> str | None:
        """Say why the listener is not ready, or None: a probe for /readyz."""
        if self._announced:
            return "draining"
        return None if self._acceptors else "not started"

    async def start(self) -> None:
        """Bind all addresses and accept. Raises OSError; then none stays bound."""
        loop = asyncio.get_running_loop()
        bound: list[tuple[ListenAddress, list[socket.socket]]] = []
        try:
            for address in self.settings.listen:
                sockets = await bind(address.host, address.port, shared=address.shared)
                bound.append((address, sockets))
        except OSError as error:
            close_all([each for _, sockets in bound for each in sockets])
            where = f"{address.host}:{address.port}"  # of several, which one
            raise OSError(error.errno, error.strerror or str(error), where) from error
        log = AccessLog(self.settings.access_log, loop.time, self._logger)
        self._service = service = Service(
            loop, self.settings, self._handlers, self._error_body, log, self.stats
        )
        self._door = door = Door(service, self._tls)
        configs = {ops: self._config(service, ops=ops) for ops in (False, True)}
        for address, sockets in bound:
            config = configs[address.ops]
            admit = _admission(door, config)
            self._acceptors += [Acceptor(loop, listening, admit) for listening in sockets]
        self.addresses = tuple(
            replace(address, port=sockets[0].getsockname()[1]) for address, sockets in bound
        )
        self._sweep_later(service, door)

    def _config(self, service: Service, *, ops: bool) -> Config:
        app = Observed(
            self._app, self._ops if ops else None, self.stats, service.log, service.loop.time
        )
        return asgi_config(app)

    def _sweep_later(self, service: Service, door: Door) -> None:
        self._sweep_timer = service.loop.call_later(self.settings.tick, self._sweep, service, door)

    def _sweep(self, service: Service, door: Door) -> None:
        """Renew the date and look at all deadlines."""
        self._sweep_later(service, door)
        service.tell_time()
        now = service.loop.time()
        door.sweep(now)
        for connection in self._connections(service):
            if connection.patience.deadline <= now:
                connection.expire()

    @staticmethod
    def _connections(service: Service) -> list[HotProtocol]:
        return [each for each in service.state.connections if isinstance(each, HotProtocol)]

    def announce_drain(self) -> None:
        """Be not ready from now on, while everything is served still."""
        self._announced = True

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109 - after it the rest is aborted
        """Stop accepting, answer what was received, close; after `timeout` seconds abort the rest.

        Tells whether nobody had to be aborted.
        """
        self._announced = True
        service, door = self._service, self._door
        if service is None or door is None:
            return True
        for acceptor in self._acceptors:
            acceptor.close()
        self._acceptors.clear()
        door.close()
        for _ in range(2):  # let what has arrived already be read
            await asyncio.sleep(0)
        service.draining = True
        for connection in self._connections(service):
            connection.drain()
        clean = await self._all_gone(service, door, timeout)
        await self.close()
        return clean

    async def _all_gone(self, service: Service, door: Door, timeout: float) -> bool:  # noqa: ASYNC109 - a result, not an error
        gone = asyncio.Event()

        def left() -> None:
            if not service.state.connections and not door.busy:
                gone.set()

        service.left = left
        left()
        try:
            async with asyncio.timeout(timeout):
                await gone.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """End at once: abort what is left. Idempotent."""
        self._announced = True
        service, door = self._service, self._door
        if service is None or door is None:
            return
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        for acceptor in self._acceptors:
            acceptor.close()
        self._acceptors.clear()
        door.abort()
        service.draining = True
        for connection in self._connections(service):
            connection.transport.abort()
        for task in list(service.state.tasks):
            task.cancel()
        await self._all_gone(service, door, self.settings.linger_timeout)
        await asyncio.gather(*service.state.tasks, return_exceptions=True)
        self._service = self._door = None


def _admission(door: Door, config: Config) -> Callable[[socket.socket], None]:
    return lambda client: door.admit(client, config)
