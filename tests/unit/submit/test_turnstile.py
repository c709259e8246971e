"""Guessing is slowed, and nobody but the guesser."""

from __future__ import annotations

import pytest

from habar.submit.turnstile import Attempt, Patience, Turnstile


class Gatekeeper:
    """A turnstile whose started attempts wait for the test to end them."""

    def __init__(self, clock, **settings) -> None:
        self.started: list[Attempt[str]] = []
        self.turned_away: list[tuple[str, int]] = []
        self.turnstile: Turnstile[str] = Turnstile(
            Patience(**settings),
            clock=clock,
            later=clock.later,
            start=self.started.append,
            turn_away=lambda attempt, seconds: self.turned_away.append((attempt.work, seconds)),
        )

    def enter(self, address: str, login: str, work: str = "") -> int | None:
        gate = f"{address}/{login}".encode()
        return self.turnstile.enter(Attempt(address, gate, work or f"{address}/{login}"))

    def running(self) -> list[str]:
        return [attempt.work for attempt in self.started]

    def end(self, *, right: bool) -> str:
        attempt = self.started.pop(0)
        self.turnstile.finished(attempt, right=right)
        return attempt.work


@pytest.fixture
def gatekeeper(clock):
    return Gatekeeper(clock)


def fail(gatekeeper: Gatekeeper, clock, times: int, address: str = "guesser") -> None:
    for _ in range(times):
        while gatekeeper.enter(address, "demo") is not None:
            clock.move(5)
        while not gatekeeper.started:
            clock.move(0.25)
        gatekeeper.end(right=False)


@pytest.mark.parametrize(
    ("failures", "pause"), [(0, 0), (3, 0), (4, 0.5), (5, 1), (8, 8), (10, 30), (10**9, 30)]
)
def test_pauses_double_up_to_the_last(failures, pause):
    assert Patience().pause(failures) == pause


def test_an_attempt_starts_at_once(gatekeeper):
    assert gatekeeper.enter("a", "demo") is None
    assert gatekeeper.running() == ["a/demo"]


def test_attempts_of_one_address_at_one_login_go_one_after_another(gatekeeper):
    for number in range(3):
        gatekeeper.enter("a", "demo", str(number))
    assert gatekeeper.running() == ["0"]
    gatekeeper.end(right=False)
    assert gatekeeper.running() == ["1"]


def test_after_the_free_failures_the_next_attempt_waits_its_pause(gatekeeper, clock):
    fail(gatekeeper, clock, 4)
    assert gatekeeper.enter("guesser", "demo") is None
    assert gatekeeper.running() == []
    clock.move(0.4)
    assert gatekeeper.running() == []
    clock.move(0.2)
    assert gatekeeper.running() == ["guesser/demo"]


def test_nobody_else_waits_for_the_guessers_pause(gatekeeper, clock):
    fail(gatekeeper, clock, 5)
    gatekeeper.enter("guesser", "demo")
    gatekeeper.enter("customer", "demo")
    gatekeeper.enter("guesser", "shop")
    assert gatekeeper.running() == ["customer/demo", "guesser/shop"]


def test_a_pause_longer_than_the_longest_wait_turns_away_with_its_seconds(gatekeeper, clock):
    fail(gatekeeper, clock, 8)
    assert gatekeeper.enter("guesser", "demo") == 8
    clock.move(4)
    assert gatekeeper.enter("guesser", "demo") is None
    clock.move(4)
    assert gatekeeper.running() == ["guesser/demo"]


def test_those_queued_are_turned_away_when_the_pause_grows_too_long(gatekeeper, clock):
    fail(gatekeeper, clock, 7)
    gatekeeper.enter("guesser", "demo", "first")
    gatekeeper.enter("guesser", "demo", "second")
    clock.move(4)
    assert gatekeeper.end(right=False) == "first"
    assert gatekeeper.turned_away == [("second", 8)]
    assert gatekeeper.turnstile.waiting == 0


def test_a_right_password_clears_the_record(gatekeeper, clock):
    fail(gatekeeper, clock, 6)
    gatekeeper.enter("guesser", "demo")
    clock.move(5)
    gatekeeper.end(right=True)
    assert gatekeeper.turnstile.watched == 0
    fail(gatekeeper, clock, 3)
    assert gatekeeper.enter("guesser", "demo") is None
    assert gatekeeper.running() == ["guesser/demo"]


def test_failures_are_forgotten_after_a_while(gatekeeper, clock):
    fail(gatekeeper, clock, 10)
    clock.move(901)
    fail(gatekeeper, clock, 3)
    assert gatekeeper.enter("guesser", "demo") is None
    assert gatekeeper.running() == ["guesser/demo"]


def test_a_flood_from_one_address_delays_another_by_one_verification(gatekeeper):
    for number in range(100):
        assert gatekeeper.enter("flood", f"login{number}") is None
    assert gatekeeper.running() == ["flood/login0"]
    gatekeeper.enter("customer", "demo")
    assert gatekeeper.running() == ["flood/login0", "customer/demo"]


def test_addresses_take_turns(gatekeeper):
    for number in range(4):
        gatekeeper.enter("a", str(number))
    gatekeeper.enter("b", "0")
    gatekeeper.enter("c", "0")
    ended = []
    while gatekeeper.started:
        ended.append(gatekeeper.end(right=True))
    assert ended == ["a/0", "b/0", "a/1", "c/0", "a/2", "a/3"]


def test_one_login_at_one_address_waits_in_limited_number(clock):
    gatekeeper = Gatekeeper(clock, waiting_per_login=2)
    answers = [gatekeeper.enter("a", "demo") for _ in range(5)]
    assert answers == [None, None, None, 1, 1]  # one runs, two wait
    assert gatekeeper.enter("a", "shop") is None


def test_one_address_waits_in_limited_number(clock):
    gatekeeper = Gatekeeper(clock, waiting_per_address=2)
    answers = [gatekeeper.enter("a", str(number)) for number in range(5)]
    assert answers == [None, None, None, 1, 1]
    assert gatekeeper.enter("b", "demo") is None


def test_all_wait_in_limited_number(clock):
    gatekeeper = Gatekeeper(clock, waiting=3)
    answers = [gatekeeper.enter(f"address{number}", "demo") for number in range(6)]
    assert answers == [None, None, None, None, None, 1]  # two run
    gatekeeper.end(right=True)
    assert gatekeeper.enter("customer", "demo") is None


def test_a_million_logins_tried_leave_a_limited_record(clock):
    gatekeeper = Gatekeeper(clock, watched=50)
    for number in range(500):
        gatekeeper.enter("flood", str(number))
        gatekeeper.end(right=False)
    assert gatekeeper.turnstile.watched == 50


def test_being_turned_away_makes_no_record(clock):
    gatekeeper = Gatekeeper(clock, waiting_per_address=1)
    for number in range(100):
        gatekeeper.enter("flood", str(number))
    assert gatekeeper.turnstile.watched == 2


def test_close_turns_away_all_that_wait(gatekeeper, clock):
    for number in range(3):
        gatekeeper.enter("a", "demo", f"demo{number}")
        gatekeeper.enter("a", f"other{number}")
    gatekeeper.turnstile.close()
    told = [work for work, _ in gatekeeper.turned_away]
    assert sorted(told) == ["a/other0", "a/other1", "a/other2", "demo1", "demo2"]
    assert gatekeeper.turnstile.waiting == 0
    gatekeeper.end(right=False)
    clock.move(60)
    assert gatekeeper.running() == []


def test_close_while_one_waits_for_its_pause_starts_nothing_later(gatekeeper, clock):
    fail(gatekeeper, clock, 5)
    gatekeeper.enter("guesser", "demo")
    gatekeeper.turnstile.close()
    clock.move(60)
    assert gatekeeper.running() == []
    assert gatekeeper.turned_away == [("guesser/demo", 1)]
