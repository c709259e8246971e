"""Deletes messages and blanks texts that are old enough, a few rows between the others' writes.

Guarantees: never more than CHUNK rows a transaction, and the rows are looked at in the readers'
thread first, so that old pages come from the disk there and not in the loop. What is to go is
judged again in the transaction that removes it. No index is needed: ids are in order of creation
and nothing ends before it is created, so a pass goes from the oldest id to the first rows that are
too young. Where messages are deleted, only what is still open stays before that place; where only
texts go, the place is on disk, and so are the few messages behind it that had not ended.

A clock that was ahead leaves rows from the future: they are as good as young, and a pass that meets
a chunk of nothing else ends there until their time is past. Knows no days and no clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from habar.store.retention import Keep
from habar.store.sqlite.batch import Chore
from habar.store.sqlite.reads import Reads
from habar.store.sqlite.sql import CALLBACKS, QUERIES
from habar.store.tidying import NOTHING, Look, Pass, Step

Run = Callable[[Chore, int], Awaitable[Any]]


class Retention:
    """What a pass does here, step by step."""

    def __init__(self, reads: Reads, run: Run) -> None:
        self._reads = reads
        self._run = run
        steps = (self._messages, self._receipts, self._kept_texts, self._texts)
        self.tidy = Pass(steps).tidy
        """See store.port.Store."""

    async def _messages(self, keep: Keep, place: int, most: int) -> Step:
        before = keep.messages_before
        if before is None:
            return NOTHING
        look = await self._look("look_at_messages", before, before, place, most)
        if look.upto is None or not look.ended:
            return Step(look.rows, look.upto)
        gone = await self._run(_deletion(place, look.upto, before), look.rows)
        return Step(look.rows, look.upto, messages=gone)

    async def _receipts(self, keep: Keep, place: int, most: int) -> Step:
        before = keep.messages_before
        if before is None:
            return NOTHING
        look = await self._look("look_at_receipts", before, before, place, most)
        if look.upto is not None:
            span = (place, look.upto, before)
            await self._run(lambda c: c.execute(QUERIES["delete_receipts"], span), look.rows)
        return Step(look.rows, look.upto)

    async def _kept_texts(self, keep: Keep, place: int, most: int) -> Step:
        before = keep.texts_before
        if before is None:
            return NOTHING
        look = await self._look("look_at_kept_texts", before, place, most)
        if look.upto is None or not look.ended:
            return Step(look.rows, look.upto)
        blanked = await self._run(_second_blanking(place, look.upto, before), look.rows)
        return Step(look.rows, look.upto, texts=blanked)

    async def _texts(self, keep: Keep, _place: int, most: int) -> Step:
        before = keep.texts_before
        if before is None:
            return NOTHING
        place = await self._reads.aside(_texts_tidied)
        look = await self._look("look_at_messages", before, before, place, most)
        if look.upto is None:
            return Step(look.rows, None)
        blanked = await self._run(_blanking(place, look.upto, before), look.rows)
        return Step(look.rows, look.upto, texts=blanked)

    async def _look(self, name: str, *values: int) -> Look:
        return await self._reads.aside(
            lambda connection: Look(*connection.execute(QUERIES[name], values).fetchone())
        )


def _deletion(after: int, upto: int, before: int) -> Chore:
    """Messages with all that hangs on them; how many. The ledger keeps its rows.

    Of what is owed for them that stays which has not ended.
    """

    def delete(connection: sqlite3.Connection) -> int:
        gone = connection.execute(QUERIES["delete_messages"], (after, upto, before)).fetchall()
        ids = [(message_id,) for message_id, *_ in gone]
        connection.executemany(QUERIES["delete_parts"], ids)
        connection.executemany(QUERIES["forget_kept_text"], ids)
        refs = [
            (account_id, ref, message_id)
            for message_id, account_id, ref, _ in gone
            if ref is not None
        ]
        connection.executemany(QUERIES["delete_ref"], refs)
        told = [(message_id,) for message_id, _, _, reports in gone if reports]
        connection.executemany(CALLBACKS["delete_report_url"], told)
        connection.executemany(CALLBACKS["delete_calls_of_message"], told)
        return len(gone)

    return delete


def _blanking(after: int, upto: int, before: int) -> Chore:
    """Texts on the way from the oldest message on; those that have not ended are noted down."""

    def blank(connection: sqlite3.Connection) -> int:
        blanked = connection.execute(QUERIES["blank_texts"], (after, upto, before)).rowcount
        connection.execute(QUERIES["keep_texts"], (after, upto))
        connection.execute(QUERIES["set_texts_tidied"], (upto,))
        return blanked

    return blank


def _second_blanking(after: int, upto: int, before: int) -> Chore:
    """Texts of messages that had not ended when the way led past them."""

    def blank(connection: sqlite3.Connection) -> int:
        blanked = connection.execute(QUERIES["blank_kept_texts"], (after, upto, before)).rowcount
        connection.execute(QUERIES["forget_kept_texts"], (after, upto))
        return blanked

    return blank


def _texts_tidied(connection: sqlite3.Connection) -> int:
    place: int = connection.execute(QUERIES["texts_tidied"]).fetchone()[0]
    return place
