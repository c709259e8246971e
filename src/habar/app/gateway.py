"""The gateway: every part, made from the settings, started and stopped in order.

Guarantees: nothing listens before what it needs is ready; at a stop the doors close first, then
requests begun are answered, the operators' windows run empty, the rest goes back to the queue; a
part that fails to start or stop keeps none of the others from stopping. The store is opened before
and closed after by whoever made the gateway. Knows no signal, no command line and no sandbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector

from habar import operators as links
from habar.app.clock import StoreClock
from habar.app.database import Place, open_store
from habar.app.listeners import listen_addresses
from habar.app.metrics import Collector
from habar.app.network import NetworkView
from habar.app.node import ThisNode, this_node
from habar.app.periodic import Periodic
from habar.app.receiving import Receiving
from habar.app.watch import OperatorWatch
from habar.callbacks import Calling
from habar.config import Settings
from habar.dispatch import Dispatcher, Housekeeping, Retention
from habar.model.retry import RetryPlan
from habar.model.route import Routes
from habar.northbound.http.api import ApiHandler, error_body
from habar.northbound.http.form import FormEndpoint
from habar.northbound.http.listener import HttpServer
from habar.northbound.http.ops import ops_app
from habar.northbound.http.settings import HttpSettings, ListenAddress
from habar.northbound.http.xml import XmlEndpoint
from habar.query import Query
from habar.store.nodes import Node
from habar.store.port import Store
from habar.store.readings import Counts
from habar.submit.authenticate import Authenticator
from habar.submit.directory import Directory
from habar.submit.door import Door, DoorSettings

log = structlog.get_logger("habar.gateway")
REFRESH_SECONDS = 1.0
"""How soon the gateway sees what a command beside it has changed."""
COUNT_SECONDS = 10.0
"""How old the counts of the queue may be: counting reads the whole index of a long queue."""
LOOK_SECONDS = 3.0
"""How old what is told of the other nodes may be."""
HOUR = 3_600_000


class Gateway:
    """One process of the gateway. `start`, then `stop`; both once."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        tls: ssl.SSLContext | None,
        node: ThisNode | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.node = node or this_node(settings)
        self.registry = CollectorRegistry()
        self.directory = Directory(store.books)
        self.queue = Counts(0, 0, 0)
        """How much there was in the store when it was last counted."""
        self.nodes: Sequence[Node] = ()
        """Who was on the database when it was last looked at."""
        self._tls = tls
        self._clock = StoreClock(store)
        self.calls_seen_by: Callable[[Calling], Calling] = lambda client: client
        """To be set before the start by who wants to see the calls of web services."""
        self.network = NetworkView(store, settings.operators, now=self._clock.now_ms)
        self.receiving = Receiving(store, settings, self.network, self.node, self._clock)
        self._patience = 0.0
        self._undo = contextlib.AsyncExitStack()

    @property
    def addresses(self) -> tuple[ListenAddress, ...]:
        """Where it listens, with the real ports."""
        return self.http.addresses

    async def start(self) -> None:
        """Read the accounts, connect to the operators, then listen.

        Raises OSError where an address is taken, and what the store raises; then nothing runs.
        """
        try:
            await self._start()
        except BaseException:
            await self._undo.aclose()
            raise
        self._patience = self.settings.gateway.drain_seconds

    async def stop(self) -> None:
        """Stop in order; what was accepted and not sent is in the store's queue."""
        await self._undo.aclose()

    async def _start(self) -> None:
        undo = self._undo
        await self.directory.load()
        await self.network.begin()
        await self.receiving.begin()
        self._wire(self.network.operators)
        undo.callback(self.authenticator.close)
        undo.push_async_callback(self._stop_sending)
        await self.dispatcher.start()
        if self.node.dispatches:
            self.housekeeping.start()
            undo.push_async_callback(self.retention.stop)
            self.retention.start()
        undo.push_async_callback(self._stop_receiving)
        await self.receiving.start(self.door, self.directory, self.calls_seen_by)
        undo.push_async_callback(self._close_doors)
        await self.http.start()
        watch = self.watch
        for periodic in (
            Periodic("follow the accounts", REFRESH_SECONDS, self._follow),
            Periodic("follow the short codes", REFRESH_SECONDS, self.receiving.follow),
            Periodic("follow the operators", REFRESH_SECONDS, watch.follow),
            Periodic("look who is out", REFRESH_SECONDS, watch.look),
            Periodic("move what waits for those", REFRESH_SECONDS, watch.move),
            Periodic("report the binds", REFRESH_SECONDS, watch.report),
            Periodic("count the queue", COUNT_SECONDS, self._count),
            Periodic("look at the nodes", LOOK_SECONDS, self._look),
        ):
            undo.push_async_callback(periodic.stop)
            periodic.start()

    async def _close_doors(self) -> None:
        """Let nobody in any more and answer those who are in, for at most half of the patience."""
        began = asyncio.get_running_loop().time()
        self.http.announce_drain()
        if not await self.http.drain(self._patience / 2):
            log.warning("requests were cut off: they took too long")
        self.door.drain()
        await self.xml.close()
        await self.form.close()
        self.authenticator.close()
        self._patience -= asyncio.get_running_loop().time() - began

    async def _stop_receiving(self) -> None:
        began = asyncio.get_running_loop().time()
        await self.receiving.stop(max(0.0, self._patience / 2))
        self._patience -= asyncio.get_running_loop().time() - began

    async def _stop_sending(self) -> None:
        self.housekeeping.stop()
        await self.dispatcher.drain(max(0.0, self._patience))

    def _wire(self, operators: list[links.OperatorSettings]) -> None:
        clock = self._clock
        gateway = self.settings.gateway
        retry = RetryPlan(give_up_after=int(gateway.expire_after_hours * HOUR))
        journal = self.store.journal
        self.dispatcher = Dispatcher(
            self.store,
            # Where we do not dispatch, messages wait on disk for others.
            [o for o in operators if o.sends] if self.node.dispatches else (),
            self.receiving.take,
            routes=self.network.routes,
            retry=retry,
            ahead=gateway.ahead,
            clock=clock,
        )
        self.store.watch(self.receiving.watcher(self.dispatcher.watcher))
        self.housekeeping = Housekeeping(journal, retry=retry, clock=clock)
        self.retention = Retention(
            self.store,
            message_days=self.settings.messages.keep_days,
            text_days=self.settings.texts.keep_days,
            inbound_days=self.settings.inbound.keep_days,
            callback_days=self.settings.callbacks.keep_days,
            clock=clock,
        )
        self.authenticator = Authenticator(self.directory)
        self.door = Door(
            journal,
            self.dispatcher,
            self.network.routes,
            now=clock.now_ms,
            settings=DoorSettings(backlog_limit=gateway.backlog_limit),
            opt_outs=self.receiving.opt_outs,
        )
        self.watch = OperatorWatch(
            self.store,
            self.network,
            self.dispatcher,
            self.node,
            obey=self._obey,
            now=clock.now_ms,
            patience=gateway.drain_seconds / 2,
        )
        query = Query(self.store, self.dispatcher, now=clock.now_ms)
        limit = self.settings.http.body_limit
        self.xml = XmlEndpoint(self.authenticator, self.door, query, limit=limit)
        self.form = FormEndpoint(self.authenticator, self.door, query, now=clock.now_ms)
        self.http = self._listener()
        self.registry.register(Collector(self))
        ProcessCollector(registry=self.registry)

    def _listener(self) -> HttpServer:
        # An operator that is down is no reason to be unready: what is accepted waits on disk.
        probes = {"http": lambda: self.http.readiness(), "store": self._store_probe}
        return HttpServer(
            http_settings(self.settings, self.node),
            ApiHandler(self.xml, self.form).handlers if self.node.fronts else {},
            error_body,
            ops=ops_app(probes, self.registry, self._seen),
            tls=self._tls,
            registry=self.registry,
        )

    def _store_probe(self) -> str | None:
        if not self.store.holds:
            return "the lease on the database has run out"
        return None if self.store.journal.healthy else "the store cannot write"

    def _seen(self) -> dict[str, object]:
        """The nodes, for whoever asks whether this one is ready."""
        return {
            "nodes": [
                {"name": n.name, "alive": n.alive, "draining": n.draining, "roles": n.roles}
                for n in self.nodes
            ]
        }

    def _obey(self, routes: Routes) -> None:
        self.door.routes = routes

    async def _follow(self) -> None:
        """See what commands beside the gateway have changed."""
        if await self.directory.refresh_if_changed():
            log.info("accounts read again", accounts=len(self.directory))

    async def _count(self) -> None:
        self.queue = await self.store.counts()
        await self.receiving.count()

    async def _look(self) -> None:
        self.nodes = await self.store.nodes()


def http_settings(settings: Settings, node: ThisNode) -> HttpSettings:
    """The listener's settings; what is not said there stays as the listener has it."""
    http = settings.http
    return HttpSettings(
        listen=tuple(listen_addresses(settings, node)),
        body_limit=http.body_limit,
        bodies_limit=http.bodies_limit,
        connection_limit=http.connection_limit,
        handshake_timeout=http.handshake_seconds,
        header_timeout=http.header_seconds,
        body_timeout=http.body_seconds,
        keep_alive_timeout=http.keep_alive_seconds,
        send_timeout=http.send_seconds,
        access_log=http.access_log,
    )


async def open_gateway(
    settings: Settings, tls: ssl.SSLContext | None, node: ThisNode | None = None
) -> Gateway:
    """Open the store and make the gateway. Raises what `Store.open` raises."""
    node = node or this_node(settings)
    store, in_hand = await open_store(Place.of(settings, node))
    if in_hand:
        log.warning("messages were in hand when the last run died", messages=in_hand)
    return Gateway(settings, store, tls, node)
