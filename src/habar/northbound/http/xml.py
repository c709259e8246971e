"""The XML protocol's endpoint (spec/xml.md): a request in, a package answered.

Guarantees: every request is answered once, with a document of the protocol; what it says was
accepted is on disk. HTTP 200 but for 429 and 503, which mean that nothing of the package was done
and carry Retry-After. A package of messages from a customer seen a moment ago is worked off in the
call itself; other packages have a task, section by section in the document's order; a large
document is read, and its answer written, in a thread. Decides nothing that `submit` or `query` can
decide.

Decided where the specification is silent: where the store fails in a later section of a package
whose earlier ones were done, the rows of the later one say 200 UNKNOWN and the rest stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol as Shape
from typing import TypeVar

import structlog

from habar.errors import HabarError, StoreUnavailable
from habar.model.account import Account
from habar.model.message import Outcome, Protocol
from habar.northbound.http import xml_rows as rows
from habar.northbound.http.request import Headers, Request, Respond
from habar.northbound.http.tasks import Tasks
from habar.northbound.http.xml_answering import RETRY_AFTER, Reply
from habar.northbound.http.xml_reading import Broken, mend, read
from habar.query import Query
from habar.submit.authenticate import Authenticator, Denied, Verdict
from habar.submit.door import Door
from habar.wire.http.xml import (
    MAX_DOCUMENT,
    BalanceSection,
    DeleteSection,
    MessageSection,
    MsgIn,
    Package,
    PricesSection,
    Section,
    StatusSection,
    balance_section,
    package,
)

__all__ = ["XmlEndpoint"]

_log = structlog.get_logger("habar.xml")

T = TypeVar("T")

_LARGE = 256 * 1024
"""Octets of a body from which it is read in a thread."""
_MANY = 2_000
"""Rows from which an answer is written in a thread."""
_THREADS = 2
_LARGE_AT_ONCE = 64 * 1024 * 1024
"""Octets of large bodies that are worked on or wait for a thread; over it the next is answered 503.
What is read of a body takes many times its octets, and is read before anybody is authenticated."""


class _Who(Shape):
    """Who a document says it is from: a Package is one, and so is a Login."""

    @property
    def login(self) -> str | None: ...
    @property
    def password(self) -> str | None: ...
    @property
    def key(self) -> str | None: ...


class XmlEndpoint:
    """A handler for the listener: `handlers={b"/api": endpoint}`."""

    def __init__(
        self,
        authenticator: Authenticator,
        door: Door,
        query: Query,
        *,
        limit: int = MAX_DOCUMENT,
    ) -> None:
        self._authenticator = authenticator
        self._door = door
        self._query = query
        self._limit = limit
        self._tasks = Tasks()
        self._pool = ThreadPoolExecutor(_THREADS, "habar-xml")
        self._large = 0

    def __call__(self, request: Request, respond: Respond) -> None:
        """Answer a request, now or later."""
        reply = Reply(respond)
        ip = request.client[0]
        size = len(request.body)
        if size > _LARGE:
            if self._large and self._large + size > _LARGE_AT_ONCE:
                reply.later(503, RETRY_AFTER)
                return
            reply = Reply(self._counted(size, respond))
            reading = partial(read, request, self._limit)
            self._in_thread(reading, lambda found: self._read(found, ip, reply), reply)
        else:
            reply.attempt(lambda: self._read(read(request, self._limit), ip, reply))

    def _counted(self, size: int, respond: Respond) -> Respond:
        """Count a large body until it is answered."""
        self._large += size

        def answer(status: int, headers: Headers, body: bytes) -> None:
            self._large -= size
            respond(status, headers, body)

        return answer

    async def close(self) -> None:
        """Wait until every answer that is being made has been given."""
        await self._tasks.wait()
        self._pool.shutdown(wait=False)

    # --- Who is it -------------------------------------------------------------------------------
    def _read(self, found: Package | Broken, ip: str, reply: Reply) -> None:
        if isinstance(found, Package):
            self._authenticate(found, ip, lambda verdict: self._judged(verdict, found, reply))
        elif found.login is None:
            reply.error(found.code)
        else:
            broken = found
            self._authenticate(
                found.login, ip, lambda verdict: self._judge_broken(verdict, broken, ip, reply)
            )

    def _authenticate(self, who: _Who, ip: str, done: Callable[[Verdict], None]) -> None:
        verdict: Verdict | None
        if who.key is not None:
            verdict = self._authenticator.authenticate_key(who.key)
        else:
            verdict = self._authenticator.authenticate(
                who.login or "", who.password or "", ip, done
            )
        if verdict is not None:
            done(verdict)

    def _judged(self, verdict: Verdict, found: Package, reply: Reply) -> None:
        if isinstance(verdict, Account):
            account = verdict
            reply.attempt(lambda: self._work(account, found.sections, reply))
        elif verdict.retry_after is None:
            reply.error(rows.AUTHORIZATION)
        else:
            reply.later(429, verdict.retry_after)

    def _judge_broken(self, verdict: Verdict, broken: Broken, ip: str, reply: Reply) -> None:
        """Mend the document for who has compat.xml_lenient; all others learn nothing but 201."""
        if isinstance(verdict, Denied) and verdict.retry_after is not None:
            reply.later(429, verdict.retry_after)
        elif isinstance(verdict, Denied) or not verdict.compat.xml_lenient:
            reply.error(broken.code)
        else:
            mending = partial(mend, broken, self._limit)
            self._in_thread(mending, lambda found: self._read(found, ip, reply), reply)

    # --- What is wanted --------------------------------------------------------------------------
    def _work(self, account: Account, sections: Sequence[Section], reply: Reply) -> None:
        only = sections[0]
        if len(sections) == 1 and isinstance(only, MessageSection):
            items = only.items
            self._door.submit(
                account,
                Protocol.XML,
                items,
                lambda result: self._stored(account, items, result, reply),
            )
        else:
            self._tasks.spawn(self._all(account, sections, reply), reply.attempt)

    def _stored(
        self,
        account: Account,
        items: Sequence[MsgIn],
        result: list[Outcome] | StoreUnavailable,
        reply: Reply,
    ) -> None:
        if isinstance(result, StoreUnavailable):
            reply.later(503, RETRY_AFTER)
            return

        def write() -> bytes:
            return package((rows.sent(account, items, result),))

        if len(items) > _MANY:
            self._in_thread(write, reply.document, reply)
        else:
            reply.attempt(lambda: reply.document(write()))

    async def _all(self, account: Account, sections: Sequence[Section], reply: Reply) -> None:
        answers: list[str] = []
        acted = False
        for section in sections:
            if answers:  # a section without rows waits for nothing: neighbours have their turn
                await asyncio.sleep(0)
            try:
                answers.append(await self._section(account, section))
            except HabarError as error:
                _log.warning("a section could not be worked off", error=type(error).__name__)
                if not acted:
                    _give_up(error, reply)
                    return
                answers.append(_unworked(section))
            acted = acted or isinstance(section, MessageSection | DeleteSection)
        reply.document(package(answers))

    async def _section(self, account: Account, section: Section) -> str:
        query = self._query
        match section:
            case MessageSection(items):
                outcomes = await self._submit(account, items)
                return await self._run(lambda: rows.sent(account, items, outcomes), len(items))
            case StatusSection(refs):
                asked = await self._run(lambda: rows.asked(refs), len(refs))
                statuses = await query.statuses(account, asked)
                return await self._run(lambda: rows.reported(account, refs, statuses), len(refs))
            case DeleteSection(refs):
                asked = await self._run(lambda: rows.asked(refs), len(refs))
                deletions = await query.delete(account, asked)
                return await self._run(lambda: rows.deleted(refs, deletions), len(refs))
            case PricesSection(phones):
                price = partial(query.price, account)
                return await self._run(lambda: rows.priced(phones, price), len(phones))
            case BalanceSection():
                return balance_section(await query.balance(account))

    async def _submit(self, account: Account, items: Sequence[MsgIn]) -> list[Outcome]:
        stored: asyncio.Future[list[Outcome] | StoreUnavailable]
        stored = asyncio.get_running_loop().create_future()
        self._door.submit(account, Protocol.XML, items, stored.set_result)
        result = await stored
        if isinstance(result, StoreUnavailable):
            raise result
        return result

    # --- Where it is done ------------------------------------------------------------------------
    def _in_thread(self, work: Callable[[], T], then: Callable[[T], None], reply: Reply) -> None:
        async def run() -> None:
            then(await self._run(work, _MANY + 1))

        self._tasks.spawn(run(), reply.attempt)

    async def _run(self, work: Callable[[], T], count: int) -> T:
        """Do something pure to `count` rows: in a thread if they are many."""
        if count <= _MANY:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _give_up(error: HabarError, reply: Reply) -> None:
    if isinstance(error, StoreUnavailable):
        reply.later(503, RETRY_AFTER)
    else:
        reply.error(rows.UNKNOWN)


def _unworked(section: Section) -> str:
    """A section's answer where the store failed after earlier sections were done."""
    match section:
        case MessageSection(items):
            return rows.not_sent(items)
        case StatusSection(refs) | DeleteSection(refs):
            return rows.not_reported(refs)
        case _:
            return ""
