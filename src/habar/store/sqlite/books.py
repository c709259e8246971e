"""Accounts, senders, keys and money, as staff change them.

Guarantees: every write is a transaction of its own with its audit row (no secret in it), done
between the journal's batches; what concerns the doors raises the number that `version` tells.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.account import DEFAULT_SENDER, TEST_ALLOWANCE, Account, AccountKind
from habar.store.account_rows import account_row, account_values
from habar.store.books import AccountRow, NewAccount
from habar.store.sqlite.batch import Chore
from habar.store.sqlite.reads import Reads
from habar.store.sqlite.sql import QUERIES

Run = Callable[[Chore], Awaitable[Any]]


class SqliteBooks:
    """`store.books.Books`; `run` does a write on the writer's connection."""

    def __init__(self, reads: Reads, run: Run) -> None:
        self._reads = reads
        self._run = run

    async def accounts(self) -> list[AccountRow]:
        """See store.books.Books."""
        return await self._reads.aside(lambda connection: _accounts(connection, None))

    async def account(self, login: str) -> AccountRow:
        """See store.books.Books."""
        rows = self._reads.here(lambda connection: _accounts(connection, login))
        if not rows:
            raise NotFound(f"account {login}")
        return rows[0]

    async def add_account(self, new: NewAccount, *, actor: str, now: int) -> int:
        """See store.books.Books. A test account without a figure gets TEST_ALLOWANCE."""
        made = Account(0, new.login, new.kind, part_price=new.part_price, compat=new.compat)
        allowance = None
        if new.kind is AccountKind.TEST:
            allowance = TEST_ALLOWANCE if new.allowance is None else new.allowance

        def chore(connection: sqlite3.Connection) -> int:
            values = (*account_values(made), new.password_hash, new.balance, allowance, now)
            account_id = _insert(connection, "insert_account", values, f"account {new.login}")
            if new.balance:
                entry = (account_id, now, "opening", new.balance, "")
                connection.execute(QUERIES["insert_entry"], entry)
            _changed(connection)
            _audit(connection, actor, now, "account add", new.login, new.kind.name.lower())
            return account_id

        result: int = await self._run(chore)
        return result

    async def change_account(
        self, account: Account, *, password_hash: str | None = None, actor: str, now: int
    ) -> None:
        """See store.books.Books. One that becomes full loses its allowance; the other gets one."""
        values = (*account_values(account), password_hash, account.kind is AccountKind.TEST)

        def chore(connection: sqlite3.Connection) -> None:
            try:
                done = connection.execute(
                    QUERIES["update_account"], (*values, TEST_ALLOWANCE, account.id)
                )
            except sqlite3.IntegrityError as error:
                raise Conflict(f"account {account.login}") from error
            if not done.rowcount:
                raise NotFound(f"account number {account.id}")
            _changed(connection)
            detail = "password" if password_hash is not None else ""
            _audit(connection, actor, now, "account change", account.login, detail)

        await self._run(chore)

    async def set_allowance(self, login: str, parts: int | None, *, actor: str, now: int) -> None:
        """See store.books.Books. Raises InvalidValue for a full account."""

        def chore(connection: sqlite3.Connection) -> None:
            account_id = _account_id(connection, login)
            kind = connection.execute(QUERIES["account_kind"], (account_id,)).fetchone()[0]
            if kind != AccountKind.TEST:
                raise InvalidValue(f"account {login} is not a test account")
            connection.execute(QUERIES["set_allowance"], (parts, account_id))
            _audit(connection, actor, now, "allowance set", login, str(parts))

        await self._run(chore)

    async def top_up(self, login: str, amount: int, note: str, *, actor: str, now: int) -> int:
        """See store.books.Books."""

        def chore(connection: sqlite3.Connection) -> int:
            account_id = _account_id(connection, login)
            rows = connection.execute(QUERIES["add_to_balance"], (amount, account_id)).fetchall()
            entry = (account_id, now, "top-up", amount, note)
            connection.execute(QUERIES["insert_entry"], entry)
            _audit(connection, actor, now, "top up", login, str(amount))
            balance: int = rows[0][0]
            return balance

        result: int = await self._run(chore)
        return result

    async def add_sender(self, login: str, sender: str, *, actor: str, now: int) -> None:
        """See store.books.Books. A public sender is everybody's already: Conflict."""

        def chore(connection: sqlite3.Connection) -> None:
            account_id = _account_id(connection, login)
            if connection.execute(QUERIES["public_sender"], (sender,)).fetchone():
                raise Conflict(f"sender {sender} is every account's")
            _insert(connection, "insert_sender", (account_id, sender, now), f"sender {sender}")
            _changed(connection)
            _audit(connection, actor, now, "sender add", login, sender)

        await self._run(chore)

    async def remove_sender(self, login: str, sender: str, *, actor: str, now: int) -> None:
        """See store.books.Books. Where it was the default sender the public one takes its place."""

        def chore(connection: sqlite3.Connection) -> None:
            account_id = _account_id(connection, login)
            if not connection.execute(QUERIES["delete_sender"], (account_id, sender)).rowcount:
                raise NotFound(f"sender {sender} of account {login}")
            connection.execute(
                QUERIES["forget_default_sender"], (DEFAULT_SENDER, account_id, sender)
            )
            _changed(connection)
            _audit(connection, actor, now, "sender remove", login, sender)

        await self._run(chore)

    async def add_key(self, login: str, digest: bytes, label: str, *, actor: str, now: int) -> None:
        """See store.books.Books. Raises NotFound, Conflict."""

        def chore(connection: sqlite3.Connection) -> None:
            account_id = _account_id(connection, login)
            _insert(connection, "insert_key", (digest, account_id, label, now), f"key {label}")
            _changed(connection)
            _audit(connection, actor, now, "key add", login, label)

        await self._run(chore)

    async def ensure_operator(self, name: str) -> int:
        """See store.books.Books."""

        def chore(connection: sqlite3.Connection) -> int:
            row = connection.execute(QUERIES["operator_id"], (name,)).fetchone()
            if row is not None:
                return int(row[0])
            return _insert(connection, "insert_operator", (name,), f"operator {name}")

        result: int = await self._run(chore)
        return result

    async def ledger_sum(self, login: str) -> int:
        """See store.books.Books."""

        def question(connection: sqlite3.Connection) -> int:
            account_id = _account_id(connection, login)
            total: int = connection.execute(QUERIES["ledger_sum"], (account_id,)).fetchone()[0]
            return total

        return await self._reads.aside(question)

    async def version(self) -> int:
        """See store.books.Books."""
        number: int = self._reads.here(
            lambda connection: connection.execute(QUERIES["books_version"]).fetchone()[0]
        )
        return number


def _accounts(connection: sqlite3.Connection, login: str | None) -> list[AccountRow]:
    rows = connection.execute(QUERIES["accounts"], (login, login)).fetchall()
    only = rows[0][0] if login is not None and rows else None
    senders: defaultdict[int | None, set[str]] = defaultdict(set)
    for account_id, name in connection.execute(QUERIES["senders"], (only, only)):
        senders[account_id].add(name)
    keys: defaultdict[int, list[bytes]] = defaultdict(list)
    for account_id, digest in connection.execute(QUERIES["keys"], (only, only)):
        keys[account_id].append(digest)
    return [
        account_row(row, frozenset(senders[None] | senders[row[0]]), tuple(keys[row[0]]))
        for row in rows
    ]


def _account_id(connection: sqlite3.Connection, login: str) -> int:
    row = connection.execute(QUERIES["account_id"], (login,)).fetchone()
    if row is None:
        raise NotFound(f"account {login}")
    account_id: int = row[0]
    return account_id


def _insert(connection: sqlite3.Connection, name: str, values: tuple[Any, ...], what: str) -> int:
    try:
        return connection.execute(QUERIES[name], values).lastrowid or 0
    except sqlite3.IntegrityError as error:
        raise Conflict(f"{what} exists already") from error


def _changed(connection: sqlite3.Connection) -> None:
    connection.execute(QUERIES["books_changed"])


def _audit(
    connection: sqlite3.Connection, actor: str, now: int, action: str, subject: str, detail: str
) -> None:
    connection.execute(QUERIES["insert_audit"], (now, actor, action, subject, detail))
