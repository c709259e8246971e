"""Senders as staff give them to accounts.

Guarantees: a sender that an operator could not show is refused; every change is audited under the
actor. Knows no database engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from habar.errors import Conflict, InvalidValue
from habar.model.account import PUBLIC_SENDERS
from habar.store.books import Books

# Letters and signs that are the same in ASCII and in the GSM alphabet: what goes out as
# source_addr is then what the subscriber sees.
_NAME = re.compile(r"[A-Za-z0-9_.&!'*+/:#-](?:[A-Za-z0-9_ .&!'*+/:#-]{1,9}[A-Za-z0-9_.&!'*+/:#-])")
_NUMBER = re.compile(r"[0-9]{3,15}", re.ASCII)


def check_sender(sender: str) -> None:
    """Raise InvalidValue unless a subscriber's phone could show it as the sender."""
    if not (_NAME.fullmatch(sender) or _NUMBER.fullmatch(sender)):
        raise InvalidValue(
            f"{sender!r} is no sender: 3 to 11 Latin letters, digits, spaces inside"
            " or _ . & ! ' * + / : # -, or a number of 3 to 15 digits"
        )


class Senders:
    """Staff's hand on the senders. `actor` stands in the audit; `now` is UTC milliseconds."""

    def __init__(self, books: Books, *, actor: str, now: Callable[[], int]) -> None:
        self._books = books
        self._actor = actor
        self._now = now

    async def add(self, login: str, sender: str) -> None:
        """Give an account a sender. Raises InvalidValue, NotFound, Conflict."""
        check_sender(sender)
        if sender in PUBLIC_SENDERS:
            raise Conflict(f"{sender} is every account's already")
        await self._books.add_sender(login, sender, actor=self._actor, now=self._now())

    async def list(self, login: str) -> list[str]:
        """Every sender the account may use, the public ones included. Raises NotFound."""
        return sorted((await self._books.account(login)).credentials.account.senders)

    async def remove(self, login: str, sender: str) -> None:
        """Take a sender away. Raises InvalidValue, NotFound."""
        if sender in PUBLIC_SENDERS:
            raise InvalidValue(f"{sender} is every account's and cannot be taken away")
        account = (await self._books.account(login)).credentials.account
        if sender == account.default_sender:
            raise InvalidValue(f"{sender} is the account's default_sender: set another one first")
        await self._books.remove_sender(login, sender, actor=self._actor, now=self._now())
