"""Rounds of work: at once, again and again, whatever a round does."""

import asyncio

import structlog

from habar.app.periodic import Periodic


async def test_rounds_come_one_after_another_until_it_stops() -> None:
    rounds: asyncio.Queue[int] = asyncio.Queue()
    running = 0

    async def work() -> None:
        nonlocal running
        running += 1
        assert running == 1, "rounds overlap"
        await asyncio.sleep(0)
        running -= 1
        rounds.put_nowait(1)

    periodic = Periodic("work", 0.0, work)
    periodic.start()
    for _ in range(5):
        await asyncio.wait_for(rounds.get(), 10)
    await periodic.stop()
    done = rounds.qsize()
    for _ in range(10):
        await asyncio.sleep(0)
    assert rounds.qsize() == done


async def test_a_round_that_fails_is_told_once_and_the_next_one_comes() -> None:
    steps = [OSError("the disk"), LookupError("the same trouble"), None, OSError("new trouble")]
    done = asyncio.Event()

    async def work() -> None:
        if not steps:
            done.set()
            return
        fault = steps.pop(0)
        if fault is not None:
            raise fault

    with structlog.testing.capture_logs() as logs:
        periodic = Periodic("count the queue", 0.0, work)
        periodic.start()
        await asyncio.wait_for(done.wait(), 10)
        await periodic.stop()
    told = [(line["work"], str(line["exc_info"])) for line in logs]
    assert told == [("count the queue", "the disk"), ("count the queue", "new trouble")]


async def test_a_round_under_way_is_ended() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    periodic = Periodic("work", 0.0, work)
    periodic.start()
    await asyncio.wait_for(began.wait(), 10)
    await periodic.stop()
    assert ended.is_set()
    await periodic.stop()


async def test_what_was_never_started_can_be_stopped() -> None:
    async def work() -> None:
        raise AssertionError

    await Periodic("work", 0.0, work).stop()
