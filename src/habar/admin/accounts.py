"""Accounts as staff make and change them.

Guarantees: what is not acceptable is refused before anything is written (InvalidValue says what and
where); every change is audited under the actor; a password is kept only as its hash, an API key
only as its digest; these, and the secret that signs call-backs, are not shown again. Knows no
database engine and no command line.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from habar.admin import settings as account_settings
from habar.admin.money import parse_money
from habar.errors import InvalidValue
from habar.model.account import (
    DEFAULT_TIMEZONE,
    TEST_ALLOWANCE,
    Account,
    AccountKind,
    Compat,
    Funds,
    ReportFormat,
)
from habar.model.secret import MAX_SECRET, SALT_SIZE, hash_password, key_digest
from habar.store.books import AccountRow, Books, NewAccount

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,63}", re.ASCII)
_LONGEST_NOTE = 200
_KEY_SIZE = 32
"""Octets of chance in an API key, and in a secret that signs call-backs."""
_SHORTEST_CALLBACK_SECRET = 16


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as staff see it: no secrets."""

    account: Account
    funds: Funds
    keys: int
    """How many API keys it has."""

    @property
    def settings(self) -> dict[str, str]:
        """All settings by name, as `Accounts.set` takes them."""
        return account_settings.values(self.account)


class Accounts:
    """Staff's hand on the accounts. `actor` stands in the audit; `now` is UTC milliseconds."""

    def __init__(
        self,
        books: Books,
        *,
        actor: str,
        now: Callable[[], int],
        timezone: str = DEFAULT_TIMEZONE,
    ) -> None:
        """`timezone` is the gateway's: a new account's, unless its settings say another."""
        self._books = books
        self._actor = actor
        self._now = now
        self._timezone = timezone

    async def add(
        self,
        login: str,
        password: str,
        *,
        kind: AccountKind = AccountKind.TEST,
        balance: int = 0,
        settings: Mapping[str, str] | None = None,
    ) -> AccountView:
        """Make an account; `balance` in tiyn. Raises InvalidValue, Conflict.

        A test account begins with its allowance. The kind is `kind`, whatever `settings` say.
        """
        if not _LOGIN.fullmatch(login):
            raise InvalidValue(
                "login: 1 to 64 letters, digits or . _ @ + -, the first a letter or digit"
            )
        draft = Account(0, login, kind, compat=Compat(timezone=self._timezone))
        wanted = account_settings.apply(draft, {**(settings or {}), "kind": kind.name.lower()})
        _signed(wanted)
        new = NewAccount(
            login=login,
            kind=kind,
            password_hash=await _hash(password),
            allowance=TEST_ALLOWANCE if kind is AccountKind.TEST else None,
            balance=balance,
            part_price=wanted.part_price,
            compat=wanted.compat,
        )
        account_id = await self._books.add_account(new, actor=self._actor, now=self._now())
        made = (await self._books.account(login)).credentials.account
        complete = dataclasses.replace(wanted, id=account_id, senders=made.senders)
        if complete != made:
            await self._change(complete)
        return await self.show(login)

    async def list(self) -> list[AccountView]:
        """All accounts, by login."""
        return [_view(row) for row in await self._books.accounts()]

    async def show(self, login: str) -> AccountView:
        """One account. Raises NotFound."""
        return _view(await self._books.account(login))

    async def set(self, login: str, settings: Mapping[str, str]) -> AccountView:
        """Change settings by name. Raises InvalidValue, NotFound.

        An account that becomes a full one loses its allowance, one that becomes a test account
        gets a new one.
        """
        before = await self._account(login)
        account = account_settings.apply(before, settings)
        _signed(account)
        await self._change(account)
        if account.kind is AccountKind.TEST and before.kind is AccountKind.FULL:
            await self.set_allowance(login, TEST_ALLOWANCE)
        return await self.show(login)

    async def set_password(self, login: str, password: str) -> None:
        """Give an account another password. Raises InvalidValue, NotFound."""
        account = await self._account(login)
        await self._change(account, password_hash=await _hash(password))

    async def block(self, login: str) -> None:
        """Let an account send no more; it may still ask for status. Raises NotFound."""
        await self._change(dataclasses.replace(await self._account(login), blocked=True))

    async def unblock(self, login: str) -> None:
        """Let it send again. Raises NotFound."""
        await self._change(dataclasses.replace(await self._account(login), blocked=False))

    async def set_allowance(self, login: str, parts: int) -> None:
        """Renew a test account's parts. Raises InvalidValue (a full account too), NotFound."""
        if parts < 0:
            raise InvalidValue("an allowance is not below nothing")
        await self._books.set_allowance(login, parts, actor=self._actor, now=self._now())

    async def top_up(self, login: str, amount: str, note: str = "") -> int:
        """Add an amount such as `10.52` KZT (negative takes); the new balance in tiyn.

        Raises InvalidValue, NotFound.
        """
        tiyn = parse_money(amount)
        if tiyn == 0:
            raise InvalidValue("an amount of nothing changes nothing")
        return await self._books.top_up(
            login, tiyn, _note(note), actor=self._actor, now=self._now()
        )

    async def add_key(self, login: str, label: str = "") -> str:
        """Make an API key and answer it: it is not kept and cannot be shown again.

        Raises InvalidValue, NotFound.
        """
        key = secrets.token_urlsafe(_KEY_SIZE)
        digest = key_digest(key)
        label = _note(label)
        await self._books.add_key(login, digest, label, actor=self._actor, now=self._now())
        return key

    async def set_callback_secret(self, login: str, secret: str | None = None) -> str:
        """Give the account a secret that signs its call-backs in JSON; it replaces the one before.

        None: one is made. Answers it: it cannot be shown again. Raises InvalidValue, NotFound.
        """
        secret = secrets.token_urlsafe(_KEY_SIZE) if secret is None else _secret(secret)
        account = dataclasses.replace(await self._account(login), callback_secret=secret)
        await self._change(account)
        return secret

    async def _account(self, login: str) -> Account:
        return (await self._books.account(login)).credentials.account

    async def _change(self, account: Account, password_hash: str | None = None) -> None:
        await self._books.change_account(
            account, password_hash=password_hash, actor=self._actor, now=self._now()
        )


async def _hash(password: str) -> str:
    if not password:
        raise InvalidValue("password: it is empty")
    if len(password) > MAX_SECRET:
        raise InvalidValue(f"password: longer than {MAX_SECRET} characters")
    return await asyncio.to_thread(hash_password, password, os.urandom(SALT_SIZE))


def _secret(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise InvalidValue("callback secret: it has signs that are not of ASCII")
    if not _SHORTEST_CALLBACK_SECRET <= len(text) <= MAX_SECRET:
        raise InvalidValue(
            f"callback secret: from {_SHORTEST_CALLBACK_SECRET} to {MAX_SECRET} characters"
        )
    return text


def _signed(account: Account) -> None:
    """Raise InvalidValue where calls are to be signed and there is nothing to sign them with."""
    if account.report_format is ReportFormat.JSON and not account.callback_secret:
        raise InvalidValue(
            "report_format: calls in JSON are signed: give the account a secret first"
            f" (habar account set {account.login} --callback-secret)"
        )


def _note(text: str) -> str:
    if len(text) > _LONGEST_NOTE or not text.isprintable():
        raise InvalidValue(f"a note is one line of at most {_LONGEST_NOTE} characters")
    return text


def _view(row: AccountRow) -> AccountView:
    return AccountView(row.credentials.account, row.funds, len(row.key_digests))
