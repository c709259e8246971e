"""The books as far as staff's functions need them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.account import Account, AccountKind, Credentials, Funds
from habar.store.books import AccountRow, NewAccount

from .scripted import NOW, ScriptedCallbacks, ScriptedInbox

ACTOR = "aliya"


@dataclass
class ScriptedBooks:
    """Accounts in a dict; each write is noted with what it was told."""

    rows: dict[str, AccountRow] = field(default_factory=dict)
    writes: list[tuple] = field(default_factory=list)

    def _note(self, *write, actor, now):
        assert (actor, now) == (ACTOR, NOW)
        self.writes.append(write)

    def _row(self, login):
        if login not in self.rows:
            raise NotFound(login)
        return self.rows[login]

    async def accounts(self):
        return [self.rows[login] for login in sorted(self.rows)]

    async def account(self, login):
        return self._row(login)

    async def add_account(self, new, *, actor, now):
        if new.login in self.rows:
            raise Conflict(new.login)
        self._note("add_account", new.login, actor=actor, now=now)
        account = Account(
            len(self.rows) + 1, new.login, new.kind, part_price=new.part_price, compat=new.compat
        )
        funds = Funds(new.balance, new.allowance, 0, 0)
        self.rows[new.login] = AccountRow(Credentials(account, new.password_hash), funds, ())
        return account.id

    async def change_account(self, account, *, password_hash=None, actor, now):
        row = self._row(account.login)
        self._note("change_account", account.login, actor=actor, now=now)
        kept = password_hash or row.credentials.password_hash
        if account.kind is AccountKind.FULL:
            row = row._replace(funds=replace(row.funds, allowance=None))
        self.rows[account.login] = row._replace(credentials=Credentials(account, kept))

    async def set_allowance(self, login, parts, *, actor, now):
        row = self._row(login)
        if row.credentials.account.kind is AccountKind.FULL:
            raise InvalidValue("a full account has no allowance")
        self._note("set_allowance", login, parts, actor=actor, now=now)
        self.rows[login] = row._replace(funds=replace(row.funds, allowance=parts))

    async def top_up(self, login, amount, note, *, actor, now):
        row = self._row(login)
        self._note("top_up", login, amount, note, actor=actor, now=now)
        funds = replace(row.funds, balance=row.funds.balance + amount)
        self.rows[login] = row._replace(funds=funds)
        return funds.balance

    async def add_key(self, login, digest, label, *, actor, now):
        row = self._row(login)
        self._note("add_key", login, label, actor=actor, now=now)
        self.rows[login] = row._replace(key_digests=(*row.key_digests, digest))

    async def add_sender(self, login, sender, *, actor, now):
        self._note("add_sender", login, sender, actor=actor, now=now)
        self._senders(login, {sender} | self._row(login).credentials.account.senders)

    async def remove_sender(self, login, sender, *, actor, now):
        self._note("remove_sender", login, sender, actor=actor, now=now)
        self._senders(login, self._row(login).credentials.account.senders - {sender})

    def _senders(self, login, senders):
        row = self._row(login)
        account = replace(row.credentials.account, senders=frozenset(senders))
        self.rows[login] = row._replace(
            credentials=Credentials(account, row.credentials.password_hash)
        )


@pytest.fixture
def books():
    return ScriptedBooks()


@pytest.fixture
def inbox():
    return ScriptedInbox()


@pytest.fixture
def callbacks():
    return ScriptedCallbacks()


@pytest.fixture
async def acme(books):
    """A full account of the id 1, with a secret that signs call-backs."""
    new = NewAccount("acme", AccountKind.FULL, "hash")
    await books.add_account(new, actor=ACTOR, now=NOW)
    account = replace(books.rows["acme"].credentials.account, callback_secret="s" * 16)
    books.rows["acme"] = books.rows["acme"]._replace(credentials=Credentials(account, "hash"))
    return account


@pytest.fixture
async def shop(books, acme):
    """Another of the id 2, without one."""
    new = NewAccount("shop", AccountKind.TEST, "hash")
    await books.add_account(new, actor=ACTOR, now=NOW)
    return books.rows["shop"].credentials.account
