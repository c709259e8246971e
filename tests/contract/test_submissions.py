"""What becomes of submissions: ids, customers' ids, and a refusal that harms no neighbour."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.errors import Refusal
from habar.model.account import DuplicateId
from habar.model.message import Ref
from habar.model.status import MessageState

IDEMPOTENT = {"on_duplicate": DuplicateId.IDEMPOTENT}
ALLOW = {"on_duplicate": DuplicateId.ALLOW}


async def test_ids_are_small_and_in_order(desk: Any) -> None:
    outcomes = await desk.submit(*[desk.message(price=0) for _ in range(120)])
    assert [outcome.message_id for outcome in outcomes] == list(range(1, 121))
    assert {outcome.state for outcome in outcomes} == {MessageState.ACCEPTED}


async def test_a_message_is_kept_as_it_was_given(desk: Any) -> None:
    given = desk.message(
        77,
        sender="SHOP",
        text="a\x00b 😀",
        parts=2,
        message_type=1,
        priority=2,
        expires_at=9,
        stage=1,
    )
    [outcome] = await desk.submit(given)
    story = await desk.story(outcome.message_id)
    assert story.submission == given
    assert (story.login, story.operator, story.attempts, story.parts) == ("shop", "kcell", 0, ())


async def test_a_scheduled_message_is_answered_so(desk: Any) -> None:
    later = desk.message(5, state=MessageState.SCHEDULED, due_at=desk.message().due_at + 1000)
    [outcome] = await desk.submit(later)
    assert outcome.state == MessageState.SCHEDULED
    assert await desk.told(Ref(5, None), later.due_at - 1) == MessageState.SCHEDULED
    assert await desk.told(Ref(5, None), later.due_at) == MessageState.ACCEPTED


async def test_one_that_came_too_late_is_accepted_free_and_expired(desk: Any) -> None:
    [outcome] = await desk.submit(desk.message(state=MessageState.EXPIRED, parts=3))
    assert (outcome.state, outcome.refusal) == (MessageState.ACCEPTED, None)
    story = await desk.story(outcome.message_id)
    assert (story.submission.state, story.submission.stage) == (MessageState.EXPIRED, 3)
    assert (story.submission.price, story.completed_at) == (0, story.submission.created_at)
    assert (await desk.funds()).balance == 100_000
    assert await desk.claim() == []


async def test_a_customers_id_is_used_up_once(desk: Any) -> None:
    [first] = await desk.submit(desk.message(7, parts=2))
    [second] = await desk.submit(desk.message(7, text="other"))
    assert second.refusal is Refusal.DUPLICATE_ID
    assert (second.message_id, second.parts) == (first.message_id, 2)
    assert (await desk.funds()).balance == 99_000


async def test_twice_in_one_package_and_in_two_at_once(desk: Any) -> None:
    answers = await asyncio.gather(
        desk.submitted(desk.message(7), desk.message(7)), desk.submitted(desk.message(7))
    )
    outcomes = [outcome for answer in answers for outcome in answer]
    assert [outcome.refusal for outcome in outcomes] == [None] + [Refusal.DUPLICATE_ID] * 2
    assert {outcome.message_id for outcome in outcomes} == {1}


async def test_another_account_has_ids_of_its_own(desk: Any) -> None:
    demo = (await desk.store.books.account("demo")).credentials.account.id
    outcomes = await desk.submit(desk.message(7), desk.message(7, account_id=demo, price=0))
    assert [outcome.refusal for outcome in outcomes] == [None, None]


async def test_a_refused_message_uses_nothing_up(desk: Any) -> None:
    outcomes = await desk.submit(
        desk.message(7, price=100_001), desk.message(8, refusal=Refusal.SENDER), desk.message(9)
    )
    assert [outcome.refusal for outcome in outcomes] == [Refusal.BALANCE, Refusal.SENDER, None]
    assert [outcome.message_id for outcome in outcomes] == [0, 0, 1]
    assert [o.refusal for o in await desk.submit(desk.message(7), desk.message(8))] == [None, None]


async def test_the_id_speaks_before_what_the_door_found(desk: Any) -> None:
    await desk.new(customer_id=7)
    [outcome] = await desk.submit(desk.message(7, refusal=Refusal.RECIPIENT))
    assert (outcome.refusal, outcome.message_id) == (Refusal.DUPLICATE_ID, 1)


async def test_idempotent_repeats_the_first_answer(desk: Any) -> None:
    await desk.new(customer_id=7, **IDEMPOTENT)
    same, twice, other, elsewhere = await desk.submit(
        desk.message(7, **IDEMPOTENT),
        desk.message(7, **IDEMPOTENT),
        desk.message(7, text="other", **IDEMPOTENT),
        desk.message(7, recipient=77770000000, **IDEMPOTENT),
    )
    assert same == twice
    assert (same.message_id, same.state, same.refusal, same.repeat) == (1, 106, None, True)
    assert other.refusal is elsewhere.refusal is Refusal.DUPLICATE_ID
    assert (await desk.funds()).balance == 99_000


async def test_an_idempotent_repeat_keeps_the_first_state_after_delivery(desk: Any) -> None:
    due = desk.message().due_at + 60_000
    changes = {"due_at": due, "state": MessageState.SCHEDULED, **IDEMPOTENT}
    message = await desk.claimed(customer_id=7, **changes)
    await desk.accept(message, "1")
    await desk.receipt("1")
    [repeat] = await desk.submit(desk.message(7, **changes))
    assert (repeat.state, repeat.repeat) == (MessageState.SCHEDULED, True)


async def test_allow_makes_a_new_message_and_the_id_means_the_newest(desk: Any) -> None:
    outcomes = await desk.submit(desk.message(1, **ALLOW), desk.message(1, **ALLOW))
    third = await desk.new(customer_id=1, **ALLOW)
    assert [outcome.message_id for outcome in outcomes] == [1, 2]
    [status] = await desk.store.statuses(desk.account, [Ref(1, None)], 0)
    assert status.message_id == third == 3


@pytest.mark.parametrize(
    "poison",
    [
        {"text": "half \ud83d of a pair"},
        {"sender": "\udcff"},
        {"recipient": 1 << 63},
        {"customer_id": 1 << 70},
        {"account_id": 999_999},
        {"text": None},
        {"price": "dear"},
    ],
    ids=lambda poison: next(iter(poison)),
)
async def test_one_that_the_store_refuses_harms_no_neighbour(desk: Any, poison: Any) -> None:
    answers = await asyncio.gather(
        desk.submitted(desk.message(1), desk.message(**poison), desk.message(2)),
        desk.submitted(desk.message(3)),
        desk.accept(await desk.claimed(), "1"),
    )
    outcomes = [*answers[0], *answers[1]]
    assert [outcome.refusal for outcome in outcomes] == [None, Refusal.FAULT, None, None]
    assert outcomes[1].message_id == 0
    assert len({outcome.message_id for outcome in outcomes}) == 4
    assert [await desk.told(Ref(n, None)) for n in (1, 2, 3)] == [106] * 3
    assert desk.store.journal.healthy
    assert await desk.balanced()


async def test_ids_stay_unique_after_a_refusal_by_the_store_and_a_death(
    desk: Any, again: Any
) -> None:
    poison = desk.message(text="\ud83d")
    assert [outcome.refusal for outcome in await desk.submit(poison)] == [Refusal.FAULT]
    first = await desk.new()
    desk = await again(desk)
    assert await desk.new() > first


async def test_many_ids_are_known_at_once(desk: Any) -> None:
    free = [desk.message(n, price=0) for n in range(1, 601)]
    first = await desk.submit(*free)
    again = await desk.submit(*reversed(free))
    assert [outcome.refusal for outcome in again] == [Refusal.DUPLICATE_ID] * 600
    assert [o.message_id for o in again] == [o.message_id for o in reversed(first)]
