"""Which spans may go as a whole, and from which of the others rows go one by one.

A span may go when its day has been over for a day by the database's clock, ids are drawn from a
newer one, and every message in it has ended long enough ago. Its rows are judged in one go of
reading; the one message for whose sake it stays is remembered, so that the next pass asks for that
one first. While a span may soon go whole its rows are left alone: single rows would cost more, and
would give no room back to the disk. So a message may stay up to PATIENCE_DAYS longer than asked;
then it goes without the rest, whatever else still waits in its span.

Guarantees: a message that a receipt betters after it was judged goes with the others; what is open
is never judged to go. Only reads, and marks a span as `leaving`; such a one is dropping.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from habar.store.postgres.ids import DAY
from habar.store.postgres.pool import Pool
from habar.store.postgres.sql import QUERIES
from habar.store.retention import Keep
from habar.store.tidying import NOTHING, Step

PATIENCE_DAYS = 3
"""From the beginning of a span's day."""
JUDGED = 5_000
"""Rows read by one question."""
COST = 50
"""So many rows that are judged count as one that is removed."""


class Span(NamedTuple):
    """The ids of a day, as far as retention is concerned."""

    first_id: int
    end_id: int
    day: int
    texts_upto: int
    newest: bool
    now: int
    """UTC milliseconds by the database's clock, when it was read."""

    @property
    def last_id(self) -> int:
        """The last that it has."""
        return self.end_id - 1

    @property
    def is_over(self) -> bool:
        """No message will get an id of it any more, whichever node is how late."""
        return not self.newest and self.day < self.now // DAY - 1

    def may_be_old(self, before: int) -> bool:
        """Whether to look for the span's going as a whole."""
        return self.is_over and (before >= (self.day + 1) * DAY or self._at_its_word(before))

    def rows_before(self, before: int) -> int:
        """The moment before which rows of it go one by one."""
        if self.newest or self._at_its_word(before) or before >= (self.day + PATIENCE_DAYS) * DAY:
            return before
        return min(before, self.day * DAY)  # such are not of that day: they came from elsewhere

    def _at_its_word(self, before: int) -> bool:
        """A moment of the last day, or to come: who says that does not count in whole days."""
        return before > self.now - DAY


async def span_after(pool: Pool, place: int, *, with_texts: bool = False) -> Span | None:
    """The first span that has ids after `place`; with texts that were not looked at yet."""
    row = await pool.ask(lambda c: c.fetchrow(QUERIES["span_after"], place, with_texts))
    return None if row is None else Span(*row)


@dataclass
class _Judging:
    """How far a span has been read; nothing that must stay has been met."""

    first_id: int
    before: int
    place: int
    messages: int = 0


class Judge:
    """Looks at one span after another, in a pass of many steps."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._passed = 0
        self._judging: _Judging | None = None
        self._in_the_way: dict[int, int] = {}

    def stays(self, span: Span) -> bool:
        """Whether it was judged, and a message was found for whose sake it stays."""
        return span.first_id in self._in_the_way

    async def step(self, keep: Keep, _place: int, _most: int) -> Step:
        """Judge a little more. A span that may go is marked: what comes next is to drop it."""
        before = keep.messages_before
        span = None if before is None else await span_after(self._pool, self._passed)
        if before is None or span is None or not span.may_be_old(before):
            self._passed = 0
            return NOTHING
        if await self._stays_still(span, before):
            self._passed = span.last_id
            return Step(1, 0)
        return await self._judge(span, self._begun(span, before))

    async def _stays_still(self, span: Span, before: int) -> bool:
        message_id = self._in_the_way.get(span.first_id)
        if message_id is None:
            return False
        stays = await self._pool.ask(lambda c: c.fetchval(QUERIES["stays"], message_id, before))
        if not stays:
            del self._in_the_way[span.first_id]
        return bool(stays)

    def _begun(self, span: Span, before: int) -> _Judging:
        """Where we are in the span; at its beginning if less is to go than was asked for before."""
        judging = self._judging
        if judging is None or judging.first_id != span.first_id or judging.before > before:
            judging = self._judging = _Judging(span.first_id, before, span.first_id - 1)
        return judging

    async def _judge(self, span: Span, judging: _Judging) -> Step:
        values = (judging.before, judging.place, span.last_id, JUDGED)
        rows, upto, late = await self._pool.ask(
            lambda c: c.fetchrow(QUERIES["judge_messages"], *values)
        )
        judging.messages += rows
        judging.place = upto
        if late is not None:
            self._in_the_way[span.first_id] = late
            self._passed = span.last_id
            self._judging = None
        elif rows < JUDGED:
            await self._pool.transact(
                lambda c: c.execute(QUERIES["let_span_go"], span.first_id, judging.messages)
            )
            self._judging = None
        return Step(1 + rows // COST, 0)
