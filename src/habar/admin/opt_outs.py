"""Subscribers who want no messages of an account, as staff see and change them.

Guarantees: a number is a mobile number of the country; every change is audited under the actor.
Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from habar.admin.ported import msisdn_of
from habar.admin.shortcodes import logins_of
from habar.store.books import Books
from habar.store.inbox import Inbox


@dataclass(frozen=True, slots=True)
class OptOutView:
    """Who wants none. `at` is UTC milliseconds."""

    account: str
    msisdn: int
    at: int
    short_code: str
    """To which it was said; "": it was said by staff."""


class OptOuts:
    """Staff's hand on them. `actor` stands in the audit; `now` is UTC milliseconds."""

    def __init__(self, inbox: Inbox, books: Books, *, actor: str, now: Callable[[], int]) -> None:
        self._inbox = inbox
        self._books = books
        self._actor = actor
        self._now = now

    async def list(self, login: str | None, limit: int) -> list[OptOutView]:
        """The newest, at most `limit`; of every account for None. Raises NotFound."""
        account_id = None if login is None else await self._id(login)
        logins = await logins_of(self._books)
        return [
            OptOutView(logins[one.account_id], one.msisdn, one.at, one.short_code)
            for one in await self._inbox.opted_out(account_id, limit)
        ]

    async def add(self, login: str, number: str) -> int:
        """The subscriber wants none; the number. Raises InvalidValue, NotFound."""
        return await self._set(login, number, active=True)

    async def remove(self, login: str, number: str) -> int:
        """The subscriber wants them again; the number. Raises InvalidValue, NotFound."""
        return await self._set(login, number, active=False)

    async def _set(self, login: str, number: str, *, active: bool) -> int:
        msisdn = msisdn_of(number)
        await self._inbox.set_opt_out(
            await self._id(login), msisdn, active, actor=self._actor, now=self._now()
        )
        return msisdn

    async def _id(self, login: str) -> int:
        return (await self._books.account(login)).credentials.account.id
