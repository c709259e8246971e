"""What can be read.

Guarantees: reads see what is committed, and never hold up the writer. Errors of the server are
StoreUnavailable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from habar.model.message import MESSAGE_COLUMNS, MessageStatus, Ref, Submission
from habar.model.status import MessageState, Stage, visible_state
from habar.store.postgres.connection import Connection
from habar.store.postgres.pool import Pool
from habar.store.postgres.questions import outgoing
from habar.store.postgres.sql import QUERIES
from habar.store.postgres.texts import unpack
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

_KEY_MAX = (1 << 63) - 1
_COLUMNS = len(MESSAGE_COLUMNS)


class Reads:
    """Questions on the pool's connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def statuses(
        self, account_id: int, refs: Sequence[Ref], now: int
    ) -> list[MessageStatus | None]:
        """See store.port.Store."""
        by_id = [one.message_id for one in refs if _possible(one.message_id)]
        by_ref = [
            one.customer_id for one in refs if one.message_id is None and _possible(one.customer_id)
        ]
        found = {row[0]: row for row in await self._fetch("status_by_id", account_id, by_id)}
        named = {row[1]: row for row in await self._fetch("status_by_ref", account_id, by_ref)}
        answers: list[MessageStatus | None] = []
        for ref in refs:
            if ref.message_id is not None:
                row = found.get(ref.message_id)
            else:
                row = named.get(ref.customer_id)
            answers.append(None if row is None else _status(row, now))
        return answers

    async def _fetch(self, name: str, account_id: int, keys: Sequence[Any]) -> list[Any]:
        if not keys:
            return []
        rows: list[Any] = await self._pool.ask(
            lambda connection: connection.fetch(QUERIES[name], account_id, keys)
        )
        return rows

    async def waiting(self, operator_id: int) -> list[WaitingAccount]:
        """See store.port.Store."""
        rows = await self._pool.ask(
            lambda connection: connection.fetch(QUERIES["waiting"], operator_id)
        )
        return [WaitingAccount(*row) for row in rows]

    async def queued(
        self, operator_id: int, after: Place | None, limit: int, now: int
    ) -> list[Queued]:
        """See store.port.Store. Account by account: what is scheduled for later is not read."""
        found: list[Queued] = []
        for priority, account_id, *begin in going_on(await self.waiting(operator_id), after):
            values = (operator_id, priority, account_id, now, *begin, limit - len(found))
            for *message, next_at in await self._ask("queued_of_account", *values):
                out = outgoing(message)
                found.append(Queued(Place(priority, account_id, next_at, out.message_id), out))
            if len(found) >= limit:
                break
        return found

    async def _ask(self, name: str, *values: int | None) -> list[Any]:
        rows: list[Any] = await self._pool.ask(lambda c: c.fetch(QUERIES[name], *values))
        return rows

    async def held(self, operator_id: int | None, limit: int) -> list[HeldMessage]:
        """See store.port.Store."""
        return [
            HeldMessage(message_id, operator, at, recipient, unpack(error))
            for message_id, operator, at, recipient, error in await self._ask(
                "held", operator_id, limit
            )
        ]

    async def sent_to(self, account_id: int, message_id: int) -> Sent | None:
        """See store.port.Store."""
        if not _possible(message_id):
            return None
        rows = await self._ask("sent_to", message_id, account_id)
        if not rows:
            return None
        operator_id, sender, recipient, stage = rows[0]
        parts = tuple(
            SentPart(part, unpack(name), None if state is None else MessageState(state))
            for part, name, state in await self._ask("sent_parts_to", message_id)
        )
        return Sent(operator_id, unpack(sender), recipient, Stage(stage), parts)

    async def story(self, message_id: int) -> Story | None:
        """See store.port.Store."""
        if not 0 < message_id <= _KEY_MAX:
            return None

        async def question(connection: Connection) -> Story | None:
            row = await connection.fetchrow(QUERIES["story"], message_id)
            if row is None:
                return None
            return _story(
                message_id, row, await connection.fetch(QUERIES["story_parts"], message_id)
            )

        return await self._pool.ask(question)

    async def unmatched_receipts(self, limit: int) -> list[UnmatchedReceipt]:
        """See store.port.Store."""
        rows = await self._pool.ask(
            lambda connection: connection.fetch(QUERIES["unmatched_receipts"], limit)
        )
        return [
            UnmatchedReceipt(
                number,
                operator_id,
                unpack(name),
                MessageState(state),
                unpack(error),
                at,
                unpack(raw),
            )
            for number, operator_id, name, state, error, at, raw in rows
        ]

    async def counts(self) -> Counts:
        """See store.port.Store."""
        row = await self._pool.ask(lambda connection: connection.fetchrow(QUERIES["counts"]))
        return Counts(*row)


def _possible(number: int | None) -> bool:
    return number is not None and 0 < number <= _KEY_MAX


def _status(row: Sequence[Any], now: int) -> MessageStatus:
    message_id, customer_id, parts, state, due_at, completed_at = row
    seen = visible_state(MessageState(state), due_at=due_at, now=now)
    return MessageStatus(message_id, customer_id, parts, seen, due_at, completed_at)


def _story(message_id: int, row: Sequence[Any], parts: Sequence[Sequence[Any]]) -> Story:
    given = Submission(*row[:_COLUMNS])
    login, operator, attempts, repeats, uncertain_at, last_error, completed_at, refunded = row[
        _COLUMNS:
    ]
    told = tuple(_part(part) for part in parts)
    return Story(
        message_id=message_id,
        account_id=given.account_id,
        login=login,
        submission=given._replace(sender=unpack(given.sender), text=unpack(given.text)),
        operator=operator,
        attempts=attempts,
        repeats=repeats,
        uncertain_at=uncertain_at,
        last_error=unpack(last_error),
        sent_at=max(part.sent_at for part in told) if len(told) == given.parts else None,
        completed_at=completed_at,
        refunded=refunded,
        parts=told,
    )


def _part(row: Sequence[Any]) -> PartStory:
    number, operator_id, name, sent_at, state, error, *rest = row
    return PartStory(
        number,
        operator_id,
        unpack(name),
        sent_at,
        None if state is None else MessageState(state),
        unpack(error),
        *rest,
    )
