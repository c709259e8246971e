"""Subscribers' messages, short codes and opt-outs on one file, but for what the journal writes.

Guarantees (store.inbox): every write goes between the journal's batches, in the gateway's process
as in a command's; what may take long is read in a thread. Knows subscribers.py for the rest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

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
from habar.store.sqlite.batch import Chore
from habar.store.sqlite.reads import Reads
from habar.store.sqlite.sql import INBOX, QUERIES
from habar.store.sqlite.subscribers import owe, put_opt_out
from habar.store.tidying import CHUNK

_CHANGED = "shortcode"
"""The name of the number that says what changed."""


class SqliteInbox:
    """`store.inbox.Inbox`; `run` does a chore of so many rows on the writer's connection."""

    def __init__(self, reads: Reads, run: Callable[[Chore, int], Awaitable[Any]]) -> None:
        self._reads = reads
        self._run = run

    # --- Rules -----------------------------------------------------------------------------------
    async def rules(self) -> list[Rule]:
        """See store.inbox.Inbox."""
        return [rule_of(row) for row in self._rows("rules")]

    async def version(self) -> int:
        """See store.inbox.Inbox."""
        [(number,)] = self._rows("version", _CHANGED)
        return int(number)

    async def add_rule(self, rule: Rule, *, actor: str, now: int) -> int:
        """See store.inbox.Inbox."""
        values = rule_values(rule)

        def chore(connection: sqlite3.Connection) -> int:
            login = _login(connection, rule.account_id)
            made = _owned(connection, rule, "insert_rule", (*values, now)).fetchall()
            _changed(connection)
            _audit(connection, actor, now, "shortcode add", rule_name(rule), f"account {login}")
            return int(made[0][0])

        made: int = await self._run(chore, 1)
        return made

    async def change_rule(self, rule: Rule, *, actor: str, now: int) -> None:
        """See store.inbox.Inbox."""
        values = rule_values(rule)

        def chore(connection: sqlite3.Connection) -> Rule:
            before = _rule(connection, rule.id)
            _login(connection, rule.account_id)
            names = changed_fields(before, rule)
            if names:
                _owned(connection, rule, "update_rule", (*values, rule.id))
                _changed(connection)
                _audit(connection, actor, now, "shortcode set", rule_name(before), ", ".join(names))
            return before

        hosts = other_host(await self._run(chore, 1), rule)
        if hosts is not None:
            await self._move_owed(rule, *hosts)

    async def _move_owed(self, rule: Rule, before: str, after: str) -> None:
        """What is left where this breaks off goes there when the old host is tried again."""
        values = {"before": before, "after": after, "rule": rule.id, "account": rule.account_id}

        def move(connection: sqlite3.Connection, most: int) -> int:
            return connection.execute(INBOX["move_owed"], {**values, "limit": most}).rowcount

        await self._in_chunks(move, NO_END)

    async def remove_rule(self, rule_id: int, *, actor: str, now: int) -> None:
        """See store.inbox.Inbox."""

        def chore(connection: sqlite3.Connection) -> None:
            before = _rule(connection, rule_id)
            connection.execute(INBOX["delete_rule"], (rule_id,))
            _changed(connection)
            _audit(connection, actor, now, "shortcode remove", rule_name(before), "")

        await self._run(chore, 1)

    # --- Who wants none --------------------------------------------------------------------------
    async def opt_outs(self, after_change: int, limit: int) -> list[OptOut]:
        """See store.inbox.Inbox."""
        return await self._reads.aside(
            lambda c: [_opt_out(row) for row in c.execute(INBOX["opt_outs"], (after_change, limit))]
        )

    async def set_opt_out(
        self, account_id: int, msisdn: int, active: bool, *, actor: str, now: int
    ) -> None:
        """See store.inbox.Inbox."""

        def chore(connection: sqlite3.Connection) -> None:
            login = _login(connection, account_id)
            put_opt_out(connection, account_id, msisdn, "", active=active, at=now)
            action = "opt-out add" if active else "opt-out remove"
            _audit(connection, actor, now, action, str(msisdn), f"account {login}")

        await self._run(chore, 1)

    async def opted_out(self, account_id: int | None, limit: int) -> list[OptOut]:
        """See store.inbox.Inbox."""
        name = "opted_out" if account_id is None else "opted_out_of"
        values = [one for one in (account_id, limit) if one is not None]
        return await self._reads.aside(
            lambda c: [_opt_out(row) for row in c.execute(INBOX[name], values)]
        )

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
        values = {
            "account": account_id,
            "code": short_code,
            "states": mask_of(states),
            "before": NO_END if before_id is None else before_id,
            "limit": limit,
        }

        def question(connection: sqlite3.Connection) -> list[InboundRow]:
            ids: list[int] = []
            for name, state in ways(account_id, states, short_code):
                found = connection.execute(INBOX[name], {**values, "state": state})
                ids += [row[0] for row in found]
            newest = sorted(ids, reverse=True)[:limit]
            rows = [connection.execute(INBOX["inbound_row"], (one,)).fetchone() for one in newest]
            return [inbound_row(row[:-1], str) for row in rows if row is not None]

        return await self._reads.aside(question)

    async def story(self, inbound_id: int) -> InboundStory | None:
        """See store.inbox.Inbox."""
        if not 0 < inbound_id <= NO_END:
            return None
        return await self._reads.aside(lambda connection: _story(connection, inbound_id))

    async def assign(self, inbound_id: int, rule: Rule, host: str, *, actor: str, now: int) -> None:
        """See store.inbox.Inbox."""

        def chore(connection: sqlite3.Connection) -> None:
            row = connection.execute(INBOX["inbound_state"], (inbound_id,)).fetchone()
            check_assignable(inbound_id, None if row is None else row[0])
            login = _login(connection, rule.account_id)
            state = state_of(rule.account_id, rule.method)
            values = (rule.account_id, rule.id, state, rule.reply, inbound_id)
            connection.execute(INBOX["assign_inbound"], values)
            if state == InboundState.WAITING:
                owe(connection, rule.account_id, inbound_id, host, now)
            words = f"account {login}, short code {rule_name(rule)}"
            _audit(connection, actor, now, "inbound assign", str(inbound_id), words)

        await self._run(chore, 2)

    async def counts(self) -> InboxCounts:
        """See store.inbox.Inbox."""

        def question(connection: sqlite3.Connection) -> InboxCounts:
            return InboxCounts(
                unrouted=_number(connection, "count_inbound", InboundState.UNROUTED),
                waiting=_number(connection, "count_inbound", InboundState.WAITING),
                undelivered=_number(connection, "count_inbound", InboundState.UNDELIVERED),
                segments=_number(connection, "count_segments"),
            )

        return await self._reads.aside(question)

    # --- What goes -------------------------------------------------------------------------------
    async def tidy(self, ended_before: int, limit: int) -> int:
        """See store.inbox.Inbox."""

        def chore(connection: sqlite3.Connection, most: int) -> int:
            gone = connection.execute(INBOX["tidy_inbound"], (ended_before, most)).fetchall()
            connection.executemany(INBOX["forget_calls"], gone)
            return len(gone)

        return await self._in_chunks(chore, limit)

    async def tidy_segments(self, joined_before: int, limit: int) -> int:
        """See store.inbox.Inbox."""

        def chore(connection: sqlite3.Connection, most: int) -> int:
            old = connection.execute(INBOX["old_segments"], (joined_before, most)).fetchall()
            connection.executemany(INBOX["delete_segment"], old)
            return len(old)

        return await self._in_chunks(chore, limit)

    async def _in_chunks(self, chore: Callable[[sqlite3.Connection, int], int], limit: int) -> int:
        """Change a few rows between the others' writes, as often as there are more."""
        deleted = 0
        while deleted < limit:
            most = min(CHUNK, limit - deleted)
            gone: int = await self._run(lambda c, most=most: chore(c, most), most)  # type: ignore[misc]
            deleted += gone
            if gone < most:
                break
        return deleted

    def _rows(self, name: str, *values: int | str) -> list[Any]:
        """Something short."""
        return self._reads.here(
            lambda connection: connection.execute(INBOX[name], values).fetchall()
        )


def _opt_out(row: Sequence[Any]) -> OptOut:
    one = OptOut(*row)
    return one._replace(active=bool(one.active))


def _story(connection: sqlite3.Connection, inbound_id: int) -> InboundStory | None:
    row = connection.execute(INBOX["inbound_row"], (inbound_id,)).fetchone()
    if row is None:
        return None
    rule = connection.execute(INBOX["rule"], (row[-1],)).fetchone()
    calls = connection.execute(INBOX["calls_of_inbound"], (inbound_id,)).fetchall()
    answers = connection.execute(INBOX["answers_to"], (inbound_id,)).fetchall()
    return InboundStory(
        inbound_row(row[:-1], str),
        None if rule is None else rule_of(rule),
        tuple(number for (number,) in calls),
        tuple(AnswerTo(number, text, MessageState(state)) for number, text, state in answers),
    )


def _number(connection: sqlite3.Connection, name: str, *values: int) -> int:
    number: int = connection.execute(INBOX[name], values).fetchone()[0]
    return number


def _login(connection: sqlite3.Connection, account_id: int) -> str:
    row = connection.execute(INBOX["login"], (account_id,)).fetchone()
    if row is None:
        raise NotFound(f"account number {account_id}")
    return str(row[0])


def _rule(connection: sqlite3.Connection, rule_id: int) -> Rule:
    row = connection.execute(INBOX["rule"], (rule_id,)).fetchone()
    if row is None:
        raise NotFound(f"rule {rule_id} of a short code")
    return rule_of(row)


def _owned(
    connection: sqlite3.Connection, rule: Rule, name: str, values: Sequence[Any]
) -> sqlite3.Cursor:
    """Write a rule, whose short code and keyword nobody else may have."""
    try:
        return connection.execute(INBOX[name], values)
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise
        raise Conflict(f"short code {rule_name(rule)} has an owner already") from error


def _changed(connection: sqlite3.Connection) -> None:
    connection.execute(INBOX["next_number"], (_CHANGED,)).fetchall()


def _audit(
    connection: sqlite3.Connection, actor: str, now: int, action: str, subject: str, detail: str
) -> None:
    connection.execute(QUERIES["insert_audit"], (now, actor, action, subject, detail))
