"""Calls customers' web services: what becomes of their messages, and subscribers' messages.

Guarantees:
- Each obligation is called until its customer says yes or its time is over, at least once, with an
  id that stays the same; of one subject in order, and never two at a time.
- A try is written down before its place in memory is free again; so memory is bounded however
  long the store is away, and what dies between call and record is called again.
- The answer to a subscriber is on disk before the try that brought it: it goes out once, also when
  all dies between the two.
- A host that fails is left in peace, longer each time, and takes no places from the others. However
  many hosts an account has called, and however slow they are, the other accounts find places.
- While the store does not know for certain that what is in hand is ours, nothing is called.
Which addresses may be called is guard.py's to say, whose turn it is lane.py's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import Protocol

from habar.callbacks.attempts import Accounts, Attempts, Calling
from habar.callbacks.client import Client
from habar.callbacks.exchange import Answer
from habar.callbacks.figures import Figures
from habar.callbacks.guard import Guard
from habar.callbacks.health import Healths
from habar.callbacks.lane import Lane
from habar.callbacks.lookout import Lookout
from habar.callbacks.replies import Answering, Replies
from habar.callbacks.settings import CallerSettings
from habar.callbacks.shares import Shares
from habar.callbacks.subjects import Subjects
from habar.callbacks.sweep import Sweep
from habar.errors import HabarError
from habar.operators import Clock, Spread, SystemClock, by_chance
from habar.store.callbacks import (
    Call,
    Callbacks,
    CallsReleased,
    CallStage,
    ClaimCalls,
    HostQueue,
    HostSeen,
)
from habar.store.port import Journal


class CallStore(Protocol):
    """What is asked of the store."""

    @property
    def journal(self) -> Journal:
        """See `Store.journal`."""

    @property
    def callbacks(self) -> Callbacks:
        """Reads."""

    @property
    def holds(self) -> bool:
        """See `Store.holds`."""


class Caller:
    """See the module's docstring. Everything runs in the event loop."""

    def __init__(
        self,
        store: CallStore,
        door: Answering,
        accounts: Accounts,
        settings: CallerSettings,
        *,
        clock: Clock | None = None,
        client: Calling | None = None,
        spread: Spread = by_chance,
    ) -> None:
        """To be made in a running loop.

        `accounts`: by id. `client`: None for one of its own; `stop` closes either.
        """
        self.figures = Figures()
        self._store = store
        self._journal = store.journal
        self._settings = settings
        self._clock = clock or SystemClock()
        self._client = client or Client(Guard(settings.allowed_networks))
        self._spread = spread
        self._replies = Replies(door, store.journal, self._clock)
        self._sweep = Sweep(store.journal, self._clock, settings.retry.give_up_after, self.figures)
        self._attempts = Attempts(
            self._client,
            store.journal,
            self._replies,
            accounts,
            settings,
            self.figures,
            clock=self._clock,
            spread=spread,
        )
        self._lookout = Lookout(store.callbacks, self._clock, self.figures, self._seen)
        self._subjects = Subjects()
        self._places = Shares(settings.total)
        """For calls under way."""
        self._memory = Shares(2 * settings.total)
        """For obligations, those on their way from and to the store included."""
        self._healths = Healths(settings.host_pauses, settings.host_failures)
        self._lanes: dict[str, Lane] = {}
        self._awake: dict[str, Lane] = {}
        """Lanes to be looked at in this turn."""
        self._hungry: dict[str, Lane] = {}
        """Lanes that wait for places which others have."""
        self._starving: dict[int, dict[str, Lane]] = {}
        """By account: lanes that wait for places in memory which others have."""
        self._tasks: dict[asyncio.Task[None], Call] = {}
        """Calls under way."""
        self._questions = 0
        self._unasked = asyncio.Event()
        """No question is with the store."""
        self._unasked.set()
        self._pumping = False
        self._stopping = False
        self._run = 0
        """Changes when what is in hand is ours no more."""

    # --- Life ----------------------------------------------------------------------------------
    async def start(self) -> None:
        """Begin to look for obligations."""
        self._sweep.start()
        self._lookout.start()

    def wake(self) -> None:
        """There may be something new to call."""
        self._lookout.wake()

    def lost(self) -> None:
        """Nothing that is in hand here is ours for certain: it is forgotten, whatever comes of it.

        And given back at once: where others have ended our run that changes nothing, but where
        the store was only away for long, nobody else would do it.
        """
        self._run += 1
        self._replies.lost()
        for lane in self._lanes.values():
            self._put_down(lane, lane.put_down())
        for lane, call in self._subjects.clear():
            lane.unsettled -= 1
            self._put_down(lane, [call])
        under_way = tuple(call.id for call in self._tasks.values())
        if under_way:  # they keep their places until they end
            self._journal.record(CallsReleased(under_way))

    async def stop(self, seconds: float) -> None:
        """Claim nothing more, wait so long for the calls under way, give the rest back.

        When it returns everything in hand has been given to the journal: close the store then.
        """
        self._stopping = True
        self._sweep.stop()
        await self._lookout.stop()
        for lane in self._lanes.values():
            self._put_down(lane, lane.put_down())
        for lane, call in self._subjects.clear():
            lane.unsettled -= 1
            self._put_down(lane, [call])
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if self._tasks:
                    await asyncio.wait(self._tasks)
                await self._unasked.wait()
        rest = [*self._tasks]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        self._replies.stop()
        await self._client.close()

    # --- Figures -------------------------------------------------------------------------------
    @property
    def running(self) -> int:
        """Calls under way."""
        return len(self._tasks)

    @property
    def in_hand(self) -> int:
        """Obligations in memory, those on their way from and to the store included."""
        return self._memory.taken

    @property
    def hosts(self) -> int:
        """Hosts with obligations in memory."""
        return sum(lane.in_hand > 0 for lane in self._lanes.values())

    @property
    def paused_hosts(self) -> int:
        """Hosts that fail and are left in peace, or on trial."""
        return self._healths.ill

    # --- Looking -------------------------------------------------------------------------------
    def _seen(self, queues: Sequence[HostQueue]) -> None:
        """Have those looked after that can be called; whose has waited longest comes first."""
        self._forget_idle()
        now = self._clock.now_ms()
        for queue in sorted(queues, key=attrgetter("next_at")):
            lane = self._lanes.get(queue.host)
            if lane is None:
                if queue.next_at > now or self._is_full(queue.account_id):
                    continue
                health = self._healths.of(queue)
                lane = Lane(queue.host, health, self._settings.per_host)
            elif lane.starving:
                continue
            lane.due_at, lane.account_id = queue.next_at, queue.account_id
            if lane.may_act(now):
                self._lanes[queue.host] = self._awake[queue.host] = lane
        self._pump_soon()

    def _forget_idle(self) -> None:
        """What there is to know of them is in the store, and of those that fail in `_healths`."""
        for host in [h for h, lane in self._lanes.items() if not (lane.in_hand or lane.starving)]:
            del self._lanes[host]
            self._awake.pop(host, None)
            self._hungry.pop(host, None)

    def _is_full(self, account_id: int) -> bool:
        """Whether an account has all that it may have in memory; one it may have always."""
        return not self._memory.free(account_id) and self._memory.of(account_id) > 0

    # --- The pump ------------------------------------------------------------------------------
    def _pump_soon(self) -> None:
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Begin what there is a place for, a call a lane in turn, and ask for more."""
        self._pumping = False
        if self._stopping or not self._store.holds:
            return
        now = self._clock.now_ms()
        awake = deque(self._awake.values())
        self._awake.clear()
        while awake:
            lane = awake.popleft()
            whose = lane.ready[0].account_id if lane.ready else lane.account_id
            call = lane.next(now, self._places.free(whose))
            if call is not None:
                self._begin(lane, call)
                awake.append(lane)
                continue
            if lane.wants_a_place(now):
                self._hungry[lane.host] = lane
            self._claim(lane, now)

    def _claim(self, lane: Lane, now: int) -> None:
        account_id = lane.account_id
        # A host's first comes before another one's second.
        count = lane.wanted(now, self._memory.free(account_id) - self._settings.total // 4)
        if count and self._is_full(account_id):
            lane.starving = True
            self._starving.setdefault(account_id, {})[lane.host] = lane
        elif count:
            lane.asked = count
            self._memory.take(account_id, count)
            self._questions += 1
            self._unasked.clear()
            self._journal.ask(
                ClaimCalls(lane.host, count, now), partial(self._claimed, lane, account_id, count)
            )

    def _claimed(
        self, lane: Lane, account_id: int, asked: int, answer: list[Call] | HabarError
    ) -> None:
        self._questions -= 1
        if not self._questions:
            self._unasked.set()
        if isinstance(answer, HabarError):
            self.figures.store_failures += 1
            answer = []
        for call in answer:
            self._memory.take(call.account_id)
        self._freed(account_id, asked)
        lane.given(answer, self._clock.now_ms())
        if self._stopping:
            self._put_down(lane, lane.put_down())
        else:
            self._wake(lane)

    def _wake(self, lane: Lane) -> None:
        self._awake[lane.host] = lane
        self._pump_soon()

    def _freed(self, account_id: int, count: int = 1) -> None:
        """An account has so many fewer in memory: as many of its hosts may ask for some."""
        self._memory.give_back(account_id, count)
        starving = self._starving.get(account_id)
        if starving is None:
            return
        for host in [*islice(starving, count)]:
            lane = self._awake[host] = starving.pop(host)
            lane.starving = False
        if not starving:
            del self._starving[account_id]
        self._pump_soon()

    def _put_down(self, lane: Lane, calls: list[Call], *, release: bool = True) -> None:
        """These are in hand no more; without `release` they are not ours to give back."""
        if calls:
            for call in calls:
                self._freed(call.account_id)
            if release:
                self._journal.record(CallsReleased(tuple(call.id for call in calls)))
            self._awake[lane.host] = lane

    # --- One call ------------------------------------------------------------------------------
    def _begin(self, lane: Lane, call: Call) -> None:
        trial = lane.health.ill
        if not self._subjects.enter(lane, call):
            lane.running -= 1
            lane.unsettled += 1
            lane.health.trying = False
            return
        task = asyncio.get_running_loop().create_task(self._serve(lane, call, trial=trial))
        self._tasks[task] = call
        self._places.take(call.account_id)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._places.give_back(self._tasks.pop(task).account_id)
        self._awake.update(self._hungry)
        self._hungry.clear()
        self._pump_soon()

    async def _serve(self, lane: Lane, call: Call, *, trial: bool) -> None:
        started, run = self._clock.now_ms(), self._run
        try:
            answer = await self._attempts.ask(call)
        except asyncio.CancelledError:
            lane.running -= 1
            self._put_down(lane, [call], release=run == self._run)
            raise
        lane.running -= 1
        self._feel(lane, answer, trial=trial)
        if run == self._run:
            lane.unsettled += 1
            settled = partial(self._settled, lane, call.account_id)
            stage = self._attempts.settle(call, answer, started, settled)
        else:
            stage = CallStage.WAITING
            self._put_down(lane, [call], release=False)
        self._let_follow(call, stage)
        self._awake[lane.host] = lane

    def _feel(self, lane: Lane, answer: Answer, *, trial: bool) -> None:
        """Learn how the host is."""
        health, now = lane.health, self._clock.now_ms()
        if trial:
            health.trying = False
        if not answer.asked:
            return
        if not answer.host_fails:
            if health.answered():
                self._journal.record(HostSeen(lane.host, 0, 0, "", now))
        elif health.failed(now, self._spread(), trial=trial):
            self._journal.record(
                HostSeen(lane.host, health.failures, health.paused_until, answer.error, now)
            )
            self._put_down(lane, lane.put_down())
        self._healths.changed(lane.host, health)

    def _let_follow(self, call: Call, stage: CallStage) -> None:
        """What waited behind this one goes on, or back with it."""
        for lane, other in reversed(self._subjects.leave(call)):
            lane.unsettled -= 1
            if stage is CallStage.WAITING or self._stopping:
                self._put_down(lane, [other])
            else:
                lane.ready.appendleft(other)
                self._awake[lane.host] = lane

    def _settled(self, lane: Lane, account_id: int, _callback_id: int | None) -> None:
        lane.unsettled -= 1
        self._freed(account_id)
        self._wake(lane)
