"""A caller on a bench: a store in memory, a client and a clock that the test plays by hand."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from heapq import nsmallest
from operator import attrgetter
from typing import Any

import pytest

from habar.callbacks.caller import Caller
from habar.callbacks.exchange import Answer
from habar.callbacks.settings import CallerSettings
from habar.errors import StoreUnavailable
from habar.model.account import Account, AccountKind
from habar.model.message import Outcome
from habar.model.status import MessageState
from habar.store.callbacks import (
    Call,
    CallsReleased,
    CallStage,
    CallTried,
    ClaimCalls,
    GiveUpCalls,
    HostQueue,
    HostSeen,
    InboundCall,
    StateReport,
)
from habar.store.inbox import CallMethod, Noted

START = 1_790_000_000_000
SECRET = "s3cret"
DEMO = Account(7, "demo", AccountKind.FULL, callback_secret=SECRET)


def report(message_id=1042, state=MessageState.DELIVERED, **changes):
    event = StateReport(
        message_id=message_id,
        customer_id=None,
        sender="INFO_KAZ",
        recipient=77771234567,
        message_type=0,
        text="Test message.",
        state=state,
        error="",
        submitted_at=START,
        sent_at=START + 1_000,
        done_at=START + 2_000,
        at=START + 2_000,
    )
    return event._replace(**changes)


def subscriber(inbound_id=5, **changes):
    event = InboundCall(
        inbound_id=inbound_id,
        operator_id=2,
        sender="77771234567",
        short_code="8785",
        transaction_id="",
        text="info",
        data_coding=0,
        sent_at=None,
        received_at=START,
        parts=1,
        missing=0,
        userin="svc",
        passwordin="let-me-in",
        reply="",
        replied=False,
    )
    return replace(event, **changes)


def call(
    number=1, event=None, *, host="http://a.kz:80", url=None, method=CallMethod.GET, **changes
):
    made = Call(
        id=number,
        account_id=DEMO.id,
        attempts=0,
        since=START,
        host=host,
        method=method,
        url=f"{host}/cb" if url is None else url,
        event=event or report(1000 + number),
    )
    return replace(made, **changes)


_NEXT_AT = attrgetter("next_at")


class HandClock:
    """Time passes when the test says so."""

    def __init__(self) -> None:
        self.ms = START
        self.calls: list[tuple[int, Callable[[], object]]] = []

    def now_ms(self) -> int:
        return self.ms

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Any:
        one = (self.ms + round(seconds * 1000), callback)
        self.calls.append(one)
        clock = self

        class Handle:
            def cancel(self) -> None:
                if one in clock.calls:
                    clock.calls.remove(one)

        return Handle()

    def next_at(self, until: int) -> int:
        """When the next call is due, or `until`."""
        return min([until, *(at for at, _ in self.calls)])

    def run_until(self, ms: int) -> None:
        self.ms = max(self.ms, ms)
        for one in [one for one in self.calls if one[0] <= self.ms]:
            self.calls.remove(one)
            one[1]()


class Row:
    """An obligation in the table."""

    def __init__(self, one: Call, due_at: int) -> None:
        self.call = one
        self.stage = CallStage.WAITING
        self.next_at = due_at
        self.tries: list[CallTried] = []

    @property
    def subject(self):
        event = self.call.event
        if isinstance(event, StateReport):
            return ("state", event.message_id)
        return ("inbound", event.inbound_id)


class MemoryStore:
    """What store.callbacks promises, in dicts; commits come at the end of a turn."""

    def __init__(self, clock: HandClock) -> None:
        self.journal = self
        self.callbacks = self
        self.holds = True
        self.away = False
        self.rows: dict[int, Row] = {}
        self.paused: dict[str, HostSeen] = {}
        self.notes: list[Noted] = []
        self.claims: Counter[str] = Counter()
        self.looks = 0
        self.turns: list[list[Any]] = []
        """What was given to the journal, a list a turn."""
        self._clock = clock
        self._waiting: dict[str, dict[int, Row]] = defaultdict(dict)
        self._subjects: dict[Any, list[Row]] = defaultdict(list)
        self._queue: list[tuple[Callable[[], Any], Callable[[Any], None] | None]] = []
        self._scheduled = False
        self._committed = asyncio.Event()

    # --- what the test does --------------------------------------------------------------------
    def owe(self, *calls: Call) -> None:
        for one in calls:
            row = self.rows[one.id] = Row(one, self._clock.ms)
            others = self._subjects[row.subject]
            open_ones = (CallStage.WAITING, CallStage.CLAIMED, CallStage.BLOCKED)
            blocked = any(other.stage in open_ones for other in others)
            others.append(row)
            self._to(row, CallStage.BLOCKED if blocked else CallStage.WAITING)

    def owe_many(self, calls) -> None:
        """Of different subjects: nothing is compared."""
        for one in calls:
            row = self.rows[one.id] = Row(one, self._clock.ms)
            self._to(row, CallStage.WAITING)

    def replay(self, number: int) -> None:
        row = self.rows[number]
        row.call = replace(row.call, since=self._clock.ms)
        row.next_at = self._clock.ms
        self._to(row, CallStage.WAITING)

    def die(self) -> None:
        """The run is over: what it had in hand waits again; what was not committed is lost."""
        self._queue.clear()
        for row in self.rows.values():
            if row.stage is CallStage.CLAIMED:
                self._to(row, CallStage.WAITING)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a commit after which it holds."""
        while not condition():
            self._committed.clear()
            await self._committed.wait()

    @property
    def claimed(self) -> int:
        return sum(row.stage is CallStage.CLAIMED for row in self.rows.values())

    def stages(self):
        return {number: row.stage for number, row in self.rows.items()}

    # --- Callbacks -----------------------------------------------------------------------------
    async def hosts(self, first="", limit=1_000):
        self.looks += 1
        if self.away:
            raise StoreUnavailable("away")
        found = []
        for host in sorted(self._waiting):
            rows = self._waiting[host]
            if rows and host >= first:
                seen = self.paused.get(host) or HostSeen(host, 0, 0, "", 0)
                row = min(rows.values(), key=_NEXT_AT)
                whose = row.call.account_id
                place = (host, row.next_at, whose, seen.failures, seen.paused_until)
                found.append(HostQueue(*place, seen.at, seen.error))
        return found[:limit]

    # --- Journal -------------------------------------------------------------------------------
    def record(self, event, done=None):
        self._write(event, lambda: self._recorded(event), done)

    def ask(self, question, done):
        if self.away:
            asyncio.get_running_loop().call_soon(done, StoreUnavailable("away"))
        else:
            self._write(question, lambda: self._asked(question), done)

    def submit_reply(self, reply, done):
        if self.away:
            asyncio.get_running_loop().call_soon(done, StoreUnavailable("away"))
        else:
            self._write(reply, lambda: [Outcome(1, 1, 106)], done)

    def _write(self, what, effect, done):
        if not self._scheduled:
            self._scheduled = True
            self.turns.append([])
            asyncio.get_running_loop().call_soon(self._commit)
        self.turns[-1].append(what)
        self._queue.append((effect, done))

    def _commit(self):
        if self.away:
            asyncio.get_running_loop().call_later(0.001, self._commit)
            return
        self._scheduled = False
        queue, self._queue = self._queue, []
        answers = [(done, effect()) for effect, done in queue]
        for done, answer in answers:
            if done is not None:
                done(answer)
        self._committed.set()

    def _recorded(self, event):
        match event:
            case CallTried():
                return self._tried(event)
            case CallsReleased():
                for number in event.callback_ids:
                    if self.rows[number].stage is CallStage.CLAIMED:
                        self._to(self.rows[number], CallStage.WAITING)
            case HostSeen():
                if event.failures:
                    self.paused[event.host] = event
                else:
                    self.paused.pop(event.host, None)
            case Noted():
                self.notes.append(event)
        return None

    def _tried(self, event):
        row = self.rows[event.callback_id]
        if row.stage is not CallStage.CLAIMED:
            return None
        row.tries.append(event)
        row.next_at = event.next_at
        row.call = replace(row.call, attempts=row.call.attempts + 1)
        self._to(row, event.stage)
        if event.stage in (CallStage.DONE, CallStage.GIVEN_UP):
            self._unblock(row)
        return event.callback_id

    def _unblock(self, row):
        behind = [one for one in self._subjects[row.subject] if one.stage is CallStage.BLOCKED]
        if behind:
            self._to(min(behind, key=lambda one: one.call.id), CallStage.WAITING)

    def _asked(self, question):
        match question:
            case ClaimCalls():
                self.claims[question.host] += 1
                due = (
                    row
                    for row in self._waiting[question.host].values()
                    if row.next_at <= question.now
                )
                rows = nsmallest(question.limit, due, key=lambda row: (row.next_at, row.call.id))
                for row in rows:
                    self._to(row, CallStage.CLAIMED)
                return [row.call for row in rows]
            case GiveUpCalls():
                old = [
                    row
                    for rows in self._waiting.values()
                    for row in rows.values()
                    if row.call.since < question.since_before
                ][: question.limit]
                for row in old:
                    self._to(row, CallStage.GIVEN_UP)
                    self._unblock(row)
                return len(old)
        raise AssertionError(question)

    def _to(self, row, stage):
        row.stage = stage
        waiting = self._waiting[row.call.host]
        if stage is CallStage.WAITING:
            waiting[row.call.id] = row
        else:
            waiting.pop(row.call.id, None)


class HandDoor:
    """The submit door: takes replies, or refuses them as the test wants."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.replies: list[Any] = []
        self.refusal = None

    def reply(self, account, reply, done):
        self.replies.append(reply)
        if self.refusal is not None:
            done([Outcome(0, 1, 0, self.refusal)])
        else:
            self.store.submit_reply(reply, done)


class HandClient:
    """Customers' hosts: each answers by a function, or at once with yes."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.seconds: list[float] = []
        """How long each call may take."""
        self.open: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.answers: dict[str, Any] = {}
        self.closed = False

    async def call(self, request, seconds):
        host = request.url.split("/")[2]
        self.requests.append(request)
        self.seconds.append(seconds)
        self.open[host] += 1
        self.most[host] = max(self.most[host], self.open[host])
        self.most["all"] = max(self.most["all"], sum(self.open.values()))
        try:
            answer = self.answers.get(host, Answer(200))
            if callable(answer):
                answer = await answer(request)
            return answer
        finally:
            self.open[host] -= 1

    async def close(self):
        self.closed = True

    def calls_to(self, host):
        return sum(f"//{host}/" in request.url for request in self.requests)


class Bench:
    """Everything together."""

    def __init__(self, **settings: Any) -> None:
        self.clock = HandClock()
        self.store = MemoryStore(self.clock)
        self.client = HandClient()
        self.door = HandDoor(self.store)
        self.accounts = {DEMO.id: DEMO}
        self.settings = CallerSettings(**settings)
        self.caller = self.make()

    def make(self) -> Caller:
        return Caller(
            self.store,
            self.door,
            self.accounts.get,
            self.settings,
            clock=self.clock,
            client=self.client,
            spread=lambda: 0.5,
        )

    async def settle(self) -> None:
        """Until nothing happens any more without time passing."""
        loop = asyncio.get_running_loop()
        for _ in range(200):
            await asyncio.sleep(0)
            if not loop._ready:
                break

    async def pass_time(self, ms: int, *, step: int = 1) -> None:
        """Every timer on the way has its turn, those within `step` milliseconds together."""
        until = self.clock.ms + ms
        while self.clock.ms < until:
            self.clock.run_until(min(until, max(self.clock.next_at(until), self.clock.ms + step)))
            await self.settle()
        self.clock.run_until(until)
        await self.settle()

    async def run(self, *calls: Call) -> None:
        """Owe these, start, and let come what comes at once."""
        self.store.owe(*calls)
        await self.caller.start()
        await self.settle()

    def ids(self) -> list[int]:
        return [int(request.headers["X-Habar-Event-Id"]) for request in self.client.requests]


@pytest.fixture
async def bench():
    made = Bench()
    yield made
    await made.caller.stop(0)


@pytest.fixture
async def bench_with():
    made: list[Bench] = []

    def build(**settings):
        made.append(Bench(**settings))
        return made[-1]

    yield build
    for one in made:
        await one.caller.stop(0)
