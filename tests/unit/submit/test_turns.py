"""One slice a turn of the loop, fair turns."""

from __future__ import annotations

import pytest

from habar.submit.turns import Turns


class HandLoop:
    """Turns of a loop, by hand."""

    def __init__(self) -> None:
        self.calls: list = []

    def call_soon(self, call) -> None:
        self.calls.append(call)

    def turn(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


@pytest.fixture
def loop():
    return HandLoop()


def test_the_first_runs_at_once_and_the_next_in_the_next_turn(loop):
    ran: list[str] = []
    turns = Turns(loop.call_soon)
    turns.add(1, lambda: ran.append("a"))
    turns.add(1, lambda: ran.append("b"))
    assert ran == ["a"]
    loop.turn()
    assert ran == ["a", "b"]


def test_a_turn_that_had_its_slice_has_no_second(loop):
    ran: list[str] = []
    turns = Turns(loop.call_soon)
    turns.add(1, lambda: ran.append("a"))
    assert ran == ["a"]
    turns.add(2, lambda: ran.append("b"))
    assert ran == ["a"]
    loop.turn()
    loop.turn()
    turns.add(2, lambda: ran.append("c"))
    assert ran == ["a", "b", "c"]


def test_accounts_take_turns(loop):
    ran: list[str] = []
    turns = Turns(loop.call_soon)
    for name in ("a1", "a2", "a3", "b1"):
        turns.add(1 if name[0] == "a" else 2, lambda name=name: ran.append(name))
    while loop.calls:
        loop.turn()
    assert ran == ["a1", "a2", "b1", "a3"]


def test_a_slice_that_fails_stops_nobody(loop):
    ran: list[str] = []

    def fail() -> None:
        raise LookupError("slice")

    turns = Turns(loop.call_soon)
    with pytest.raises(LookupError):
        turns.add(1, fail)
    turns.add(1, lambda: ran.append("b"))
    loop.turn()
    assert ran == ["b"]
