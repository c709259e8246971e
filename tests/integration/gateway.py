"""A gateway's way out, whole and in this process: the door, a real store, the dispatcher.

Which operators it has is for whoever makes one to say (`dispatch/conftest.py`: one operator;
`operators/site.py`: several). A bell rings whenever something has happened, so that nobody sleeps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from habar.config import InboundSettings
from habar.dispatch import Dispatcher, Housekeeping, Lane
from habar.inbound import Inbound, Receipts, Rules, Subscribers
from habar.model.account import PUBLIC_SENDERS, Account, AccountKind
from habar.model.message import Outcome, Protocol
from habar.model.retry import RetryPlan
from habar.model.route import Routes
from habar.model.status import MessageState
from habar.operators import Link, LinkState, OperatorSettings, SystemClock, Timer
from habar.store.books import NewAccount
from habar.store.port import Event
from habar.store.readings import Story
from habar.store.sqlite import SqliteStore
from habar.submit.door import Door

SENDERS = frozenset({*PUBLIC_SENDERS, "SHOP", "BANK", "DUMB", "SLOW", "GOOD"})
"""What every account of the tests may use."""
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
        self.asked = 0
        """Questions answered."""

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
            self.asked += 1
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


class Gateway:
    """One gateway: `open` its store, `begin` with its operators, `stop`."""

    def __init__(self, path: Path, clock: SkippingClock) -> None:
        self.path, self.clock = path, clock
        self.accounts: dict[str, Account] = {}

    async def open(self) -> None:
        sqlite_store = SqliteStore(self.path)
        self.recovered = await sqlite_store.open(self.clock.now_ms())
        self.store = WatchedStore(sqlite_store)

    async def begin(
        self, operators: Sequence[OperatorSettings], routes: Routes, *, retry: RetryPlan, ahead: int
    ) -> None:
        journal: Any = self.store.journal
        store: Any = self.store
        subscribers = Subscribers(journal, Rules(), InboundSettings(), self.clock.now_ms)
        self.receipts = Receipts(journal, self.clock.now_ms)
        self.dispatcher = RingingDispatcher(
            store,
            operators,
            Inbound(self.receipts, subscribers).deliver,
            routes=routes,
            retry=retry,
            ahead=ahead,
            clock=self.clock,
        )
        self.housekeeping = Housekeeping(journal, retry=retry, clock=self.clock)
        self.door = Door(journal, self.dispatcher, routes, now=self.clock.now_ms)
        await self.dispatcher.start()

    async def account(self, login: str = "shop", priority: int = 1) -> Account:
        if login not in self.accounts:
            new = NewAccount(login, AccountKind.FULL, "hash", balance=10_000_000, part_price=10)
            account_id = await self.store.books.add_account(new, actor="test", now=0)
            self.accounts[login] = Account(
                account_id,
                login,
                AccountKind.FULL,
                part_price=10,
                priority=priority,
                senders=SENDERS,
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
        assert {outcome.refusal for outcome in outcomes} == {None}
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

    async def when(self, true: Callable[[], bool]) -> None:
        """Look whenever the lane does or its link changes, until `true` is."""

        async def is_true() -> bool:
            return true()

        await self.until(is_true)

    async def stop(self) -> None:
        self.door.drain()
        self.housekeeping.stop()
        await self.dispatcher.drain(2.0)
        await self.store.close()


class RingingDispatcher(Dispatcher):
    """Rings the journal's bell whenever a lane looks or a link changes."""

    def _lane(self, settings: OperatorSettings) -> Lane:
        lane = super()._lane(settings)
        bell: asyncio.Event = self._store.journal.rung  # type: ignore[attr-defined]
        look, open_link = lane.pump_soon, lane.links.open

        def look_and_ring() -> None:
            look()
            bell.set()

        def open_and_ring(number: int) -> None:
            open_link(number)
            _ring_for(lane.links._links[number], bell)

        setattr(lane, "pump_soon", look_and_ring)  # noqa: B010 - a method, to mypy
        setattr(lane.links, "open", open_and_ring)  # noqa: B010
        return lane


def _ring_for(link: Link, bell: asyncio.Event) -> None:
    enter = link._enter

    def enter_and_ring(state: LinkState) -> None:
        enter(state)
        bell.set()

    setattr(link, "_enter", enter_and_ring)  # noqa: B010


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
