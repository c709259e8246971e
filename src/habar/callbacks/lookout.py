"""Looks for whom something waits: at once where there is news, and regularly in any case.

Guarantees: one look at a time, with a rest between two; a look that fails, for whatever reason, is
followed by the next one. Of very many hosts some are seen by one look, the others by the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from habar.callbacks.figures import Figures
from habar.errors import HabarError
from habar.operators import Clock
from habar.store.callbacks import Callbacks, HostQueue

log = structlog.get_logger("habar.callbacks")

_LOOK = 0.2
"""Seconds between two looks while nobody says that there is news."""
_REST = 0.01
"""Seconds between two looks at least."""
_AWAY = 1.0
"""Seconds until a store that could not answer is asked again."""
_HOSTS = 1_000
"""In one look; where there are more, the next one comes soon and begins with the last of these."""


class Lookout:
    """`seen` is given what a look has found."""

    def __init__(
        self,
        store: Callbacks,
        clock: Clock,
        figures: Figures,
        seen: Callable[[Sequence[HostQueue]], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._figures = figures
        self._seen = seen
        self._news = asyncio.Event()
        self._first = ""
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with a look at once."""
        self._looking = asyncio.create_task(self._look_on(), name="habar-callbacks")

    def wake(self) -> None:
        """There may be something new."""
        self._news.set()

    async def stop(self) -> None:
        """End."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None

    async def _look_on(self) -> None:
        while True:
            self._news.clear()
            try:
                queues = await self._store.hosts(self._first, _HOSTS)
                self._seen(queues)
            except Exception as error:  # without its next look the engine stands still
                self._figures.store_failures += 1
                if not isinstance(error, HabarError):
                    log.error("a look at what is owed failed, tried again", exc_info=error)
                await self._pause(_AWAY)
                continue
            self._first = queues[-1].host if len(queues) >= _HOSTS else ""
            await self._pause(_REST)
            if not self._first:
                await self._wait()

    async def _wait(self) -> None:
        """Until there is news, or for long enough."""
        if self._news.is_set():
            return
        timer = self._clock.call_later(_LOOK, self._news.set)
        try:
            await self._news.wait()
        finally:
            timer.cancel()

    async def _pause(self, seconds: float) -> None:
        over = asyncio.Event()
        timer = self._clock.call_later(seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()
