"""The judge and the observer can fail: each sees what it is there to see in a gateway that errs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from habar.dispatch import Dispatcher, Lane, Mover
from habar.dispatch.outcomes import Outcomes
from habar.dispatch.supply import Supply
from habar.inbound.receipts import Receipts
from habar.model.retry import RetryPlan
from habar.model.status import MessageState
from habar.operators import Bundle, Link
from habar.operators.pace import Pace
from habar.store import part_rows
from habar.store.events import Finished, PartAccepted, Postponed, Released, Withdraw
from habar.store.port import Event
from habar.store.sqlite.journal import SqliteJournal

from . import gateway
from .hour import Hour
from .operators import OPERATORS, Operator

SEEDS = (3, 2, 6, 7)
Break = Callable[[pytest.MonkeyPatch], None]


def changed(change: Callable[[Event], Event]) -> Break:
    """A journal that is told something else than what happened."""

    def break_it(patch: pytest.MonkeyPatch) -> None:
        record = SqliteJournal.record

        def wrong(self: SqliteJournal, event: Event, done: Any = None) -> None:
            record(self, change(event), done)

        patch.setattr(SqliteJournal, "record", wrong)

    return break_it


def no_word_of_doubt(event: Event) -> Event:
    if isinstance(event, Released | Postponed):
        return event._replace(uncertain=False)
    return event


def always_refunded(event: Event) -> Event:
    return event._replace(refund=True) if isinstance(event, Finished) else event


def taken_as_another(event: Event) -> Event:
    if isinstance(event, PartAccepted):
        return event._replace(operator_message_id=event.operator_message_id + "0")
    return event


def some_answers_are_lost(patch: pytest.MonkeyPatch) -> None:
    """Of each tenth message the first, and it goes out again."""
    lost: set[int] = set()

    def lose(event: Event) -> Event:
        if not isinstance(event, PartAccepted) or event.message_id % 10 or event.message_id in lost:
            return event
        lost.add(event.message_id)
        return Released((event.message_id,), uncertain=False, at=event.at)

    changed(lose)(patch)


def ends_twice(patch: pytest.MonkeyPatch) -> None:
    """A message that ended is ended anew by the next receipt, for better or worse."""
    patch.setattr(part_rows, "after", lambda known, told: told)


def receipts_are_answered_and_forgotten(patch: pytest.MonkeyPatch) -> None:
    keep = Receipts.keep

    def forgetful(self: Receipts, seen: Any, ack: Any) -> Any:
        if seen.candidates[0].endswith("7"):
            ack(0)
            return seen.state
        return keep(self, seen, ack)

    patch.setattr(Receipts, "keep", forgetful)
    patch.setattr("tests.misery.hour.AFTERMATH", 1_300.0)  # until they are given up


def the_first_end_stays(patch: pytest.MonkeyPatch) -> None:
    def first(known: MessageState | None, told: MessageState) -> MessageState:
        return known if known is not None and known.is_final else told

    patch.setattr(part_rows, "after", first)


def a_storm_of_retries(patch: pytest.MonkeyPatch) -> None:
    def stormy(*args: Any, retry: RetryPlan, **more: Any) -> Dispatcher:
        return Dispatcher(*args, retry=RetryPlan(first=50, last=50), **more)

    patch.setattr(gateway, "Dispatcher", stormy)


def deaf_to_freed_room(patch: pytest.MonkeyPatch) -> None:
    """A lane that looks for work when a message comes, and at no other time."""
    patch.setattr(Lane, "_wake", lambda self: None)
    patch.setattr(Lane, "_settled", lambda self: None)


def all_by_one_link(patch: pytest.MonkeyPatch) -> None:
    """The first of several links has all the work."""
    patch.setattr(Bundle, "_next", lambda self: self._used[0])
    patch.setattr(Bundle, "room", property(lambda self: self._used[0].room if self._used else 0))


def deaf_to_throttling(patch: pytest.MonkeyPatch) -> None:
    """And more goes to the strict operator than it takes."""
    patch.setattr(Pace, "throttled", lambda self, now: None)
    patch.setattr("tests.misery.hour.OPERATORS", tuple(map(burdened, OPERATORS)))


def burdened(operator: Operator) -> Operator:
    if not operator.manner.rate:
        return operator
    return replace(operator, share=3.0, manner=replace(operator.manner, rate=2.0))


def careless(patch: pytest.MonkeyPatch) -> None:
    """What may not go out twice does."""

    def guess(self: Outcomes, messages: Any, error: str, now: int) -> None:
        self.release(messages, uncertain=True, now=now)

    patch.setattr(Outcomes, "hold", guess)


def nobody_moves(patch: pytest.MonkeyPatch) -> None:
    async def stay(self: Mover, out: Any) -> None:
        """What waits for an operator that is out waits on."""

    patch.setattr(Mover, "move", stay)


def anywhere(patch: pytest.MonkeyPatch) -> None:
    """What one operator will not take goes to one that no route names."""
    patch.setattr(Dispatcher, "elsewhere", lambda self, message, one: (one + 3) % 8 + 1)


def decisions_go_unnoticed(patch: pytest.MonkeyPatch) -> None:
    """What was heard of the queue is trusted for an hour."""
    refresh = Supply._refresh

    async def trust(self: Supply) -> None:
        await refresh(self)
        if self._sure_until:
            self._sure_until += 3_600_000

    patch.setattr(Supply, "_refresh", trust)


def cancelled_whatever_the_operator_says(patch: pytest.MonkeyPatch) -> None:
    async def cancel(self: Lane, sent: Any) -> bool:
        return True

    patch.setattr(Lane, "cancel", cancel)


def a_storm_of_connections(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Link, "_pause", lambda self, failures: 0.01)


def deletions_are_only_told(patch: pytest.MonkeyPatch) -> None:
    ask = SqliteJournal.ask

    def wrong(self: SqliteJournal, question: Any, done: Any) -> None:
        if isinstance(question, Withdraw) and not question.in_hand:
            self._loop.call_soon(done, 104)
        else:
            ask(self, question, done)

    patch.setattr(SqliteJournal, "ask", wrong)


@pytest.mark.parametrize(
    ("break_it", "seen"),
    [
        (changed(no_word_of_doubt), "repeats 0"),
        (changed(always_refunded), "given back, not 0"),
        (changed(taken_as_another), "was never taken as"),
        (some_answers_are_lost, "went out again though it was taken"),
        (receipts_are_answered_and_forgotten, "is UNKNOWN and should be DELIVERED"),
        (ends_twice, "had ended"),
        (the_first_end_stays, "is UNDELIVERABLE and should be DELIVERED"),
        (a_storm_of_retries, "are the bound"),
        (deletions_are_only_told, "told that it is deleted"),
        (deaf_to_freed_room, "idle: "),
        (all_by_one_link, "idle: "),
        (a_storm_of_connections, "a storm of connections"),
        (deaf_to_throttling, "too soon"),
        (careless, "went out on a guess"),
        (nobody_moves, "stranded: "),
        (anywhere, "went to operator"),
        (decisions_go_unnoticed, "idle: held"),
        (cancelled_whatever_the_operator_says, "is DELETED and should be"),
    ],
)
def test_what_goes_wrong_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Break, seen: str
) -> None:
    """In one of a few hours: not every one gives the occasion."""
    monkeypatch.setattr("tests.misery.hour.AFTERMATH", 60.0)
    break_it(monkeypatch)
    found: list[str] = []
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        outcome = Hour(folder, seed=seed, messages=700, seconds=200.0).run()
        found = [*outcome.findings, *(f"idle: {name}" for name, _ in outcome.idle)]
        found += [f"stranded: {operator_id}" for operator_id, _ in outcome.stranded]
        if any(seen in finding for finding in found):
            return
    pytest.fail(f"nothing is seen of it, but {found[:10]}")
