"""Lets messages and texts go by their age: whole days where it can, else a few rows at a time.

A pass: spans that may go whole are marked (spans.py) and dropped (dropping.py); from the others old
messages are deleted, then receipts that match nothing; then texts are blanked. Rows go between the
other writes of this node's journal, so that a node that is fenced off removes nothing.

Guarantees: never more than CHUNK rows a transaction, looked at beforehand on a reader's connection,
and judged again in the transaction that removes them. Nobody is waited for: who works in a span
holds its row, and rows that are locked (a receipt is just being written) are passed over until the
next pass; so nodes may do this at once. How far texts have been gone through is on disk for each
span, and so are the few messages behind that place that had not ended.

Ids are in order of creation but for the blocks that several nodes use at once, so a pass ends at
the first rows that are all too young; what lies behind a slow node's block waits for the end of
its day. Knows no days of its own and no clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from habar.store.postgres.batch import Chore
from habar.store.postgres.connection import Address, Connection
from habar.store.postgres.dropping import Dropping, columns_with_ref
from habar.store.postgres.pool import Pool
from habar.store.postgres.spans import Judge, Span, span_after
from habar.store.postgres.sql import CALLBACKS, QUERIES
from habar.store.retention import Keep
from habar.store.tidying import NOTHING, Look, Pass, Step

Run = Callable[[Chore, int], Awaitable[Any]]


class Retention:
    """What a pass does here, step by step."""

    def __init__(self, address: Address, pool: Pool, run: Run) -> None:
        self._pool = pool
        self._run = run
        self._judge = Judge(pool)
        steps = (
            self._judge.step,
            Dropping(address, pool).step,
            self._messages,
            self._receipts,
            self._kept_texts,
            self._texts,
        )
        self.tidy = Pass(steps).tidy
        """See store.port.Store."""

    async def _messages(self, keep: Keep, place: int, most: int) -> Step:
        if keep.messages_before is None:
            return NOTHING
        span = await span_after(self._pool, place)
        if span is None:
            return NOTHING
        before = span.rows_before(keep.messages_before)
        if span.may_be_old(keep.messages_before) and not self._judge.stays(span):
            return Step(1, span.last_id)  # the next pass judges it, and it may go as a whole
        after = max(place, span.first_id - 1)
        look = await self._look("look_at_messages", before, after, span.last_id, most)
        if not look.rows:
            return Step(1, span.last_id)
        if look.upto is None or not look.ended:
            return Step(look.rows, look.upto)
        gone = await self._run(_deletion(span, after, look.upto, before), look.rows)
        return Step(look.rows, look.upto, messages=gone)

    async def _receipts(self, keep: Keep, _place: int, most: int) -> Step:
        before = keep.messages_before
        if before is None:
            return NOTHING
        found = await self._pool.ask(
            lambda c: c.fetchval(QUERIES["look_at_receipts"], before, most)
        )
        if not found:
            return NOTHING
        gone = await self._run(_receipts_gone(before, most), found)
        return Step(found, 0 if gone == most else None)

    async def _kept_texts(self, keep: Keep, place: int, most: int) -> Step:
        before = keep.texts_before
        if before is None:
            return NOTHING
        kept = await self._pool.ask(lambda c: c.fetchval(QUERIES["next_kept"], place))
        span = None if kept is None else await span_after(self._pool, kept - 1)
        if span is None:
            return NOTHING
        after = max(place, span.first_id - 1)
        look = await self._look("look_at_kept_texts", before, after, span.last_id, most)
        if look.upto is None:
            return Step(1, span.last_id)
        if not look.ended:
            return Step(look.rows, look.upto)
        blanked = await self._run(_second_blanking(span, after, look.upto, before), look.rows)
        return Step(look.rows, look.upto, texts=blanked)

    async def _texts(self, keep: Keep, place: int, most: int) -> Step:
        before = keep.texts_before
        span = None if before is None else await span_after(self._pool, place, with_texts=True)
        if before is None or span is None:
            return NOTHING
        after = max(span.texts_upto, span.first_id - 1)
        look = await self._look("look_at_messages", before, after, span.last_id, most)
        if look.rows:
            if look.upto is None:
                return Step(look.rows, None)
            blanked = await self._run(_blanking(span, after, look.upto, before), look.rows)
            return Step(look.rows, span.first_id - 1, texts=blanked)
        if span.is_over:
            await self._run(_blanking(span, after, span.last_id, before), 1)
        return Step(1, span.last_id)

    async def _look(self, name: str, *values: int) -> Look:
        return Look(*await self._pool.ask(lambda c: c.fetchrow(QUERIES[name], *values)))


def _deletion(span: Span, after: int, upto: int, before: int) -> Chore:
    """Messages with all that hangs on them; how many. The ledger keeps its rows.

    Of what is owed for them that stays which has not ended.
    """

    async def delete(connection: Connection) -> int:
        if not await _hold(connection, span):
            return 0
        locked = await connection.fetch(QUERIES["lock_ended"], after, upto)
        old = await _old(connection, locked, after, upto, before)
        await connection.execute(QUERIES["delete_refs"], *columns_with_ref(old))
        ids = [row[0] for row in old]
        rows = await connection.fetch(QUERIES["delete_messages"], ids, after, upto)
        gone = [row[0] for row in rows]
        await connection.execute(QUERIES["delete_parts"], gone, after, upto)
        await connection.execute(QUERIES["delete_kept"], gone)
        await connection.execute(CALLBACKS["delete_report_urls"], gone)
        await connection.execute(CALLBACKS["delete_calls_of_messages"], gone)
        return len(gone)

    return delete


def _receipts_gone(before: int, most: int) -> Chore:
    async def delete(connection: Connection) -> int:
        return _count(await connection.execute(QUERIES["delete_receipts"], before, most))

    return delete


def _blanking(span: Span, after: int, upto: int, before: int) -> Chore:
    """Texts on the way from the oldest message on; those that have not ended are noted down."""

    async def blank(connection: Connection) -> int:
        if not await _hold(connection, span):
            return 0
        locked = await connection.fetch(QUERIES["lock_ended"], after, upto)
        blanked = await _blank(connection, locked, after, upto, before)
        await connection.execute(QUERIES["keep_texts"], after, upto)
        await connection.execute(QUERIES["set_texts_upto"], span.first_id, upto)
        return blanked

    return blank


def _second_blanking(span: Span, after: int, upto: int, before: int) -> Chore:
    """Texts of messages that had not ended when the way led past them."""

    async def blank(connection: Connection) -> int:
        if not await _hold(connection, span):
            return 0
        kept = [row[0] for row in await connection.fetch(QUERIES["kept_texts"], after, upto)]
        locked = await connection.fetch(QUERIES["lock_ended_of"], after, upto, kept)
        blanked = await _blank(connection, locked, after, upto, before)
        await connection.execute(QUERIES["forget_kept_texts"], after, upto)
        return blanked

    return blank


async def _blank(
    connection: Connection, locked: list[Any], after: int, upto: int, before: int
) -> int:
    old = await _old(connection, locked, after, upto, before)
    ids = [row[0] for row in old]
    return _count(await connection.execute(QUERIES["blank_texts"], after, upto, ids))


async def _old(
    connection: Connection, locked: list[Any], after: int, upto: int, before: int
) -> list[Any]:
    """Those of the locked rows that ended before: id, account, customer's id.

    Asked after the lock is had, so that the receipt which came a moment ago is seen.
    """
    ids = [row[0] for row in locked]
    return await connection.fetch(QUERIES["old_of"], after, upto, ids, before)


async def _hold(connection: Connection, span: Span) -> bool:
    """Have the span for this transaction; False: another node has it, or it is leaving."""
    return await connection.fetchval(QUERIES["hold_span"], span.first_id) is not None


def _count(done: str) -> int:
    """Of the server's word for what it did: `UPDATE 3`."""
    return int(done.rpartition(" ")[2])
