"""Drops spans that are leaving: no row is deleted, and the disk has its room back at once.

First the customers' ids that name a message of the span, and what customers were told of them, in
small transactions; then each of the two partitions is detached and dropped; then the span's own
row. Each step leaves a state that tells what comes next, so any node goes on where another one
died. Who works on a span holds its row (FOR UPDATE SKIP LOCKED), and others leave it alone.

What is locked, and why nobody waits for it:
- refs of messages that ended long ago; one that is locked by another node is not waited for (SKIP
  LOCKED): its batch is done again later.
- DETACH PARTITION CONCURRENTLY takes SHARE UPDATE EXCLUSIVE on `message` (`part`): that is in the
  way of nobody but vacuum and the attaching of a partition, and is given back while it waits for
  those who began before it. Who comes after does not see the partition any more: nobody waits for
  its ACCESS EXCLUSIVE lock on that alone, for which it waits no longer than LOCK_MS.
- DROP TABLE takes ACCESS EXCLUSIVE on a table that is no part of `message` by then. Dropping a
  partition that is attached would take it on `message` as a whole.

Guarantees: where somebody reads for longer than LOCK_MS (pg_dump), nothing is forced; what was
begun is finished by a later pass, FINALIZE included. Knows no ages: what is marked goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import structlog

from habar.store.postgres.connection import Address, Connection, name_of
from habar.store.postgres.pool import Pool
from habar.store.postgres.sql import CALLBACKS, QUERIES
from habar.store.retention import Keep
from habar.store.tidying import NOTHING, Step

LOCK_MS = 2_000
"""Longer than vacuum takes to give way (deadlock_timeout), shorter than submitters would notice."""
REFS = 1_000
TOLD = 500
_COST = 10
"""So many messages that are asked for their refs count as one that is removed."""
_HELD = "SET LOCAL idle_in_transaction_session_timeout = '60s'"
_TRY_LATER = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.ObjectNotInPrerequisiteStateError,
)

log = structlog.get_logger(__name__)


class Dropping:
    """Sends off one span after another."""

    def __init__(self, address: Address, pool: Pool) -> None:
        self._address = replace(address, lock_ms=LOCK_MS)
        self._pool = pool

    async def step(self, _keep: Keep, _place: int, _most: int) -> Step:
        """A little more of the oldest span that is leaving. Nothing, too, if others are at it."""
        first_id = await self._pool.ask(lambda c: c.fetchval(QUERIES["leaving_span"]))
        if first_id is None:
            return NOTHING
        return await self._pool.transact(lambda c: self._go_on(c, first_id))

    async def _go_on(self, connection: Connection, first_id: int) -> Step:
        span = await connection.fetchrow(QUERIES["hold_leaving_span"], first_id)
        if span is None:
            return NOTHING
        end_id, refs_upto, messages = span
        if refs_upto < end_id - 1:
            return await _forget_refs(connection, first_id, end_id - 1, refs_upto)
        if gone := await _forget_told(connection, first_id, end_id):
            return Step(1 + gone, 0)
        await connection.execute(_HELD)
        if not await self._drop(first_id):
            return NOTHING
        await connection.execute(QUERIES["delete_kept_of_span"], first_id, end_id)
        await connection.execute(QUERIES["delete_span"], first_id)
        log.info("the messages of a day were dropped", first_id=first_id, messages=messages)
        return Step(1, 0, messages=messages)

    async def _drop(self, first_id: int) -> bool:
        """Both partitions, on a connection that is in no transaction; False: later."""
        connection = await self._address.connect()
        try:
            for table in ("message", "part"):
                await _drop_partition(connection, table, f"{table}_{first_id}")
        except _TRY_LATER as error:
            log.info("a day could not be dropped yet", first_id=first_id, error=name_of(error))
            return False
        finally:
            connection.terminate()
        return True


async def _forget_refs(connection: Connection, first_id: int, last_id: int, upto: int) -> Step:
    after = max(upto, first_id - 1)
    rows = await connection.fetch(QUERIES["messages_of_span"], after, last_id, REFS)
    named = columns_with_ref(rows)
    await connection.execute(QUERIES["delete_refs"], *named)
    if await connection.fetchval(QUERIES["refs_left"], *named):
        return NOTHING
    upto = rows[-1][0] if len(rows) == REFS else last_id
    await connection.execute(QUERIES["set_refs_upto"], first_id, upto)
    return Step(1 + len(rows) // _COST, 0)


async def _forget_told(connection: Connection, first_id: int, end_id: int) -> int:
    """Where customers were to be told of them, and what they were told; how many rows went."""
    gone = 0
    for name in ("delete_reports_of_span", "delete_calls_of_span"):
        done = await connection.execute(CALLBACKS[name], first_id, end_id, TOLD)
        gone += int(done.rpartition(" ")[2])
    return gone


def columns_with_ref(rows: Sequence[Sequence[Any]]) -> list[list[int]]:
    """Message ids, account ids and customers' ids, of those that have one."""
    named = [row for row in rows if row[2] is not None]
    return [[row[column] for row in named] for column in range(3)]


async def _drop_partition(connection: Connection, table: str, name: str) -> None:
    # Identifiers cannot be parameters; these are made of numbers of our own.
    found = await connection.fetchrow(QUERIES["partition"], f'"{name}"')
    if found is None:
        return
    pending = found[0]
    if pending is not None:
        how = "FINALIZE" if pending else "CONCURRENTLY"
        await connection.execute(f'ALTER TABLE {table} DETACH PARTITION "{name}" {how}')
    await connection.execute(f'DROP TABLE "{name}"')
