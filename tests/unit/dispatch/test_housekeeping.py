"""dispatch/housekeeping.py: small batches, one at a time, whatever the store says."""

from collections.abc import Callable
from typing import Any

from habar.dispatch import Housekeeping
from habar.errors import StoreUnavailable
from habar.model.retry import RetryPlan
from habar.store.events import EndAwaited, ExpireWaiting

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
        self.asked: list[tuple[ExpireWaiting | EndAwaited, Callable[[Any], None]]] = []

    def ask(self, question: ExpireWaiting | EndAwaited, done: Callable[[Any], None]) -> None:
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


def test_then_it_asks_for_what_is_no_longer_awaited() -> None:
    keeper, journal, clock = make()
    journal.answer([1])
    question, _ = journal.asked[0]
    assert question == EndAwaited(now=clock.ms, limit=3)
    journal.answer([7, 8])
    assert (keeper.expired, keeper.unreported) == (1, 2)


def test_rounds_are_apart_and_a_full_batch_is_followed_at_once() -> None:
    keeper, journal, clock = make()
    for expired, ended, pause in ([[1, 2, 3], [], 0.0], [[4], [1, 2, 3], 0.0], [[5], [6], 5.0]):
        journal.answer(expired)
        journal.answer(ended)
        assert clock.calls[0][0] == pause
        if not pause:
            clock.fire()
    assert (keeper.expired, keeper.unreported) == (5, 4)
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
    journal.answer(StoreUnavailable("disk full"))
    assert (keeper.failures, keeper.expired, keeper.unreported) == (2, 0, 0)
    assert clock.calls[0][0] == 5.0


def test_stop_ends_it_between_rounds_and_during_one() -> None:
    keeper, journal, clock = make()
    journal.answer([])
    journal.answer([])
    keeper.stop()
    assert clock.calls == []
    keeper.start()
    keeper.stop()
    journal.answer([1, 2, 3])
    journal.answer([])
    assert clock.calls == []
    assert keeper.expired == 3
