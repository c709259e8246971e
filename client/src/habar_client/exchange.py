"""One call as a conversation without I/O: what to post, how long to pause, what the reply means.

A conversation is a generator. It yields Post and Pause; whoever drives it does that and sends back
what came of it: Reply or Lost for a Post, None for a Pause. It returns the call's result or raises
a HabarClientError.

Guarantees:
- A package is posted again only where that cannot send a message twice: nothing was accepted (no
  connection, HTTP 429 or 503), or the caller says that the package is repeatable.
- Pauses are bounded in number and in sum; Retry-After is honoured, or the call ends with Busy.
- What is raised says in `unknown` whether any attempt may have been accepted.
- HTTP is read as the protocol asks: an answer that is a package counts whatever its status, save
  429 and 503.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TypeVar

from habar_client.answer import Answer, Garbled, read
from habar_client.errors import Busy, HabarClientError, TransportError

T = TypeVar("T")

HEADERS = {"Content-Type": "text/xml; charset=utf-8", "User-Agent": "habar-client"}
"""Headers of every Post."""

MAX_ANSWER = 64 * 1024 * 1024
"""Octets of an answer at most: far above what the largest package is answered with."""

_BUSY = (429, 503)
_OK = 200
_TOO_LARGE = 413
_CLIENT_ERRORS = range(300, 500)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0


@dataclass(frozen=True, slots=True)
class Post:
    """Post this document."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, then go on."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer came, whole."""

    status: int
    body: bytes
    retry_after: str | None = None
    date: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """No HTTP answer came."""

    words: str
    posted: bool
    """The document may have reached the gateway."""
    passing: bool = True
    """A later attempt may well succeed."""


Conversation = Generator[Post | Pause, Reply | Lost | None, T]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a call tries again."""

    retries: int = 4
    seconds: float = 60.0
    """The longest sum of all pauses of one call."""

    def __post_init__(self) -> None:
        if self.retries < 0 or self.seconds < 0:
            raise ValueError("retries and patience must not be negative")

    def pause(self, attempt: int, asked: float | None = None) -> float:
        """Seconds before the attempt after number `attempt` (from 0); `asked` by Retry-After."""
        return asked if asked is not None else min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A package was answered."""

    answer: Answer
    again: bool
    """An earlier attempt may have been accepted too."""


def exchange(body: bytes, *, repeatable: bool, patience: Patience) -> Conversation[Outcome]:
    """Post a package until it is answered, as far as that is safe and patience lasts.

    `repeatable`: to post it twice does no harm, even if both are accepted.
    """
    waited, again = 0.0, False
    for attempt in count():
        outcome = yield Post(body)
        try:
            return Outcome(_understand(outcome), again)
        except HabarClientError as error:
            again = again or error.unknown
            error.unknown = again
            pause = _next_pause(error, attempt, patience)
            if pause is None or (again and not repeatable) or waited + pause > patience.seconds:
                raise
            why = str(error)
        waited += pause
        yield Pause(pause, why)
    raise AssertionError("count() ended")


def _next_pause(error: HabarClientError, attempt: int, patience: Patience) -> float | None:
    if attempt >= patience.retries:
        return None
    if isinstance(error, Busy):
        return patience.pause(attempt, error.retry_after)
    if isinstance(error, TransportError) and error.passing:
        return patience.pause(attempt)
    return None


def _understand(outcome: Reply | Lost | None) -> Answer:
    if isinstance(outcome, Lost):
        raise TransportError(outcome.words, unknown=outcome.posted, passing=outcome.passing)
    if outcome is None:
        raise TypeError("a Post is answered with Reply or Lost")
    if outcome.status in _BUSY:
        raise Busy(outcome.status, _seconds(outcome))
    if outcome.status == _TOO_LARGE:
        words = "the package is larger than the gateway takes (HTTP 413)"
        raise TransportError(words, unknown=False, passing=False)
    try:
        return read(outcome.body)
    except Garbled as garbled:
        raise _not_an_answer(outcome, garbled) from None


def _not_an_answer(reply: Reply, garbled: Garbled) -> TransportError:
    """Say what came instead. A gateway's 3xx and 4xx took nothing; of a 5xx nobody knows."""
    if reply.status == _OK:
        return TransportError(str(garbled), unknown=True, passing=garbled.cut)
    words = f"HTTP {reply.status}"
    if reply.location:
        words += f" to {_without_query(reply.location)}"
    unknown = reply.status not in _CLIENT_ERRORS
    return TransportError(f"{words}, and {garbled}", unknown=unknown, passing=unknown)


def _without_query(location: str) -> str:
    return location.partition("?")[0][:200]


def _seconds(reply: Reply) -> float | None:
    """Retry-After in seconds. A date counts from the answer's own Date: no clock is needed."""
    text = (reply.retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        pause = parsedate_to_datetime(text) - parsedate_to_datetime(reply.date or "")
    except (ValueError, TypeError):  # no date, or only one of them with a zone
        return None
    return max(0.0, pause.total_seconds())
