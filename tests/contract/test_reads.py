"""What customers and staff may read."""

from __future__ import annotations

from typing import Any

import pytest

from habar.model.account import DuplicateId
from habar.model.message import MessageStatus, Ref
from habar.model.status import MessageState, Stage
from habar.store.readings import Sent, SentPart

NOW = 1_790_000_000_000


async def test_statuses_come_in_the_order_asked(desk: Any) -> None:
    await desk.submit(desk.message(70), desk.message(parts=2), desk.message(90))
    answers = await desk.store.statuses(
        desk.account, [Ref(90, None), Ref(None, 2), Ref(5, None), Ref(None, 1), Ref(90, None)], NOW
    )
    assert answers == [
        MessageStatus(3, 90, 1, 106, NOW, None),
        MessageStatus(2, None, 2, 106, NOW, None),
        None,
        MessageStatus(1, 70, 1, 106, NOW, None),
        MessageStatus(3, 90, 1, 106, NOW, None),
    ]


async def test_the_gateways_id_decides_where_both_are_given(desk: Any) -> None:
    await desk.submit(desk.message(70), desk.message(90))
    answers = await desk.store.statuses(desk.account, [Ref(90, 1), Ref(90, 77)], NOW)
    assert [answer and answer.message_id for answer in answers] == [1, None]


async def test_another_accounts_message_reads_as_none(desk: Any) -> None:
    await desk.submit(desk.message(70))
    refs = [Ref(70, None), Ref(None, 1)]
    assert await desk.store.statuses(desk.account + 1, refs, NOW) == [None, None]


@pytest.mark.parametrize("number", [0, -1, 1 << 63, 1 << 200])
async def test_impossible_numbers_read_as_none(desk: Any, number: int) -> None:
    refs = [Ref(number, None), Ref(None, number), Ref(None, None)]
    assert await desk.store.statuses(desk.account, refs, NOW) == [None] * 3
    assert await desk.store.story(number) is None


async def test_a_thousand_statuses_at_once(desk: Any) -> None:
    await desk.submit(*[desk.message(n, price=0) for n in range(1, 1001)])
    refs = [Ref(n, None) if n % 2 else Ref(None, n) for n in range(1000, 0, -1)]
    answers = await desk.store.statuses(desk.account, refs, NOW)
    assert [answer.message_id for answer in answers] == list(range(1000, 0, -1))
    assert await desk.store.statuses(desk.account, [], NOW) == []


async def test_the_route_that_was_taken_is_told(desk: Any) -> None:
    routed, by_default = await desk.new(route_id=7), await desk.new()
    story = await desk.story(routed)
    assert (story.route_id, story.submission.route_id) == (7, 7)
    assert (await desk.story(by_default)).route_id == 0


async def test_what_an_operator_must_be_told_to_cancel_a_message(desk: Any) -> None:
    message = await desk.claimed(parts=3, sender="SHOP")
    await desk.accept(message, "a", 1, last=False)
    await desk.accept(message, "b", 2, last=False)
    await desk.receipt("a")
    sent = await desk.store.sent_to(desk.account, message)
    assert sent == Sent(
        operator_id=desk.operator,
        sender="SHOP",
        recipient=77771234567,
        stage=Stage.CLAIMED,
        parts=(SentPart(1, "a", MessageState.DELIVERED), SentPart(2, "b", None)),
    )
    await desk.accept(message, "c", 3)
    sent = await desk.store.sent_to(desk.account, message)
    assert (sent.stage, [part.part for part in sent.parts]) == (Stage.SENT, [1, 2, 3])


@pytest.mark.parametrize("number", [0, -1, 999, 1 << 200])
async def test_of_a_message_that_is_not_there_nothing_is_cancelled(desk: Any, number: int) -> None:
    mine = await desk.new()
    assert await desk.store.sent_to(desk.account, number) is None
    assert await desk.store.sent_to(desk.account + 1, mine) is None
    assert (await desk.store.sent_to(desk.account, mine)).parts == ()


async def test_a_final_state_has_its_time(desk: Any) -> None:
    message = await desk.claimed(customer_id=7)
    await desk.finish(message, MessageState.REJECTED, at=NOW + 9)
    [status] = await desk.store.statuses(desk.account, [Ref(7, None)], NOW)
    assert (status.state, status.completed_at) == (MessageState.REJECTED, NOW + 9)


async def test_the_newest_of_an_id_is_meant(desk: Any) -> None:
    allow = desk.message(1, on_duplicate=DuplicateId.ALLOW)
    await desk.submit(allow, allow)
    [status] = await desk.store.statuses(desk.account, [Ref(1, None)], NOW)
    assert status.message_id == 2


async def test_the_story_tells_it_all(desk: Any) -> None:
    message = await desk.claimed(parts=2)
    await desk.accept(message, "a", 1, last=False)
    await desk.postpone(message, NOW + 1, uncertain=True)
    await desk.claim(now=NOW + 1)
    await desk.accept(message, "b", 2, at=NOW + 3000)
    await desk.finish(message, MessageState.EXPIRED, refund=False)
    await desk.receipt("a", state=MessageState.UNDELIVERABLE, error="011")
    story = await desk.story(message)
    assert (story.message_id, story.account_id, story.login) == (message, desk.account, "shop")
    assert (story.attempts, story.repeats, story.uncertain_at) == (1, 1, NOW + 1)
    assert (story.last_error, story.sent_at) == ("ESME_RINVDSTADR", NOW + 3000)
    assert [(p.part, p.operator_message_id, p.state, p.error, p.receipts) for p in story.parts] == [
        (1, "a", MessageState.UNDELIVERABLE, "011", 1),
        (2, "b", None, "", 0),
    ]


async def test_no_story_of_a_message_that_is_not(desk: Any) -> None:
    assert await desk.store.story(1) is None
