"""Waiting for what only becomes visible by asking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from inspect import isawaitable
from typing import Any

from .gateway import PATIENCE

_PAUSE = 0.05  # s


async def eventually(
    condition: Callable[[], Awaitable[Any] | Any], seconds: float = PATIENCE
) -> Any:
    """Ask again and again until the answer is true, and give it; TimeoutError after `seconds`."""
    never = asyncio.Event()
    async with asyncio.timeout(seconds):
        while True:
            answer = condition()
            if isawaitable(answer):
                answer = await answer
            if answer:
                return answer
            with suppress(TimeoutError):
                await asyncio.wait_for(never.wait(), _PAUSE)
