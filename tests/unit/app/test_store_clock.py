"""app/clock.py: the store tells the time, the loop calls."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from habar.app.clock import StoreClock


async def test_the_time_is_the_stores_and_calls_come_from_the_loop() -> None:
    store: Any = SimpleNamespace(now_ms=iter([7, 8]).__next__)
    clock = StoreClock(store)
    assert [clock.now_ms(), clock.now_ms()] == [7, 8]
    called = asyncio.Event()
    clock.call_later(0.0, called.set)
    await asyncio.wait_for(called.wait(), 5)
