"""The whole engine against customers' hosts on sockets, with the machine's own clock."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from habar.callbacks import Caller, CallerSettings
from habar.model.retry import RetryPlan
from habar.model.status import MessageState
from habar.store.callbacks import CallStage
from habar.store.inbox import CallMethod

from ...unit.callbacks.conftest import DEMO, HandDoor, MemoryStore, call, report, subscriber
from .conftest import Host, Silent

DONE, WAITING = CallStage.DONE, CallStage.WAITING
QUICK = RetryPlan(50, 400, 24 * 3_600_000)
PATIENCE = 20


class Now:
    """The store's clock here: the machine's."""

    @property
    def ms(self):
        return time.time_ns() // 1_000_000


class Site:
    """A caller, its store and its hosts."""

    def __init__(self, client, **settings):
        self.store = MemoryStore(Now())
        self.door = HandDoor(self.store)
        self.caller = Caller(
            self.store,
            self.door,
            {DEMO.id: DEMO}.get,
            CallerSettings(
                retry=QUICK,
                host_pauses=RetryPlan(20, 100),
                **settings,
            ),
            client=client,
        )

    def owe(self, *calls):
        now = Now().ms
        self.store.owe_many(self._at(now, one) for one in calls)
        self.caller.wake()

    def owe_in_order(self, *calls):
        now = Now().ms
        self.store.owe(*(self._at(now, one) for one in calls))
        self.caller.wake()

    def _at(self, now, one):
        return replace(one, since=now)

    async def until(self, condition):
        async with asyncio.timeout(PATIENCE):
            await self.store.until(condition)

    async def until_done(self, numbers):
        rows = self.store.rows
        await self.until(lambda: all(rows[number].stage is DONE for number in numbers))


@pytest.fixture
async def site(who_calls):
    made = Site(who_calls("127.0.0.0/8"), state_seconds=0.5, subscriber_seconds=0.5)
    await made.caller.start()
    yield made
    await made.caller.stop(1)


def to(host, number, event=None, **how):
    url = host.url
    return call(number, event, host=f"http://127.0.0.1:{host.port}", url=url, **how)


def events(host):
    return [int(visit.headers["x-habar-event-id"]) for visit in host.visits]


async def test_a_state_reaches_the_customer(site, host):
    site.owe(to(host, 1))
    await site.until_done([1])
    [visit] = host.visits
    told = parse_qs(urlsplit(visit.line.split()[1]).query)
    assert told["status"] == ["deliveredtohandset"]
    assert told["messageid"] == ["1001"]


@pytest.mark.rule("inbox.post", "inbox.answer", "inbox.transaction-back")
async def test_a_subscribers_message_and_its_answer(site, host):
    body = "{SMS:TEXT}{}{8785}{77771234567}{Рахмет}".encode()
    host.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    event = subscriber(transaction_id="12345")
    site.owe(to(host, 1, event, method=CallMethod.POST))
    await site.until_done([1])
    assert [(r.sender, r.text) for r in site.door.replies] == [("8785#12345", "Рахмет")]
    assert parse_qs(host.visits[0].body.decode())["short"] == ["8785#12345"]


async def test_a_host_that_answers_after_all(site, host):
    host.answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    site.owe(*(to(host, number) for number in range(1, 101)))
    await site.until(lambda: site.caller.paused_hosts == 1)
    host.answer = b"HTTP/1.1 204 OK\r\n\r\n"
    await site.until_done(range(1, 101))
    assert site.caller.paused_hosts == 0


@pytest.mark.rule("http.callback-order", "http.callback-again")
async def test_in_order_for_one_message_whatever_the_host_does(site, host):
    seen = []

    async def fails_every_other_time(visit):
        seen.append(int(visit.headers["x-habar-event-id"]))
        status = b"503 No" if len(seen) % 2 else b"200 OK"
        visit.writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    host.answer = fails_every_other_time
    states = [MessageState.ENROUTE, MessageState.UNKNOWN, MessageState.DELIVERED]
    site.owe_in_order(*(to(host, n, report(7, state)) for n, state in enumerate(states, 1)))
    await site.until_done([1, 2, 3])
    assert seen == [1, 1, 2, 2, 3, 3]


async def test_a_slow_host_holds_up_no_other(site, host):
    slow = await Host().start()
    silent = Silent(slow)
    try:
        site.owe(*(to(slow, number) for number in range(1, 201)))
        await silent.until_asked(16)
        site.owe(*(to(host, number) for number in range(1_001, 1_301)))
        await site.until_done(range(1_001, 1_301))
        assert site.caller.in_hand <= 32
        assert len(slow.visits) == 16
    finally:
        await slow.stop()


async def test_a_dead_host_with_many_obligations_beside_a_living_one(site, host):
    dead = await Host().start()
    await dead.stop()
    gone = f"http://127.0.0.1:{dead.port}"
    site.owe(*(call(n, report(n), host=gone, url=gone) for n in range(1, 20_001)))
    await site.until(lambda: site.caller.paused_hosts == 1)
    site.owe(*(to(host, number) for number in range(100_001, 100_201)))
    await site.until_done(range(100_001, 100_201))
    tried = sum(len(row.tries) for number, row in site.store.rows.items() if number <= 20_000)
    assert tried < 300
    assert site.store.claimed <= 32


async def test_the_events_of_a_host_that_is_killed_arrive_when_it_is_back(site):
    host = await Host().start()
    port = host.port
    await host.stop()
    gone = f"http://127.0.0.1:{port}"
    site.owe(*(call(n, report(n), host=gone, url=gone + "/cb") for n in range(1, 51)))
    await site.until(lambda: site.caller.paused_hosts == 1)
    again = await Host().start(port=port)
    try:
        await site.until_done(range(1, 51))
        assert set(events(again)) == set(range(1, 51))
    finally:
        await again.stop()
