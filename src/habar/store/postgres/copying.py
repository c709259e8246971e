"""Takes an installation in from another engine, table by table, in batches.

Guarantees: each batch and the note how far it goes are one transaction, so that a copy that was
broken off at any moment goes on where it was and brings no row twice (each transaction locks the
copy's row: one that the server still works at for a client that is dead is waited for). It goes on
only while the source and the nodes here have done nothing since, and begins only in a database that
has nothing and in which no node lives. Until everything is here and adds up, `habar_copy` says that
it is not.

What had been in a process's hands comes as a start after its death would find it (`repeats`).
What a new database is born with (everybody's senders, ranges of numbers) gives way to the source's,
which may have been edited. Message ids go on after the source's; days make spans of them
(layout.py). How far texts had been gone through by their age is not brought: they are gone through
anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from habar.errors import Conflict
from habar.store.copied import (
    BATCH,
    TABLES,
    Copied,
    Difference,
    Figures,
    Key,
    Source,
    Table,
    Watch,
    recovered,
    released,
)
from habar.store.postgres.connection import Connection
from habar.store.postgres.ids import make_span
from habar.store.postgres.layout import Span, laid_out
from habar.store.postgres.migrate import check
from habar.store.postgres.sql import CHECKS, COPYING, FIGURES, QUERIES
from habar.store.postgres.texts import pack

DAY_MS = 86_400_000
Row = Sequence[Any]
_NEW = "copy into a new database"


async def copy_from(
    connection: Connection, source: Source, watch: Watch, *, batch: int = BATCH
) -> Copied:
    """Bring all that is not here yet, and compare. Raises Conflict, SchemaMismatch."""
    await check(connection)
    began_at, done_at = await _begin(connection, source)
    if done_at is not None:
        return Copied(done_at=done_at)
    await _make_spans(connection, source, began_at, watch)
    earlier = 0
    rows = {}
    for table in TABLES:
        before, rows[table.name] = await _bring(connection, source, table, began_at, watch, batch)
        earlier += before
    differences, figures = await _compare(connection, source, watch)
    copied = Copied(rows, earlier, None, tuple(differences), figures, not source.unchanged())
    if copied.good:
        await _finish(connection, source)
    return copied


# --- The beginning --------------------------------------------------------------------------------
async def _begin(connection: Connection, source: Source) -> tuple[int, int | None]:
    """When the copy of this source began here, and when it was finished if it was."""
    async with connection.transaction():
        await connection.fetchrow(QUERIES["lock_schema"])  # one copy at a time may begin
        await connection.execute(COPYING["make_copy"])
        last_node = await connection.fetchval(COPYING["last_node"])
        row = await connection.fetchrow(COPYING["copy"])
        if row is not None:
            return _go_on(row, source, last_node)
        if await connection.fetchval(COPYING["own_data"]):
            raise Conflict(f"the target has been used, it has rows of its own: {_NEW}")
        if alive := await connection.fetch(CHECKS["alive"]):
            raise Conflict(f"the node {alive[0][0]} runs on the target: stop it first")
        await connection.execute(COPYING["delete_seeds"])
        began_at = await connection.fetchval(
            COPYING["begin_copy"], source.identity, source.state, last_node
        )
    return began_at, None


def _go_on(row: Row, source: Source, last_node: int) -> tuple[int, int | None]:
    identity, state, began_at, node, finished_at = row
    if identity != source.identity:
        raise Conflict(f"the target has taken another installation in: {_NEW}")
    if state != source.state:
        words = "was finished" if finished_at is not None else "began"
        raise Conflict(f"the source has been used since its copy {words}: {_NEW}")
    if finished_at is None and node != last_node:
        raise Conflict(f"a node has been started on the target before all was there: {_NEW}")
    return began_at, finished_at


async def _make_spans(connection: Connection, source: Source, began_at: int, watch: Watch) -> None:
    """Make the partitions, each span by itself: all at once would be more locks than there are."""
    spans = laid_out(source.days(), source.next_id, began_at // DAY_MS)
    await _set_ids(connection, source, spans)
    there = {row[0] for row in await connection.fetch(COPYING["spans"])}
    watch.stage("days", len(spans))
    watch.advance(len(there))
    for span in spans:
        if span.first_id not in there:
            async with connection.transaction():
                await connection.fetchrow(COPYING["copy"])
                await make_span(connection, *span)
            watch.advance()


async def _set_ids(connection: Connection, source: Source, spans: list[Span]) -> None:
    end, day = (spans[-1].end_id, spans[-1].day) if spans else (source.next_id, 0)
    await connection.execute(QUERIES["set_ids"], source.next_id, end, day)


# --- Rows -----------------------------------------------------------------------------------------
async def _bring(
    connection: Connection, source: Source, table: Table, began_at: int, watch: Watch, batch: int
) -> tuple[int, int]:
    """Bring the rest of a table: how many rows were here before, and how many are now."""
    progress = await connection.fetchrow(COPYING["progress"], table.name)
    last, here, done = progress or ("", 0, False)
    before, after = here, _key(last) if last else None
    watch.stage(table.name, source.count(table))
    watch.advance(here)
    make = _maker(table, began_at)
    while not done:
        rows = source.rows(table, after, batch)
        done = len(rows) < batch
        if rows:
            after = tuple(rows[-1][place] for place in table.key_places)
        here += len(rows)
        words = "" if after is None else _words(after)
        async with connection.transaction():
            await connection.fetchrow(COPYING["copy"])
            await connection.copy_records_to_table(
                table.name, records=map(make, rows), columns=table.columns
            )
            await connection.execute(COPYING["set_progress"], table.name, words, here, done)
        watch.advance(len(rows))
    return before, here


def _words(key: Key) -> str:
    return json.dumps([{"hex": v.hex()} if isinstance(v, bytes) else v for v in key])


def _key(words: str) -> Key:
    return tuple(bytes.fromhex(v["hex"]) if isinstance(v, dict) else v for v in json.loads(words))


def _maker(table: Table, began_at: int) -> Callable[[Row], Row]:
    """What makes a row of this engine's from one of the source's."""
    flags = [table.columns.index(name) for name in sorted(table.flags)]
    texts = [table.columns.index(name) for name in sorted(table.texts)]

    def make(row: Row) -> Row:
        if table.name == "message":
            row = recovered(row, began_at)
        elif table.name == "callback":
            row = released(row)
        if not flags and not texts:
            return row
        values = list(row)
        for place in flags:
            values[place] = bool(values[place])
        for place in texts:
            values[place] = pack(values[place])
        return values

    return make


# --- The end --------------------------------------------------------------------------------------
async def _compare(
    connection: Connection, source: Source, watch: Watch
) -> tuple[list[Difference], int]:
    """What is not the same on both sides, and how many figures were compared."""
    watch.stage("compare", len(TABLES))
    differences: list[Difference] = []
    count = 0
    for table in TABLES:
        there, here = source.figures(table), await _figures(connection, table)
        differences += _unequal(table, there, here)
        count += len(there)
        watch.advance()
    return differences, count


async def _figures(connection: Connection, table: Table) -> Figures:
    row = await connection.fetchrow(FIGURES[table.name])
    return {name: int(value or 0) for name, value in row.items()}


def _unequal(table: Table, there: Figures, here: Figures) -> Iterable[Difference]:
    for name, value in there.items():
        if value != here[name]:
            yield Difference(table.name, name, value, here[name])


async def _finish(connection: Connection, source: Source) -> None:
    await connection.execute(COPYING["count_anew"])  # plans for tables that are full at once
    async with connection.transaction():
        last_node = await connection.fetchval(COPYING["last_node"])
        _go_on(await connection.fetchrow(COPYING["copy"]), source, last_node)
        for table in TABLES:
            if table.identity:
                highest = source.highest(table)
                values = (table.name, highest or 1, highest is not None)
                await connection.execute(COPYING["set_identity"], *values)
        for name, number in source.numbers.items():
            await connection.execute(COPYING["set_number"], name, number)
        await connection.execute(COPYING["finish_copy"], source.identity)
