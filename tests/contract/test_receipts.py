"""What operators report: which message is meant, what becomes of it, and who has the last word."""

from __future__ import annotations

import asyncio
from itertools import permutations
from typing import Any

import pytest

from habar.errors import Conflict, NotFound
from habar.model.status import MessageState, after, of_parts
from habar.store.events import PartAccepted, ReceiptSeen

NOW = 1_790_000_000_000
DELIVERED, FAILED = MessageState.DELIVERED, MessageState.UNDELIVERABLE
TEN_MINUTES = 600_000


async def sent(desk: Any, name: str, **changes: Any) -> int:
    """The id of a message that the operator has taken under `name`."""
    message: int = await desk.claimed(**changes)
    await desk.accept(message, name)
    return message


async def test_taken_then_delivered(desk: Any) -> None:
    message = await desk.claimed()
    assert await desk.accept(message, "4711", at=NOW + 1) == message
    story = await desk.story(message)
    assert (story.submission.stage, story.submission.state, story.sent_at) == (2, 106, NOW + 1)
    answer = await desk.recorded(
        ReceiptSeen(desk.operator, ("4711",), DELIVERED, "000", NOW + 2, NOW + 3, "id:4711")
    )
    assert answer == message
    story = await desk.story(message)
    assert (story.submission.stage, story.submission.state) == (3, DELIVERED)
    assert story.completed_at == NOW + 3
    [part] = story.parts
    assert (part.part, part.operator_id, part.operator_message_id) == (1, desk.operator, "4711")
    assert (part.sent_at, part.state, part.error) == (NOW + 1, DELIVERED, "000")
    assert (part.done_at, part.receipt_at, part.receipts) == (NOW + 2, NOW + 3, 1)


@pytest.mark.parametrize(
    "name", ["1", "0", "007", "A1B2", "x" * 64, str(1 << 62), str((1 << 62) - 1), "٣٤", "-5", "1.0"]
)
async def test_any_text_may_be_an_operators_id(desk: Any, name: str) -> None:
    message = await sent(desk, name)
    assert await desk.receipt(name) == message


async def test_like_looking_ids_are_different(desk: Any) -> None:
    await sent(desk, "7")
    for name in ("07", "7 ", "٧", "", "70"):
        assert await desk.receipt(name) is None
    assert await desk.receipt("7") == 1


async def test_an_operator_without_an_id_matches_nothing(desk: Any) -> None:
    message = await sent(desk, "")
    assert await desk.receipt("") is None
    assert (await desk.story(message)).submission.stage == 2


async def test_another_operators_id_is_another(desk: Any) -> None:
    await sent(desk, "7")
    other = await desk.store.books.ensure_operator("beeline")
    receipt = ReceiptSeen(other, ("7",), DELIVERED, "", None, NOW, "")
    assert await desk.recorded(receipt) is None
    assert await desk.state(1) == 106


async def test_candidates_are_tried_in_order(desk: Any) -> None:
    first, second = await sent(desk, "31"), await sent(desk, "1f")
    assert await desk.receipt("nobody's", "1f", "31") == second
    assert await desk.receipt("31", "1f") == first


@pytest.mark.parametrize("state", [MessageState.ENROUTE, MessageState.ACCEPTED])
async def test_a_note_on_the_way_leaves_the_part_open(desk: Any, state: MessageState) -> None:
    message = await sent(desk, "7")
    assert await desk.receipt("7", state=state) == message
    story = await desk.story(message)
    assert (story.submission.stage, story.submission.state) == (2, 106)
    assert (story.parts[0].state, story.parts[0].receipts) == (None, 1)
    await desk.receipt("7", state=FAILED, error="001")
    story = await desk.story(message)
    assert (story.submission.state, story.parts[0].error, story.parts[0].receipts) == (
        105,
        "001",
        2,
    )


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ([DELIVERED, DELIVERED], DELIVERED),
        ([DELIVERED, FAILED], DELIVERED),
        ([FAILED, DELIVERED], DELIVERED),
        ([MessageState.EXPIRED, FAILED], MessageState.EXPIRED),
        ([MessageState.UNKNOWN, DELIVERED, MessageState.EXPIRED], DELIVERED),
        ([MessageState.UNKNOWN, MessageState.EXPIRED, FAILED], MessageState.EXPIRED),
        ([MessageState.EXPIRED, MessageState.UNKNOWN], MessageState.EXPIRED),
        ([DELIVERED, MessageState.ENROUTE], DELIVERED),
    ],
)
@pytest.mark.parametrize("at_once", [False, True])
async def test_the_first_end_stays_save_that_delivered_wins(
    desk: Any, told: list[MessageState], kept: MessageState, at_once: bool
) -> None:
    message = await sent(desk, "7")
    answers = []
    for state in told:
        answers.append(desk.receipt("7", state=state))
        if not at_once:
            await answers[-1]
    assert await asyncio.gather(*answers) == [message] * len(told)
    story = await desk.story(message)
    assert (story.submission.state, story.parts[0].state) == (kept, kept)
    assert story.parts[0].receipts == len(told)


async def test_a_repeated_receipt_does_not_move_the_time_of_the_end(desk: Any) -> None:
    message = await sent(desk, "7")
    await desk.receipt("7", at=NOW + 10)
    await desk.receipt("7", at=NOW + 99)
    story = await desk.story(message)
    assert story.completed_at == story.parts[0].receipt_at == NOW + 10


@pytest.mark.parametrize(
    ("ended", "told", "kept"),
    [
        (MessageState.EXPIRED, DELIVERED, DELIVERED),
        (MessageState.EXPIRED, FAILED, MessageState.EXPIRED),
        (DELIVERED, FAILED, DELIVERED),
    ],
)
async def test_a_receipt_after_the_end_follows_the_same_rule(
    desk: Any, ended: MessageState, told: MessageState, kept: MessageState
) -> None:
    message = await sent(desk, "7")
    await desk.finish(message, ended)
    assert await desk.receipt("7", state=told) == message
    story = await desk.story(message)
    assert (story.submission.state, story.parts[0].state) == (kept, told)
    assert story.refunded == 1_000
    assert (await desk.funds()).balance == 100_000


async def test_a_message_that_has_ended_stays_so_when_its_part_is_taken(desk: Any) -> None:
    first, second = await desk.claimed(), await desk.claimed()
    await asyncio.gather(*[desk.finish(n, MessageState.EXPIRED) for n in (first, second)])
    assert await desk.accept(first, "1") == first
    event = PartAccepted(second, 1, desk.operator, "2", NOW, True, MessageState.ENROUTE)
    assert await desk.recorded(event) == second
    for number in (first, second):
        story = await desk.story(number)
        assert (story.submission.stage, story.submission.state) == (3, MessageState.EXPIRED)
        assert len(story.parts) == 1


async def test_an_operator_without_receipts_ends_the_message_at_once(desk: Any) -> None:
    message = await desk.claimed()
    event = PartAccepted(message, 1, desk.operator, "7", NOW + 1, True, MessageState.ENROUTE)
    assert await desk.recorded(event) == message
    story = await desk.story(message)
    assert (story.submission.stage, story.submission.state) == (3, MessageState.ENROUTE)
    assert story.completed_at == NOW + 1
    await desk.receipt("7", state=FAILED)
    assert await desk.state(message) == FAILED


async def test_several_parts_are_ended_by_their_last_receipt(desk: Any) -> None:
    message = await desk.claimed(parts=3)
    for part, name in ((1, "a"), (2, "b"), (3, "c")):
        assert (await desk.story(message)).submission.stage == 1
        await desk.accept(message, name, part, last=part == 3)
    assert (await desk.story(message)).submission.stage == 2
    for name in ("c", "a"):
        await desk.receipt(name)
        assert await desk.state(message) == 106
    await desk.receipt("b", state=FAILED, at=NOW + 77)
    story = await desk.story(message)
    assert (story.submission.state, story.completed_at) == (FAILED, NOW + 77)
    await desk.receipt("b")
    assert await desk.state(message) == DELIVERED


async def test_all_parts_in_one_turn(desk: Any) -> None:
    message = await desk.claimed(parts=3)
    names = ["a", "b", "c"]
    await asyncio.gather(
        *[desk.receipt(name) for name in names],
        *[desk.accept(message, name, n, last=n == 3) for n, name in enumerate(names, 1)],
    )
    assert await desk.state(message) == DELIVERED


async def test_a_part_is_not_the_whole(desk: Any) -> None:
    message = await desk.claimed(parts=2)
    await desk.accept(message, "a", 1, last=False)
    await desk.receipt("a")
    story = await desk.story(message)
    assert (story.submission.stage, story.submission.state, story.sent_at) == (1, 106, None)
    await desk.accept(message, "b", 2)
    assert (await desk.story(message)).submission.stage == 2
    await desk.receipt("b")
    assert await desk.state(message) == DELIVERED


async def test_a_receipt_before_its_part_is_kept_and_matched(desk: Any) -> None:
    message = await desk.claimed()
    assert await desk.receipt("nobody's", "7", state=FAILED, error="001") is None
    [kept] = await desk.store.unmatched_receipts(10)
    assert (kept.operator_id, kept.operator_message_id) == (desk.operator, "nobody's")
    assert (kept.state, kept.error, kept.raw) == (FAILED, "001", "id:nobody's7")
    await desk.accept(message, "7")
    story = await desk.story(message)
    assert (story.submission.stage, story.submission.state) == (3, FAILED)
    assert (story.parts[0].error, story.parts[0].receipts) == ("001", 1)
    assert await desk.store.unmatched_receipts(10) == []


async def test_in_one_turn_the_order_of_receipt_and_part_does_not_matter(desk: Any) -> None:
    message = await desk.claimed()
    answers = [desk.receipt("7"), desk.accept(message, "7")]
    assert await asyncio.gather(*answers) == [message, message]
    assert await desk.state(message) == DELIVERED


async def test_a_receipt_before_the_last_of_several_parts(desk: Any) -> None:
    message = await desk.claimed(parts=2)
    await desk.accept(message, "a", 1, last=False)
    await desk.receipt("b")
    await desk.receipt("a")
    await desk.accept(message, "b", 2)
    assert await desk.state(message) == DELIVERED


async def test_an_early_receipt_survives_a_restart(desk: Any, again: Any) -> None:
    message = await desk.claimed()
    await desk.receipt("7")
    desk = await again(desk)
    [out] = await desk.claim()
    await desk.accept(out.message_id, "7")
    assert await desk.state(message) == DELIVERED


async def test_an_old_receipt_is_not_taken_for_an_early_one(desk: Any) -> None:
    message = await desk.claimed()
    await desk.receipt("7", at=NOW)
    await desk.accept(message, "7", at=NOW + TEN_MINUTES + 1)
    assert (await desk.story(message)).submission.stage == 2
    assert len(await desk.store.unmatched_receipts(10)) == 1


async def test_unmatched_receipts_the_newest_first(desk: Any) -> None:
    for name in "abc":
        assert await desk.receipt(name) is None
    names = [kept.operator_message_id for kept in await desk.store.unmatched_receipts(2)]
    assert names == ["c", "b"]


async def test_a_repeated_id_means_the_newest_open_part(desk: Any) -> None:
    first, second, third = [await sent(desk, "7") for _ in range(3)]
    assert [await desk.receipt("7") for _ in range(4)] == [third, second, first, third]


async def test_a_repeated_id_within_one_turn(desk: Any) -> None:
    ids = [await sent(desk, "7") for _ in range(3)]
    answers = await asyncio.gather(*[desk.receipt("7") for _ in range(3)])
    assert answers == ids[::-1]


async def test_an_operator_that_gives_one_id_to_everything(desk: Any) -> None:
    ids = [await sent(desk, "0", price=0) for _ in range(40)]
    other = await sent(desk, "77")
    answers = await asyncio.gather(*[desk.receipt("0") for _ in range(5)], desk.receipt("77"))
    assert answers == [*ids[:-6:-1], other]


async def test_many_receipts_at_once(desk: Any) -> None:
    outcomes = await desk.submit(*[desk.message(price=0, stage=1) for _ in range(400)])
    ids = [outcome.message_id for outcome in outcomes]
    parts = [PartAccepted(n, 1, desk.operator, f"{n:x}-", NOW, last=True) for n in ids]
    assert await desk.all_recorded(parts) == ids
    receipts = [ReceiptSeen(desk.operator, (f"{n:x}-",), DELIVERED, "", None, NOW, "") for n in ids]
    assert await desk.all_recorded(receipts) == ids
    assert {await desk.state(n) for n in ids} == {DELIVERED}


async def test_a_message_sent_twice_keeps_the_later_id(desk: Any) -> None:
    message = await sent(desk, "1")
    await desk.accept(message, "2", at=NOW + 2)
    assert await desk.receipt("2") == message
    [part] = (await desk.story(message)).parts
    assert (part.operator_message_id, part.sent_at) == ("2", NOW + 2)


def settled(told: list[tuple[str, MessageState]]) -> MessageState | None:
    """What two parts `a` and `b` come to, by the written rules, part by part."""
    parts: dict[str, MessageState | None] = {"a": None, "b": None}
    for name, state in told:
        parts[name] = after(parts[name], state)
    return of_parts(list(parts.values()))


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("first", [DELIVERED, FAILED, MessageState.UNKNOWN])
@pytest.mark.parametrize("second", [DELIVERED, MessageState.EXPIRED])
@pytest.mark.parametrize("third", [DELIVERED, FAILED])
async def test_contradictions_are_settled_in_whatever_order_they_come(
    desk: Any, first: MessageState, second: MessageState, third: MessageState, at_once: bool
) -> None:
    told = [("a", first), ("a", second), ("b", third)]
    for order in permutations(told):
        message = await desk.claimed(parts=2, price=0)
        names = {name: f"{message}-{name}" for name in "ab"}
        await desk.accept(message, names["a"], 1, last=False)
        await desk.accept(message, names["b"], 2)
        answers = []
        for name, state in order:
            answers.append(desk.receipt(names[name], state=state))
            if not at_once:
                await answers[-1]
        assert await asyncio.gather(*answers) == [message] * 3
        assert await desk.state(message) == settled(list(order)), order


async def test_duplicates_change_nothing_but_their_count(desk: Any) -> None:
    message = await desk.claimed(parts=2)
    await desk.accept(message, "a", 1, last=False)
    await desk.accept(message, "b", 2)
    for name, state in (("a", FAILED), ("a", FAILED), ("b", DELIVERED), ("a", FAILED)):
        await desk.receipt(name, state=state)
    story = await desk.story(message)
    assert story.submission.state == FAILED
    assert [(part.state, part.receipts) for part in story.parts] == [(FAILED, 3), (DELIVERED, 1)]


class TestWhole:
    async def test_it_speaks_for_all_parts(self, desk: Any) -> None:
        message = await desk.claimed(parts=3)
        for part, name in enumerate("abc", 1):
            await desk.accept(message, name, part, last=part == 3)
        assert await desk.receipt("b", whole=True, at=NOW + 9) == message
        story = await desk.story(message)
        assert (story.submission.stage, story.submission.state) == (3, DELIVERED)
        assert story.completed_at == NOW + 9
        assert [part.state for part in story.parts] == [DELIVERED] * 3
        assert [part.receipts for part in story.parts] == [0, 1, 0]

    @pytest.mark.parametrize("state", [DELIVERED, FAILED])
    async def test_it_ends_the_message_though_parts_are_still_to_be_taken(
        self, desk: Any, state: MessageState
    ) -> None:
        message = await desk.claimed(parts=2)
        await desk.accept(message, "a", 1, last=False)
        await desk.receipt("a", whole=True, state=state)
        assert (await desk.stage(message), await desk.state(message)) == (3, state)
        assert await desk.accept(message, "b", 2) == message
        story = await desk.story(message)
        assert (story.submission.stage, story.submission.state) == (3, state)
        assert [part.state for part in story.parts] == [state, None]
        assert await desk.postpone(message, NOW + 1) is None

    async def test_one_that_came_early_speaks_for_all_parts_too(
        self, desk: Any, again: Any
    ) -> None:
        message = await desk.claimed(parts=2)
        assert await desk.receipt("a", whole=True) is None
        desk = await again(desk)
        [out] = await desk.claim()
        await desk.accept(out.message_id, "a", 1, last=False)
        assert (await desk.stage(message), await desk.state(message)) == (3, DELIVERED)

    async def test_what_is_told_of_single_parts_after_it_contradicts_by_the_same_rule(
        self, desk: Any
    ) -> None:
        message = await desk.claimed(parts=2)
        await desk.accept(message, "a", 1, last=False)
        await desk.accept(message, "b", 2)
        await desk.receipt("a", whole=True, state=FAILED)
        await desk.receipt("b")
        assert await desk.state(message) == FAILED
        await desk.receipt("b", whole=True)
        assert await desk.state(message) == DELIVERED

    async def test_a_note_on_the_way_ends_nothing(self, desk: Any) -> None:
        message = await sent(desk, "a")
        await desk.receipt("a", whole=True, state=MessageState.ENROUTE)
        assert await desk.stage(message) == 2

    async def test_with_others_in_one_turn(self, desk: Any) -> None:
        first = await desk.claimed(parts=2)
        other = await sent(desk, "x")
        await desk.accept(first, "a", 1, last=False)
        await desk.accept(first, "b", 2)
        answers = [
            desk.receipt("a", whole=True, state=FAILED),
            desk.receipt("nobody's", "b"),
            desk.receipt("x"),
        ]
        assert await asyncio.gather(*answers) == [first, first, other]
        story = await desk.story(first)
        assert [part.state for part in story.parts] == [FAILED, DELIVERED]
        assert [part.receipts for part in story.parts] == [1, 1]
        assert story.submission.state == FAILED


class TestMatch:
    async def test_an_orphan_is_matched_by_a_person(self, desk: Any, engine: Any) -> None:
        message = await sent(desk, "31")
        await desk.receipt("1f", state=FAILED, error="001", at=NOW + 7)
        [orphan] = await desk.store.unmatched_receipts(10)
        await desk.store.match(orphan.id, message, 1, actor="ann", now=NOW + 99)
        story = await desk.story(message)
        assert (story.submission.stage, story.submission.state) == (3, FAILED)
        [part] = story.parts
        assert (part.error, part.receipt_at, part.receipts) == ("001", NOW + 7, 1)
        assert await desk.store.unmatched_receipts(10) == []
        assert engine.audit()[-1] == (
            "ann",
            "receipt match",
            f"receipt {orphan.id}",
            f"message {message}, part 1",
        )

    async def test_beside_the_gateway(self, desk: Any, engine: Any) -> None:
        message = await sent(desk, "31")
        await desk.receipt("1f", whole=True)
        beside = await engine.beside()
        [orphan] = await beside.unmatched_receipts(10)
        await beside.match(orphan.id, message, 1, actor="ann", now=NOW)
        await beside.close()
        assert await desk.state(message) == DELIVERED

    async def test_what_cannot_be_matched(self, desk: Any) -> None:
        message = await sent(desk, "31")
        other = await desk.store.books.ensure_operator("beeline")
        await desk.recorded(ReceiptSeen(other, ("1f",), DELIVERED, "", None, NOW, ""))
        [orphan] = await desk.store.unmatched_receipts(10)
        for error, receipt_id, message_id, part in (
            (NotFound, orphan.id + 1, message, 1),
            (NotFound, orphan.id, message + 999, 1),
            (Conflict, orphan.id, message, 1),
            (Conflict, orphan.id, message, 2),
        ):
            with pytest.raises(error):
                await desk.store.match(receipt_id, message_id, part, actor="ann", now=NOW)
        assert await desk.store.unmatched_receipts(10) == [orphan]
        assert await desk.stage(message) == 2
