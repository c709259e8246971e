"""Which of the operators' binds are this node's: links are opened and closed as the store says.

Guarantees: a bind that others want is emptied before it is given back, so that nothing is repeated
for its sake; one that is no longer ours is left at once; when the run is lost all links are left
before `lost` returns, and the binds are asked for anew. A lane that is put into the mapping, taken
out of it or put in another's place is noticed in the next round: what the old one has is emptied
and given back, what the new one is to have is opened there after that. A store that cannot answer
is asked again at the next round; what it said last holds until then (`Store.holds` says when it
must not).
Knows no messages and no other node; how many binds are this node's due is the store's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence

import structlog

from habar.dispatch.lane import Lane
from habar.errors import HabarError
from habar.operators import Clock, Timer
from habar.store.nodes import Hint, Slot, Slots
from habar.store.port import Store

log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds from one round to the next."""
_PARTING = 2.0
"""Seconds that a node which ends waits for a store to hear of it."""


class Binds:
    """A round every so many seconds. It is a `store.nodes.Watcher`, too."""

    def __init__(
        self, lanes: Mapping[int, Lane], store: Store, clock: Clock, *, every: float = EVERY
    ) -> None:
        self.failures = 0
        """Questions and notices that the store could not take."""
        self._lanes = lanes
        self._store = store
        self._clock = clock
        self._every = every
        self._open: dict[Slot, Lane] = {}
        """Those with a link that is used, and whose it is."""
        self._closing: dict[Slot, tuple[Lane | None, asyncio.Task[None]]] = {}
        """Others want them, or nobody here has use for them: being emptied and given back.
        None: there was never a link."""
        self._run = 0
        """Changes with each run that was lost: what was asked before it means nothing after."""
        self._round: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._stopped = False

    # --- Life ----------------------------------------------------------------------------------
    async def start(self) -> None:
        """Ask for the first time, and go on in the background."""
        await self._begin()

    async def stop(self) -> None:
        """Ask no more; what is being emptied goes on. The others are told that we are about to end.

        To be followed by `give_back`, when all links are closed.
        """
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._round is not None:
            self._round.cancel()
            await asyncio.wait([self._round])
        await self._tell(self._store.announce_drain())

    async def give_back(self) -> None:
        """Give back all that is held: no link is open any more."""
        if self._closing:
            await asyncio.wait([task for _, task in self._closing.values()])
        slots, self._open = sorted(self._open), {}
        for slot in slots:
            await self._tell(self._store.give_back(slot))

    async def retire(self, lane: Lane) -> None:
        """Give back the binds of a lane that does not stand any more and whose links are closed."""
        for slot in sorted(slot for slot, one in self._open.items() if one is lane):
            self._part_with(slot)
        tasks = [task for one, task in self._closing.values() if one is lane]
        if tasks:
            await asyncio.wait(tasks)

    def look(self) -> None:
        """Ask now and not only when the next round comes."""
        if self._timer is not None:
            self._timer.cancel()
            self._begin()

    async def _tell(self, notice: Coroutine[object, object, None]) -> None:
        """Let the store know; where it does not hear, the lease runs out and says the same."""
        try:
            async with asyncio.timeout(_PARTING):
                await notice
        except (HabarError, TimeoutError):
            self.failures += 1

    # --- Rounds --------------------------------------------------------------------------------
    def _begin(self) -> asyncio.Task[None]:
        self._timer = None
        self._round = asyncio.get_running_loop().create_task(self._ask(), name="operators' binds")
        return self._round

    async def _ask(self) -> None:
        run, parting = self._run, frozenset(self._closing)
        try:
            slots = await self._store.slots(self._wanted())
        except HabarError:
            self.failures += 1
        else:
            if run == self._run:
                self._follow(slots, parting)
        finally:
            if not self._stopped:
                self._timer = self._clock.call_later(self._every, self._begin)

    def _wanted(self) -> Mapping[int, Sequence[int]]:
        """By operator, the binds that its lane is to have and those that we still have."""
        wanted = {one: set(lane.settings.slots()) for one, lane in self._lanes.items()}
        for operator_id, number in (*self._open, *self._closing):
            wanted.setdefault(operator_id, set()).add(number)
        return {operator_id: sorted(numbers) for operator_id, numbers in wanted.items()}

    def _follow(self, slots: Slots, parting: frozenset[Slot]) -> None:
        """Leave what is not ours, part with what others want, and use what is ours.

        What was being given back when the store was asked may be another's by now.
        """
        ours = slots.held | slots.surplus
        for slot in sorted((self._open.keys() | self._closing.keys()) - ours):
            self._leave(slot)
        useless = {slot for slot, lane in self._open.items() if not self._uses(lane, slot)}
        for slot in sorted((slots.surplus | useless) - parting):
            self._part_with(slot)
        for slot in sorted(slots.held - self._open.keys() - self._closing.keys() - parting):
            lane = self._lanes.get(slot.operator_id)
            if lane is not None and not lane.draining and self._uses(lane, slot):
                self._open[slot] = lane
                lane.links.open(slot.number)

    def _uses(self, lane: Lane, slot: Slot) -> bool:
        """Whether this lane stands there still, and has use for such a bind."""
        stands = self._lanes.get(slot.operator_id) is lane
        return stands and slot.number in lane.settings.slots()

    def _leave(self, slot: Slot) -> None:
        log.warning("a bind is not ours any more", operator_id=slot.operator_id, bind=slot.number)
        closing = self._closing.pop(slot, None)
        lane = self._open.pop(slot) if closing is None else closing[0]
        if lane is not None:
            lane.links.abandon(slot.number, "the bind is another node's")

    def _part_with(self, slot: Slot) -> None:
        lane = self._open.pop(slot, None)
        work = asyncio.get_running_loop().create_task(self._empty(slot, lane), name=f"empty {slot}")
        self._closing[slot] = (lane, work)

    async def _empty(self, slot: Slot, lane: Lane | None) -> None:
        """Close the link and give the bind back, unless it was taken from us meanwhile."""
        this = asyncio.current_task()
        if lane is not None:
            await lane.links.close(slot.number, lane.settings.response_timeout)
        if self._is_closing(slot, this):
            await self._tell(self._store.give_back(slot))
        if self._is_closing(slot, this):  # where the store did not hear: still surplus, later
            del self._closing[slot]

    def _is_closing(self, slot: Slot, task: asyncio.Task[None] | None) -> bool:
        closing = self._closing.get(slot)
        return closing is not None and closing[1] is task

    # --- Watcher -------------------------------------------------------------------------------
    def lost(self) -> None:
        """See `store.nodes.Watcher.lost`."""
        self._run += 1
        # Lanes that were taken out of the mapping may have links that are still being emptied.
        closing = [lane for lane, _ in self._closing.values() if lane is not None]
        lanes = list(dict.fromkeys([*self._lanes.values(), *self._open.values(), *closing]))
        self._open.clear()
        self._closing.clear()
        for lane in lanes:
            lane.let_go("this node's lease ran out")

    def waiting(self, hint: Hint) -> None:
        """See `store.nodes.Watcher.waiting`."""
        lane = self._lanes.get(hint.operator_id)
        if lane is not None and lane.open:
            lane.waiting(hint.account_id, hint.priority, hint.due_at)
