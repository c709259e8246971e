"""dispatch/retention.py: a round an hour, one batch after another, whatever the store says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from habar.dispatch import Retention
from habar.errors import StoreUnavailable
from habar.store.retention import Keep, Tidied

DAY = 86_400_000
NOTHING = Tidied(0, 0, more=False)


class HandClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.ms = 1000 * DAY
        self.calls: list[tuple[float, Callable[[], object]]] = []
        self.called = asyncio.Event()

    def now_ms(self) -> int:
        return self.ms

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Any:
        call = (seconds, callback)
        self.calls.append(call)
        self.called.set()
        clock = self

        class Handle:
            def cancel(self) -> None:
                clock.calls.remove(call)

        return Handle()

    async def asked_for(self) -> float:
        """The pause that is asked for next."""
        await self.called.wait()
        [(seconds, _)] = self.calls
        return seconds

    def fire(self) -> None:
        self.called.clear()
        _, callback = self.calls.pop(0)
        callback()


class Inbox:
    """Has so many old ones: subscribers' messages, and parts of such that were joined."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.old = {"messages": 0, "parts": 0}
        self.fault: Exception | None = None

    async def tidy(self, ended_before: int, limit: int) -> int:
        return self._go("messages", ended_before, limit)

    async def tidy_segments(self, joined_before: int, limit: int) -> int:
        return self._go("parts", joined_before, limit)

    def _go(self, name: str, before: int, limit: int) -> int:
        self.asked.append((name, before, limit))
        if self.fault is not None:
            raise self.fault
        gone = min(limit, self.old[name])
        self.old[name] -= gone
        return gone


class Ended:
    """What a store says of call-backs."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.left = 0

    async def tidy(self, ended_before: int, limit: int) -> int:
        self.asked.append((ended_before, limit))
        gone = min(self.left, limit)
        self.left -= gone
        return gone


class Answers:
    """A store that keeps what it is asked, and answers when the test says so."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.asked: list[tuple[Keep, int]] = []
        self.answers: asyncio.Queue[Tidied | Exception] = asyncio.Queue()
        self.cut = 0
        self.callbacks = Ended()

    async def tidy(self, keep: Keep, limit: int) -> Tidied:
        self.asked.append((keep, limit))
        try:
            answer = await self.answers.get()
        except asyncio.CancelledError:
            self.cut += 1
            raise
        if isinstance(answer, Exception):
            raise answer
        return answer


def make(
    message_days: int = 30,
    text_days: int = 7,
    inbound_days: int = 0,
    inbox: Inbox | None = None,
    callback_days: int = 0,
    ended: int = 0,
) -> tuple[Retention, Answers, HandClock]:
    store, clock = Answers(), HandClock()
    store.inbox = inbox or store.inbox
    store.callbacks.left = ended
    retention = Retention(
        store,  # type: ignore[arg-type]
        message_days=message_days,
        text_days=text_days,
        inbound_days=inbound_days,
        callback_days=callback_days,
        clock=clock,
        every=3600.0,
        pause=0.25,
    )
    retention.start()
    return retention, store, clock


async def test_a_round_begins_at_once_with_moments_so_many_days_ago() -> None:
    retention, store, clock = make()
    store.answers.put_nowait(NOTHING)
    assert await clock.asked_for() == 3600.0
    assert store.asked == [(Keep(970 * DAY, 993 * DAY), 500)]
    await retention.stop()


@pytest.mark.parametrize(
    ("days", "keep"),
    [((30, 0), Keep(970 * DAY, None)), ((0, 7), Keep(None, 993 * DAY))],
)
async def test_what_is_not_set_is_kept_for_ever(days: tuple[int, int], keep: Keep) -> None:
    retention, store, clock = make(*days)
    store.answers.put_nowait(NOTHING)
    await clock.asked_for()
    assert store.asked[0][0] == keep
    await retention.stop()


async def test_with_nothing_set_only_parts_of_joined_messages_go() -> None:
    retention, store, clock = make(0, 0)
    assert await clock.asked_for() == 3600.0
    assert store.asked == []
    assert store.inbox.asked == [("parts", 999 * DAY, 500)]
    await retention.stop()


async def test_subscribers_messages_go_by_days_of_their_own() -> None:
    inbox = Inbox()
    inbox.old["messages"] = 501
    retention, store, clock = make(0, 0, 3, inbox)
    assert await clock.asked_for() == 0.25
    assert inbox.asked == [("parts", 999 * DAY, 500), ("messages", 997 * DAY, 500)]
    clock.fire()
    assert await clock.asked_for() == 3600.0
    assert (retention.inbound, store.asked) == (501, [])
    await retention.stop()


async def test_many_parts_are_gone_through_in_batches() -> None:
    inbox = Inbox()
    inbox.old["parts"] = 1200
    retention, store, clock = make(30, 7, 0, inbox)
    for pause in (0.25, 0.25, 3600.0):
        store.answers.put_nowait(NOTHING)
        assert await clock.asked_for() == pause
        if pause < 1:
            clock.fire()
    assert (inbox.old["parts"], len(store.asked)) == (0, 3)
    await retention.stop()


async def test_an_inbox_that_cannot_be_tidied_is_asked_again_at_the_next_round() -> None:
    inbox = Inbox()
    inbox.fault = StoreUnavailable("disk full")
    retention, store, clock = make(0, 0, 3, inbox)
    assert await clock.asked_for() == 3600.0
    inbox.fault = None
    clock.fire()
    await clock.asked_for()
    assert (retention.failures, store.asked) == (1, [])
    assert [name for name, *_ in inbox.asked] == ["parts", "parts", "messages"]
    await retention.stop()


async def test_where_there_is_more_the_next_batch_comes_after_a_short_pause() -> None:
    retention, store, clock = make()
    store.answers.put_nowait(Tidied(3, 5, more=True))
    assert await clock.asked_for() == 0.25
    clock.ms += 1
    clock.fire()
    store.answers.put_nowait(Tidied(1, 0, more=False))
    assert await clock.asked_for() == 3600.0
    assert (retention.messages, retention.texts) == (4, 5)
    assert store.asked[1][0] == Keep(970 * DAY + 1, 993 * DAY + 1)
    await retention.stop()


async def test_a_store_that_cannot_write_is_asked_again_at_the_next_round() -> None:
    retention, store, clock = make()
    store.answers.put_nowait(StoreUnavailable("disk full"))
    assert await clock.asked_for() == 3600.0
    assert (retention.failures, retention.messages) == (1, 0)
    clock.fire()
    store.answers.put_nowait(Tidied(2, 0, more=False))
    await clock.asked_for()
    assert (retention.failures, retention.messages) == (1, 2)
    await retention.stop()


async def test_stop_ends_it_between_batches() -> None:
    retention, store, clock = make()
    store.answers.put_nowait(NOTHING)
    await clock.asked_for()
    await retention.stop()
    assert clock.calls == []
    await retention.stop()


async def test_stop_ends_it_in_the_middle_of_one() -> None:
    retention, store, clock = make()
    await asyncio.sleep(0)
    assert len(store.asked) == 1
    await retention.stop()
    assert (store.cut, clock.calls) == (1, [])


async def test_stop_before_the_start_does_nothing() -> None:
    store = Answers()
    retention = Retention(store, message_days=1, text_days=1)  # type: ignore[arg-type]
    await retention.stop()
    assert store.asked == []


async def test_call_backs_go_as_they_were_set_though_all_else_is_kept() -> None:
    retention, store, clock = make(0, 0, callback_days=7, ended=501)
    assert await clock.asked_for() == 0.25
    clock.fire()
    assert await clock.asked_for() == 3600.0
    assert store.callbacks.asked == [(993 * DAY, 500)] * 2
    assert (retention.callbacks, store.asked) == (501, [])
    await retention.stop()


async def test_call_backs_go_beside_messages() -> None:
    retention, store, clock = make(callback_days=7, ended=500)
    store.answers.put_nowait(NOTHING)
    assert await clock.asked_for() == 0.25
    clock.fire()
    store.answers.put_nowait(NOTHING)
    assert await clock.asked_for() == 3600.0
    await retention.stop()


async def test_call_backs_are_kept_where_that_is_set() -> None:
    retention, store, clock = make()
    store.answers.put_nowait(NOTHING)
    await clock.asked_for()
    assert store.callbacks.asked == []
    await retention.stop()
