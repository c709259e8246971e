"""dispatch/plan.py under any order of events: bounded, fair, complete, in order."""

from bisect import insort
from collections import deque
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from habar.dispatch.plan import Fetch, Plan
from habar.model.message import Outgoing

ACCOUNTS = st.integers(1, 4)
PRIORITIES = st.integers(0, 2)
KEYS = st.tuples(PRIORITIES, ACCOUNTS)
SCHEDULED = 100
"""Added to the account for messages that are scheduled: theirs is the order of their times."""
Key = tuple[int, int]
Write = tuple[str, Any, bool]
"""Kind, what is written, and whether a place in memory is reserved for it."""


def key_of(message: Outgoing) -> Key:
    return (message.priority, message.account_id)


def make(message_id: int, key: tuple[int, int], due_at: int) -> Outgoing:
    return Outgoing(message_id, key[1], key[0], "S", 77010000000, "t", 0, 0, 1, due_at, None)


class PlanMachine(RuleBasedStateMachine):
    """A plan beside a model of the store: one journal in which everything takes effect in order."""

    @initialize(ahead=st.integers(1, 200))
    def begin(self, ahead: int) -> None:
        self.ahead = ahead
        self.plan = Plan(ahead)
        self.plan.merge([], now=0)
        self.now = 0
        self.ids = count(1)
        self.journal: deque[Write] = deque()
        self.disk: dict[Key, list[Outgoing]] = {}
        self.under_way: list[Fetch] = []
        self.reserved = 0
        self.inside: dict[int, Outgoing] = {}
        self.out: set[int] = set()
        self.last: dict[Key, int] = {}

    # --- The journal -----------------------------------------------------------------------------
    @precondition(lambda self: self.journal)
    @rule(writes=st.integers(1, 20), fails=st.booleans())
    def commit(self, writes: int, *, fails: bool) -> None:
        """The next writes take effect, or fail as far as they may."""
        for _ in range(min(writes, len(self.journal))):
            kind, item, placed = self.journal.popleft()
            if kind == "claim":
                self._claimed(item, fails=fails)
            elif kind == "release":
                for message in item:
                    insort(self.disk.setdefault(key_of(message), []), message)
            elif fails:
                if placed:
                    self.plan.release(key_of(item))
                    self.reserved -= 1
            elif placed:
                self.reserved -= 1
                self.inside[item.message_id] = item
                self.plan.take(item)
                self._returned(self.plan.turned_away())
            else:
                insort(self.disk.setdefault(key_of(item), []), item)
                self.plan.waiting(key_of(item), item.due_at, self.now)

    def _claimed(self, claim: tuple[Fetch, int], *, fails: bool) -> None:
        fetch, asked_at = claim
        self.under_way.remove(fetch)
        if fails:
            self.plan.fetch_failed(fetch)
            self._returned(self.plan.turned_away())
            return
        waiting = self.disk.get((fetch.priority, fetch.account_id), [])
        given = [m for m in waiting if m.due_at <= asked_at][: fetch.limit]
        for message in given:
            waiting.remove(message)
        self.inside.update((message.message_id, message) for message in given)
        self.plan.fetched(fetch, given, asked_at)
        self._returned(self.plan.turned_away())

    def _returned(self, messages: list[Outgoing]) -> None:
        for message in messages:
            del self.inside[message.message_id]
        if messages:
            self.journal.append(("release", messages, False))

    # --- What happens ----------------------------------------------------------------------------
    @rule(key=KEYS, many=st.integers(1, 12))
    def accept(self, key: Key, many: int) -> None:
        """Messages come in by the door: into reserved places, or to disk."""
        for _ in range(many):
            placed = self.plan.reserve(key, self.now)
            self.reserved += placed
            self.journal.append(("submit", make(next(self.ids), key, self.now), placed))

    @rule(key=KEYS, wait=st.integers(1, 20))
    def schedule(self, key: Key, wait: int) -> None:
        """One for later: it goes to disk, and nothing is promised of its place among the others."""
        message = make(1_000_000 + next(self.ids), (key[0], key[1] + SCHEDULED), self.now + wait)
        self.journal.append(("submit", message, False))

    @rule(step=st.integers(1, 5))
    def time_passes(self, step: int) -> None:
        self.now += step
        self.plan.wake()

    @rule()
    def ask(self) -> None:
        for fetch in self.plan.fetches(self.now):
            assert fetch.limit >= 1
            assert all(f[:2] != fetch[:2] for f in self.under_way), "one look at a time"
            self.under_way.append(fetch)
            self.journal.append(("claim", (fetch, self.now), False))

    @rule(many=st.integers(1, 5))
    def send(self, many: int) -> None:
        for _ in range(many):
            message = self.plan.next()
            if message is None:
                break
            assert self.inside.pop(message.message_id) == message
            assert message.message_id not in self.out
            self.out.add(message.message_id)
            key = key_of(message)
            in_order = key[1] > SCHEDULED or message.message_id > self.last.get(key, 0)
            assert in_order, "an account's own order"
            self.last[key] = message.message_id

    @rule()
    def link_down(self) -> None:
        """Everything goes back to disk; what is committed meanwhile, too."""
        while self.inside or self.journal:
            given = self.plan.clear(self.now)
            assert {m.message_id for m in given} == set(self.inside)
            self._returned(given)
            if self.journal:
                self.commit(100, fails=False)

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        which = data.draw(st.sampled_from(sorted(self.inside) or [0]))
        assert self.plan.withdraw(which) == self.inside.pop(which, None)

    @invariant()
    def bounded(self) -> None:
        claimed = sum(fetch.limit for fetch in self.under_way)
        assert self.plan.taken == len(self.inside) + self.reserved + claimed
        assert self.plan.taken <= self.ahead

    def teardown(self) -> None:
        """Whatever happened, everything that was accepted still goes out, without another hint."""
        for _ in range(10_000):
            self.time_passes(1)
            self.ask()
            while self.journal:
                self.commit(100, fails=False)
            while self.inside:
                before = len(self.inside)
                self.send(100)
                assert len(self.inside) < before, "a message that is here can go"
            if not any(self.disk.values()):
                break
        assert not any(self.disk.values())
        assert self.plan.taken == 0


PlanMachine.TestCase.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
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
