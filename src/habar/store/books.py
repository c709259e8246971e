"""Accounts and money as staff keep them: the port's part for these.

Guarantees: what each write does is said with it, and proven for every engine by tests/contract.
Money is tiyn, times are UTC milliseconds. Knows no engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from typing import Protocol as Port

from habar.model.account import Account, AccountKind, Compat, Credentials, Funds


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made. `password_hash` is argon2's."""

    login: str
    kind: AccountKind
    password_hash: str = field(repr=False)
    allowance: int | None = None
    balance: int = 0
    part_price: int = 0
    compat: Compat = field(default_factory=Compat)


class AccountRow(NamedTuple):
    """An account with its secrets and its money, as staff's tools and the doors read it."""

    credentials: Credentials
    funds: Funds
    key_digests: tuple[bytes, ...]
    """Digests of the account's API keys (`package key=…`)."""


class Books(Port):
    """Accounts, senders, keys, money: rare, awaited one by one, each its own transaction.

    Each write leaves an audit row with `actor` and the time `now`. May be used by a command beside
    the running gateway, which notices within a second (`version`).
    """

    async def accounts(self) -> list[AccountRow]:
        """All accounts, by login."""

    async def account(self, login: str) -> AccountRow:
        """One account. Raises NotFound."""

    async def add_account(self, new: NewAccount, *, actor: str, now: int) -> int:
        """Make an account; its balance becomes a first ledger row. Raises Conflict."""

    async def change_account(
        self, account: Account, *, password_hash: str | None = None, actor: str, now: int
    ) -> None:
        """Store all fields of `account` (found by id) but its senders.

        Raises NotFound, Conflict, InvalidValue (its URL is none).
        """

    async def set_allowance(self, login: str, parts: int | None, *, actor: str, now: int) -> None:
        """Renew a test account's allowance. Raises NotFound."""

    async def top_up(self, login: str, amount: int, note: str, *, actor: str, now: int) -> int:
        """Add tiyn (negative takes) to the balance and the ledger; the new balance."""

    async def add_sender(self, login: str, sender: str, *, actor: str, now: int) -> None:
        """Give an account a sender. Raises NotFound, Conflict."""

    async def remove_sender(self, login: str, sender: str, *, actor: str, now: int) -> None:
        """Take it away. Raises NotFound."""

    async def add_key(self, login: str, digest: bytes, label: str, *, actor: str, now: int) -> None:
        """Give an account an API key, of which only the digest is kept."""

    async def ensure_operator(self, name: str) -> int:
        """The id of the operator of that name, made if it is new."""

    async def ledger_sum(self, login: str) -> int:
        """What the account's ledger adds up to, in tiyn. Raises NotFound."""

    async def version(self) -> int:
        """A number that changes when another process has changed accounts, senders or keys."""
