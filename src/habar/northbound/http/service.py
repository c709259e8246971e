"""What all connections of one listener share: settings, endpoints, figures, the cached date.

Guarantees: answers that come together are one write a connection; only the loop's thread touches
it. Does not know: how connections come about (door.py), how they are read (protocol.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from uvicorn.config import Config
from uvicorn.server import ServerState

from habar.northbound.http.access_log import AccessLog
from habar.northbound.http.answer import date_line
from habar.northbound.http.metrics import HttpStats
from habar.northbound.http.observed import Observed
from habar.northbound.http.request import ErrorBody, Handler
from habar.northbound.http.settings import HttpSettings


class Flushed(Protocol):
    """A connection with answers to write."""

    def flush(self) -> None:
        """Write the answers whose turn it is."""
        ...


class Service:
    """The state that connections share; `loop` is the one they run in."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        settings: HttpSettings,
        handlers: Mapping[bytes, Handler],
        error_body: ErrorBody,
        log: AccessLog,
        stats: HttpStats,
    ) -> None:
        self.loop = loop
        self.settings = settings
        self.handlers = dict(handlers)
        self.error_body = error_body
        self.log = log
        self.stats = stats
        self.draining = False
        self.bodies_octets = 0
        self.date = b""
        self.state = ServerState()
        self.left: Callable[[], None] = _nobody_waits
        """Called when a connection has gone; set by who drains."""
        self._to_flush: list[Flushed] = []
        self._second = 0
        self.tell_time()

    def tell_time(self) -> None:
        """Renew the Date header; called several times a second."""
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self.date = date_line(now)
            self.state.default_headers = [(b"date", self.date[6:-2])]

    def flush_later(self, connection: Flushed) -> None:
        """Have a connection write at the end of this turn of the loop, with all others."""
        if not self._to_flush:
            self.loop.call_soon(self._flush)
        self._to_flush.append(connection)

    def _flush(self) -> None:
        connections, self._to_flush = self._to_flush, []
        for connection in connections:
            connection.flush()


def _nobody_waits() -> None:
    """Nobody waits for connections to go."""


def asgi_config(app: Observed) -> Config:
    """Make uvicorn's settings for an application: nothing of its own logging, clocks or limits."""
    config = Config(
        app,
        http="httptools",
        ws="none",
        loop="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    config.load()
    return config
