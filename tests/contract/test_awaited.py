"""Receipts that do not come: until when they are awaited, and what the message ends as."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.model.status import MessageState
from habar.store.events import AWAITED_MS, EndAwaited, ExpireWaiting

NOW = 1_790_000_000_000
UNTIL = NOW + 60_000
DELIVERED, FAILED = MessageState.DELIVERED, MessageState.UNDELIVERABLE
EXPIRED, UNKNOWN = MessageState.EXPIRED, MessageState.UNKNOWN


async def sent(desk: Any, *names: str, until: int | None = UNTIL, **changes: Any) -> int:
    """A message of so many parts that the operator has taken."""
    message: int = await desk.claimed(parts=len(names), **changes)
    for part, name in enumerate(names, 1):
        last = part == len(names)
        await desk.accept(message, name, part, last=last, awaited_until=until)
    return message


async def test_at_its_time_and_not_before(desk: Any) -> None:
    message = await sent(desk, "7")
    assert await desk.asked(EndAwaited(UNTIL - 1, 10)) == []
    assert await desk.asked(EndAwaited(UNTIL, 10)) == [message]
    assert await desk.asked(EndAwaited(UNTIL, 10)) == []
    story = await desk.story(message)
    assert (story.submission.stage, story.submission.state) == (3, UNKNOWN)
    assert (story.completed_at, story.refunded) == (UNTIL, 0)
    assert [(part.state, part.receipts) for part in story.parts] == [(None, 0)]
    assert (await desk.funds()).balance == 99_000


async def test_where_nobody_says_for_how_long(desk: Any) -> None:
    message = await sent(desk, "7", until=None)
    assert await desk.asked(EndAwaited(NOW + 1000 + AWAITED_MS - 1, 10)) == []
    assert await desk.asked(EndAwaited(NOW + 1000 + AWAITED_MS, 10)) == [message]


async def test_a_moment_before_it_was_sent_is_none_but_the_next(desk: Any) -> None:
    message = await sent(desk, "7", until=NOW)
    assert await desk.asked(EndAwaited(NOW + 1000, 10)) == []
    assert await desk.asked(EndAwaited(NOW + 1001, 10)) == [message]


async def test_what_was_sent_before_receipts_were_awaited_for_a_time(
    desk: Any, engine: Any
) -> None:
    old, new = await sent(desk, "7"), await sent(desk, "8")
    engine.forget_awaiting(old)
    assert await desk.asked(EndAwaited(UNTIL, 10)) == [new]
    assert await desk.stage(old) == 2
    assert await desk.asked(EndAwaited(NOW + 1000 + AWAITED_MS - 1, 10)) == []
    assert await desk.asked(EndAwaited(NOW + 1000 + AWAITED_MS, 10)) == [old]


async def test_at_most_so_many_the_longest_awaited_first(desk: Any) -> None:
    late, early, middle = [
        await sent(desk, name, until=UNTIL + shift)
        for name, shift in (("a", 3), ("b", 1), ("c", 2))
    ]
    future = await sent(desk, "d", until=UNTIL + 4)
    now = UNTIL + 3
    assert await desk.asked(EndAwaited(now, 2)) == [early, middle]
    assert await desk.asked(EndAwaited(now, 2)) == [late]
    assert await desk.stage(future) == 2


async def test_only_what_the_operator_has(desk: Any) -> None:
    waiting, in_hand = await desk.new(), await desk.claimed()
    held, ended = await desk.held(), await sent(desk, "7")
    await desk.receipt("7")
    stages = [await desk.stage(message) for message in (waiting, in_hand, held, ended)]
    assert await desk.asked(EndAwaited(UNTIL * 2, 10)) == []
    assert stages == [await desk.stage(message) for message in (waiting, in_hand, held, ended)]


async def test_what_is_awaited_does_not_expire(desk: Any) -> None:
    message = await sent(desk, "7", expires_at=NOW + 5)
    assert await desk.asked(ExpireWaiting(UNTIL, UNTIL, 10)) == []
    assert await desk.stage(message) == 2


@pytest.mark.parametrize(
    ("told", "then"),
    [
        ({}, UNKNOWN),
        ({"a": DELIVERED}, UNKNOWN),
        ({"a": EXPIRED}, FAILED),
        ({"a": MessageState.ENROUTE}, UNKNOWN),
    ],
)
async def test_parts_that_are_known_decide_with_the_others_unknown(
    desk: Any, told: dict[str, MessageState], then: MessageState
) -> None:
    message = await sent(desk, "a", "b")
    for name, state in told.items():
        await desk.receipt(name, state=state)
    assert await desk.asked(EndAwaited(UNTIL, 10)) == [message]
    assert await desk.state(message) == then


@pytest.mark.parametrize("state", [DELIVERED, FAILED, EXPIRED, MessageState.REJECTED])
async def test_a_receipt_that_comes_later_still_says_how_it_ended(
    desk: Any, state: MessageState
) -> None:
    message = await sent(desk, "7")
    await desk.asked(EndAwaited(UNTIL, 10))
    assert await desk.receipt("7", state=state, at=UNTIL + 5) == message
    story = await desk.story(message)
    assert (story.submission.stage, story.submission.state) == (3, state)
    assert (story.completed_at, story.refunded) == (UNTIL + 5, 0)


async def test_later_receipts_of_several_parts(desk: Any) -> None:
    message = await sent(desk, "a", "b")
    await desk.receipt("a", state=EXPIRED)
    await desk.asked(EndAwaited(UNTIL, 10))
    assert await desk.state(message) == FAILED
    await desk.receipt("b", state=EXPIRED)
    assert await desk.state(message) == EXPIRED
    await desk.receipt("a")
    assert await desk.state(message) == FAILED
    await desk.receipt("b")
    assert await desk.state(message) == DELIVERED


@pytest.mark.parametrize("receipt_first", [True, False])
async def test_a_receipt_in_the_same_moment(desk: Any, receipt_first: bool) -> None:
    message = await sent(desk, "7")
    answers = [desk.receipt("7")]
    desk.store.journal.hurry()
    answers.insert(0 if not receipt_first else 1, desk.asked(EndAwaited(UNTIL, 10)))
    await asyncio.gather(*answers)
    assert (await desk.stage(message), await desk.state(message)) == (3, DELIVERED)


async def test_a_message_that_is_sent_again_is_awaited_anew(desk: Any) -> None:
    message = await desk.held()
    await desk.store.decide(message, True, actor="ann", now=NOW)
    [out] = await desk.claim()
    await desk.accept(out.message_id, "7", awaited_until=UNTIL + 1)
    assert await desk.asked(EndAwaited(UNTIL, 10)) == []
    assert await desk.asked(EndAwaited(UNTIL + 1, 10)) == [message]
