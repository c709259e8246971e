"""The other direction, put together: subscribers' messages, opt-outs, and calls of web services.

Guarantees: what a command beside the gateway changes of short codes and opt-outs is obeyed within
about a second; at a stop nothing is called any more before the door to operators is closed, so that
answers to subscribers are still on their way in order. Knows no PDU and no HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from habar.app.network import NetworkView
from habar.app.node import ThisNode
from habar.callbacks import Caller, CallerSettings, Calling, Client, Guard, OutsideClient
from habar.config import Settings
from habar.inbound import Inbound, Joiner, Receipts, Rules, Subscribers
from habar.operators import Clock
from habar.store.callbacks import CallCounts
from habar.store.inbox import InboxCounts
from habar.store.nodes import Hint, Watcher
from habar.store.port import Store
from habar.submit.directory import Directory
from habar.submit.door import Door
from habar.submit.opt_outs import OptOuts

log = structlog.get_logger("habar.gateway")


class Receiving:
    """`take` what operators deliver from the beginning; `start` when there is a door."""

    def __init__(
        self, store: Store, settings: Settings, network: NetworkView, node: ThisNode, clock: Clock
    ) -> None:
        self.inbox = InboxCounts(0, 0, 0, 0)
        self.owed = CallCounts(0, 0, 0)
        """How much there was when it was last counted."""
        self.rules = Rules()
        self.opt_outs = OptOuts()
        journal = store.journal
        self.receipts = Receipts(journal, clock.now_ms)
        self.subscribers = Subscribers(
            journal, self.rules, settings.inbound, clock.now_ms, owed=self._owed
        )
        self.take = Inbound(self.receipts, self.subscribers).deliver
        self.joiner = Joiner(
            journal,
            self.subscribers,
            network.operator,
            join_minutes=settings.inbound.join_minutes,
            clock=clock,
        )
        self.caller: Caller | None = None
        """None: this node calls nobody."""
        self.outside: OutsideClient | None = None
        """The processes that make its calls; None: it makes them itself."""
        self._store = store
        self._settings = settings
        self._node = node
        self._clock = clock

    def _owed(self) -> None:
        if self.caller is not None:
            self.caller.wake()

    async def begin(self) -> None:
        """Read whose the short codes are, and who wants no messages. Raises what the store does."""
        await self.rules.follow(self._store.inbox)
        await self.opt_outs.follow(self._store.inbox)

    async def start(
        self, door: Door, directory: Directory, watched: Callable[[Calling], Calling]
    ) -> None:
        """Join and call, as far as this node is there for it; `watched`: who sees each call."""
        if self._node.dispatches:
            self.joiner.start()
        if self._node.calls:
            settings = CallerSettings.of(self._settings.callbacks)
            self.caller = Caller(
                self._store,
                door,
                directory.by_id,
                settings,
                clock=self._clock,
                client=watched(self._client(settings)),
            )
            await self.caller.start()

    def _client(self, settings: CallerSettings) -> Calling:
        processes = self._settings.callbacks.processes
        if not processes:
            return Client(Guard(settings.allowed_networks))
        self.outside = OutsideClient(settings.allowed_networks, processes)
        return self.outside

    async def stop(self, patience: float) -> None:
        """Call nobody any more; calls under way have so many seconds."""
        self.joiner.stop()
        if self.caller is not None:
            await self.caller.stop(patience)

    def watcher(self, dispatcher: Watcher) -> Watcher:
        """Who hears what other nodes do: the dispatcher, and the caller when all is lost."""
        return _Both(dispatcher, self)

    async def follow(self) -> None:
        """See what commands, and other nodes, have changed."""
        if await self.rules.follow(self._store.inbox):
            log.info("short codes read again")
        await self.opt_outs.follow(self._store.inbox)

    async def count(self) -> None:
        """Count what waits, for /metrics."""
        self.inbox, self.owed = await asyncio.gather(
            self._store.inbox.counts(), self._store.callbacks.counts()
        )


class _Both(Watcher):
    def __init__(self, dispatcher: Watcher, receiving: Receiving) -> None:
        self._dispatcher = dispatcher
        self._receiving = receiving

    def lost(self) -> None:
        self._dispatcher.lost()
        if self._receiving.caller is not None:
            self._receiving.caller.lost()

    def waiting(self, hint: Hint) -> None:
        self._dispatcher.waiting(hint)
