"""Hosts that misbehave on real sockets, called for what is owed in a real store.

Each spoils its first answer in its own way and is well then: all are told, the subscribers are
answered once, and staff can read what was wrong.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from habar.callbacks import Caller, CallerSettings
from habar.callbacks.exchange import LARGEST_ANSWER
from habar.model.account import Account, AccountKind
from habar.model.message import Outgoing
from habar.model.retry import RetryPlan
from habar.model.route import Routes
from habar.store.books import NewAccount
from habar.store.callbacks import CallFilter, CallStage
from habar.store.inbox import CallMethod, Received, Rule
from habar.store.sqlite import SqliteStore
from habar.submit.door import Door

from .conftest import Host, Visit

SUBSCRIBER, CODE = "77771234567", "8785"
ANSWER = f"{{SMS:TEXT}}{{}}{{{CODE}}}{{{SUBSCRIBER}}}{{thank you}}".encode()
YES = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER
LARGE = 10_000_000
SETTINGS = CallerSettings(
    subscriber_seconds=2.0, allowed_networks=("127.0.0.0/8",), retry=RetryPlan(20, 50)
)
Spoil = Callable[[Visit], Awaitable[None]]


class Queue:
    """The dispatcher, as the door sees one that has no room."""

    def reserve(self, *_: int) -> bool:
        return False

    def release(self, *_: int) -> None:
        raise AssertionError

    def take(self, operator_id: int, message: Outgoing) -> None:
        raise AssertionError

    def waiting(self, *_: int) -> None:
        """It looks by itself."""

    def withdraw(self, _: int) -> bool:
        return False


class Desk:
    """A store, an account, and the caller."""

    def __init__(self, store: SqliteStore, account: Account, operator: int) -> None:
        self.store = store
        self.account = account
        self._operator = operator
        door = Door(store.journal, Queue(), Routes([]), now=now)
        self.caller = Caller(store, door, {account.id: account}.get, SETTINGS)

    async def owe(self, url: str) -> int:
        """A subscriber has written, and whoever is at that URL is owed a call."""
        host = url.rpartition("/")[0]
        made = Rule(CODE, self.account.id, keyword=url, method=CallMethod.GET, url=url)
        rule = await self.store.inbox.add_rule(made, actor="test", now=now())
        message = Received(
            self.account.id,
            rule,
            self._operator,
            SUBSCRIBER,
            CODE,
            "",
            "when?",
            0,
            1,
            0,
            None,
            now(),
            CallMethod.GET,
            host,
            "",
        )
        told = asyncio.get_running_loop().create_future()
        self.store.journal.record(message, told.set_result)
        number: int = await told
        return number


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = SqliteStore(tmp_path / "habar.db")
    await store.open(now())
    new = NewAccount("shop", AccountKind.FULL, "hash", balance=1_000)
    number = await store.books.add_account(new, actor="test", now=now())
    operator = await store.books.ensure_operator("kcell")
    desk = Desk(store, Account(number, "shop", AccountKind.FULL), operator)
    await desk.caller.start()
    yield desk
    await desk.caller.stop(5.0)
    await store.close()


def first(spoil: Spoil) -> tuple[Spoil, asyncio.Event]:
    """The first answer is spoiled, the others are good; set when a good one was given."""
    good, spoiled = asyncio.Event(), []

    async def answer(visit: Visit) -> None:
        if not spoiled:
            spoiled.append(visit)
            await spoil(visit)
            return
        visit.writer.write(YES)
        good.set()

    return answer, good


def saying(octets: bytes, *, close: bool = False) -> Spoil:
    async def say(visit: Visit) -> None:
        visit.writer.write(octets)
        await visit.writer.drain()
        if close:
            visit.writer.close()

    return say


async def for_ever(visit: Visit) -> None:
    """It takes the request and says nothing, until the other end hangs up."""
    await visit.reader.read()


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (saying(YES[:-5], close=True), "the connection broke before the answer was whole"),
        (saying(b"\x16\x03\x01\xff\xfe garbage\r\n\r\n", close=True), "the answer is not HTTP"),
        (saying(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"), "HTTP 500"),
        (for_ever, "no whole answer within 2 seconds"),
    ],
)
async def test_a_spoiled_answer_is_asked_for_again(
    desk: Desk, host: Host, spoil: Spoil, error: str
) -> None:
    host.answer, good = first(spoil)
    inbound = await desk.owe(host.url)
    desk.caller.wake()
    await good.wait()
    story = await ended(desk)
    assert story.row.stage is CallStage.DONE
    assert error in story.tries[0].error
    assert story.tries[-1].error == ""
    ids = {visit.headers["x-habar-event-id"] for visit in host.visits}
    assert ids == {str(story.row.id)}
    assert await replies(desk, inbound) == ["thank you"]


async def test_a_connection_that_ends_before_an_answer_is_made_anew_at_once(
    desk: Desk, host: Host
) -> None:
    """A GET alone, once (RFC 9112, 9.3.1): the host may have closed what was idle for too long."""
    host.answer, good = first(saying(b"HTTP/1.1 200 OK\r\nContent-Le", close=True))
    inbound = await desk.owe(host.url)
    desk.caller.wake()
    await good.wait()
    story = await ended(desk)
    assert len(story.tries) == 1
    assert [visit.headers["x-habar-event-id"] for visit in host.visits] == [str(story.row.id)] * 2
    assert await replies(desk, inbound) == ["thank you"]


async def test_an_answer_of_ten_megabytes_is_not_read(desk: Desk, host: Host) -> None:
    """The web service has the message; so much is no answer to a subscriber."""
    hung_up = asyncio.Event()
    written = 0

    async def pour(visit: Visit) -> None:
        nonlocal written
        visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
        with suppress(ConnectionError):
            while written < LARGE:
                visit.writer.write(bytes(65_536))
                written += 65_536
                await visit.writer.drain()
        hung_up.set()

    host.answer = pour
    inbound = await desk.owe(host.url)
    desk.caller.wake()
    await hung_up.wait()
    story = await ended(desk)
    assert (story.row.stage, len(story.tries)) == (CallStage.DONE, 1)
    assert written < LARGE, "it was hung up on"
    told = await desk.store.inbox.story(inbound)
    assert told is not None
    assert told.row.note == f"no reply: the answer is larger than {LARGEST_ANSWER} octets"
    assert await replies(desk, inbound) == []


async def test_a_redirect_is_never_followed(desk: Desk, host: Host) -> None:
    """Not even to an address that may be called: nobody there hears of it."""
    inner = await Host().start()
    location = inner.url.encode()
    host.answer, good = first(
        saying(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location)
    )
    await desk.owe(host.url)
    desk.caller.wake()
    await good.wait()
    story = await ended(desk)
    assert story.tries[0].error == "HTTP 302: redirects are not followed"
    assert inner.connections == 0
    await inner.stop()


async def ended(desk: Desk) -> Any:
    """The story of the one obligation, when it has ended."""
    while True:
        [row] = await desk.store.callbacks.listed(CallFilter())
        if row.ended_at is not None:
            return await desk.store.callbacks.story(row.id)


async def replies(desk: Desk, inbound: int) -> list[str]:
    story = await desk.store.inbox.story(inbound)
    assert story is not None
    return [answer.text for answer in story.answers]
