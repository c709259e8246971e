"""The virtual loop: whose time is its own, and whose processes can be killed."""

from __future__ import annotations

import asyncio

import pytest

from .loop import BEGIN, Deadlock, Process, VirtualLoop


def test_time_jumps_to_the_next_timer() -> None:
    loop = VirtualLoop()
    seen: list[tuple[str, float]] = []

    async def work() -> None:
        loop.call_later(5.0, lambda: seen.append(("early", loop.time())))
        await asyncio.sleep(86_400.0 * 3)
        seen.append(("late", loop.time()))

    loop.spend(work())
    assert seen == [("early", BEGIN + 5.0), ("late", BEGIN + 86_400.0 * 3)]


def test_time_stands_still_while_there_is_work() -> None:
    loop = VirtualLoop()

    async def work() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return loop.time()

    assert loop.spend(work()) == BEGIN


def test_what_would_run_in_a_thread_runs_at_once() -> None:
    loop = VirtualLoop()

    async def work() -> tuple[int, float]:
        done = await asyncio.to_thread(lambda: 42)
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 // 0)
        return done, loop.time()

    assert loop.spend(work()) == (42, BEGIN)


def test_waiting_for_what_can_never_come_is_told() -> None:
    loop = VirtualLoop()

    async def work() -> None:
        await loop.create_future()

    with pytest.raises(Deadlock):
        loop.spend(work())


def test_an_error_that_nobody_catches_is_kept() -> None:
    loop = VirtualLoop()

    async def work() -> None:
        loop.call_soon(lambda: 1 // 0)
        await asyncio.sleep(0)

    loop.spend(work())
    assert [type(fault["exception"]) for fault in loop.faults] == [ZeroDivisionError]


def test_a_call_comes_in_the_midst_of_work() -> None:
    loop = VirtualLoop()
    turns: list[int] = []
    seen: list[int] = []

    async def work() -> None:
        loop.in_the_midst(5, lambda: seen.append(len(turns)))
        await asyncio.sleep(100.0)
        for _ in range(10):
            turns.append(1)
            await asyncio.sleep(0)

    loop.spend(work())
    (between,) = seen
    assert 0 < between < 10


def test_nothing_that_a_killed_process_began_happens() -> None:
    loop = VirtualLoop()
    happened: list[str] = []

    async def life() -> None:
        loop.call_later(3.0, happened.append, "a timer of its")
        try:
            await asyncio.sleep(1.0)
            happened.append("before")
            await asyncio.sleep(10.0)
            happened.append("after")
        finally:
            loop.call_soon(happened.append, "a word from the grave")

    async def work() -> None:
        process = Process("one")
        process.run(loop.create_task, life())
        gate: asyncio.Future[None] = loop.create_future()
        process.run(gate.add_done_callback, lambda _: happened.append("a call-back of its"))
        await asyncio.sleep(2.0)
        loop.kill(process)
        gate.set_result(None)
        await asyncio.sleep(20.0)
        happened.append("the others live")

    loop.spend(work())
    assert happened == ["before", "the others live"]
    assert loop.faults == []


def test_processes_die_one_by_one() -> None:
    loop = VirtualLoop()
    happened: list[str] = []

    async def life(name: str) -> None:
        await asyncio.sleep(1.0)
        happened.append(name)

    async def work() -> None:
        first, second = Process("first"), Process("second")
        first.run(loop.create_task, life("first"))
        second.run(loop.create_task, life("second"))
        loop.kill(first)
        await asyncio.sleep(2.0)

    loop.spend(work())
    assert happened == ["second"]
