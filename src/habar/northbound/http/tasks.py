"""An endpoint's answers that are being made in tasks of their own.

Guarantees: each task is held until it has ended, and what it raises goes where its request is
answered for. Knows no protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

Attempt = Callable[[Callable[[], None]], None]
"""Runs a step and answers for it where it raises."""


class Tasks:
    """The tasks of one endpoint."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[None, None, None], attempt: Attempt) -> None:
        """Begin a task; `attempt` is given what came of it."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)

        def ended(ended_task: asyncio.Task[None]) -> None:
            self._running.discard(ended_task)
            if not ended_task.cancelled():
                attempt(ended_task.result)

        task.add_done_callback(ended)

    async def wait(self) -> None:
        """Wait until all have ended, those too that begin meanwhile."""
        while self._running:
            await asyncio.wait(self._running)
