"""A pass over what may go by its age, a few rows at a time: the same for every engine.

Guarantees: one call at a time; a call goes on where the one before ended and looks at about as many
rows as it may; a pass that has come to its end begins again with the next call. What is looked at,
and how it goes, is the engine's: its steps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from habar.store.retention import Keep, Tidied

CHUNK = 100
"""Rows a transaction: a millisecond or a few that the others wait."""


class Look(NamedTuple):
    """What lies after a place."""

    rows: int
    upto: int | None
    """The last row that is old enough to be judged; None: none of them is."""
    ended: int


class Step(NamedTuple):
    """What one step of a pass came to."""

    rows: int
    place: int | None
    """Where to go on; None: nothing more is old enough."""
    messages: int = 0
    texts: int = 0


NOTHING = Step(0, None)
Stepping = Callable[[Keep, int, int], Awaitable[Step]]
"""Goes on from a place and looks at so many rows at the most."""


class Pass:
    """Step after step, in as many calls as it takes; after it the next one begins."""

    def __init__(self, steps: Sequence[Stepping]) -> None:
        self._steps = steps
        self._step = 0
        self._place = 0
        self._one_at_a_time = asyncio.Lock()

    async def tidy(self, keep: Keep, limit: int) -> Tidied:
        """See store.port.Store."""
        async with self._one_at_a_time:
            return await self._go_on(keep, limit)

    async def _go_on(self, keep: Keep, limit: int) -> Tidied:
        rows = messages = texts = 0
        while rows < limit:
            did = await self._steps[self._step](keep, self._place, min(CHUNK, limit - rows))
            rows += did.rows
            messages += did.messages
            texts += did.texts
            self._place = did.place or 0
            if did.place is None:
                self._step = (self._step + 1) % len(self._steps)
                if not self._step:
                    return Tidied(messages, texts, more=False)
        return Tidied(messages, texts, more=True)
