"""All operators' lanes, their binds, and the hand-over of fresh messages from the submit door.

Guarantees: implements `submit.handoff.Handoff`; an operator that this process does not serve is
answered "no room", so its messages wait on disk for whoever does, and so does one that others serve
beside it: they are told; lanes share nothing, so a slow operator holds up no other. Operators come,
change and go while it runs (`apply`): where a change needs new binds, the old ones are emptied
first and what is in hand goes back to the queue; other changes are obeyed from the next PDU on.
Knows no tables.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from habar.dispatch.binds import Binds
from habar.dispatch.lane import Deliver, Lane
from habar.model.message import Outgoing
from habar.model.retry import RetryPlan
from habar.model.route import Kind, Operator, Routes, Traffic
from habar.operators import Clock, OperatorSettings, Spread, SystemClock, by_chance
from habar.store.nodes import Hint, Watcher
from habar.store.port import Store
from habar.store.readings import Sent

AHEAD = 20_000
"""Messages in memory for each operator, at most (30 MB with texts of ten parts)."""

_DEFAULT_RETRY = RetryPlan()


class Dispatcher:
    """See the module's docstring. To be made in a running loop; `start` after `store.open`."""

    def __init__(
        self,
        store: Store,
        operators: Sequence[OperatorSettings],
        deliver: Deliver,
        *,
        routes: Routes | None = None,
        retry: RetryPlan = _DEFAULT_RETRY,
        ahead: int = AHEAD,
        clock: Clock | None = None,
        spread: Spread = by_chance,
    ) -> None:
        self.routes = routes or Routes(Operator(o.id, o.name) for o in operators)
        """Where a message goes that its operator will not take now."""
        self._store = store
        self._deliver = deliver
        self._retry = retry
        self._ahead = ahead
        self._clock = clock or SystemClock()
        self._spread = spread
        self._lanes = {settings.id: self._lane(settings) for settings in operators}
        self._binds = Binds(self._lanes, store, self._clock)
        self._changing = asyncio.Lock()
        self._draining = False

    def _lane(self, settings: OperatorSettings) -> Lane:
        return Lane(
            settings,
            self._store,
            self._deliver,
            ways=self,
            retry=self._retry,
            ahead=self._ahead,
            clock=self._clock,
            spread=self._spread,
        )

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

    async def apply(self, operators: Sequence[OperatorSettings], patience: float) -> None:
        """Serve these operators from now on, by this data.

        Emptying a window takes `patience` seconds at most.
        """
        async with self._changing:
            wanted = {settings.id: settings for settings in operators}
            gone = [lane for key, lane in self._lanes.items() if key not in wanted]
            work = [self._remove(lane, patience) for lane in gone]
            for settings in operators:
                lane = self._lanes.get(settings.id)
                if lane is None:
                    self._lanes[settings.id] = self._lane(settings)
                elif not settings.same_binds(lane.settings):
                    work.append(self._replace(lane, settings, patience))
                elif settings != lane.settings:
                    lane.apply(settings)
            await asyncio.gather(*work)
            if not self._draining:
                self._binds.look()

    async def _remove(self, lane: Lane, patience: float) -> None:
        await lane.drain(patience)
        del self._lanes[lane.settings.id]
        await self._binds.retire(lane)

    async def _replace(self, lane: Lane, settings: OperatorSettings, patience: float) -> None:
        await lane.drain(patience)
        self._lanes[settings.id] = self._lane(settings)
        await self._binds.retire(lane)

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - bounds each lane's own wait
        """Take and claim nothing more, empty the windows within `timeout` seconds, unbind.

        When it returns everything in hand has been given to the journal and every bind to the other
        nodes: close the store then.
        """
        self._draining = True
        async with self._changing:
            await self._drain(timeout)

    async def _drain(self, patience: float) -> None:
        await self._binds.stop()
        await asyncio.gather(*(lane.drain(patience) for lane in self._lanes.values()))
        await self._binds.give_back()

    # --- Ways ------------------------------------------------------------------------------------
    def elsewhere(self, message: Outgoing, operator_id: int) -> int:
        """See `Ways.elsewhere`."""
        if message.reply_to:  # only the operator that brought the question takes the answer
            return operator_id
        return self.routes.next_after(traffic_of(message), operator_id).id

    async def cancel(self, sent: Sent) -> bool:
        """Ask the operator to forget a message that it has (cancel_sm); whether it did, all of it.

        False where it does not take cancel_sm, and where no link to it is up here.
        """
        lane = self._lanes.get(sent.operator_id)
        return lane is not None and await lane.cancel(sent)

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


def traffic_of(message: Outgoing) -> Traffic:
    """A message as routing sees it."""
    kind = Kind.of(message.message_type)
    return Traffic(message.recipient, message.sender, message.account_id, kind, message.priority)
