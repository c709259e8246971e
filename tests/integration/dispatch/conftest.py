"""The gateway's way out, whole: the door, a real store, the dispatcher, a simulated SMSC."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from habar.dispatch import Dispatcher, Housekeeping, Lane
from habar.inbound import Receipts
from habar.model.account import Account, AccountKind
from habar.model.message import Outcome, Protocol
from habar.model.retry import RetryPlan
from habar.model.route import Operator, Routes
from habar.model.status import MessageState
from habar.operators import Link, LinkState, OperatorSettings, SystemClock, Timer
from habar.simulator import Received, Settings, Simulator
from habar.store.port import Event, NewAccount
from habar.store.readings import Story
from habar.store.sqlite import SqliteStore
from habar.submit.door import Door

SOON = 20.0
"""Seconds until a test gives up waiting: far longer than anything here takes."""


class SkippingClock(SystemClock):
    """The real clock, which the test may put forward."""

    def __init__(self) -> None:
        self.ahead_ms = 0
        self._calls: list[tuple[int, Callable[[], object], Timer]] = []

    def now_ms(self) -> int:
        return super().now_ms() + self.ahead_ms

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        timer = super().call_later(seconds, callback)
        self._calls.append((self.now_ms() + int(seconds * 1000), callback, timer))
        return timer

    def skip(self, ms: int) -> None:
        self.ahead_ms += ms
        calls, self._calls = self._calls, []
        for due, callback, timer in calls:
            if due <= self.now_ms() and not timer.cancelled():  # type: ignore[attr-defined]
                timer.cancel()
                callback()


class WatchedJournal:
    """The store's journal, with a bell that rings after everything it has written."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.rung = asyncio.Event()
        self.events: list[Event] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def record(self, event: Event, done: Callable[[int | None], None] | None = None) -> None:
        def written(message_id: int | None) -> None:
            self.events.append(event)
            if done is not None:
                done(message_id)
            self.rung.set()

        self._inner.record(event, written)

    def ask(self, question: Any, done: Callable[[Any], None]) -> None:
        def answered(answer: Any) -> None:
            done(answer)
            self.rung.set()

        self._inner.ask(question, answered)


class WatchedStore:
    """The store with the watched journal."""

    def __init__(self, inner: SqliteStore) -> None:
        self._inner = inner
        self.journal = WatchedJournal(inner.journal)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Rig:
    """One gateway with one operator."""

    def __init__(self, path: Path, sim: Simulator, clock: SkippingClock) -> None:
        self.path, self.sim, self.clock = path, sim, clock

    async def start(self, *, retry: RetryPlan, ahead: int, **changes: Any) -> None:
        sqlite_store = SqliteStore(self.path)
        self.recovered = await sqlite_store.open(self.clock.now_ms())
        self.store = WatchedStore(sqlite_store)
        plain: dict[str, Any] = {
            "host": self.sim.host,
            "port": self.sim.port,
            "system_id": "habar",
            "password": "habar",
            "reconnect_first": 0.02,
            "reconnect_last": 0.1,
        }
        operator_id = await self.store.books.ensure_operator("sim")
        self.settings = OperatorSettings(operator_id, "sim", **(plain | changes))
        journal: Any = self.store.journal
        self.receipts = Receipts(journal, self.clock.now_ms)
        store: Any = self.store
        self.dispatcher = Dispatcher(
            store,
            [self.settings],
            self.receipts.deliver,
            retry=retry,
            ahead=ahead,
            clock=self.clock,
        )
        self.housekeeping = Housekeeping(journal, retry=retry, clock=self.clock)
        routes = Routes((Operator(operator_id, "sim", self.settings.gives_receipts),))
        self.door = Door(journal, self.dispatcher, routes, now=self.clock.now_ms)
        self.accounts: dict[str, Account] = {}
        self._ring_for_the_lane()
        await self.dispatcher.start()

    @property
    def lane(self) -> Lane:
        return self.dispatcher.lanes[self.settings.id]

    @property
    def link(self) -> Link:
        """The one in the first slot."""
        return self.lane.links._links[1]

    async def account(self, login: str = "shop", priority: int = 1) -> Account:
        if login not in self.accounts:
            new = NewAccount(login, AccountKind.FULL, "hash", balance=10_000_000, part_price=10)
            account_id = await self.store.books.add_account(new, actor="test", now=0)
            self.accounts[login] = Account(
                account_id, login, AccountKind.FULL, part_price=10, priority=priority
            )
        return self.accounts[login]

    async def balance(self, login: str = "shop") -> int:
        return int((await self.store.books.account(login)).funds.balance)

    async def submit(self, *drafts: tuple[Any, ...], login: str = "shop") -> list[int]:
        """Accept drafts; their message ids."""
        account = await self.account(login)
        answered: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()

        def done(answer: Any) -> None:
            answered.set_result(answer)

        self.door.submit(account, Protocol.XML, drafts, done)
        outcomes = await asyncio.wait_for(answered, SOON)
        assert all(outcome.refusal is None for outcome in outcomes), outcomes
        return [outcome.message_id for outcome in outcomes]

    async def send(self, recipient: str, text: str = "Hello", **more: Any) -> int:
        (message_id,) = await self.submit(draft(recipient, text, **more))
        return message_id

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Look after everything that the journal writes until `true` is."""
        async with asyncio.timeout(SOON):
            while True:
                self.store.journal.rung.clear()
                if await true():
                    return
                await self.store.journal.rung.wait()

    async def story(self, message_id: int) -> Story:
        story = await self.store.story(message_id)
        assert isinstance(story, Story)
        return story

    async def ends(self, message_id: int, state: int) -> Story:
        """Wait until a message has come to its end, which is to be `state`."""

        async def is_over() -> bool:
            return (await self.story(message_id)).submission.stage == 3

        await self.until(is_over)
        story = await self.story(message_id)
        assert story.submission.state == state, MessageState(story.submission.state).name
        return story

    async def up(self) -> None:
        await self.when(lambda: self.lane.links.bound == self.settings.binds)

    async def when(self, true: Callable[[], bool]) -> None:
        """Look whenever the lane does or its link changes, until `true` is."""

        async def is_true() -> bool:
            return true()

        await self.until(is_true)

    def _ring_for_the_lane(self) -> None:
        look = self.lane.pump_soon

        def look_and_ring() -> None:
            look()
            self.store.journal.rung.set()

        open_link = self.lane.links.open

        def open_and_ring(number: int) -> None:
            open_link(number)
            self._ring_for(self.lane.links._links[number])

        setattr(self.lane, "pump_soon", look_and_ring)  # noqa: B010 - a method, to mypy
        setattr(self.lane.links, "open", open_and_ring)  # noqa: B010

    def _ring_for(self, link: Link) -> None:
        enter = link._enter

        def enter_and_ring(state: LinkState) -> None:
            enter(state)
            self.store.journal.rung.set()

        setattr(link, "_enter", enter_and_ring)  # noqa: B010

    def lock_file(self) -> sqlite3.Connection:
        """Take the database away, as a command that hangs in a transaction would."""
        thief = sqlite3.connect(self.path, isolation_level=None)
        thief.execute("BEGIN IMMEDIATE")
        return thief

    async def stop(self) -> None:
        self.door.drain()
        self.housekeeping.stop()
        await self.dispatcher.drain(2.0)
        await self.store.close()


def draft(
    recipient: str,
    text: str = "Hello",
    sender: str | None = None,
    date_beg: int | None = None,
    date_end: int | None = None,
    kind: int | None = None,
) -> tuple[Any, ...]:
    """A draft as the doors make it."""
    return (None, recipient, sender, date_beg, date_end, kind, text)


@pytest.fixture
def when_taken() -> list[Callable[[Received], object]]:
    """What a test wants done at the moment at which the SMSC takes a submit_sm."""
    return []


@pytest.fixture
async def sim(when_taken: list[Callable[[Received], object]]) -> AsyncIterator[Simulator]:
    def taken(received: Received) -> None:
        for call in when_taken:
            call(received)

    settings = Settings(port=0, receipt_delay=0.0, retry_delay=0.05)
    async with Simulator(settings, on_message=taken) as simulator:
        yield simulator


@pytest.fixture
async def make_rig(tmp_path: Path, sim: Simulator) -> AsyncIterator[Callable[..., Any]]:
    """Start gateways on one database file, one after the other; the last is stopped."""
    rigs: list[Rig] = []

    async def make(*, retry: RetryPlan | None = None, ahead: int = 1000, **changes: Any) -> Rig:
        rig = Rig(tmp_path / "habar.db", sim, SkippingClock())
        await rig.start(retry=retry or RetryPlan(first=30, last=100), ahead=ahead, **changes)
        rigs.append(rig)
        return rig

    yield make
    for rig in rigs[-1:]:
        await rig.stop()


@pytest.fixture
async def rig(make_rig: Callable[..., Any]) -> Rig:
    """A gateway that is linked to the simulator."""
    made: Rig = await make_rig()
    await made.up()
    return made
