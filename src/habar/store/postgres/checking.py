"""What a database has and which promises its rows break, for the one who looks after it.

Guarantees: one read-only transaction sees one moment, beside running nodes; the memory used here
does not grow with the database. What a node that died has in hand is no finding: another node, or
its own next start, ends its run. While a check reads, no partition can be dropped, and what is
deleted elsewhere stays on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from habar.errors import SchemaMismatch
from habar.store.inspection import KINDS, SHOWN, Contents, Finding, Report, Status, finding
from habar.store.postgres.connection import Connection
from habar.store.postgres.migrate import check, newest, schema_of
from habar.store.postgres.sql import CHECKS

_SPANS = "partition {1} of {0} ({2}) and span {3} do not agree"
_SETTINGS = {
    "fsync": "what the gateway said is accepted is lost when the machine loses power",
    "full_page_writes": "pages that are half written when the machine loses power are lost",
    "synchronous_commit": (
        "other programs of this role are told of commits too early; Habar's nodes ask for `on`"
        " themselves"
    ),
}
"""What `off` means."""


async def status(connection: Connection) -> Status:
    """What there is. Raises SchemaMismatch."""
    server = await connection.fetchval(CHECKS["server"])
    schema = await schema_of(connection)
    fits = await _fits(connection)
    contents = await _contents(connection) if fits else None
    return Status("PostgreSQL", server, schema.version, newest(), contents)


async def _fits(connection: Connection) -> bool:
    try:
        await check(connection)
    except SchemaMismatch:
        return False
    return True


async def _contents(connection: Connection) -> Contents:
    async def number(name: str) -> Any:
        return await connection.fetchval(CHECKS[name])

    return Contents(
        size=await _size(connection),
        accounts=await number("accounts"),
        messages=await number("messages"),
        oldest_at=await number("oldest"),
        spans=await number("span_count"),
        partitions=await number("partition_count"),
        alive=tuple(row[0] for row in await connection.fetch(CHECKS["alive"])),
        unfinished_copy=bool(await _copies(connection)),
    )


async def _size(connection: Connection) -> int | None:
    try:
        size: int = await connection.fetchval(CHECKS["size"])
    except asyncpg.PostgresError:  # not every engine that speaks PostgreSQL's protocol knows
        return None
    return size


async def check_promises(connection: Connection) -> Report:
    """Every broken promise. Raises SchemaMismatch."""
    await check(connection)
    warnings = tuple(_warnings(await connection.fetchrow(CHECKS["settings"])))
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    found = [_unfinished(await _copies(connection))]
    for name, words in {**KINDS, "spans": _SPANS}.items():
        found.append(finding(words, await connection.fetch(CHECKS[name], SHOWN)))
    await connection.execute("COMMIT")
    return Report(tuple(one for one in found if one is not None), warnings)


async def _copies(connection: Connection) -> list[Any]:
    if not await connection.fetchval(CHECKS["any_copy"]):
        return []
    return await connection.fetch(CHECKS["copies"])


def _unfinished(rows: Sequence[Sequence[Any]]) -> Finding | None:
    told = [
        (datetime.fromtimestamp(began // 1000, UTC).isoformat(), count) for began, count in rows
    ]
    return finding("a copy into this database that was begun at {} is not finished", told)


def _warnings(values: Sequence[str | None]) -> Iterator[str]:
    for (name, words), value in zip(_SETTINGS.items(), values, strict=True):
        if value == "off":
            yield f"{name} is off: {words}"
