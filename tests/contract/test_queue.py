"""The queue: who is given what and when, and what ends before it goes out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.errors import NotFound
from habar.model.status import MessageState
from habar.store.events import Claim, ExpireWaiting, Withdraw
from habar.store.readings import Counts, WaitingAccount

NOW = 1_790_000_000_000
LONG_AGO = 0


def expire(now: int = NOW, due_before: int = LONG_AGO, limit: int = 100) -> ExpireWaiting:
    return ExpireWaiting(now, due_before, limit)


async def test_a_message_is_given_out_once(desk: Any) -> None:
    ids = [await desk.new() for _ in range(6)]
    first, second = await asyncio.gather(desk.claim(4), desk.claim(4))
    assert [out.message_id for out in [*first, *second]] == ids
    assert await desk.claim() == []


async def test_what_is_given_out_is_all_that_sending_needs(desk: Any) -> None:
    message = await desk.new(text="Привет 😀", parts=2, message_type=1, expires_at=NOW + 5)
    [out] = await desk.claim()
    assert out.message_id == message
    assert (out.account_id, out.priority, out.sender) == (desk.account, 1, "TEXT_MSG")
    assert (out.recipient, out.text, out.data_coding, out.message_type) == (
        77771234567,
        "Привет 😀",
        8,
        1,
    )
    assert (out.parts, out.due_at, out.expires_at) == (2, NOW, NOW + 5)
    assert (out.attempts, out.repeats, out.sent_parts) == (0, 0, ())


async def test_the_oldest_due_time_comes_first(desk: Any) -> None:
    late, early, future = [await desk.new(due_at=NOW + shift) for shift in (-5, -9, 1)]
    assert [out.message_id for out in await desk.claim()] == [early, late]
    assert [out.message_id for out in await desk.claim(now=NOW + 1)] == [future]


async def test_only_the_queue_that_was_asked_for(desk: Any) -> None:
    demo = (await desk.store.books.account("demo")).credentials.account.id
    other = await desk.store.books.ensure_operator("beeline")
    mine = await desk.new()
    await desk.submit(
        desk.message(priority=0),
        desk.message(operator_id=other),
        desk.message(account_id=demo, price=0),
        desk.message(stage=1),
    )
    assert [out.message_id for out in await desk.claim()] == [mine]
    assert len(await desk.asked(Claim(other, 1, desk.account, 9, NOW))) == 1


async def test_parts_that_the_operator_has_are_told(desk: Any) -> None:
    message = await desk.claimed(parts=3)
    await asyncio.gather(
        desk.accept(message, "b", 2, last=False), desk.accept(message, "a", 1, last=False)
    )
    assert await desk.postpone(message, NOW, uncertain=True) == message
    [out] = await desk.claim()
    assert (out.sent_parts, out.attempts, out.repeats) == ((1, 2), 1, 1)


async def test_put_off_until_its_time(desk: Any) -> None:
    message = await desk.claimed()
    assert await desk.postpone(message, NOW + 500) == message
    assert await desk.claim(now=NOW + 499) == []
    assert await desk.store.waiting(desk.operator) == [WaitingAccount(1, desk.account, NOW + 500)]
    [out] = await desk.claim(now=NOW + 500)
    assert (out.attempts, out.due_at) == (1, NOW)
    story = await desk.story(message)
    assert (story.last_error, story.submission.due_at) == ("ESME_RTHROTTLED", NOW)
    assert story.uncertain_at is None


async def test_a_schedule_that_was_kept_is_not_promised_again(desk: Any) -> None:
    message = await desk.claimed(state=MessageState.SCHEDULED)
    await desk.postpone(message, NOW + 500)
    assert await desk.state(message) == MessageState.ACCEPTED


async def test_only_its_holder_may_put_a_message_off_or_release_it(desk: Any) -> None:
    waiting = await desk.new()
    assert await desk.postpone(waiting, NOW + 500) is None
    assert await desk.release(waiting) is None
    assert [out.attempts for out in await desk.claim()] == [0]


async def test_released_as_they_were_or_with_a_doubt(desk: Any) -> None:
    surely, perhaps = await desk.claimed(), await desk.claimed()
    assert await desk.release(surely) == surely
    assert await desk.release(perhaps, surely, uncertain=True) == perhaps
    assert [(out.message_id, out.repeats) for out in await desk.claim()] == [
        (surely, 0),
        (perhaps, 1),
    ]
    assert (await desk.story(surely)).uncertain_at is None
    assert (await desk.story(perhaps)).uncertain_at == NOW + 7


async def test_an_expired_message_is_not_given_out_but_ended(desk: Any) -> None:
    expired = [await desk.new(expires_at=NOW) for _ in range(5)]
    alive = await desk.new(expires_at=NOW + 1)
    assert [out.message_id for out in await desk.claim(2)] == [alive]
    assert {(await desk.story(n)).submission.state for n in expired} == {MessageState.EXPIRED}
    assert (await desk.funds()).balance == 99_000
    assert await desk.balanced()


async def test_expiry_by_the_customers_wish_and_by_patience(desk: Any) -> None:
    unwanted = await desk.new(expires_at=NOW)
    hopeless = await desk.new(due_at=NOW - 1000)
    fresh = await desk.new(expires_at=NOW + 1)
    assert await desk.asked(expire(due_before=NOW - 999)) == [unwanted, hopeless]
    story = await desk.story(unwanted)
    assert (story.submission.state, story.completed_at) == (MessageState.EXPIRED, NOW)
    assert (await desk.funds()).balance == 99_000
    assert [out.message_id for out in await desk.claim()] == [fresh]


async def test_patience_counts_from_the_customers_time_not_the_last_try(desk: Any) -> None:
    message = await desk.claimed(due_at=NOW - 1000)
    await desk.postpone(message, NOW + 5000)
    assert await desk.asked(expire(due_before=NOW - 999)) == [message]


async def test_expiry_ends_at_most_so_many_and_none_in_hand(desk: Any) -> None:
    held = await desk.claimed(expires_at=NOW)
    ids = [await desk.new(expires_at=NOW - n) for n in (1, 2, 3)]
    assert await desk.asked(expire(limit=2)) == [ids[2], ids[1]]
    assert await desk.asked(expire()) == [ids[0]]
    assert await desk.asked(expire()) == []
    assert (await desk.story(held)).submission.stage == 1


async def test_what_the_operator_has_in_part_expires_without_a_refund(desk: Any) -> None:
    message = await desk.claimed(parts=2, expires_at=NOW)
    await desk.accept(message, "1", 1, last=False)
    await desk.release(message)
    assert await desk.asked(expire()) == [message]
    assert (await desk.story(message)).refunded == 0
    assert (await desk.funds()).balance == 99_000


@pytest.mark.parametrize("in_hand", [False, True])
async def test_a_waiting_message_can_be_withdrawn(desk: Any, in_hand: bool) -> None:
    message = await desk.new(stage=int(in_hand))
    withdraw = Withdraw(desk.account, message, in_hand, NOW)
    assert await desk.asked(withdraw) is MessageState.DELETED
    assert await desk.asked(withdraw) is MessageState.DELETED
    assert (await desk.funds()).balance == 100_000
    assert await desk.claim() == []
    assert await desk.balanced()


async def test_what_is_on_its_way_cannot_be_withdrawn(desk: Any) -> None:
    claimed, sent, begun = await desk.claimed(), await desk.claimed(), await desk.claimed(parts=2)
    await desk.accept(sent, "1")
    await desk.accept(begun, "2", 1, last=False)
    await desk.release(begun)
    for message in (claimed, sent, begun):
        assert await desk.asked(Withdraw(desk.account, message, False, NOW)) is None
    assert (await desk.funds()).balance == 97_000


async def test_only_ones_own_messages_can_be_withdrawn(desk: Any) -> None:
    message = await desk.new()
    for account, number in ((desk.account + 1, message), (desk.account, 999)):
        assert isinstance(await desk.asked(Withdraw(account, number, False, NOW)), NotFound)
    assert len(await desk.claim()) == 1


async def test_who_waits_is_told_by_priority_and_account(desk: Any) -> None:
    demo = (await desk.store.books.account("demo")).credentials.account.id
    await desk.submit(
        *[desk.message(due_at=NOW + shift) for shift in (3, 1, 2)],
        desk.message(priority=0, due_at=NOW + 9),
        desk.message(account_id=demo, price=0),
        desk.message(stage=1),
        desk.message(operator_id=desk.operator + 1),
    )
    assert await desk.store.waiting(desk.operator) == [
        WaitingAccount(0, desk.account, NOW + 9),
        WaitingAccount(1, desk.account, NOW + 1),
        WaitingAccount(1, demo, NOW),
    ]
    assert await desk.store.waiting(12345) == []


async def test_counts(desk: Any) -> None:
    await desk.submit(desk.message(), desk.message(), desk.message(stage=1))
    await desk.receipt("nobody's")
    assert await desk.store.counts() == Counts(waiting=2, claimed=1, unmatched_receipts=1)
    await desk.held()
    await desk.board(await desk.claimed())
    assert await desk.store.counts() == Counts(waiting=2, claimed=2, unmatched_receipts=1, held=1)
