"""Calls customers' web services: what becomes of their messages, and subscribers' messages.

Guarantees:
- Each obligation is called until its customer says yes or its time is over, at least once, with an
  id that stays the same; of one subject in order, and never two at a time.
- A try is written down before its place in memory is free again; so memory is bounded however
  long the store is away, and what dies between call and record is called again.
- The answer to a subscriber is on disk before the try that brought it: it goes out once, also when
  all dies between the two.
- A host that fails is left in peace, longer each time, and takes no places from the others.
- While the store does not know for certain that what is in hand is ours, nothing is called.
Which addresses may be called is guard.py's to say, whose turn it is lane.py's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Protocol

import structlog

from habar.callbacks.attempts import Accounts, Attempts, Calling
from habar.callbacks.client import Client
from habar.callbacks.exchange import Answer
from habar.callbacks.figures import Figures
from habar.callbacks.guard import Guard
from habar.callbacks.health import Health
from habar.callbacks.lane import Lane
from habar.callbacks.replies import Answering, Replies
from habar.callbacks.settings import CallerSettings
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

log = structlog.get_logger("habar.callbacks")

_LOOK = 0.2
"""Seconds between two looks at the hosts while nobody says that there is news."""
_REST = 0.01
"""Seconds between two looks at least."""
_AWAY = 1.0
"""Seconds until a store that could not answer is asked again."""


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
        self.in_hand = 0
        """Obligations in memory, those on their way from and to the store included."""
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
        self._subjects = Subjects()
        self._lanes: dict[str, Lane] = {}
        self._awake: dict[str, Lane] = {}
        """Lanes to be looked at in this turn."""
        self._hungry: dict[str, Lane] = {}
        """Lanes that wait for places which others have."""
        self._tasks: dict[asyncio.Task[None], Call] = {}
        """Calls under way."""
        self._news = asyncio.Event()
        self._questions = 0
        self._unasked = asyncio.Event()
        """No question is with the store."""
        self._unasked.set()
        self._looking: asyncio.Task[None] | None = None
        self._pumping = False
        self._stopping = False
        self._run = 0
        """Changes when what is in hand is ours no more."""

    # --- Life ----------------------------------------------------------------------------------
    async def start(self) -> None:
        """Begin to look for obligations."""
        self._sweep.start()
        self._looking = asyncio.create_task(self._look_on(), name="habar-callbacks")

    def wake(self) -> None:
        """There may be something new to call."""
        self._news.set()

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
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None
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
    def hosts(self) -> int:
        """Hosts with work."""
        return len(self._lanes)

    @property
    def paused_hosts(self) -> int:
        """Hosts that fail and are left in peace, or on trial."""
        return sum(lane.health.ill for lane in self._lanes.values())

    # --- Looking -------------------------------------------------------------------------------
    async def _look_on(self) -> None:
        while True:
            self._news.clear()
            try:
                queues = await self._store.callbacks.hosts()
                self._seen(queues)
            except Exception as error:  # without its next look the engine stands still
                self.figures.store_failures += 1
                if not isinstance(error, HabarError):
                    log.error("a look at what is owed failed, tried again", exc_info=error)
                await self._pause(_AWAY)
                continue
            await self._pause(_REST)
            if not self._news.is_set():
                timer = self._clock.call_later(_LOOK, self._news.set)
                try:
                    await self._news.wait()
                finally:
                    timer.cancel()

    async def _pause(self, seconds: float) -> None:
        over = asyncio.Event()
        timer = self._clock.call_later(seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()

    def _seen(self, queues: Iterable[HostQueue]) -> None:
        now = self._clock.now_ms()
        idle = {host for host, lane in self._lanes.items() if not lane.in_hand}
        for queue in queues:
            idle.discard(queue.host)
            lane = self._lanes.get(queue.host)
            if lane is None:
                lane = self._lanes[queue.host] = self._lane(queue)
            lane.due_at = queue.next_at
            if lane.may_act(now):
                self._awake[queue.host] = lane
        for host in idle:
            del self._lanes[host]
            self._awake.pop(host, None)
            self._hungry.pop(host, None)
        self._pump_soon()

    def _lane(self, queue: HostQueue) -> Lane:
        settings = self._settings
        health = Health(
            settings.host_pauses,
            settings.host_failures,
            failures=queue.failures,
            paused_until=queue.paused_until,
        )
        return Lane(queue.host, health, settings.per_host)

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
            call = lane.next(now, self._settings.total - len(self._tasks))
            if call is not None:
                self._begin(lane, call)
                awake.append(lane)
                continue
            if lane.wants_a_place(now):
                self._hungry[lane.host] = lane
            self._claim(lane, now)

    def _claim(self, lane: Lane, now: int) -> None:
        count = lane.wanted(now, 2 * self._settings.total - self.in_hand)
        if count:
            lane.asked = count
            self.in_hand += count
            self._questions += 1
            self._unasked.clear()
            self._journal.ask(
                ClaimCalls(lane.host, count, now), partial(self._claimed, lane, count)
            )

    def _claimed(self, lane: Lane, asked: int, answer: list[Call] | HabarError) -> None:
        self._questions -= 1
        if not self._questions:
            self._unasked.set()
        if isinstance(answer, HabarError):
            self.figures.store_failures += 1
            answer = []
        self.in_hand -= asked - len(answer)
        lane.given(answer, self._clock.now_ms())
        if self._stopping:
            self._put_down(lane, lane.put_down())
        else:
            self._wake(lane)

    def _wake(self, lane: Lane) -> None:
        self._awake[lane.host] = lane
        self._pump_soon()

    def _put_down(self, lane: Lane, calls: list[Call], *, release: bool = True) -> None:
        """These are in hand no more; without `release` they are not ours to give back."""
        if calls:
            self.in_hand -= len(calls)
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
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
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
            stage = self._attempts.settle(call, answer, started, partial(self._settled, lane))
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

    def _let_follow(self, call: Call, stage: CallStage) -> None:
        """What waited behind this one goes on, or back with it."""
        for lane, other in reversed(self._subjects.leave(call)):
            lane.unsettled -= 1
            if stage is CallStage.WAITING or self._stopping:
                self._put_down(lane, [other])
            else:
                lane.ready.appendleft(other)
                self._awake[lane.host] = lane

    def _settled(self, lane: Lane, _callback_id: int | None) -> None:
        lane.unsettled -= 1
        self.in_hand -= 1
        self._wake(lane)
