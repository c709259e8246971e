"""The sandbox: what `habar serve` is without a configuration.

Loopback only, an operator's SMSC inside, two accounts with well-known passwords. Nothing of this
module is reachable when there is a configuration: the demo account exists nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from habar.admin.accounts import Accounts
from habar.admin.senders import Senders
from habar.config import (
    GatewaySettings,
    ListenerSettings,
    OperatorSettings,
    Settings,
)
from habar.errors import Conflict
from habar.model.account import TEST_ALLOWANCE, AccountKind
from habar.store.port import Books

LOOPBACK = "127.0.0.1"
SMSC_SYSTEM_ID = "habar"
SHOP_BALANCE = 1_000_000
"""Tiyn: 10 000.00 KZT."""
SHOP_PART_PRICE = "12.00"


@dataclass(frozen=True, slots=True)
class Person:
    """A sandbox account: everybody may know its password."""

    login: str
    secret: str
    words: str


DEMO = Person("demo", "demo", f"test account, {TEST_ALLOWANCE} SMS a start, TEXT_MSG and INFO_KAZ")
SHOP = Person("shop", "shop", "full account with a balance and its own sender SHOP")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where the sandbox is to live; ports 0 mean any free one."""

    data: Path
    port: int = 8090
    simulator_port: int = 2776

    def settings(self, smsc_port: int) -> Settings:
        """The settings that a file would have said."""
        return Settings(
            gateway=GatewaySettings(data=str(self.data)),
            listeners=(ListenerSettings(host=LOOPBACK, port=self.port, ops=True),),
            operators=(
                OperatorSettings(
                    name="simulator",
                    host=LOOPBACK,
                    port=smsc_port,
                    system_id=SMSC_SYSTEM_ID,
                    password=SMSC_SYSTEM_ID,
                    window=100,
                ),
            ),
        )


async def people(books: Books, now: Callable[[], int]) -> None:
    """Make the two accounts where they are missing, and renew the demo account's allowance."""
    accounts = Accounts(books, actor="sandbox", now=now)
    try:
        await accounts.add(DEMO.login, DEMO.secret)
    except Conflict:
        await accounts.set_allowance(DEMO.login, TEST_ALLOWANCE)
    try:
        await accounts.add(
            SHOP.login,
            SHOP.secret,
            kind=AccountKind.FULL,
            balance=SHOP_BALANCE,
            settings={"part_price": SHOP_PART_PRICE},
        )
        await Senders(books, actor="sandbox", now=now).add(SHOP.login, "SHOP")
    except Conflict:
        return
