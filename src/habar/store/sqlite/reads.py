"""What can be read: short questions in the loop, long ones in a thread, on their own connections.

Guarantees: reads see what is committed and on disk, and never hold up the writer. Errors of the
file are StoreUnavailable.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from habar.errors import StoreUnavailable
from habar.model.message import MESSAGE_COLUMNS, MessageStatus, Outgoing, Ref, Submission
from habar.model.status import MessageState, Stage, visible_state
from habar.store.readings import (
    Counts,
    HeldMessage,
    PartStory,
    Place,
    Queued,
    Sent,
    SentPart,
    Story,
    UnmatchedReceipt,
    WaitingAccount,
    going_on,
)
from habar.store.sqlite.connection import connect, name_of
from habar.store.sqlite.sql import QUERIES, slices

Result = TypeVar("Result")
_KEY_MAX = (1 << 63) - 1
_SLICE = 250
"""References answered before others get a turn of the loop."""


class Reads:
    """Two connections that only read."""

    def __init__(self, path: Path) -> None:
        self._short = connect(path, cache_kib=8_192, busy=1.0, read_only=True)
        self._long = connect(path, cache_kib=8_192, busy=5.0, read_only=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="habar-reads")

    def close(self) -> None:
        """Give the connections up."""
        self._thread.shutdown()
        self._short.close()
        self._long.close()

    def here(self, question: Callable[[sqlite3.Connection], Result]) -> Result:
        """Ask something short, in the loop."""
        return _ask(self._short, question)

    async def aside(self, question: Callable[[sqlite3.Connection], Result]) -> Result:
        """Ask something that may take long, in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _ask, self._long, question)

    async def statuses(
        self, account_id: int, refs: Sequence[Ref], now: int
    ) -> list[MessageStatus | None]:
        """See store.port.Store."""
        found: list[MessageStatus | None] = []
        for start in range(0, len(refs), _SLICE):
            if start:
                await asyncio.sleep(0)
            part = refs[start : start + _SLICE]
            found += self.here(lambda c, part=part: _statuses(c, account_id, part, now))  # type: ignore[misc]
        return found

    async def waiting(self, operator_id: int) -> list[WaitingAccount]:
        """See store.port.Store."""
        return await self.aside(lambda connection: _waiting(connection, operator_id))

    async def queued(
        self, operator_id: int, after: Place | None, limit: int, now: int
    ) -> list[Queued]:
        """See store.port.Store."""
        return await self.aside(lambda c: _queued(c, operator_id, after, limit, now))

    async def held(self, operator_id: int | None, limit: int) -> list[HeldMessage]:
        """See store.port.Store."""
        name = "held" if operator_id is None else "held_of"
        values = [one for one in (operator_id, limit) if one is not None]
        rows = self.here(lambda connection: connection.execute(QUERIES[name], values).fetchall())
        return [HeldMessage(*row) for row in rows]

    async def sent_to(self, account_id: int, message_id: int) -> Sent | None:
        """See store.port.Store."""
        if not _possible(message_id):
            return None
        return self.here(lambda connection: _sent_to(connection, account_id, message_id))

    async def story(self, message_id: int) -> Story | None:
        """See store.port.Store."""
        if not 0 < message_id <= _KEY_MAX:
            return None
        return self.here(lambda connection: _story(connection, message_id))

    async def unmatched_receipts(self, limit: int) -> list[UnmatchedReceipt]:
        """See store.port.Store."""
        rows = self.here(
            lambda connection: connection.execute(
                QUERIES["unmatched_receipts"], (limit,)
            ).fetchall()
        )
        return [
            UnmatchedReceipt(number, operator_id, name, MessageState(state), error, at, raw)
            for number, operator_id, name, state, error, at, raw in rows
        ]

    def last_run(self) -> tuple[int, int] | None:
        """The number of the newest run and when it began."""
        found: tuple[int, int] | None = self.here(
            lambda connection: connection.execute(QUERIES["last_run"]).fetchone()
        )
        return found

    async def counts(self) -> Counts:
        """See store.port.Store."""
        return await self.aside(_counts)

    async def claimed(self) -> int:
        """Messages in hand: of the counts the one that a long queue does not make slow."""
        return await self.aside(_claimed)


def _ask(
    connection: sqlite3.Connection, question: Callable[[sqlite3.Connection], Result]
) -> Result:
    try:
        return question(connection)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the store cannot read: {name_of(error)}") from error


def _statuses(
    connection: sqlite3.Connection, account_id: int, refs: Sequence[Ref], now: int
) -> list[MessageStatus | None]:
    by_id = [ref.message_id for ref in refs if _possible(ref.message_id)]
    by_ref = [
        ref.customer_id for ref in refs if ref.message_id is None and _possible(ref.customer_id)
    ]
    found = {row[0]: row for row in _rows(connection, "status_by_id", account_id, by_id)}
    named = {row[1]: row for row in _rows(connection, "status_by_ref", account_id, by_ref)}
    answers: list[MessageStatus | None] = []
    for ref in refs:
        if ref.message_id is not None:
            row = found.get(ref.message_id)
        else:
            row = named.get(ref.customer_id)
        answers.append(None if row is None else _status(row, now))
    return answers


def _possible(number: int | None) -> bool:
    return number is not None and 0 < number <= _KEY_MAX


def _rows(
    connection: sqlite3.Connection, name: str, account_id: int, keys: Sequence[int | None]
) -> list[tuple[int, int | None, int, int, int, int | None]]:
    rows = []
    for statement, values in slices(name, keys):
        rows += connection.execute(statement, (account_id, *values)).fetchall()
    return rows


def _status(row: tuple[int, int | None, int, int, int, int | None], now: int) -> MessageStatus:
    message_id, customer_id, parts, state, due_at, completed_at = row
    seen = visible_state(MessageState(state), due_at=due_at, now=now)
    return MessageStatus(message_id, customer_id, parts, seen, due_at, completed_at)


def _waiting(connection: sqlite3.Connection, operator_id: int) -> list[WaitingAccount]:
    """Goes from account to account by the index: its rows are not read but the first of each."""
    found: list[WaitingAccount] = []
    place = (operator_id, -1)
    row = connection.execute(QUERIES["next_priority"], place).fetchone()
    while row is not None:
        found.append(WaitingAccount(*row))
        priority, account_id, _ = row
        place = (operator_id, priority)
        row = connection.execute(QUERIES["next_account"], (*place, account_id)).fetchone()
        row = row or connection.execute(QUERIES["next_priority"], place).fetchone()
    return found


def _queued(
    connection: sqlite3.Connection, operator_id: int, after: Place | None, limit: int, now: int
) -> list[Queued]:
    """Account by account, so that what is scheduled for later is not read."""
    found: list[Queued] = []
    for priority, account_id, *begin in going_on(_waiting(connection, operator_id), after):
        values = (operator_id, priority, account_id, now, *begin, limit - len(found))
        for *message, next_at in connection.execute(QUERIES["queued_of_account"], values):
            out = Outgoing(*message)
            found.append(Queued(Place(priority, account_id, next_at, out.message_id), out))
        if len(found) >= limit:
            break
    return found


def _sent_to(connection: sqlite3.Connection, account_id: int, message_id: int) -> Sent | None:
    row = connection.execute(QUERIES["sent_to"], (message_id, account_id)).fetchone()
    if row is None:
        return None
    operator_id, sender, recipient, stage = row
    parts = connection.execute(QUERIES["sent_parts_to"], (message_id,))
    told = tuple(
        SentPart(part, name, None if state is None else MessageState(state))
        for part, name, state in parts
    )
    return Sent(operator_id, sender, recipient, Stage(stage), told)


def _story(connection: sqlite3.Connection, message_id: int) -> Story | None:
    row = connection.execute(QUERIES["story"], (message_id,)).fetchone()
    if row is None:
        return None
    rest = row[len(MESSAGE_COLUMNS) :]
    submission = Submission(*row[: len(MESSAGE_COLUMNS)])
    login, operator, attempts, repeats, uncertain_at, last_error, completed_at, refunded = rest
    parts = tuple(
        PartStory(number, operator_id, name, sent, state and MessageState(state), *rest)
        for number, operator_id, name, sent, state, *rest in connection.execute(
            QUERIES["story_parts"], (message_id,)
        )
    )
    return Story(
        message_id=message_id,
        account_id=submission.account_id,
        login=login,
        submission=submission,
        operator=operator,
        attempts=attempts,
        repeats=repeats,
        uncertain_at=uncertain_at,
        last_error=last_error,
        sent_at=max(p.sent_at for p in parts) if len(parts) == submission.parts else None,
        completed_at=completed_at,
        refunded=refunded,
        parts=parts,
    )


def _claimed(connection: sqlite3.Connection) -> int:
    claimed: int = connection.execute(QUERIES["count_claimed"]).fetchone()[0]
    return claimed


def _counts(connection: sqlite3.Connection) -> Counts:
    names = ("count_waiting", "count_claimed", "count_unmatched", "count_held")
    return Counts(*[connection.execute(QUERIES[name]).fetchone()[0] for name in names])
