"""The way an answer of the HTTP protocol takes back to the client.

Guarantees: HTTP 200, whatever is told: programs written for this protocol look at nothing but the
text. Only redirecturl makes it 302, for callers who have said who they are: else the gateway would
lead anybody anywhere. Retry-After goes with what may be tried again. Nothing is kept by caches.

Knows no parameters and no messages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from habar.model.account import Account, HttpReply
from habar.northbound.http import form_rows as rows
from habar.northbound.http.request import Respond
from habar.wire.http.form import CONTENT_TYPES, Answer, MessageIn, ResponseFormat, link, write

_log = structlog.get_logger("habar.form")

RETRY_AFTER = 2
"""Seconds, when the store has too much to do."""
_NO_STORE = (b"cache-control", b"no-store")


class Reply:
    """Used once. What is learned of the request on the way is set as it is learned."""

    __slots__ = (
        "_now",
        "_open",
        "_respond",
        "account",
        "continueurl",
        "message",
        "redirecturl",
        "wanted",
    )

    def __init__(self, respond: Respond, now: Callable[[], int]) -> None:
        self._respond = respond
        self._now = now
        self._open = True
        self.account: Account | None = None
        self.continueurl = ""
        self.redirecturl = ""
        self.message: MessageIn | None = None
        """The first that is to be sent, for the two URLs."""
        self.wanted = ResponseFormat.XML

    def answer(self, answer: Answer, retry_after: int | None = None) -> None:
        """Answer. The URLs, if any, were found acceptable before."""
        account = self.account
        location = ""
        if account is not None and (self.continueurl or self.redirecturl):
            result = rows.result_of(answer, account, self._now(), self.message)
            if self.continueurl:
                answer = replace(answer, continueurl=link(self.continueurl, result))
            if self.redirecturl:
                location = link(self.redirecturl, result)
        shape = HttpReply.SUPERSET if account is None else account.compat.http_reply
        body = write(answer, self.wanted, shape)
        headers = [(b"content-type", CONTENT_TYPES[self.wanted]), _NO_STORE]
        if retry_after is not None:
            headers.append((b"retry-after", b"%d" % retry_after))
        if location:
            headers.append((b"location", location.encode("ascii")))
        self._open = False
        self._respond(302 if location else 200, headers, body)

    def error(self, code: int, words: str = "", retry_after: int | None = None) -> None:
        """Refuse the request whole."""
        self.answer(rows.error(code, words or rows.REQUEST_WORDS[code]), retry_after)

    def overload(self) -> None:
        """Nothing was done: the store is away, or has too much to do."""
        self.error(rows.OVERLOAD, retry_after=RETRY_AFTER)

    def fault(self) -> None:
        """Answer for what went wrong here."""
        if self._open:
            self.error(rows.FAULT, rows.FAULT_WORDS)

    def attempt(self, step: Callable[[], None]) -> None:
        """Run a step that nobody above us would see fail; the client is answered all the same."""
        try:
            step()
        except Exception:  # noqa: BLE001 - whatever it was, the client waits
            _log.exception("a request of the HTTP protocol could not be worked off")
            self.fault()
