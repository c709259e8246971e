"""What customers are owed to be told, as the caller looks for work and as staff see and mend it.

Guarantees (store.callbacks): a transaction of its own for each write, on the pool's connections.
What is called again is locked with its subject first, so that nothing new is owed for that subject
meanwhile, and nothing of it is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from habar.store.call_rows import (
    Due,
    Standing,
    again_words,
    call_row,
    call_story,
    called_again,
    conditions,
    possible,
)
from habar.store.callbacks import (
    CallCounts,
    CallFilter,
    CallKind,
    CallRow,
    CallStage,
    CallStory,
    HostQueue,
)
from habar.store.postgres.calls import facts_of
from habar.store.postgres.connection import Connection
from habar.store.postgres.pool import Pool
from habar.store.postgres.sql import CALLBACKS, QUERIES
from habar.store.postgres.texts import unpack

_LOCKS = {CallKind.STATE: "lock_told_messages", CallKind.INBOUND: "lock_told_inbound"}


class PostgresCallbacks:
    """`store.callbacks.Callbacks` on the pool's connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def hosts(self, first: str = "", limit: int = 1_000) -> list[HostQueue]:
        """See store.callbacks.Callbacks."""
        rows = await self._pool.ask(
            lambda connection: connection.fetch(CALLBACKS["hosts"], first, limit)
        )
        return [HostQueue(*_unpacked(row)) for row in rows]

    async def listed(
        self, wanted: CallFilter, *, before_id: int | None = None, limit: int = 50
    ) -> list[CallRow]:
        """See store.callbacks.Callbacks."""
        told = conditions(wanted, before_id)
        values = [value for _, value in told]
        statement = listing([words for words, _ in told])
        rows = await self._pool.ask(lambda c: c.fetch(statement, *values, limit))
        return [_row(row) for row in rows]

    async def story(self, callback_id: int) -> CallStory | None:
        """See store.callbacks.Callbacks."""
        if not possible([callback_id]):
            return None
        return await self._pool.ask(lambda connection: _story(connection, callback_id))

    async def replay(self, callback_ids: Sequence[int], *, actor: str, now: int) -> list[int]:
        """See store.callbacks.Callbacks."""
        ids = possible(callback_ids)

        async def work(connection: Connection) -> list[int]:
            again = await _call_again(connection, ids, now)
            if again:
                entry = (now, actor, "callback replay", *again_words(again))
                await connection.execute(QUERIES["insert_audit"], *entry)
            return again

        return await self._pool.transact(work)

    async def counts(self) -> CallCounts:
        """See store.callbacks.Callbacks."""
        row = await self._pool.ask(lambda connection: connection.fetchrow(CALLBACKS["count_calls"]))
        return CallCounts(*row)

    async def tidy(self, ended_before: int, limit: int) -> int:
        """See store.callbacks.Callbacks."""

        async def work(connection: Connection) -> int:
            await connection.execute(CALLBACKS["delete_lost_reports"], limit)
            await connection.execute(CALLBACKS["forget_old_hosts"], ended_before)
            done = await connection.execute(CALLBACKS["delete_ended_calls"], ended_before, limit)
            return int(done.rpartition(" ")[2])

        return await self._pool.transact(work)


def listing(told: Sequence[str]) -> str:
    """A list's statement. Only names of our own stand in it; the values are parameters."""
    where = " AND ".join(f"callback.{words} ${n}" for n, words in enumerate(told, 1)) or "true"
    last = len(told) + 1
    statement = CALLBACKS["listed_calls"]
    return f"{statement} WHERE {where} ORDER BY callback.id DESC LIMIT ${last}"


def _row(row: Sequence[Any]) -> CallRow:
    return call_row(_unpacked(row))


def _unpacked(row: Sequence[Any]) -> list[Any]:
    """A row whose last column is an error's text."""
    return [*row[:-1], unpack(row[-1])]


async def _story(connection: Connection, callback_id: int) -> CallStory | None:
    row = await connection.fetchrow(listing(["id ="]), callback_id, 1)
    found = await connection.fetchrow(CALLBACKS["call"], callback_id)
    if row is None or found is None:
        return None
    due = Due(*found)
    target = (await facts_of(connection, [due])).target(due)
    tries = await connection.fetch(CALLBACKS["tries"], callback_id)
    return call_story(
        _row(row), target, ((*one[:4], unpack(one[4]), unpack(one[5])) for one in tries)
    )


async def _call_again(connection: Connection, ids: Sequence[int], now: int) -> list[int]:
    subjects = sorted(map(tuple, await connection.fetch(CALLBACKS["subjects"], ids)))
    if not subjects:
        return []
    for kind, name in _LOCKS.items():
        told = [subject for one, subject in subjects if one == kind]
        await connection.execute(CALLBACKS[name], told)
    rows = await connection.fetch(CALLBACKS["standing"], *zip(*subjects, strict=True))
    standing = {row[0]: Standing(*row) for row in rows}
    again, places = called_again(ids, [*standing.values()])
    told_again = {number: stage for number, stage in places.items() if number in {*again}}
    others = {number: stage for number, stage in places.items() if number not in told_again}
    await _set(connection, "call_again", told_again, now)
    await _set(connection, "set_call_stages", others)
    waits = [standing[n].subject for n in again if standing[n].kind == CallKind.INBOUND]
    await connection.execute(CALLBACKS["inbound_again"], waits)
    return again


async def _set(
    connection: Connection, name: str, places: Mapping[int, CallStage], *values: int
) -> None:
    await connection.execute(CALLBACKS[name], list(places), list(places.values()), *values)
