"""dispatch/housekeeping.py: small batches, one at a time, whatever the store says."""

from collections.abc import Callable
from typing import Any

from habar.dispatch import Housekeeping
from habar.errors import StoreUnavailable
from habar.model.retry import RetryPlan
from habar.store.port import ExpireWaiting

HOUR = 3_600_000


class HandClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.ms = 100 * HOUR
        self.calls: list[tuple[float, Callable[[], object]]] = []

    def now_ms(self) -> int:
        return self.ms

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Any:
        call = (seconds, callback)
        self.calls.append(call)
        clock = self

        class Handle:
            def cancel(self) -> None:
                clock.calls.remove(call)

        return Handle()

    def fire(self) -> None:
        _, callback = self.calls.pop(0)
        callback()


class Questions:
    """A journal that keeps questions for the test to answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[ExpireWaiting, Callable[[Any], None]]] = []

    def ask(self, question: ExpireWaiting, done: Callable[[Any], None]) -> None:
        self.asked.append((question, done))

    def answer(self, value: object) -> None:
        self.asked.pop(0)[1](value)


def make() -> tuple[Housekeeping, Questions, HandClock]:
    journal, clock = Questions(), HandClock()
    keeper = Housekeeping(
        journal,  # type: ignore[arg-type]
        retry=RetryPlan(give_up_after=48 * HOUR),
        clock=clock,
        every=5.0,
        batch=3,
    )
    keeper.start()
    return keeper, journal, clock


def test_a_round_asks_for_what_is_past_its_validity_or_our_patience() -> None:
    _, journal, clock = make()
    question, _ = journal.asked[0]
    assert question == ExpireWaiting(now=clock.ms, due_before=clock.ms - 48 * HOUR, limit=3)


def test_rounds_are_apart_and_a_full_batch_is_followed_at_once() -> None:
    keeper, journal, clock = make()
    journal.answer([1, 2, 3])
    assert clock.calls[0][0] == 0.0
    clock.fire()
    journal.answer([4])
    assert clock.calls[0][0] == 5.0
    assert keeper.expired == 4
    clock.ms += 5000
    clock.fire()
    assert journal.asked[0][0].now == clock.ms


def test_a_store_that_is_down_is_asked_again_at_the_next_round() -> None:
    keeper, journal, clock = make()
    journal.answer(StoreUnavailable("disk full"))
    assert keeper.failures == 1
    assert clock.calls[0][0] == 5.0
    clock.fire()
    journal.answer([])
    assert (keeper.failures, keeper.expired) == (1, 0)


def test_stop_ends_it_between_rounds_and_during_one() -> None:
    keeper, journal, clock = make()
    journal.answer([])
    keeper.stop()
    assert clock.calls == []
    keeper.start()
    keeper.stop()
    journal.answer([1, 2, 3])
    assert clock.calls == []
    assert keeper.expired == 3
