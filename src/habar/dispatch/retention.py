"""Lets messages and texts go by their age: a round an hour, in small batches with pauses between.

Guarantees: a batch at a time, so that a million old messages hold nobody up; a store that cannot
write is asked again at the next round; with nothing set nothing runs. Knows no tables.
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from habar.errors import HabarError
from habar.operators import Clock, SystemClock, Timer
from habar.store.port import Store
from habar.store.retention import Keep

DAY = 86_400_000
BATCH = 500
"""Rows that a call of the store looks at."""

log = structlog.get_logger(__name__)


class Retention:
    """Rounds for as long as it runs. Days: 0 keeps for ever. To be made in the loop it runs in."""

    def __init__(
        self,
        store: Store,
        *,
        message_days: int,
        text_days: int,
        clock: Clock | None = None,
        every: float = 3600.0,
        pause: float = 0.1,
    ) -> None:
        self.messages = 0
        """Deleted since the process began."""
        self.texts = 0
        """Blanked since the process began."""
        self.failures = 0
        """Rounds that the store could not do to their end."""
        self._store = store
        self._message_days = message_days
        self._text_days = text_days
        self._clock = clock or SystemClock()
        self._every = every
        self._pause = pause
        self._timer: Timer | None = None
        self._batch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with a round at once, where anything is to go at all."""
        if self._message_days or self._text_days:
            self._begin()

    async def stop(self) -> None:
        """End, in the middle of a batch if need be: what it has done so far is done. Idempotent."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        batch, self._batch = self._batch, None
        if batch is not None:
            batch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await batch

    def _begin(self) -> None:
        self._timer = None
        self._batch = asyncio.get_running_loop().create_task(self._do_batch(), name="retention")

    async def _do_batch(self) -> None:
        pause = self._every
        try:
            tidied = await self._store.tidy(self._keep(), BATCH)
        except HabarError as error:
            self.failures += 1
            log.warning("what is too old could not be removed, tried again", error=str(error))
        else:
            self.messages += tidied.messages
            self.texts += tidied.texts
            if tidied.more:
                pause = self._pause
        self._timer = self._clock.call_later(pause, self._begin)

    def _keep(self) -> Keep:
        now = self._clock.now_ms()
        return Keep(_before(now, self._message_days), _before(now, self._text_days))


def _before(now: int, days: int) -> int | None:
    return now - days * DAY if days else None
