"""Lets what is old enough go: a round an hour, in small batches.

Messages, texts, call-backs and subscribers' messages go where a time is set for them; the parts of
subscribers' long messages always, a day after they were joined.

Guarantees: a batch at a time with pauses between, so that a million old messages hold nobody up; a
store that cannot write is asked again at the next round. Knows no tables.
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from habar.errors import HabarError
from habar.operators import Clock, SystemClock, Timer
from habar.store.inbox import JOINED_ARE_KEPT_MS
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
        inbound_days: int = 0,
        callback_days: int = 0,
        clock: Clock | None = None,
        every: float = 3600.0,
        pause: float = 0.1,
    ) -> None:
        self.messages = 0
        """Deleted since the process began."""
        self.texts = 0
        """Blanked since the process began."""
        self.inbound = 0
        """Subscribers' messages deleted since the process began."""
        self.callbacks = 0
        """Call-backs that had ended, deleted since."""
        self.failures = 0
        """Rounds that the store could not do to their end."""
        self._store = store
        self._message_days = message_days
        self._text_days = text_days
        self._inbound_days = inbound_days
        self._callback_days = callback_days
        self._clock = clock or SystemClock()
        self._every = every
        self._pause = pause
        self._timer: Timer | None = None
        self._batch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with a round at once."""
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
            if await self._tidy():
                pause = self._pause
        except HabarError as error:
            self.failures += 1
            log.warning("what is too old could not be removed, tried again", error=str(error))
        self._timer = self._clock.call_later(pause, self._begin)

    async def _tidy(self) -> bool:
        """A batch of each; whether there is more."""
        now = self._clock.now_ms()
        more = await self._tidy_inbox(now)
        more |= await self._tidy_callbacks(now)
        keep = Keep(_before(now, self._message_days), _before(now, self._text_days))
        if keep == (None, None):
            return more
        tidied = await self._store.tidy(keep, BATCH)
        self.messages += tidied.messages
        self.texts += tidied.texts
        return tidied.more or more

    async def _tidy_inbox(self, now: int) -> bool:
        inbox = self._store.inbox
        gone = [await inbox.tidy_segments(now - JOINED_ARE_KEPT_MS, BATCH)]
        before = _before(now, self._inbound_days)
        if before is not None:
            gone.append(await inbox.tidy(before, BATCH))
            self.inbound += gone[-1]
        return BATCH in gone

    async def _tidy_callbacks(self, now: int) -> bool:
        before = _before(now, self._callback_days)
        if before is None:
            return False
        gone = await self._store.callbacks.tidy(before, BATCH)
        self.callbacks += gone
        return gone >= BATCH


def _before(now: int, days: int) -> int | None:
    return now - days * DAY if days else None
