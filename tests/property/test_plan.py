"""dispatch/plan.py under any order of events: bounded, fair, complete, in order."""

from collections import deque
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from habar.dispatch.plan import Fetch, Plan
from habar.model.message import Outgoing

ACCOUNTS = st.integers(1, 4)
PRIORITIES = st.integers(0, 2)
KEYS = st.tuples(PRIORITIES, ACCOUNTS)


def make(message_id: int, key: tuple[int, int], due_at: int) -> Outgoing:
    return Outgoing(message_id, key[1], key[0], "S", 77010000000, "t", 0, 0, 1, due_at, None)


class PlanMachine(RuleBasedStateMachine):
    """A plan beside a model of the store: every message is in one place, and comes out once."""

    @initialize(ahead=st.integers(1, 200))
    def begin(self, ahead: int) -> None:
        self.ahead = ahead
        self.plan = Plan(ahead)
        self.plan.merge([], now=0)
        self.now = 0
        self.ids = count(1)
        self.disk: dict[tuple[int, int], deque[Outgoing]] = {}
        self.asked: list[tuple[Fetch, int]] = []
        self.reserved: list[tuple[int, int]] = []
        self.inside: dict[int, Outgoing] = {}
        self.out: set[int] = set()
        self.last: dict[tuple[int, int], int] = {}

    def _store(self, key: tuple[int, int], message: Outgoing) -> None:
        self.disk.setdefault(key, deque()).append(message)

    @rule(key=KEYS, keep=st.booleans())
    def accept(self, key: tuple[int, int], *, keep: bool) -> None:
        """A message comes in by the door: into a reserved place, or to disk."""
        if self.plan.reserve(key, self.now):
            if keep:
                message = make(next(self.ids), key, self.now)
                self.inside[message.message_id] = message
                self.plan.take(message)
            else:
                self.reserved.append(key)
        else:
            message = make(next(self.ids), key, self.now)
            self._store(key, message)
            self.plan.waiting(key, message.due_at, self.now)

    @rule()
    def not_stored(self) -> None:
        if self.reserved:
            self.plan.release(self.reserved.pop())

    @rule(step=st.integers(1, 5))
    def time_passes(self, step: int) -> None:
        self.now += step
        self.plan.wake()

    @rule()
    def ask(self) -> None:
        for fetch in self.plan.fetches(self.now):
            assert fetch.limit >= 1
            assert all((f.priority, f.account_id) != fetch[:2] for f, _ in self.asked)
            self.asked.append((fetch, self.now))

    @precondition(lambda self: self.asked)
    @rule(fails=st.booleans(), which=st.integers(0, 10))
    def answer(self, which: int, *, fails: bool) -> None:
        fetch, asked_at = self.asked.pop(which % len(self.asked))
        if fails:
            self.plan.fetch_failed(fetch, asked_at)
            return
        waiting = self.disk.get((fetch.priority, fetch.account_id), deque())
        given = [waiting.popleft() for _ in range(min(fetch.limit, len(waiting)))]
        self.inside.update((message.message_id, message) for message in given)
        self.plan.fetched(fetch, given, asked_at)

    @rule()
    def send(self) -> None:
        message = self.plan.next()
        if message is None:
            assert not self.inside
            return
        assert self.inside.pop(message.message_id) == message
        assert message.message_id not in self.out
        self.out.add(message.message_id)
        best = min((other.priority for other in self.inside.values()), default=9)
        assert message.priority <= best
        key = (message.priority, message.account_id)
        assert message.message_id > self.last.get(key, 0), "an account's own order"
        self.last[key] = message.message_id

    @rule()
    def link_down(self) -> None:
        given = self.plan.clear(self.now)
        assert {m.message_id for m in given} == set(self.inside)
        for message in sorted(given, reverse=True):
            self.disk.setdefault((message.priority, message.account_id), deque()).appendleft(
                message
            )
        self.inside.clear()

    @rule(which=st.integers(1, 50))
    def withdraw(self, which: int) -> None:
        message = self.plan.withdraw(which)
        assert message == self.inside.pop(which, None)

    @invariant()
    def bounded(self) -> None:
        claimed = sum(fetch.limit for fetch, _ in self.asked)
        assert self.plan.taken == len(self.inside) + len(self.reserved) + claimed
        assert self.plan.taken <= self.ahead

    def teardown(self) -> None:
        """Whatever happened, everything that was accepted can still go out."""
        while self.reserved:
            self.not_stored()
        while self.asked:
            self.answer(0, fails=True)
        for _ in range(10_000):
            self.time_passes(1)
            self.ask()
            while self.asked:
                self.answer(0, fails=False)
            while self.inside:
                self.send()
            if not any(self.disk.values()):
                break
        assert not any(self.disk.values())


PlanMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestPlan = PlanMachine.TestCase


def test_a_million_message_campaign_delays_another_account_s_message_by_one_turn() -> None:
    """The campaign lives on disk and is brought in batches; B's message waits for one of A's."""
    plan, on_disk = Plan(20_000), 1_000_000
    plan.merge([(1, 1, 0)], now=0)
    ids = count(1)
    sent = 0
    for turn in range(30_000):
        for fetch in plan.fetches(now=turn):
            given = min(fetch.limit, on_disk)
            on_disk -= given
            plan.fetched(fetch, [make(next(ids), (1, 1), 0) for _ in range(given)], now=turn)
        message = plan.next()
        assert message is not None
        assert message.account_id == 1
        sent += 1
        if turn % 1000 == 999:
            assert plan.reserve((1, 2), now=turn), "a small account always finds room"
            plan.take(make(10_000_000 + turn, (1, 2), turn))
            between = [plan.next(), plan.next()]
            assert [m.account_id for m in between if m is not None].index(2) <= 1
            sent += 1
    assert sent == 30_030
