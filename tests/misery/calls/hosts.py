"""Customers' hosts in memory: what each was asked, what it said, and the moods that it has.

Guarantees: stands where `habar.callbacks.Client` does and keeps its word: a call ends within its
time, whatever the host does, and is an Answer. Every call is written down with its beginning and
its end, also one that the caller's death cut off. Time is the loop's.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from habar.callbacks.exchange import Answer, Request
from habar.callbacks.requests import EVENT_ID

GARBAGE = b"\xff\x00<html>{SMS:TEXT}{}{"


@dataclass(slots=True)
class Mood:
    """How a host is."""

    down: bool = False
    """Nobody listens."""
    fails: bool = False
    """HTTP 500 to everybody."""
    garbage: bool = False
    """A yes, and behind it what is no answer."""
    breaks: bool = False
    """The connection ends in the middle of the answer."""
    seconds: float = 0.01
    """Until it answers."""


@dataclass(slots=True)
class Visit:
    """One call."""

    event: int
    """X-Habar-Event-Id."""
    host: str
    path: str
    asked: dict[str, str]
    life: int
    """Of the gateway that called."""
    began: float
    ended: float | None = None
    """None: the caller died."""
    said_yes: bool = False
    """The whole answer was a yes, whether the caller lived to hear it or not."""
    answer: bytes = b""

    @property
    def subject(self) -> tuple[str, int]:
        """What it was about."""
        kind = "inbound" if "msgdata" in self.asked else "state"
        return kind, int(self.asked["messageid"])


def echo(asked: dict[str, str]) -> str:
    """Answer a subscriber with his own words; others with nothing."""
    if "msgdata" not in asked:
        return ""
    return (
        f"{{SMS:TEXT}}{{}}{{{asked['short']}}}{{{asked['sender']}}}{{re {asked['msgdata'][:40]}}}"
    )


@dataclass(slots=True)
class Hosts:
    """All of them."""

    answers: Callable[[dict[str, str]], str] = echo
    """What a host that is well says."""
    bad: Callable[[dict[str, str]], bool] = lambda _: False
    """Which calls a host that is well answers with HTTP 500."""
    visits: list[Visit] = field(default_factory=list)
    moods: dict[str, Mood] = field(default_factory=lambda: defaultdict(Mood))
    under_way: Counter[str] = field(default_factory=Counter)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with the first call."""
    most: Counter[str] = field(default_factory=Counter)
    """The most calls at a time, by host."""

    def client(self, life: int) -> HostsClient:
        """What a gateway calls by."""
        return HostsClient(self, life)

    def to(self, host: str) -> list[Visit]:
        """The calls of one host."""
        return [visit for visit in self.visits if visit.host == host]

    def begin(self, request: Request, life: int) -> Visit:
        """Somebody calls."""
        url = urlsplit(request.url)
        body = (request.body or b"").decode()
        asked = dict(parse_qsl(body if request.method == "POST" else url.query, True))
        event = int(request.headers[EVENT_ID])
        now = asyncio.get_running_loop().time()
        visit = Visit(event, url.netloc, url.path, asked, life, now)
        self.visits.append(visit)
        self.called.set()
        return visit

    async def serve(self, visit: Visit) -> Answer:
        """What comes of it."""
        mood = self.moods[visit.host]
        if mood.down:
            visit.ended = visit.began
            return Answer(0, "no connection: refused or unreachable")
        self.under_way[visit.host] += 1
        self.most[visit.host] = max(self.most[visit.host], self.under_way[visit.host])
        try:
            await asyncio.sleep(mood.seconds)
        finally:
            self.under_way[visit.host] -= 1
        visit.ended = asyncio.get_running_loop().time()
        if mood.breaks:
            return Answer(0, "the connection broke before the answer was whole")
        if mood.fails or self.bad(visit.asked):
            return Answer(500, "HTTP 500")
        visit.answer = GARBAGE if mood.garbage else self.answers(visit.asked).encode()
        visit.said_yes = True
        return Answer(200, body=visit.answer)


class HostsClient:
    """`habar.callbacks.attempts.Calling` of one life of the gateway."""

    def __init__(self, hosts: Hosts, life: int) -> None:
        self.closed = False
        self._hosts = hosts
        self._life = life

    async def call(self, request: Request, seconds: float) -> Answer:
        """See `habar.callbacks.Client.call`."""
        visit = self._hosts.begin(request, self._life)
        try:
            async with asyncio.timeout(seconds):
                return await self._hosts.serve(visit)
        except TimeoutError:
            visit.ended = asyncio.get_running_loop().time()
            return Answer(0, f"no whole answer within {seconds:g} seconds")
        except asyncio.CancelledError:
            visit.ended = asyncio.get_running_loop().time()
            raise

    async def close(self) -> None:
        """It has nothing open."""
        self.closed = True
