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

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from habar.store.retention import Keep, Tidied
from habar.store.sqlite.batch import Chore
from habar.store.sqlite.reads import Reads
from habar.store.sqlite.sql import QUERIES

CHUNK = 100
"""Rows a transaction: about a millisecond that the others wait."""
Run = Callable[[Chore, int], Awaitable[Any]]


class _Look(NamedTuple):
    """What lies after a place."""

    rows: int
    upto: int | None
    """The last row that is old enough to be judged; None: none of them is."""
    ended: int


class _Step(NamedTuple):
    """What a look, and the write after it, came to."""

    rows: int
    place: int | None
    """Where to go on; None: nothing more is old enough."""
    messages: int = 0
    texts: int = 0


class Retention:
    """A pass over what may go, in as many calls as it takes; after it the next one begins."""

    def __init__(self, reads: Reads, run: Run) -> None:
        self._reads = reads
        self._run = run
        self._steps = (self._messages, self._receipts, self._kept_texts, self._texts)
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
            did = await self._steps[self._step](keep, min(CHUNK, limit - rows))
            rows += did.rows
            messages += did.messages
            texts += did.texts
            self._place = did.place or 0
            if did.place is None:
                self._step = (self._step + 1) % len(self._steps)
                if not self._step:
                    return Tidied(messages, texts, more=False)
        return Tidied(messages, texts, more=True)

    async def _messages(self, keep: Keep, most: int) -> _Step:
        before = keep.messages_before
        if before is None:
            return _NOTHING
        look = await self._look("look_at_messages", before, before, self._place, most)
        if look.upto is None or not look.ended:
            return _Step(look.rows, look.upto)
        gone = await self._run(_deletion(self._place, look.upto, before), look.rows)
        return _Step(look.rows, look.upto, messages=gone)

    async def _receipts(self, keep: Keep, most: int) -> _Step:
        before = keep.messages_before
        if before is None:
            return _NOTHING
        look = await self._look("look_at_receipts", before, before, self._place, most)
        if look.upto is not None:
            span = (self._place, look.upto, before)
            await self._run(lambda c: c.execute(QUERIES["delete_receipts"], span), look.rows)
        return _Step(look.rows, look.upto)

    async def _kept_texts(self, keep: Keep, most: int) -> _Step:
        before = keep.texts_before
        if before is None:
            return _NOTHING
        look = await self._look("look_at_kept_texts", before, self._place, most)
        if look.upto is None or not look.ended:
            return _Step(look.rows, look.upto)
        blanked = await self._run(_second_blanking(self._place, look.upto, before), look.rows)
        return _Step(look.rows, look.upto, texts=blanked)

    async def _texts(self, keep: Keep, most: int) -> _Step:
        before = keep.texts_before
        if before is None:
            return _NOTHING
        place = await self._reads.aside(_texts_tidied)
        look = await self._look("look_at_messages", before, before, place, most)
        if look.upto is None:
            return _Step(look.rows, None)
        blanked = await self._run(_blanking(place, look.upto, before), look.rows)
        return _Step(look.rows, look.upto, texts=blanked)

    async def _look(self, name: str, *values: int) -> _Look:
        return await self._reads.aside(
            lambda connection: _Look(*connection.execute(QUERIES[name], values).fetchone())
        )


_NOTHING = _Step(0, None)


def _deletion(after: int, upto: int, before: int) -> Chore:
    """Messages with all that hangs on them; how many. The ledger keeps its rows."""

    def delete(connection: sqlite3.Connection) -> int:
        gone = connection.execute(QUERIES["delete_messages"], (after, upto, before)).fetchall()
        ids = [(message_id,) for message_id, _, _ in gone]
        connection.executemany(QUERIES["delete_parts"], ids)
        connection.executemany(QUERIES["forget_kept_text"], ids)
        refs = [
            (account_id, ref, message_id) for message_id, account_id, ref in gone if ref is not None
        ]
        connection.executemany(QUERIES["delete_ref"], refs)
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
