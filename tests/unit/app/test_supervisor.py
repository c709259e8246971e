"""The rules by which processes are started, started again and ended; no process, no clock."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest

from habar.app.supervisor import LAST_PAUSE, STEADY, Supervisor

T = TypeVar("T")
TERM, KILL = signal.SIGTERM, signal.SIGKILL
PATIENCE = 20  # seconds after which a test gives up; nothing is asserted about time
DRAIN = 45.0


async def within(awaited: Awaitable[T]) -> T:
    """What is awaited, if it comes."""
    return await asyncio.wait_for(awaited, PATIENCE)


class Child:
    """A process that lives as the test says; asked to end, it does so if it is `polite`."""

    def __init__(self, number: int, *, polite: bool = True) -> None:
        self.number = number
        self.pid = 1000 + number
        self.polite = polite
        self.signals: list[signal.Signals] = []
        self.asked = asyncio.Event()
        self._ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ready(self) -> bool:
        return await self._ready

    async def ended(self) -> int:
        return await self._code

    def send(self, number: signal.Signals) -> None:
        self.signals.append(number)
        self.asked.set()
        if number == KILL or self.polite:
            self.end(-KILL if number == KILL else 0)

    def serve(self) -> None:
        self._ready.set_result(True)

    def end(self, code: int) -> None:
        if not self._ready.done():
            self._ready.set_result(False)
        self._code.set_result(code)


class Clock:
    """Time that stands still: a wait lasts until its event, or until the test lets it elapse."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waits: asyncio.Queue[tuple[float, asyncio.Event]] = asyncio.Queue()

    def now(self) -> float:
        return self.time

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        elapsed = asyncio.Event()
        self.waits.put_nowait((seconds, elapsed))
        tasks = [asyncio.create_task(each.wait()) for each in (event, elapsed)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        return event.is_set()

    async def waiting(self) -> tuple[float, asyncio.Event]:
        """The next wait that is begun."""
        return await within(self.waits.get())

    async def elapse(self) -> float:
        """Let the next wait come to its end; how long it was."""
        seconds, elapsed = await self.waiting()
        self.time += seconds
        elapsed.set()
        return seconds


class World:
    """A supervisor at work on children of the test's."""

    def __init__(self, processes: int) -> None:
        self.clock = Clock()
        self.stop = asyncio.Event()
        self.announced = 0
        self.polite = True
        self.failing = 0
        self.begun = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()
        self._started: asyncio.Queue[Child] = asyncio.Queue()
        names = [f"one-{number}" for number in range(1, processes + 1)]
        supervisor = Supervisor(names, self._start, self.clock, patience=DRAIN)
        self.task = asyncio.create_task(supervisor.run(self.stop, self._announce))

    async def _start(self, number: int) -> Child:
        if self.failing:
            self.failing -= 1
            raise OSError("no memory")
        self.begun.set()
        await self.hold.wait()
        child = Child(number, polite=self.polite)
        self._started.put_nowait(child)
        return child

    def _announce(self) -> None:
        self.announced += 1

    async def child(self) -> Child:
        """The next one that is started."""
        return await within(self._started.get())

    async def serving(self, number: int) -> list[Child]:
        """So many that serve."""
        children = []
        for _ in range(number):
            children.append(await self.child())
            children[-1].serve()
        return children

    @property
    def idle(self) -> bool:
        return self._started.empty()

    async def code(self) -> int:
        return await within(self.task)


@pytest.fixture
async def world() -> AsyncIterator[Callable[[int], World]]:
    worlds: list[World] = []

    def make(processes: int) -> World:
        worlds.append(World(processes))
        return worlds[-1]

    yield make
    for each in worlds:
        each.task.cancel()
        await asyncio.gather(each.task, return_exceptions=True)


Make = Callable[[int], World]


class TestStart:
    async def test_the_others_wait_until_the_first_one_serves(self, world: Make) -> None:
        here = world(3)
        first = await here.child()
        assert (first.number, here.idle) == (1, True)
        first.serve()
        second, third = await here.child(), await here.child()
        assert {second.number, third.number} == {2, 3}
        second.serve()
        third.serve()
        here.stop.set()
        assert await here.code() == 0
        assert here.announced == 1

    async def test_it_is_announced_once_when_all_serve(self, world: Make) -> None:
        here = world(2)
        first, second = await here.child(), None
        first.serve()
        second = await here.child()
        assert here.announced == 0
        second.end(-KILL)  # before it ever served: it is waited for still
        await here.clock.elapse()
        again = await here.child()
        assert here.announced == 0
        again.serve()
        first.end(1)
        await here.clock.elapse()
        assert here.announced == 1
        (await here.child()).serve()
        here.stop.set()
        assert await here.code() == 0
        assert here.announced == 1

    @pytest.mark.parametrize("code", [1, 2])
    async def test_what_a_person_must_mend_ends_all_with_its_code(
        self, world: Make, code: int
    ) -> None:
        here = world(2)
        (await here.child()).end(code)
        assert await here.code() == code
        assert here.idle

    async def test_the_others_end_in_order_then(self, world: Make) -> None:
        here = world(3)
        (first,) = await here.serving(1)
        second, third = await here.child(), await here.child()
        second.end(2)
        assert await here.code() == 2
        assert first.signals == third.signals == [TERM]
        assert here.announced == 0

    @pytest.mark.parametrize("code", [-signal.SIGSEGV, 3, 0])
    async def test_another_end_before_it_served_is_tried_again(
        self, world: Make, code: int
    ) -> None:
        here = world(1)
        (await here.child()).end(code)
        assert await here.clock.elapse() == 1.0
        (await here.child()).serve()
        here.stop.set()
        assert await here.code() == 0

    async def test_one_that_cannot_be_made_is_tried_again(self, world: Make) -> None:
        here = world(1)
        here.failing = 2
        assert [await here.clock.elapse() for _ in range(2)] == [1.0, 2.0]
        (await here.child()).serve()
        here.stop.set()
        assert await here.code() == 0


class TestAgain:
    async def test_pauses_grow_and_begin_anew_after_a_minute_of_life(
        self, world: Make, capsys: pytest.CaptureFixture[str]
    ) -> None:
        here = world(1)
        pauses = []
        for _ in range(7):
            (child,) = await here.serving(1)
            child.end(-signal.SIGSEGV)
            pauses.append(await here.clock.elapse())
        assert pauses == [1, 2, 4, 8, 16, LAST_PAUSE, LAST_PAUSE]
        (child,) = await here.serving(1)
        here.clock.time += STEADY
        child.end(1)
        assert await here.clock.elapse() == 1
        log = capsys.readouterr().out
        assert "a process has ended and is started again" in log
        assert "SIGSEGV" in log
        assert "code 1" in log
        assert "one-1" in log

    @pytest.mark.parametrize("served", [True, False])
    async def test_a_refusal_at_a_later_start_leaves_the_others_alone(
        self, world: Make, served: bool
    ) -> None:
        here = world(2)
        first, second = await here.serving(2)
        second.end(-KILL)
        await here.clock.elapse()
        again = await here.child()
        if served:
            again.serve()
        again.end(2)
        await here.clock.elapse()
        await here.serving(1)
        assert first.signals == []
        here.stop.set()
        assert await here.code() == 0


class TestStop:
    async def test_each_is_asked_once(self, world: Make) -> None:
        here = world(3)
        children = await here.serving(3)
        here.stop.set()
        assert await here.code() == 0
        assert [child.signals for child in children] == [[TERM]] * 3
        assert here.idle

    async def test_one_that_waits_to_be_started_again_is_not(self, world: Make) -> None:
        here = world(1)
        (child,) = await here.serving(1)
        child.end(1)
        await here.clock.waiting()
        here.stop.set()
        assert await here.code() == 0
        assert here.idle

    async def test_one_that_does_not_end_is_killed(
        self, world: Make, capsys: pytest.CaptureFixture[str]
    ) -> None:
        here = world(2)
        here.polite = False
        stubborn, other = await here.serving(2)
        here.stop.set()
        await within(other.asked.wait())
        other.end(0)
        assert await here.clock.elapse() == DRAIN
        assert await here.code() == 1
        assert stubborn.signals == [TERM, KILL]
        assert other.signals == [TERM]
        assert "a process does not end: killed" in capsys.readouterr().out

    async def test_one_that_ends_otherwise_than_in_order_is_told_by_the_code(
        self, world: Make
    ) -> None:
        here = world(1)
        here.polite = False
        (child,) = await here.serving(1)
        here.stop.set()
        await within(child.asked.wait())
        child.end(-TERM)
        assert await here.code() == 1

    async def test_one_that_never_served_may_end_as_it_likes(self, world: Make) -> None:
        here = world(2)
        here.polite = False
        child = await here.child()
        here.stop.set()
        await within(child.asked.wait())
        child.end(-TERM)
        assert await here.code() == 0
        assert here.idle

    @pytest.mark.parametrize("late", [False, True])
    async def test_one_that_is_just_being_made_is_asked_too_and_once(
        self, world: Make, late: bool
    ) -> None:
        here = world(1)
        here.polite = False
        here.hold.clear()
        await within(here.begun.wait())
        here.stop.set()
        if late:
            await here.clock.waiting()  # all who lived have been asked
        here.hold.set()
        child = await here.child()
        await within(child.asked.wait())
        if not late:
            await here.clock.waiting()
        child.end(0)
        assert await here.code() == 0
        assert child.signals == [TERM]
