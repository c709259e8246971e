"""The judge can fail: it sees what it is there to see in a gateway that errs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from habar.callbacks import attempts, sweep
from habar.callbacks.attempts import Attempts
from habar.callbacks.health import Health
from habar.callbacks.lane import Lane
from habar.callbacks.replies import Replies
from habar.callbacks.subjects import Subjects
from habar.callbacks.verdict import Verdict
from habar.inbound import Joiner, Subscribers
from habar.model.retry import RetryPlan
from habar.store.callbacks import CallStage, GiveUpCalls
from habar.store.sqlite.journal import SqliteJournal

from . import bench, hour
from .hour import Hour

SEEDS = (3, 2, 6)
Break = Callable[[pytest.MonkeyPatch], None]


def every_answer_is_a_yes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(attempts, "judge", lambda *_: Verdict(CallStage.DONE))


def given_up_at_once(patch: pytest.MonkeyPatch) -> None:
    judge = attempts.judge
    patch.setattr(attempts, "judge", lambda call, answer, _, now: judge(call, answer, 0, now))


def swept_too_soon(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        sweep, "GiveUpCalls", lambda before, limit, now: GiveUpCalls(now - 60_000, limit, now)
    )


def a_storm_of_retries(patch: pytest.MonkeyPatch) -> None:
    settle = Attempts.settle

    def hasty(self: Attempts, *args: Any) -> Any:
        self._settings = replace(self._settings, retry=RetryPlan(1_000, 1_000, 900_000))
        return settle(self, *args)

    patch.setattr(Attempts, "settle", hasty)
    patch.setattr(Health, "ill", property(lambda _: False))


def order_is_nobodys_business(patch: pytest.MonkeyPatch) -> None:
    """Neither the store nor the caller keeps one behind the other."""
    founded = bench.found

    async def found(path: Path, now: int, accounts: int) -> Any:
        made = await founded(path, now, accounts)
        unordered(path)
        return made

    patch.setattr(bench, "found", found)
    patch.setattr(Subjects, "enter", lambda self, lane, call: True)
    patch.setattr(Subjects, "leave", lambda self, call: [])


def unordered(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        question = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        [(name, words)] = [
            row for row in database.execute(question) if row[0] == "message_reported"
        ]
        database.execute(f"DROP TRIGGER {name}")
        database.execute(words.replace("THEN 4 ELSE 0", "THEN 0 ELSE 0"))
        database.commit()


def told_to_the_neighbour(patch: pytest.MonkeyPatch) -> None:
    """Of those who share a host, one hears what is the other's."""
    request_for = attempts.request_for

    def wrong(call: Any, account: Any, now: int) -> Any:
        url = call.url.replace("shared.kz:80/0/", "shared.kz:80/1/")
        return request_for(replace(call, url=url), account, now)

    patch.setattr(attempts, "request_for", wrong)


def acknowledged_before_it_is_kept(patch: pytest.MonkeyPatch) -> None:
    deliver = Subscribers.deliver

    def hasty(self: Subscribers, operator: Any, pdu: Any, ack: Any) -> None:
        ack(0)
        loop = asyncio.get_running_loop()
        loop.call_later(5.0, deliver, self, operator, pdu, lambda _: None)

    patch.setattr(Subscribers, "deliver", hasty)


def parts_are_joined_again_and_again(patch: pytest.MonkeyPatch) -> None:
    keep = Subscribers.keep

    def forgetful(self: Subscribers, whole: Any, done: Any) -> None:
        if whole.group is not None and int(whole.sender) % 3 == 0:
            keep(self, whole._replace(group=None), lambda: None)
        keep(self, whole, done)

    patch.setattr(Subscribers, "keep", forgetful)


def parts_are_never_waited_for(patch: pytest.MonkeyPatch) -> None:
    make = Joiner.__init__

    def impatient(self: Joiner, *args: Any, join_minutes: float, **more: Any) -> None:
        make(self, *args, join_minutes=0.0, **more)

    patch.setattr(Joiner, "__init__", impatient)


def answered_twice(patch: pytest.MonkeyPatch) -> None:
    give = Replies.give

    def twice(self: Replies, account: Any, reply: Any, told: Any) -> None:
        give(self, account, reply, lambda _: None)
        give(self, account, reply, told)

    patch.setattr(Replies, "give", twice)


def written_down_before_the_answer(patch: pytest.MonkeyPatch) -> None:
    """And whoever dies meanwhile has answered nobody."""
    give = Replies.give

    def late(self: Replies, account: Any, reply: Any, told: Any) -> None:
        told(True)
        self._clock.call_later(5.0, lambda: give(self, account, reply, lambda _: None))

    patch.setattr(Replies, "give", late)


def some_tries_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Nobody asks for what is claimed until the gateway begins anew; and it tries for ever."""
    record = SqliteJournal.record

    def forget(self: SqliteJournal, event: Any, done: Any = None) -> None:
        if type(event).__name__ == "CallTried" and event.callback_id % 50 == 1:
            done(None)
            return
        record(self, event, done)

    patch.setattr(SqliteJournal, "record", forget)


def no_end_of_memory(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        Lane, "wanted", lambda lane, now, _: 0 if lane.asked or lane.due_at > now else 200
    )


@pytest.mark.parametrize(
    ("break_it", "seen"),
    [
        (every_answer_is_a_yes, "nobody said yes"),
        (given_up_at_once, "was given up after"),
        (swept_too_soon, "was given up after"),
        (a_storm_of_retries, "are the bound"),
        (order_is_nobodys_business, "two calls at once"),
        (order_is_nobodys_business, "out of order"),
        (told_to_the_neighbour, "another's"),
        (acknowledged_before_it_is_kept, "is lost"),
        (parts_are_joined_again_and_again, "is there 2 times of 1"),
        (parts_are_never_waited_for, "is not what was written"),
        (answered_twice, "was answered 2 times"),
        (written_down_before_the_answer, "was answered 0 times"),
        (some_tries_are_forgotten, "never done"),
        (no_end_of_memory, "obligations in hand"),
    ],
)
def test_what_goes_wrong_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Break, seen: str
) -> None:
    """In one of a few hours: not every one gives the occasion."""
    messages = 400 if break_it is no_end_of_memory else 150  # there must be enough to be taken
    monkeypatch.setattr(hour, "SETTLED_WITHIN", 1_800.0)
    break_it(monkeypatch)
    found: list[str] = []
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            found = Hour(folder, seed=seed, messages=messages, seconds=600.0).run().findings
        except AssertionError as error:
            found = [str(error)]
        if any(seen in finding for finding in found):
            return
    pytest.fail(f"nothing is seen of it, but {found[:10]}")
