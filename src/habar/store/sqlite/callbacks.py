"""What customers are owed to be told, as the caller looks for work and as staff see and mend it.

Guarantees (store.callbacks): reads never hold up the writer; staff's writes go between the
journal's batches, in the gateway's process as in a command's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
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
    CallStory,
    HostQueue,
)
from habar.store.sqlite.batch import Chore
from habar.store.sqlite.calls import facts_of
from habar.store.sqlite.reads import Reads
from habar.store.sqlite.sql import CALLBACKS, QUERIES, slices


class SqliteCallbacks:
    """`store.callbacks.Callbacks`; `run` does a chore of so many rows, the writer's way."""

    def __init__(self, reads: Reads, run: Callable[[Chore, int], Awaitable[Any]]) -> None:
        self._reads = reads
        self._run = run

    async def hosts(self, first: str = "", limit: int = 1_000) -> list[HostQueue]:
        """See store.callbacks.Callbacks. Goes from host to host by the index."""
        return await self._reads.aside(
            lambda c: [HostQueue(*row) for row in c.execute(CALLBACKS["hosts"], (first, limit))]
        )

    async def listed(
        self, wanted: CallFilter, *, before_id: int | None = None, limit: int = 50
    ) -> list[CallRow]:
        """See store.callbacks.Callbacks."""
        told = conditions(wanted, before_id)
        values = [value for _, value in told]
        statement = listing([words for words, _ in told])
        return await self._reads.aside(
            lambda c: [call_row(row) for row in c.execute(statement, (*values, limit))]
        )

    async def story(self, callback_id: int) -> CallStory | None:
        """See store.callbacks.Callbacks."""
        if not possible([callback_id]):
            return None
        return await self._reads.aside(lambda connection: _story(connection, callback_id))

    async def replay(self, callback_ids: Sequence[int], *, actor: str, now: int) -> list[int]:
        """See store.callbacks.Callbacks."""
        ids = possible(callback_ids)

        def chore(connection: sqlite3.Connection) -> list[int]:
            again = _call_again(connection, ids, now)
            if again:
                subject, detail = again_words(again)
                entry = (now, actor, "callback replay", subject, detail)
                connection.execute(QUERIES["insert_audit"], entry)
            return again

        result: list[int] = await self._run(chore, max(len(ids), 1))
        return result

    async def counts(self) -> CallCounts:
        """See store.callbacks.Callbacks."""
        return await self._reads.aside(
            lambda connection: CallCounts(*connection.execute(CALLBACKS["count_calls"]).fetchone())
        )

    async def tidy(self, ended_before: int, limit: int) -> int:
        """See store.callbacks.Callbacks."""

        def chore(connection: sqlite3.Connection) -> int:
            connection.execute(CALLBACKS["delete_lost_reports"], (limit,))
            connection.execute(CALLBACKS["forget_old_hosts"], (ended_before,))
            gone = connection.execute(CALLBACKS["delete_ended_calls"], (ended_before, limit))
            return gone.rowcount

        result: int = await self._run(chore, limit)
        return result


def listing(told: Sequence[str]) -> str:
    """A list's statement. Only names of our own stand in it; the values are parameters."""
    where = " AND ".join(f"callback.{words} ?" for words in told) or "true"
    statement = CALLBACKS["listed_calls"]
    return f"{statement} WHERE {where} ORDER BY callback.id DESC LIMIT ?"


def _story(connection: sqlite3.Connection, callback_id: int) -> CallStory | None:
    [row] = connection.execute(listing(["id ="]), (callback_id, 1)).fetchall() or [None]
    if row is None:
        return None
    due = Due(*connection.execute(CALLBACKS["call"], (callback_id,)).fetchone())
    target = facts_of(connection, [due]).target(due)
    return call_story(call_row(row), target, connection.execute(CALLBACKS["tries"], (callback_id,)))


def _call_again(connection: sqlite3.Connection, ids: Sequence[int], now: int) -> list[int]:
    standing: dict[int, Standing] = {}
    for statement, values in slices("standing", ids, CALLBACKS):
        standing.update((row[0], Standing(*row)) for row in connection.execute(statement, values))
    again, places = called_again(ids, [standing[number] for number in sorted(standing)])
    told = set(again)
    for number, stage in places.items():
        if number in told:
            connection.execute(CALLBACKS["call_again"], (stage, now, now, number))
        else:
            connection.execute(CALLBACKS["set_call_stage"], (stage, number))
        one = standing[number]
        if one.kind == CallKind.INBOUND:
            connection.execute(CALLBACKS["inbound_again"], (one.subject,))
    return again
