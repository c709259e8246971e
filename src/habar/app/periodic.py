"""Work done again and again beside the gateway, for as long as it runs.

Guarantees: a round that fails is told in the log (once, until one succeeds again) and the next
round comes all the same; rounds of one piece of work never overlap.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from habar.errors import HabarError

log = structlog.get_logger("habar.gateway")


class Periodic:
    """`work` at once, and again `pause` seconds after each round. Start it in a running loop."""

    def __init__(self, name: str, pause: float, work: Callable[[], Awaitable[None]]) -> None:
        self._name = name
        self._pause = pause
        self._work = work
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """End, in the middle of a round if need be. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            await self._round()
            await asyncio.sleep(self._pause)

    async def _round(self) -> None:
        try:
            await self._work()
        except HabarError as error:
            self._fails(error=str(error))
        except Exception as error:  # noqa: BLE001 - without its next rounds the gateway limps
            self._fails(exc_info=error)
        else:
            self._failing = False

    def _fails(self, **why: object) -> None:
        if not self._failing:
            self._failing = True
            log.warning("a round failed, tried again", work=self._name, **why)
