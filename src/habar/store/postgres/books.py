"""Accounts, senders, keys and money, as staff change them.

Guarantees: every write is a transaction of its own with its audit row (no secret in it); what
concerns the doors raises the number that `version` tells.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import asyncpg

from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.account import DEFAULT_SENDER, TEST_ALLOWANCE, Account, AccountKind
from habar.store.account_rows import account_row, account_values
from habar.store.books import AccountRow, NewAccount
from habar.store.postgres.connection import Connection
from habar.store.postgres.pool import Pool
from habar.store.postgres.sql import QUERIES


class PostgresBooks:
    """`store.books.Books` on the pool's connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def accounts(self) -> list[AccountRow]:
        """See store.books.Books."""
        return await self._pool.ask(lambda connection: _accounts(connection, None))

    async def account(self, login: str) -> AccountRow:
        """See store.books.Books."""
        rows = await self._pool.ask(lambda connection: _accounts(connection, login))
        if not rows:
            raise NotFound(f"account {login}")
        return rows[0]

    async def add_account(self, new: NewAccount, *, actor: str, now: int) -> int:
        """See store.books.Books. A test account without a figure gets TEST_ALLOWANCE."""
        made = Account(0, new.login, new.kind, part_price=new.part_price, compat=new.compat)
        allowance = None
        if new.kind is AccountKind.TEST:
            allowance = TEST_ALLOWANCE if new.allowance is None else new.allowance

        async def work(connection: Connection) -> int:
            values = (*account_values(made), new.password_hash, new.balance, allowance, now)
            account_id = await _insert(connection, "insert_account", values, f"account {new.login}")
            if new.balance:
                entry = (account_id, now, "opening", new.balance, "")
                await connection.execute(QUERIES["insert_entry"], *entry)
            await _changed(connection)
            await _audit(connection, actor, now, "account add", new.login, new.kind.name.lower())
            return account_id

        return await self._pool.transact(work)

    async def change_account(
        self, account: Account, *, password_hash: str | None = None, actor: str, now: int
    ) -> None:
        """See store.books.Books. One that becomes full loses its allowance; the other gets one."""
        is_test = account.kind is AccountKind.TEST
        values = (*account_values(account), password_hash, is_test, TEST_ALLOWANCE, account.id)

        async def work(connection: Connection) -> None:
            try:
                found = await connection.fetchval(QUERIES["update_account"], *values)
            except asyncpg.UniqueViolationError as error:
                raise Conflict(f"account {account.login}") from error
            if found is None:
                raise NotFound(f"account number {account.id}")
            await _changed(connection)
            detail = "password" if password_hash is not None else ""
            await _audit(connection, actor, now, "account change", account.login, detail)

        await self._pool.transact(work)

    async def set_allowance(self, login: str, parts: int | None, *, actor: str, now: int) -> None:
        """See store.books.Books. Raises InvalidValue for a full account."""

        async def work(connection: Connection) -> None:
            account_id = await _account_id(connection, login)
            if await connection.fetchval(QUERIES["account_kind"], account_id) != AccountKind.TEST:
                raise InvalidValue(f"account {login} is not a test account")
            await connection.execute(QUERIES["set_allowance"], parts, account_id)
            await _audit(connection, actor, now, "allowance set", login, str(parts))

        await self._pool.transact(work)

    async def top_up(self, login: str, amount: int, note: str, *, actor: str, now: int) -> int:
        """See store.books.Books."""

        async def work(connection: Connection) -> int:
            account_id = await _account_id(connection, login)
            balance: int = await connection.fetchval(QUERIES["add_to_balance"], amount, account_id)
            entry = (account_id, now, "top-up", amount, note)
            await connection.execute(QUERIES["insert_entry"], *entry)
            await _audit(connection, actor, now, "top up", login, str(amount))
            return balance

        return await self._pool.transact(work)

    async def add_sender(self, login: str, sender: str, *, actor: str, now: int) -> None:
        """See store.books.Books. A public sender is everybody's already: Conflict."""

        async def work(connection: Connection) -> None:
            account_id = await _account_id(connection, login)
            if await connection.fetchval(QUERIES["public_sender"], sender):
                raise Conflict(f"sender {sender} is every account's")
            values = (account_id, sender, now)
            await _insert(connection, "insert_sender", values, f"sender {sender}")
            await _changed(connection)
            await _audit(connection, actor, now, "sender add", login, sender)

        await self._pool.transact(work)

    async def remove_sender(self, login: str, sender: str, *, actor: str, now: int) -> None:
        """See store.books.Books. Where it was the default sender the public one takes its place."""

        async def work(connection: Connection) -> None:
            account_id = await _account_id(connection, login)
            if await connection.fetchval(QUERIES["delete_sender"], account_id, sender) is None:
                raise NotFound(f"sender {sender} of account {login}")
            values = (DEFAULT_SENDER, account_id, sender)
            await connection.execute(QUERIES["forget_default_sender"], *values)
            await _changed(connection)
            await _audit(connection, actor, now, "sender remove", login, sender)

        await self._pool.transact(work)

    async def add_key(self, login: str, digest: bytes, label: str, *, actor: str, now: int) -> None:
        """See store.books.Books. Raises NotFound, Conflict."""

        async def work(connection: Connection) -> None:
            account_id = await _account_id(connection, login)
            values = (digest, account_id, label, now)
            await _insert(connection, "insert_key", values, f"key {label}")
            await _changed(connection)
            await _audit(connection, actor, now, "key add", login, label)

        await self._pool.transact(work)

    async def ensure_operator(self, name: str) -> int:
        """See store.books.Books."""

        async def work(connection: Connection) -> int:
            made: int | None = await connection.fetchval(QUERIES["insert_operator"], name)
            if made is not None:
                return made
            found: int = await connection.fetchval(QUERIES["operator_id"], name)
            return found

        return await self._pool.transact(work)

    async def ledger_sum(self, login: str) -> int:
        """See store.books.Books."""

        async def question(connection: Connection) -> int:
            account_id = await _account_id(connection, login)
            total: int = await connection.fetchval(QUERIES["ledger_sum"], account_id)
            return total

        return await self._pool.ask(question)

    async def version(self) -> int:
        """See store.books.Books."""
        number: int = await self._pool.ask(
            lambda connection: connection.fetchval(QUERIES["books_version"])
        )
        return number


async def _accounts(connection: Connection, login: str | None) -> list[AccountRow]:
    rows = await connection.fetch(QUERIES["accounts"], login)
    only = rows[0][0] if login is not None and rows else None
    senders: defaultdict[int | None, set[str]] = defaultdict(set)
    for account_id, name in await connection.fetch(QUERIES["senders"], only):
        senders[account_id].add(name)
    keys: defaultdict[int, list[bytes]] = defaultdict(list)
    for account_id, digest in await connection.fetch(QUERIES["keys"], only):
        keys[account_id].append(digest)
    return [
        account_row(row, frozenset(senders[None] | senders[row[0]]), tuple(keys[row[0]]))
        for row in rows
    ]


async def _account_id(connection: Connection, login: str) -> int:
    account_id: int | None = await connection.fetchval(QUERIES["account_id"], login)
    if account_id is None:
        raise NotFound(f"account {login}")
    return account_id


async def _insert(connection: Connection, name: str, values: tuple[Any, ...], what: str) -> int:
    try:
        made: int = await connection.fetchval(QUERIES[name], *values)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"{what} exists already") from error
    return made


async def _changed(connection: Connection) -> None:
    await connection.execute(QUERIES["books_changed"])


async def _audit(
    connection: Connection, actor: str, now: int, action: str, subject: str, detail: str
) -> None:
    await connection.execute(QUERIES["insert_audit"], now, actor, action, subject, detail)
