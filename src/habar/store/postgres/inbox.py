"""Subscribers' messages, short codes and opt-outs, for all nodes on one database.

Guarantees (store.inbox): a transaction of its own for each write, on the pool's connections;
changes of short codes come one after the other. What the journal writes: subscribers.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from habar.errors import Conflict, NotFound
from habar.model.status import MessageState
from habar.store.inbox import (
    AnswerTo,
    InboundRow,
    InboundState,
    InboundStory,
    InboxCounts,
    OptOut,
    Rule,
)
from habar.store.inbox_rows import (
    NO_END,
    Said,
    changed_fields,
    check_assignable,
    inbound_row,
    mask_of,
    other_host,
    rule_name,
    rule_of,
    rule_values,
    state_of,
    ways,
)
from habar.store.postgres.connection import Connection
from habar.store.postgres.pool import Pool
from habar.store.postgres.sql import INBOX, QUERIES
from habar.store.postgres.subscribers import put_opt_outs
from habar.store.postgres.texts import pack, unpack
from habar.store.tidying import CHUNK

_CHANGED = "shortcode"
"""The name of the number that says what changed."""


class PostgresInbox:
    """`store.inbox.Inbox` on the pool's connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # --- Rules -----------------------------------------------------------------------------------
    async def rules(self) -> list[Rule]:
        """See store.inbox.Inbox."""
        return [rule_of(row) for row in await self._rows("rules")]

    async def version(self) -> int:
        """See store.inbox.Inbox."""
        [(number,)] = await self._rows("version", _CHANGED)
        return int(number)

    async def add_rule(self, rule: Rule, *, actor: str, now: int) -> int:
        """See store.inbox.Inbox."""
        values = rule_values(rule)

        async def work(connection: Connection) -> int:
            await _changed(connection)  # first: whoever changes rules as well waits for this row
            login = await _login(connection, rule.account_id)
            made = await _owned(connection, rule, "insert_rule", (*values, now))
            detail = f"account {login}"
            await _audit(connection, actor, now, "shortcode add", rule_name(rule), detail)
            return made

        return await self._pool.transact(work)

    async def change_rule(self, rule: Rule, *, actor: str, now: int) -> None:
        """See store.inbox.Inbox."""
        values = rule_values(rule)

        async def work(connection: Connection) -> Rule:
            before = await _rule(connection, rule.id)
            await _login(connection, rule.account_id)
            names = changed_fields(before, rule)
            if names:
                await _changed(connection)
                await _owned(connection, rule, "update_rule", (*values, rule.id))
                detail = ", ".join(names)
                await _audit(connection, actor, now, "shortcode set", rule_name(before), detail)
            return before

        hosts = other_host(await self._pool.transact(work), rule)
        if hosts is not None:
            await self._move_owed(rule, *hosts)

    async def _move_owed(self, rule: Rule, before: str, after: str) -> None:
        """What is left where this breaks off goes there when the old host is tried again."""
        values = (before, after, rule.id, rule.account_id)

        async def move(connection: Connection, most: int) -> int:
            done = await connection.execute(INBOX["move_owed"], *values, most)
            return int(done.rpartition(" ")[2])

        await self._in_chunks(move, NO_END)

    async def remove_rule(self, rule_id: int, *, actor: str, now: int) -> None:
        """See store.inbox.Inbox."""

        async def work(connection: Connection) -> None:
            before = await _rule(connection, rule_id)
            await connection.execute(INBOX["delete_rule"], rule_id)
            await _changed(connection)
            await _audit(connection, actor, now, "shortcode remove", rule_name(before), "")

        await self._pool.transact(work)

    # --- Who wants none --------------------------------------------------------------------------
    async def opt_outs(self, after_change: int, limit: int) -> list[OptOut]:
        """See store.inbox.Inbox."""
        return [_opt_out(row) for row in await self._rows("opt_outs", after_change, limit)]

    async def set_opt_out(
        self, account_id: int, msisdn: int, active: bool, *, actor: str, now: int
    ) -> None:
        """See store.inbox.Inbox."""

        async def work(connection: Connection) -> None:
            login = await _login(connection, account_id)
            await put_opt_outs(connection, [Said(account_id, msisdn, "", active, now)])
            action = "opt-out add" if active else "opt-out remove"
            await _audit(connection, actor, now, action, str(msisdn), f"account {login}")

        await self._pool.transact(work)

    async def opted_out(self, account_id: int | None, limit: int) -> list[OptOut]:
        """See store.inbox.Inbox."""
        if account_id is None:
            return [_opt_out(row) for row in await self._rows("opted_out", limit)]
        return [_opt_out(row) for row in await self._rows("opted_out_of", account_id, limit)]

    # --- Messages --------------------------------------------------------------------------------
    async def messages(
        self,
        *,
        account_id: int | None = None,
        states: Sequence[InboundState] = (),
        short_code: str | None = None,
        before_id: int | None = None,
        limit: int = 50,
    ) -> list[InboundRow]:
        """See store.inbox.Inbox."""
        before = NO_END if before_id is None else before_id
        code = None if short_code is None else pack(short_code)
        values = (before, mask_of(states), account_id, code, limit)

        async def question(connection: Connection) -> list[InboundRow]:
            ids: list[int] = []
            for name, state in ways(account_id, states, short_code):
                of_state = () if state is None else (state,)
                ids += [row[0] for row in await connection.fetch(INBOX[name], *values, *of_state)]
            newest = sorted(ids, reverse=True)[:limit]
            rows = await connection.fetch(INBOX["inbound_rows"], newest)
            return [inbound_row(tuple(row)[:-1], unpack) for row in rows]

        return await self._pool.ask(question)

    async def story(self, inbound_id: int) -> InboundStory | None:
        """See store.inbox.Inbox."""
        if not 0 < inbound_id <= NO_END:
            return None
        return await self._pool.ask(lambda connection: _story(connection, inbound_id))

    async def assign(self, inbound_id: int, rule: Rule, host: str, *, actor: str, now: int) -> None:
        """See store.inbox.Inbox."""

        async def work(connection: Connection) -> None:
            was = await connection.fetchval(INBOX["lock_inbound"], inbound_id)
            check_assignable(inbound_id, was)
            login = await _login(connection, rule.account_id)
            state = state_of(rule.account_id, rule.method)
            values = (rule.account_id, rule.id, state, pack(rule.reply))
            await connection.execute(INBOX["assign_inbound"], inbound_id, *values)
            if state == InboundState.WAITING:
                owed = (rule.account_id, inbound_id, host, now)
                await connection.execute(INBOX["owe_inbound"], *owed)
            words = f"account {login}, short code {rule_name(rule)}"
            await _audit(connection, actor, now, "inbound assign", str(inbound_id), words)

        await self._pool.transact(work)

    async def counts(self) -> InboxCounts:
        """See store.inbox.Inbox."""
        [row] = await self._rows("count_inbound")
        return InboxCounts(*row)

    # --- What goes -------------------------------------------------------------------------------
    async def tidy(self, ended_before: int, limit: int) -> int:
        """See store.inbox.Inbox."""

        async def delete(connection: Connection, most: int) -> int:
            gone: int = await connection.fetchval(INBOX["tidy_inbound"], ended_before, most)
            return gone

        return await self._in_chunks(delete, limit)

    async def tidy_segments(self, joined_before: int, limit: int) -> int:
        """See store.inbox.Inbox."""

        async def delete(connection: Connection, most: int) -> int:
            done = await connection.execute(INBOX["tidy_segments"], joined_before, most)
            return int(done.rpartition(" ")[2])

        return await self._in_chunks(delete, limit)

    async def _in_chunks(
        self, change: Callable[[Connection, int], Awaitable[int]], limit: int
    ) -> int:
        """Change a few rows a transaction, as often as there are more."""
        deleted = 0
        while deleted < limit:
            most = min(CHUNK, limit - deleted)
            gone = await self._pool.transact(lambda c, most=most: change(c, most))  # type: ignore[misc]
            deleted += gone
            if gone < most:
                break
        return deleted

    async def _rows(self, name: str, *values: int | str) -> list[Any]:
        return await self._pool.ask(lambda connection: connection.fetch(INBOX[name], *values))


def _opt_out(row: Sequence[Any]) -> OptOut:
    one = OptOut(*row)
    return one._replace(short_code=unpack(one.short_code))


async def _story(connection: Connection, inbound_id: int) -> InboundStory | None:
    rows = await connection.fetch(INBOX["inbound_rows"], [inbound_id])
    if not rows:
        return None
    [row] = map(tuple, rows)
    rule = await connection.fetchrow(INBOX["rule"], row[-1])
    calls = await connection.fetch(INBOX["calls_of_inbound"], inbound_id)
    answers = await connection.fetch(INBOX["answers_to"], inbound_id)
    return InboundStory(
        inbound_row(row[:-1], unpack),
        None if rule is None else rule_of(rule),
        tuple(number for (number,) in calls),
        tuple(AnswerTo(one, unpack(text), MessageState(state)) for one, text, state in answers),
    )


async def _login(connection: Connection, account_id: int) -> str:
    login: str | None = await connection.fetchval(INBOX["login"], account_id)
    if login is None:
        raise NotFound(f"account number {account_id}")
    return login


async def _rule(connection: Connection, rule_id: int) -> Rule:
    """One, locked."""
    row = await connection.fetchrow(INBOX["lock_rule"], rule_id)
    if row is None:
        raise NotFound(f"rule {rule_id} of a short code")
    return rule_of(row)


async def _owned(connection: Connection, rule: Rule, name: str, values: Sequence[Any]) -> int:
    """Write a rule, whose short code and keyword nobody else may have; its id."""
    try:
        made: int = await connection.fetchval(INBOX[name], *values)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"short code {rule_name(rule)} has an owner already") from error
    return made


async def _changed(connection: Connection) -> None:
    await connection.execute(INBOX["next_numbers"], _CHANGED, 1)


async def _audit(
    connection: Connection, actor: str, now: int, action: str, subject: str, detail: str
) -> None:
    await connection.execute(QUERIES["insert_audit"], now, actor, action, subject, detail)
