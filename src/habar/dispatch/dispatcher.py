"""All operators' lanes, their binds, and the hand-over of fresh messages from the submit door.

Guarantees: implements `submit.handoff.Handoff`; an operator that this process does not serve is
answered "no room", so its messages wait on disk for whoever does, and so does one that others serve
beside it: they are told; lanes share nothing, so a slow operator holds up no other.
Knows no tables and no protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from habar.dispatch.binds import Binds
from habar.dispatch.lane import Lane
from habar.model.message import Outgoing
from habar.model.retry import RetryPlan
from habar.operators import Ack, Clock, OperatorSettings, Spread, SystemClock, by_chance
from habar.store.nodes import Hint, Watcher
from habar.store.port import Store
from habar.wire.smpp import Pdu

AHEAD = 20_000
"""Messages in memory for each operator, at most (30 MB with texts of ten parts)."""

Deliver = Callable[[OperatorSettings, Pdu, Ack], None]
"""Takes what an operator delivers; `inbound.Receipts.deliver` is one."""

_DEFAULT_RETRY = RetryPlan()


class Dispatcher:
    """See the module's docstring. To be made in a running loop; `start` after `store.open`."""

    def __init__(
        self,
        store: Store,
        operators: Sequence[OperatorSettings],
        deliver: Deliver,
        *,
        retry: RetryPlan = _DEFAULT_RETRY,
        ahead: int = AHEAD,
        clock: Clock | None = None,
        spread: Spread = by_chance,
    ) -> None:
        clock = clock or SystemClock()
        self._store = store
        self._lanes = {
            settings.id: Lane(
                settings,
                store,
                partial(deliver, settings),
                retry=retry,
                ahead=ahead,
                clock=clock,
                spread=spread,
            )
            for settings in operators
        }
        self._binds = Binds(self._lanes, store, clock)

    @property
    def lanes(self) -> Mapping[int, Lane]:
        """By operator id: for metrics and readiness, to be read only."""
        return MappingProxyType(self._lanes)

    @property
    def watcher(self) -> Watcher:
        """Who is to be told what other nodes do: give it to `Store.watch` before `start`."""
        return self._binds

    async def start(self) -> None:
        """Ask which binds are ours; let their links connect, in the background."""
        await self._binds.start()

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - bounds each lane's own wait
        """Take and claim nothing more, empty the windows within `timeout` seconds, unbind.

        When it returns everything in hand has been given to the journal and every bind to the other
        nodes: close the store then.
        """
        await self._binds.stop()
        await asyncio.gather(*(lane.drain(timeout) for lane in self._lanes.values()))
        await self._binds.give_back()

    def look_again(self) -> None:
        """Ask the store anew who has messages waiting: one went back of which no plan knows."""
        for lane in self._lanes.values():
            lane.look_again()

    # --- Handoff ---------------------------------------------------------------------------------
    def reserve(self, operator_id: int, account_id: int, priority: int) -> bool:
        """See `Handoff.reserve`."""
        lane = self._lanes.get(operator_id)
        return lane is not None and lane.reserve(account_id, priority)

    def release(self, operator_id: int, account_id: int, priority: int) -> None:
        """See `Handoff.release`."""
        self._lanes[operator_id].release(account_id, priority)

    def take(self, operator_id: int, message: Outgoing) -> None:
        """See `Handoff.take`."""
        self._lanes[operator_id].take(message)

    def waiting(self, operator_id: int, account_id: int, priority: int, due_at: int) -> None:
        """See `Handoff.waiting`."""
        lane = self._lanes.get(operator_id)
        if lane is not None:
            lane.waiting(account_id, priority, due_at)
        if lane is None or not lane.links.whole:
            self._store.tell(Hint(operator_id, priority, account_id, due_at))

    def withdraw(self, message_id: int) -> bool:
        """See `Handoff.withdraw`."""
        return any(lane.withdraw(message_id) for lane in self._lanes.values())
