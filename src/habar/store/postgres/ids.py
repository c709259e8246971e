"""Message ids: small numbers, drawn in blocks; and the spans of ids that make a day's partitions.

Guarantees: an id is given to one node only, ever, and an id that anybody was told is never given
again; a crash leaves a gap of at most a block, and so does the end of a day. All ids of a span are
given to messages of one UTC day by the database's clock: a new day begins a new span, which leaves
the rest of the old one unused, and of a block that was drawn on the day before nothing is used any
more (but for a transaction that is under way): so a span that is over may be dropped. A span's
partitions are there before its first id is drawn; they are made beside the table and then attached,
which holds up neither readers nor writers.

Spans are small where little is sent (int32 must last for years) and grow with what is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from habar.store.postgres.connection import Connection
from habar.store.postgres.node import Clock
from habar.store.postgres.sql import QUERIES

BLOCK = 1000
DAY = 86_400_000
"""Milliseconds of a UTC day; spans count days from the epoch."""
SMALLEST, LARGEST = 10_000, 50_000_000
"""Ids of a span."""
RECENT_DAYS = 3
"""A receipt is looked for among the messages of so many days first, and of all only then."""


class Ids:
    """One run's block."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = 1
        self._end = 1
        self._day = 0
        self.recent = 0
        """The first id of the last days."""

    async def ensure(self, connection: Connection, count: int) -> None:
        """See to it that `count` ids are at hand; a transaction of its own where they are not.

        What is left of a day that is over is left unused.
        """
        today = self._clock.now_ms() // DAY
        if not count or (self._next + count <= self._end and today <= self._day):
            return
        async with connection.transaction():
            drawn = await _draw(connection, max(count, BLOCK))
        # Only now are they ours: others draw them where that transaction was not committed.
        self._next, self._end, self._day = drawn
        self.recent = await connection.fetchval(QUERIES["recent_from"], RECENT_DAYS)

    @property
    def first(self) -> int:
        """The first id that is unused; what `ensure` was asked for follows it."""
        return self._next

    def used(self, count: int) -> None:
        """That many of them are given away."""
        self._next += count

    def restore(self, first: int) -> None:
        """Back to `first`: the transaction has not happened."""
        self._next = first

    async def give_back(self, connection: Connection) -> None:
        """A clean stop: what was drawn and not used is free again, unless others drew since."""
        await connection.execute(QUERIES["return_ids"], self._next, self._end)
        self._end = self._next


async def _draw(connection: Connection, size: int) -> tuple[int, int, int]:
    """A block of `size` ids: the first, the one after the last, and their day."""
    first, end, day, today = await connection.fetchrow(QUERIES["lock_ids"])
    if day < today or first + size > end:
        first, end = await _new_span(connection, end, max(day, today), size)
        day = max(day, today)
    await connection.execute(QUERIES["set_ids"], first + size, end, day)
    return first, first + size, day


async def _new_span(connection: Connection, first: int, day: int, size: int) -> tuple[int, int]:
    last = await connection.fetchrow(QUERIES["last_day_spans"])
    end = first + _span_size(last, day, size)
    await make_span(connection, first, end, day)
    return first, end


async def make_span(connection: Connection, first: int, end: int, day: int) -> None:
    """Make a span's partitions, in a transaction of the caller's."""
    for table, name in (("message", f"message_{first}"), ("part", f"part_{first}")):
        # Identifiers and bounds cannot be parameters; all of these are numbers of our own.
        await connection.execute(f'CREATE TABLE "{name}" (LIKE {table} INCLUDING ALL)')
        await connection.execute(
            f'ALTER TABLE {table} ATTACH PARTITION "{name}" FOR VALUES FROM ({first}) TO ({end})'
        )
    await connection.execute(QUERIES["insert_span"], first, end, day)


def _span_size(last: Sequence[Any] | None, day: int, size: int) -> int:
    """Twice what the last day with spans used; a further span of one day doubles that day's."""
    wanted = SMALLEST
    if last is not None and last[0] is not None:
        last_day, used, reserved = last
        wanted = reserved if last_day == day else 2 * used
    whole = -(-max(SMALLEST, min(wanted, LARGEST), size) // BLOCK) * BLOCK
    return int(whole)
