"""The HTTP protocol's endpoint (spec/http.md): a request in, an answer in the caller's format.

Guarantees: every request is answered once, and what its answer says was accepted is on disk. HTTP
200 but for a redirect that was asked for. A message from a customer seen a moment ago is worked off
in the call itself; a large request is read in a thread. Decides nothing that `submit` or `query`
can decide.

Decided where the specification is silent:
- Who the caller is comes before all that is wrong with the request, so that nobody else learns
  anything; only parameters that no answer can do without are asked for first.
- continueurl, redirecturl, responseformat and messagecount that cannot be used refuse the whole
  request; what is wrong with one message refuses that message.
- `sendondate` in the past means now, as in the XML protocol.
- The protocol has no question for a message's state, and Ozeki's (`getmessagebyid`) answers with
  another store's fields. Ours is the action `getmessagestatus`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog

from habar.errors import HabarError, StoreUnavailable
from habar.model.account import Account
from habar.model.message import Outcome, Protocol
from habar.model.url import InvalidUrl, host_of
from habar.northbound.http import form_rows as rows
from habar.northbound.http.form_answering import Reply
from habar.northbound.http.form_rows import Refused, Wanted
from habar.northbound.http.request import Request, Respond
from habar.northbound.http.tasks import Tasks
from habar.query import Query
from habar.submit.authenticate import Authenticator, Verdict
from habar.submit.door import Door
from habar.wire.http.form import (
    MAX_FORM,
    FormFault,
    MessageIn,
    Parameters,
    action_of,
    first_message,
    message_ids,
    messages,
    read,
    response_format,
)

_log = structlog.get_logger("habar.form")

_LARGE = 64 * 1024
"""Octets of a body from which it is read in a thread."""
_LARGE_AT_ONCE = 16 * MAX_FORM
"""Octets of large bodies that wait for the thread; over it the next is told to come again."""


class FormEndpoint:
    """A handler for the listener. `now` gives UTC milliseconds."""

    def __init__(
        self, authenticator: Authenticator, door: Door, query: Query, *, now: Callable[[], int]
    ) -> None:
        self._authenticator = authenticator
        self._door = door
        self._query = query
        self._now = now
        self._tasks = Tasks()
        self._pool = ThreadPoolExecutor(1, "habar-form")
        self._large = 0

    def __call__(self, request: Request, respond: Respond) -> None:
        """Answer a request, now or later."""
        reply = Reply(respond, self._now)
        ip = request.client[0]
        if not _LARGE < len(request.body) <= MAX_FORM:
            reply.attempt(lambda: self._begin(_read(request), ip, reply))
        elif self._large + len(request.body) > _LARGE_AT_ONCE:
            reply.overload()
        else:
            self._large += len(request.body)
            self._tasks.spawn(self._begin_large(request, ip, reply), reply.attempt)

    async def close(self) -> None:
        """Wait until every answer that is being made has been given."""
        await self._tasks.wait()
        self._pool.shutdown(wait=False)

    async def _begin_large(self, request: Request, ip: str, reply: Reply) -> None:
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._pool, _read, request)
        finally:
            self._large -= len(request.body)
        self._begin(found, ip, reply)

    # --- Who is it -------------------------------------------------------------------------------
    def _begin(self, found: Parameters | FormFault, ip: str, reply: Reply) -> None:
        if isinstance(found, FormFault):
            reply.error(rows.PARAMETER, found.words)
            return
        with suppress(FormFault):  # it is told to who is authenticated
            reply.wanted = response_format(found)
        try:
            login, password = found.required("username"), found.required("password")
        except FormFault as fault:
            reply.error(rows.PARAMETER, fault.words)
            return

        def judged(verdict: Verdict) -> None:
            reply.attempt(lambda: self._judged(verdict, found, reply))

        verdict = self._authenticator.authenticate(login, password, ip, judged)
        if verdict is not None:
            judged(verdict)

    def _judged(self, verdict: Verdict, parameters: Parameters, reply: Reply) -> None:
        if isinstance(verdict, Account):
            reply.account = verdict
            try:
                reply.wanted = response_format(parameters)
                reply.continueurl = _url(parameters, "continueurl")
                reply.redirecturl = _url(parameters, "redirecturl")
                self._work(verdict, parameters, reply)
            except FormFault as fault:
                reply.error(rows.PARAMETER, fault.words)
        elif verdict.retry_after is None:
            reply.error(rows.CREDENTIALS)
        else:
            reply.error(rows.GUESSING, retry_after=verdict.retry_after)

    # --- What is wanted --------------------------------------------------------------------------
    def _work(self, account: Account, parameters: Parameters, reply: Reply) -> None:
        action = action_of(parameters)
        if action == rows.SEND:
            if reply.continueurl or reply.redirecturl:
                reply.message = first_message(parameters)
            self._send(account, messages(parameters), reply)
        elif action == rows.ASK:
            self._tasks.spawn(self._ask(account, message_ids(parameters), reply), reply.attempt)
        else:
            reply.error(rows.ACTION)

    def _send(self, account: Account, found: Sequence[MessageIn | FormFault], reply: Reply) -> None:
        results: list[Wanted | Refused] = [rows.wanted(message) for message in found]
        orders = [result for result in results if isinstance(result, Wanted)]
        if not orders:
            refused = [result for result in results if isinstance(result, Refused)]
            reply.answer(rows.sent(account, found, refused))
            return

        def stored(outcomes: list[Outcome] | StoreUnavailable) -> None:
            if isinstance(outcomes, StoreUnavailable):
                reply.overload()
                return
            told = iter(outcomes)
            whole = [next(told) if isinstance(each, Wanted) else each for each in results]
            reply.answer(rows.sent(account, found, whole))

        self._door.submit(
            account,
            Protocol.HTTP,
            [order.draft for order in orders],
            lambda outcomes: reply.attempt(lambda: stored(outcomes)),
            _report_urls(orders),
        )

    async def _ask(self, account: Account, ids: Sequence[str], reply: Reply) -> None:
        try:
            statuses = await self._query.statuses(account, rows.asked(ids))
        except HabarError as error:
            _log.warning("messages could not be looked up", error=type(error).__name__)
            reply.overload()
            return
        reply.answer(rows.reported(account, ids, statuses))


def _read(request: Request) -> Parameters | FormFault:
    content_type = request.header(b"content-type").decode("latin-1")
    try:
        return read(request.query, content_type, request.body)
    except FormFault as fault:
        return fault


def _url(parameters: Parameters, name: str) -> str:
    """A caller's URL, "" where there is none. Raises FormFault for one that cannot be used."""
    url = parameters.get(name).strip()
    if url:
        try:
            host_of(url)
        except InvalidUrl as fault:
            raise FormFault(f"{name}: {fault}") from None
    return url


def _report_urls(orders: Sequence[Wanted]) -> Sequence[str]:
    """One for each message, or none at all."""
    urls = [order.report_url for order in orders]
    return urls if any(urls) else ()
