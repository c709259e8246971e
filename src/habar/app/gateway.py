"""The gateway: every part, made from the settings, started and stopped in order.

Guarantees: nothing listens before what it needs is ready; at a stop the doors close first, then
requests begun are answered, the operators' windows run empty, the rest goes back to the queue, and
the store is closed last. Knows no signal, no command line and no sandbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from habar import operators as links
from habar.app.database import open_store
from habar.app.metrics import Collector
from habar.config import OperatorSettings, Settings
from habar.dispatch import Dispatcher, Housekeeping
from habar.errors import HabarError
from habar.inbound import Receipts
from habar.model.retry import RetryPlan
from habar.model.route import Operator, Routes
from habar.northbound.http.listener import HttpServer
from habar.northbound.http.ops import ops_app
from habar.northbound.http.settings import HttpSettings, ListenAddress
from habar.northbound.http.xml import XmlEndpoint, error_body
from habar.operators.clock import SystemClock
from habar.query import Query
from habar.store.port import Store
from habar.submit.authenticate import Authenticator
from habar.submit.directory import Directory
from habar.submit.door import Door, DoorSettings

log = structlog.get_logger("habar.gateway")
REFRESH_SECONDS = 1.0
"""How soon the gateway sees what a command beside it has changed."""
HOUR = 3_600_000


class Gateway:
    """One process of the gateway. `start`, then `stop`; both once."""

    def __init__(self, settings: Settings, store: Store, tls: ssl.SSLContext | None) -> None:
        self.settings = settings
        self.store = store
        self._tls = tls
        self._clock = SystemClock()
        self._refresher: asyncio.Task[None] | None = None
        self.registry = CollectorRegistry()
        self.directory = Directory(store.books)

    @property
    def addresses(self) -> tuple[ListenAddress, ...]:
        """Where it listens, with the real ports."""
        return self.http.addresses

    async def start(self) -> None:
        """Open what is needed, connect to the operators, then listen.

        The store is open already (`open_store`). Raises OSError where an address is taken.
        """
        await self.directory.load()
        operators = [await self._operator(o) for o in self.settings.operators]
        self._wire(operators)
        await self.dispatcher.start()
        self.housekeeping.start()
        try:
            await self.http.start()
        except OSError:
            await self._stop_sending(0)
            raise
        self._refresher = asyncio.create_task(self._refresh(), name="refresh accounts")

    async def stop(self) -> None:
        """Stop in order; what was accepted and not sent is in the store's queue."""
        patience = self.settings.gateway.drain_seconds
        if self._refresher is not None:
            self._refresher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._refresher
        self.http.announce_drain()
        self.door.drain()
        await self.http.drain(patience)
        await self.xml.close()
        self.authenticator.close()
        await self._stop_sending(patience)

    def _wire(self, operators: list[links.OperatorSettings]) -> None:
        clock = self._clock
        gateway = self.settings.gateway
        retry = RetryPlan(give_up_after=int(gateway.expire_after_hours * HOUR))
        journal = self.store.journal
        self.receipts = Receipts(journal, clock.now_ms)
        self.dispatcher = Dispatcher(
            self.store,
            operators,
            self.receipts.deliver,
            retry=retry,
            ahead=gateway.ahead,
            clock=clock,
        )
        self.housekeeping = Housekeeping(journal, retry=retry, clock=clock)
        self.authenticator = Authenticator(self.directory)
        routes = Routes(tuple(Operator(o.id, o.name, o.receipts) for o in operators))
        self.door = Door(
            journal,
            self.dispatcher,
            routes,
            now=clock.now_ms,
            settings=DoorSettings(backlog_limit=gateway.max_backlog),
        )
        query = Query(self.store, self.dispatcher, now=clock.now_ms)
        limit = self.settings.http.body_limit
        self.xml = XmlEndpoint(self.authenticator, self.door, query, limit=limit)
        self.http = self._listener()
        self.registry.register(Collector(self))

    def _listener(self) -> HttpServer:
        http = self.settings.http
        probes = {
            "http": lambda: self.http.readiness(),
            "store": self._store_probe,
        }
        return HttpServer(
            HttpSettings(
                listen=tuple(ListenAddress(x.host, x.port, x.ops) for x in self.settings.listeners),
                body_limit=http.body_limit,
                connection_limit=http.max_connections,
                header_timeout=http.header_seconds,
                body_timeout=http.body_seconds,
                keep_alive_timeout=http.keep_alive_seconds,
                access_log=http.access_log,
            ),
            {b"/api": self.xml},
            error_body,
            ops=ops_app(probes, self.registry),
            tls=self._tls,
            registry=self.registry,
        )

    def _store_probe(self) -> str | None:
        return None if self.store.journal.healthy else "the store cannot write"

    async def _operator(self, settings: OperatorSettings) -> links.OperatorSettings:
        return links.OperatorSettings(
            id=await self.store.books.ensure_operator(settings.name),
            name=settings.name,
            host=settings.host,
            port=settings.port,
            system_id=settings.system_id,
            password=settings.password,
            system_type=settings.system_type,
            window=settings.window,
            throughput=settings.throughput,
            enquire_link=settings.enquire_link_seconds,
            response_timeout=settings.response_seconds,
            receipts=settings.receipts,
            tls=ssl.create_default_context() if settings.tls else None,
            quirks=links.Quirks(
                response_id=links.IdForm(settings.response_id_base),
                receipt_id=links.IdForm(settings.receipt_id_base),
            ),
        )

    async def _refresh(self) -> None:
        """Follow what commands beside the gateway change."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                if await self.directory.refresh_if_changed():
                    log.info("accounts read again", accounts=len(self.directory))
            except HabarError as error:
                log.warning("accounts could not be read", error=str(error))

    async def _stop_sending(self, patience: float) -> None:
        self.housekeeping.stop()
        await self.dispatcher.drain(patience)


async def open_gateway(settings: Settings, tls: ssl.SSLContext | None) -> Gateway:
    """Open the store and make the gateway. Raises what `Store.open` raises."""
    store, in_hand = await open_store(Path(settings.gateway.data))
    if in_hand:
        log.warning("messages were in hand when the last run died", messages=in_hand)
    return Gateway(settings, store, tls)
