"""Short codes and keywords as staff give them to accounts, and what is done with the messages.

Guarantees: what could not be obeyed is refused before anything is written (InvalidValue says what
and where); every change is audited under the actor; a password is never shown. A rule is named by
its code and keyword, an account by its login. Knows no engine and no command line.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from habar.errors import InvalidValue, NotFound
from habar.model.account import Account
from habar.model.secret import MAX_SECRET
from habar.model.shortcode import bare_code, fold
from habar.model.url import InvalidUrl, host_of
from habar.store.books import Books
from habar.store.inbox import CallMethod, Inbox, Rule
from habar.wire.text import UnencodableText, count_parts

METHODS = {"get": CallMethod.GET, "post": CallMethod.POST, "json": CallMethod.JSON}
"""How a web service may be called, by the word for it."""
_CODE = re.compile(r"[0-9]{2,15}", re.ASCII)
_LONGEST_KEYWORD = 64
_LONGEST_USERIN = 255


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of a rule; None: nothing, it stays. "" takes a thing away."""

    account: str | None = None
    url: str | None = None
    method: str | None = None
    userin: str | None = None
    passwordin: str | None = field(default=None, repr=False)
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as staff see it: no secret."""

    code: str
    keyword: str
    """"": whatever no other keyword of the code takes."""
    account: str
    method: CallMethod
    url: str
    userin: str
    has_password: bool
    reply: str
    created_at: int
    """UTC milliseconds."""


class ShortCodeRules:
    """Staff's hand on the rules. `actor` stands in the audit; `now` is UTC milliseconds."""

    def __init__(self, inbox: Inbox, books: Books, *, actor: str, now: Callable[[], int]) -> None:
        self._inbox = inbox
        self._books = books
        self._actor = actor
        self._now = now

    async def add(self, code: str, keyword: str, login: str, wanted: Wanted) -> RuleView:
        """Give an account a short code, or a keyword of one. `wanted.account` is not looked at.

        Raises InvalidValue, NotFound, Conflict.
        """
        account = await self._account(login)
        draft = Rule(read_code(code), account.id, read_keyword(keyword), created_at=self._now())
        rule = changed(draft, wanted, account)
        await self._inbox.add_rule(rule, actor=self._actor, now=self._now())
        return view(rule, login)

    async def set(self, code: str, keyword: str, wanted: Wanted) -> RuleView:
        """Change what is done, or whose it is. Raises InvalidValue, NotFound.

        Another account takes over nothing: the web service, its password and the reply were those
        of the one before.
        """
        before = await self.find(code, keyword)
        login = wanted.account or await self._login(before.account_id)
        account = await self._account(login)
        if account.id != before.account_id:
            before = Rule(
                before.code,
                account.id,
                before.keyword,
                id=before.id,
                created_at=before.created_at,
            )
        rule = changed(before, wanted, account)
        await self._inbox.change_rule(rule, actor=self._actor, now=self._now())
        return view(rule, login)

    async def list(self) -> list[RuleView]:
        """All rules, by code and keyword."""
        logins = await logins_of(self._books)
        return [view(rule, logins[rule.account_id]) for rule in await self._inbox.rules()]

    async def show(self, code: str, keyword: str) -> RuleView:
        """One of them. Raises InvalidValue, NotFound."""
        rule = await self.find(code, keyword)
        return view(rule, await self._login(rule.account_id))

    async def remove(self, code: str, keyword: str) -> None:
        """Messages that came by it stay their account's. Raises InvalidValue, NotFound."""
        rule = await self.find(code, keyword)
        await self._inbox.remove_rule(rule.id, actor=self._actor, now=self._now())

    async def find(self, code: str, keyword: str) -> Rule:
        """The rule itself. Raises InvalidValue, NotFound."""
        return find(await self._inbox.rules(), code, keyword)

    async def _account(self, login: str) -> Account:
        return (await self._books.account(login)).credentials.account

    async def _login(self, account_id: int) -> str:
        return (await logins_of(self._books))[account_id]


async def logins_of(books: Books) -> dict[int, str]:
    """Every account's login by its id."""
    accounts = (row.credentials.account for row in await books.accounts())
    return {account.id: account.login for account in accounts}


def find(rules: Iterable[Rule], code: str, keyword: str) -> Rule:
    """The rule of exactly that code and keyword. Raises InvalidValue, NotFound."""
    code, keyword = read_code(code), read_keyword(keyword)
    for rule in rules:
        if (rule.code, rule.keyword) == (code, keyword):
            return rule
    raise NotFound(f"there is no short code {named(code, keyword)}")


def named(code: str, keyword: str) -> str:
    """A rule's name for people."""
    return f"{code} {keyword}" if keyword else code


def read_code(text: str) -> str:
    """A short code. Raises InvalidValue."""
    code = bare_code(text)
    if not _CODE.fullmatch(code):
        raise InvalidValue(f"{text!r} is no short code: 2 to 15 digits")
    return code


def read_keyword(text: str) -> str:
    """A keyword as it is kept; "" is none. Raises InvalidValue."""
    keyword = fold(text)
    if not keyword.isprintable() or len(keyword) > _LONGEST_KEYWORD:
        raise InvalidValue(f"keyword: a word, or some, of at most {_LONGEST_KEYWORD} characters")
    return keyword


def changed(rule: Rule, wanted: Wanted, account: Account) -> Rule:
    """The rule with what is wanted of it, if it can be one of that account. Raises InvalidValue."""
    url = rule.url if wanted.url is None else _url(wanted.url)
    reply = rule.reply if wanted.reply is None else _reply(wanted.reply)
    if url and reply:
        raise InvalidValue(
            "a web service and a reply exclude one another: take one away, with --url '' or"
            " --reply ''"
        )
    method = _method(rule, wanted, url=url, reply=reply)
    if method is CallMethod.JSON and not account.callback_secret:
        raise InvalidValue(
            "method: calls in JSON are signed: give the account a secret first"
            f" (habar account set {account.login} --callback-secret)"
        )
    userin, passwordin = _credentials(rule, wanted) if url else ("", "")
    if not url and (wanted.userin or wanted.passwordin):
        raise InvalidValue("userin and passwordin are for a web service: give a --url, too")
    return dataclasses.replace(
        rule, method=method, url=url, userin=userin, passwordin=passwordin, reply=reply
    )


def view(rule: Rule, login: str) -> RuleView:
    """As staff see it."""
    return RuleView(
        rule.code,
        rule.keyword,
        login,
        rule.method,
        rule.url,
        rule.userin,
        bool(rule.passwordin),
        rule.reply,
        rule.created_at,
    )


def _method(rule: Rule, wanted: Wanted, *, url: str, reply: str) -> CallMethod:
    if not url:
        if wanted.method:
            raise InvalidValue("method: there is no web service to call: give a --url, too")
        return CallMethod.AUTO if reply else CallMethod.NONE
    if wanted.method is None:
        return rule.method if rule.method in METHODS.values() else CallMethod.GET
    try:
        return METHODS[wanted.method]
    except KeyError:
        raise InvalidValue(f"method: {wanted.method!r} is none of: {', '.join(METHODS)}") from None


def _url(text: str) -> str:
    url = text.strip()
    try:
        if url:
            host_of(url)
    except InvalidUrl as error:
        raise InvalidValue(f"url: {error}") from None
    return url


def _reply(text: str) -> str:
    if not all(sign.isprintable() or sign == "\n" for sign in text):
        raise InvalidValue("reply: it has signs that no telephone shows")
    try:
        _, parts = count_parts(text)
    except UnencodableText as error:
        raise InvalidValue(f"reply: {error}") from None
    if parts > 1:
        raise InvalidValue("reply: longer than one SMS (160 Latin, or 70 other, letters)")
    return text.strip()


def _credentials(rule: Rule, wanted: Wanted) -> tuple[str, str]:
    userin = rule.userin if wanted.userin is None else wanted.userin
    passwordin = rule.passwordin if wanted.passwordin is None else wanted.passwordin
    if len(userin) > _LONGEST_USERIN or not userin.isprintable():
        raise InvalidValue(f"userin: one line of at most {_LONGEST_USERIN} characters")
    if len(passwordin) > MAX_SECRET:
        raise InvalidValue(f"passwordin: longer than {MAX_SECRET} characters")
    return userin, passwordin
