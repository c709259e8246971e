"""operators/clock.py: the real clock is the machine's."""

import asyncio
import time

from habar.operators import SystemClock


async def test_now_is_in_utc_milliseconds() -> None:
    before = time.time() * 1000 - 1
    now = SystemClock().now_ms()
    assert before <= now <= time.time() * 1000


async def test_a_call_comes_and_a_cancelled_one_does_not() -> None:
    clock, called = SystemClock(), []
    done = asyncio.Event()
    clock.call_later(0.0, lambda: called.append("cancelled")).cancel()
    clock.call_later(0.001, done.set)
    await asyncio.wait_for(done.wait(), 5)
    assert called == []
