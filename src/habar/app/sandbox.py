"""The sandbox: what `habar serve` is without a configuration.

Loopback only, an operator's SMSC inside, two accounts with well-known passwords. Guarantees: a
database that is not a sandbox's gets no such account; an account that somebody has changed stays
as it is. What knows of these accounts outside the sandbox is `well_known`, to keep them out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from habar.admin.accounts import Accounts
from habar.admin.senders import Senders
from habar.config import (
    CallbacksSettings,
    GatewaySettings,
    ListenerSettings,
    Settings,
    effective,
)
from habar.errors import Conflict, InvalidValue
from habar.model.account import TEST_ALLOWANCE, AccountKind
from habar.model.secret import password_matches
from habar.store.books import Books

LOOPBACK = "127.0.0.1"
LOOPBACKS = ("127.0.0.0/8", "::1/128")
"""Networks that may be called: a developer's web service is on the same machine."""
SMSC_SYSTEM_ID = "habar"
SHORT_CODE = "8785"
"""demo's: what subscribers write to it goes to a web service, at first the sandbox's own."""
SHOP_BALANCE = 1_000_000
"""Tiyn: 10 000.00 KZT."""
SHOP_PART_PRICE = "12.00"
SHOP_SENDER = "SHOP"


@dataclass(frozen=True, slots=True)
class Person:
    """A sandbox account: everybody may know its password."""

    login: str
    secret: str = field(repr=False)
    words: str


DEMO = Person("demo", "demo", f"test account, {TEST_ALLOWANCE} SMS a start, TEXT_MSG and INFO_KAZ")
SHOP = Person("shop", "shop", f"full account with a balance and its own sender {SHOP_SENDER}")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where the sandbox is to live; ports 0 mean any free one."""

    data: Path
    port: int = 8090
    simulator_port: int = 2776
    tell: Callable[[str], None] = print
    """Told the lines that show what becomes of subscribers' messages."""

    def settings(self, smsc_port: int) -> Settings:
        """The settings that a file would have said."""
        return Settings(
            gateway=GatewaySettings(data=str(self.data)),
            listeners=(ListenerSettings(host=LOOPBACK, port=self.port, ops=True),),
            callbacks=CallbacksSettings(allowed_networks=LOOPBACKS),
            operators=(
                effective(
                    {
                        "name": "simulator",
                        "profile": "simulator",
                        "host": LOOPBACK,
                        "port": smsc_port,
                        "system_id": SMSC_SYSTEM_ID,
                        "password": SMSC_SYSTEM_ID,
                        "cancel": True,
                    }
                ),
            ),
        )


async def people(books: Books, now: Callable[[], int]) -> None:
    """Make the two accounts in a new database; in the sandbox's own, renew demo's allowance.

    Raises Conflict where the database has accounts and is not a sandbox's.
    """
    logins = {row.credentials.account.login for row in await books.accounts()}
    if logins and DEMO.login not in logins:
        raise Conflict("this database has accounts but no demo account: it is not a sandbox's")
    accounts = Accounts(books, actor="sandbox", now=now)
    if DEMO.login not in logins:
        await accounts.add(DEMO.login, DEMO.secret)
    else:
        with contextlib.suppress(InvalidValue):  # somebody has made it a full account
            await accounts.set_allowance(DEMO.login, TEST_ALLOWANCE)
    if SHOP.login not in logins:
        await accounts.add(
            SHOP.login,
            SHOP.secret,
            kind=AccountKind.FULL,
            balance=SHOP_BALANCE,
            settings={"part_price": SHOP_PART_PRICE},
        )
        await Senders(books, actor="sandbox", now=now).add(SHOP.login, SHOP_SENDER)


async def well_known(books: Books) -> list[str]:
    """Logins of the sandbox's accounts that are in this database with their sandbox passwords."""
    secrets = {person.login: person.secret for person in (DEMO, SHOP)}
    found = []
    for row in await books.accounts():
        login, password_hash = row.credentials.account.login, row.credentials.password_hash
        secret = secrets.get(login)
        if secret is not None:
            matches: bool = await asyncio.to_thread(password_matches, password_hash, secret)
            if matches:
                found.append(login)
    return found
