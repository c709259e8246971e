"""A lane on a bench: links, a store and a clock that the test plays by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest

from habar.dispatch.lane import Lane
from habar.errors import HabarError, StoreUnavailable
from habar.model.message import Outgoing
from habar.model.retry import RetryPlan
from habar.operators import BindKind, LinkCounters, OperatorSettings
from habar.operators import bundle as bundle_module
from habar.store.events import Boarded, Claim, ClaimHeld, Held, Released
from habar.store.readings import WaitingAccount
from habar.wire.smpp import Pdu, SubmitResult

START = 1_790_000_000_000
Settle = Callable[[], Awaitable[None]]


class HandClock:
    """Time passes when the test says so."""

    def __init__(self) -> None:
        self.ms = START
        self.calls: list[tuple[int, Callable[[], object]]] = []

    def now_ms(self) -> int:
        return self.ms

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Any:
        call = (self.ms + round(seconds * 1000), callback)
        self.calls.append(call)
        clock = self

        class Handle:
            def cancel(self) -> None:
                if call in clock.calls:
                    clock.calls.remove(call)

        return Handle()

    def pass_time(self, ms: int) -> None:
        """Move on, making the calls that come due."""
        until = self.ms + ms
        while due := [call for call in self.calls if call[0] <= until]:
            first = min(due, key=lambda call: call[0])
            self.calls.remove(first)
            self.ms = max(self.ms, first[0])
            first[1]()
        self.ms = until


class HandLink:
    """A link whose operator is the test."""

    def __init__(self, settings: OperatorSettings, **calls: Any) -> None:
        self.settings = settings
        self.calls = calls
        self.up = False
        self.wait = 0.0
        self.pace = 1000
        self.sent: list[tuple[bytes, Any]] = []
        self.open: list[Any] = []
        self.flushes = 0
        self.counters = LinkCounters()
        self.abandoned = ""
        self.asked: list[tuple[Pdu, asyncio.Future[Pdu | None]]] = []
        self._emptied = asyncio.Event()

    @property
    def room(self) -> int:
        return min(self.settings.window - len(self.open), self.pace) if self.up else 0

    @property
    def window_used(self) -> int:
        return len(self.open)

    def start(self) -> None:
        self.connect()

    def connect(self) -> None:
        self.up = True
        self.calls["on_up"]()

    def send(self, body: bytes, token: Any) -> None:
        assert self.room > 0, "the window is overrun"
        self.sent.append((body, token))
        self.open.append(token)

    def flush(self) -> None:
        self.flushes += 1

    @property
    def ask_room(self) -> int:
        return 10 if self.up else 0

    def ask(self, pdu: Pdu, answer: asyncio.Future[Pdu | None]) -> None:
        self.asked.append((pdu, answer))

    def answer(self, *statuses: int) -> None:
        """Answer the oldest open submit_sm, all in one read."""
        tokens = [self.open.pop(0) for _ in statuses]
        self.give(list(zip(tokens, statuses, strict=True)))

    def give(self, answers: Sequence[tuple[Any, int]]) -> None:
        results = [
            SubmitResult(
                token, status, b"" if status else b"op%d-%d" % (self.id_of(token), token[1])
            )
            for token, status in answers
        ]
        self.calls["on_results"](results)
        if not self.open:
            self._emptied.set()

    def drop(self) -> None:
        self.up = False
        tokens, self.open = tuple(self.open), []
        self.calls["on_down"](tokens)
        self._emptied.set()

    def abandon(self, reason: str) -> None:
        self.abandoned = reason
        if self.up:
            self.drop()

    async def drain(self, seconds: float) -> None:
        if self.open:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), seconds)

    async def close(self, _seconds: float) -> None:
        if self.up:
            self.drop()

    @staticmethod
    def id_of(token: Any) -> int:
        return int(token[0].message.message_id)

    @property
    def went(self) -> list[tuple[int, int]]:
        """(message id, part) of all that was sent, in order."""
        return [(self.id_of(token), token[1]) for _, token in self.sent]


class HandWays:
    """Every message may go to the operator `to`; hints are kept."""

    def __init__(self) -> None:
        self.to = 1
        self.hints: list[tuple[int, int, int, int]] = []

    def elsewhere(self, message: Outgoing, operator_id: int) -> int:
        assert operator_id == 1
        return self.to

    def waiting(self, operator_id: int, account_id: int, priority: int, due_at: int) -> None:
        self.hints.append((operator_id, account_id, priority, due_at))


class HandStore:
    """A store of messages on disk; it commits when the test says so, or at once."""

    def __init__(self) -> None:
        self.journal = self
        self.auto = True
        self.broken = False
        self.events: list[Any] = []
        self.pending: list[tuple[Callable[[Any], None] | None, Any]] = []
        self.disk: list[Outgoing] = []
        self.in_doubt: list[Outgoing] = []
        self.claims: list[Claim] = []
        self.asked_who = 0
        self.hurried = 0
        self.holds = True
        self.hints_last_ms = 60_000

    def record(self, event: Any, done: Callable[[int | None], None] | None = None) -> None:
        self.events.append(event)
        self.pending.append((done, event[0]))
        if self.auto:
            asyncio.get_running_loop().call_soon(self.commit)

    def hurry(self) -> None:
        self.hurried += 1

    def commit(self) -> None:
        pending, self.pending = self.pending, []
        for done, answer in pending:
            if done is not None:
                done(answer)

    def ask(
        self,
        question: Claim | ClaimHeld,
        done: Callable[[list[Outgoing] | HabarError], None],
    ) -> None:
        answer: list[Outgoing] | HabarError
        if isinstance(question, Claim):
            self.claims.append(question)
        if self.broken:
            answer = StoreUnavailable("disk full")
        elif isinstance(question, ClaimHeld):
            answer, self.in_doubt = self.in_doubt[: question.limit], self.in_doubt[question.limit :]
        else:
            wanted = (question.priority, question.account_id)
            answer = [
                m
                for m in self.disk
                if (m.priority, m.account_id) == wanted and m.due_at <= question.now
            ][: question.limit]
            self.disk = [m for m in self.disk if m not in answer]
        asyncio.get_running_loop().call_soon(done, answer)

    async def waiting(self, operator_id: int) -> list[WaitingAccount]:
        assert operator_id == 1
        self.asked_who += 1
        if self.broken:
            raise StoreUnavailable("disk full")
        first: dict[tuple[int, int], int] = {}
        for m in self.disk:
            key = (m.priority, m.account_id)
            first[key] = min(m.due_at, first.get(key, m.due_at))
        return [WaitingAccount(*key, due_at) for key, due_at in first.items()]

    @property
    def released(self) -> list[tuple[set[int], bool]]:
        return [(set(e.message_ids), e.uncertain) for e in self.events if isinstance(e, Released)]

    @property
    def boarded(self) -> list[int]:
        return [n for e in self.events if isinstance(e, Boarded) for n in e.message_ids]

    @property
    def held_ids(self) -> list[int]:
        return [n for e in self.events if isinstance(e, Held) for n in e.message_ids]


class Bench:
    """The lane and what stands around it."""

    def __init__(
        self,
        lane: Lane,
        store: HandStore,
        clock: HandClock,
        links: list[HandLink],
        ways: HandWays,
    ) -> None:
        self.lane, self.store, self.clock, self.ways = lane, store, clock, ways
        self.links = links
        """All there ever were, in the order in which they were opened."""

    @property
    def link(self) -> HandLink:
        """The first."""
        return self.links[0]

    async def settle(self) -> None:
        """Let the loop run until nothing is left to be called."""
        for _ in range(30):
            await asyncio.sleep(0)

    async def start(self, *slots: int) -> None:
        for number in slots or (1,):
            self.lane.links.open(number)
        await self.settle()

    def message(self, message_id: int, **changes: Any) -> Outgoing:
        plain = Outgoing(
            message_id, 1, 1, "SHOP", 77010000001, "text", 0, 0, 1, self.clock.ms, None
        )
        return plain._replace(**changes)

    def long(self, message_id: int, parts: int, **changes: Any) -> Outgoing:
        return self.message(message_id, text="x" * (153 * parts), parts=parts, **changes)

    async def submit(self, *messages: Outgoing) -> None:
        for message in messages:
            assert self.lane.reserve(message.account_id, message.priority)
            self.lane.take(message)
        await self.settle()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    """Make a bench; settings of the operator by name."""
    benches: dict[HandClock, list[HandLink]] = {}

    def hand_link(settings: OperatorSettings, **calls: Any) -> HandLink:
        link = HandLink(settings, **calls)
        benches[calls["clock"]].append(link)
        return link

    monkeypatch.setattr(bundle_module, "Link", hand_link)

    def make(*, ahead: int = 100, retry: RetryPlan | None = None, **changes: Any) -> Bench:
        changes.setdefault("window", 10)
        changes.setdefault("bind", BindKind.TRANSCEIVER)
        settings = OperatorSettings(1, "op", "h", 1, "s", "p", **changes)
        store, clock, ways = HandStore(), HandClock(), HandWays()
        lane = Lane(
            settings,
            store,  # type: ignore[arg-type]
            lambda settings, pdu, ack: None,
            ways=ways,
            retry=retry or RetryPlan(),
            ahead=ahead,
            clock=clock,
            spread=lambda: 0.5,
        )
        return Bench(lane, store, clock, benches.setdefault(clock, []), ways)

    return make
