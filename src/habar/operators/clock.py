"""The time, calls at a later time and chance, as the parts that run by themselves ask for them.

Guarantees: an argument wherever it is used, so that tests hold the hands of the clock.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

Spread: TypeAlias = Callable[[], float]
"""A number in [0, 1), each time another: what is put off together does not come back together."""

by_chance: Spread = random.SystemRandom().random


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Call it off."""


class Clock(Protocol):
    """What time it is."""

    def now_ms(self) -> int:
        """UTC milliseconds of the epoch."""

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` once, in the event loop."""


class SystemClock:
    """The machine's clock and the running loop's timers."""

    def now_ms(self) -> int:
        """UTC milliseconds of the epoch."""
        return time.time_ns() // 1_000_000

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` once, in the event loop."""
        return asyncio.get_running_loop().call_later(seconds, callback)
