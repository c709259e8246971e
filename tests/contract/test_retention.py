"""What goes by its age and what never does. Messages lie days apart: an engine may go by days."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.errors import Refusal, StoreUnavailable
from habar.model.account import AccountKind, DuplicateId
from habar.model.message import Ref
from habar.model.status import MessageState
from habar.store.books import NewAccount
from habar.store.events import EndAwaited, ExpireWaiting
from habar.store.retention import Keep, Tidied

DAY = 86_400_000
NOW = 1_790_000_000_000
OLD, MOMENT = NOW - 10 * DAY, NOW - 5 * DAY
ALL = Keep(MOMENT, None)
TEXTS = Keep(None, MOMENT)
DELIVERED = MessageState.DELIVERED


async def tidied(desk: Any, keep: Keep, limit: int = 1000) -> Tidied:
    """A whole pass: what all its rounds did."""
    messages = texts = 0
    for _ in range(1000):
        did = await desk.store.tidy(keep, limit)
        messages += did.messages
        texts += did.texts
        if not did.more:
            return Tidied(messages, texts, more=False)
    raise AssertionError("the rounds come to no end")


async def ended(desk: Any, at: int = OLD, **changes: Any) -> int:
    """A message that was created and had ended by then."""
    message: int = await desk.claimed(created_at=at, due_at=at, **changes)
    assert await desk.finish(message, MessageState.REJECTED, refund=False, at=at + 9) == message
    return message


async def there(desk: Any, *messages: int) -> list[int]:
    """Those of the messages that the store knows."""
    return [message for message in messages if await desk.store.story(message) is not None]


async def text_of(desk: Any, message: int) -> str:
    return str((await desk.story(message)).submission.text)


class TestMessages:
    async def test_what_ended_long_ago_goes_and_what_ended_lately_stays(self, desk: Any) -> None:
        old = [await ended(desk, OLD + n * DAY) for n in range(3)]
        late = [await ended(desk, MOMENT + n * DAY) for n in range(1, 4)]
        assert await tidied(desk, ALL) == Tidied(3, 0, more=False)
        assert await there(desk, *old, *late) == late
        assert await tidied(desk, ALL) == Tidied(0, 0, more=False)

    async def test_its_end_counts_and_not_its_beginning(self, desk: Any) -> None:
        message = await desk.claimed(created_at=OLD, due_at=OLD)
        await desk.finish(message, MessageState.EXPIRED, at=NOW)
        assert (await tidied(desk, ALL)).messages == 0
        assert await there(desk, message) == [message]
        assert (await tidied(desk, Keep(NOW + DAY, None))).messages == 1

    async def test_without_a_moment_everything_stays(self, desk: Any) -> None:
        message = await ended(desk)
        assert await tidied(desk, Keep(None, None)) == Tidied(0, 0, more=False)
        assert await text_of(desk, message) == "Привет"

    async def test_what_is_open_stays_whatever_its_age(self, desk: Any) -> None:
        waiting = await desk.new(created_at=OLD, due_at=OLD)
        in_hand = await desk.claimed(created_at=OLD, due_at=OLD)
        put_off = await desk.claimed(created_at=OLD, due_at=OLD)
        await desk.postpone(put_off, NOW)
        scheduled = await desk.new(created_at=OLD, due_at=NOW, state=MessageState.SCHEDULED)
        half = await desk.claimed(created_at=OLD, due_at=OLD, parts=2)
        await desk.accept(half, "H1", last=False, at=OLD)
        messages = [waiting, in_hand, put_off, scheduled, half]
        keep = Keep(MOMENT, MOMENT)
        assert await tidied(desk, keep) == Tidied(0, 0, more=False)
        assert await there(desk, *messages) == messages
        assert [await text_of(desk, message) for message in messages] == ["Привет"] * 5
        assert [m.message_id for m in await desk.claim()] == [waiting, put_off, scheduled]

    async def test_what_was_open_goes_when_it_has_ended_long_enough(self, desk: Any) -> None:
        open_ = await desk.claimed(created_at=OLD, due_at=OLD)
        old = await ended(desk, OLD + DAY)
        assert (await tidied(desk, ALL)).messages == 1
        await desk.finish(open_, MessageState.REJECTED, at=NOW)
        assert (await tidied(desk, ALL)).messages == 0
        assert (await tidied(desk, Keep(NOW + DAY, None))).messages == 1
        assert await there(desk, open_, old) == []

    async def test_one_whose_receipt_never_came_goes_when_it_is_awaited_no_more(
        self, desk: Any
    ) -> None:
        message = await desk.claimed(created_at=OLD, due_at=OLD)
        await desk.accept(message, "A1", at=OLD, awaited_until=OLD + DAY)
        assert await tidied(desk, Keep(MOMENT, MOMENT)) == Tidied(0, 0, more=False)
        assert await desk.asked(EndAwaited(OLD + DAY, 10)) == [message]
        assert (await tidied(desk, ALL)).messages == 1
        assert await there(desk, message) == []

    async def test_one_that_is_held_stays_until_somebody_decides(self, desk: Any) -> None:
        message = await desk.held(created_at=OLD, due_at=OLD, expires_at=OLD + DAY, at=OLD)
        boarded = await desk.claimed(created_at=OLD, due_at=OLD)
        await desk.board(boarded)
        assert await desk.asked(ExpireWaiting(NOW, NOW, 10)) == []
        assert await tidied(desk, Keep(MOMENT, MOMENT)) == Tidied(0, 0, more=False)
        assert await there(desk, message, boarded) == [message, boarded]
        await desk.store.decide(message, False, actor="ann", now=OLD + DAY)
        assert (await tidied(desk, ALL)).messages == 1

    async def test_one_that_came_too_late_to_be_sent_goes_too(self, desk: Any) -> None:
        message = await desk.new(created_at=OLD, due_at=OLD, state=MessageState.EXPIRED)
        assert (await tidied(desk, ALL)).messages == 1
        assert await there(desk, message) == []

    async def test_of_one_that_went_nothing_is_told(self, desk: Any) -> None:
        message = await ended(desk, customer_id=7)
        await tidied(desk, ALL)
        assert await desk.told(Ref(None, message)) is None
        assert await desk.told(Ref(7, None)) is None

    @pytest.mark.parametrize("rule", list(DuplicateId))
    async def test_its_customers_id_can_be_used_again(self, desk: Any, rule: DuplicateId) -> None:
        old = await ended(desk, customer_id=7)
        await tidied(desk, ALL)
        new = await desk.new(customer_id=7, on_duplicate=rule, text="other")
        assert new > old
        assert await desk.told(Ref(7, None)) == MessageState.ACCEPTED

    async def test_an_id_that_names_a_newer_message_goes_on_naming_it(self, desk: Any) -> None:
        await ended(desk, customer_id=7, on_duplicate=DuplicateId.ALLOW)
        new = await desk.new(customer_id=7, on_duplicate=DuplicateId.ALLOW)
        assert (await tidied(desk, ALL)).messages == 1
        [status] = await desk.store.statuses(desk.account, [Ref(7, None)], NOW)
        assert status.message_id == new
        [outcome] = await desk.submit(desk.message(7))
        assert (outcome.refusal, outcome.message_id) == (Refusal.DUPLICATE_ID, new)

    async def test_message_ids_are_not_used_again(self, desk: Any, again: Any) -> None:
        message = await ended(desk)
        await tidied(desk, ALL)
        assert await desk.new() > message
        desk = await again(desk)
        assert await desk.new() > message

    async def test_the_ledger_stays_and_adds_up(self, desk: Any, engine: Any) -> None:
        refunded = await desk.claimed(created_at=OLD, due_at=OLD)
        await desk.finish(refunded, MessageState.REJECTED, refund=True, at=OLD)
        await ended(desk)
        entries = engine.ledger(desk.account)
        balance = (await desk.funds()).balance
        assert (await tidied(desk, Keep(MOMENT, MOMENT))).messages == 2
        assert engine.ledger(desk.account) == entries
        assert (await desk.funds()).balance == balance == 99_000
        assert await desk.balanced()

    async def test_of_all_accounts(self, desk: Any) -> None:
        other = await desk.store.books.add_account(
            NewAccount("bank", AccountKind.FULL, "hash", balance=5_000), actor="test", now=NOW
        )
        ours, theirs = (
            await ended(desk, customer_id=7),
            await ended(desk, customer_id=7, account_id=other),
        )
        kept = await ended(desk, NOW, customer_id=8, account_id=other)
        assert (await tidied(desk, ALL)).messages == 2
        assert await there(desk, ours, theirs, kept) == [kept]
        [outcome] = await desk.submit(desk.message(8, account_id=other))
        assert outcome.refusal is Refusal.DUPLICATE_ID
        assert await desk.balanced("bank")
        assert await desk.balanced()


class TestReceipts:
    async def test_a_receipt_for_one_that_went_is_kept_unmatched(self, desk: Any) -> None:
        message = await desk.claimed(created_at=OLD, due_at=OLD)
        await desk.accept(message, "A1", at=OLD, awaited_until=OLD + 1)
        await desk.asked(EndAwaited(OLD + 1, 10))
        assert (await tidied(desk, ALL)).messages == 1
        assert await desk.receipt("A1", at=NOW) is None
        [kept] = await desk.store.unmatched_receipts(10)
        assert (kept.operator_message_id, kept.at) == ("A1", NOW)

    async def test_an_operators_id_that_came_again_means_the_message_that_is_there(
        self, desk: Any
    ) -> None:
        old = await desk.claimed(created_at=OLD, due_at=OLD)
        await desk.accept(old, "A1", at=OLD)
        await tidied(desk, ALL)
        new = await desk.claimed()
        await desk.accept(new, "A1")
        assert await desk.receipt("A1") == new

    async def test_unmatched_ones_go_by_their_age(self, desk: Any) -> None:
        for days in (10, 8, 3, 0):
            await desk.receipt(f"R{days}", "also", at=NOW - days * DAY)
        assert await tidied(desk, TEXTS) == Tidied(0, 0, more=False)
        assert await tidied(desk, ALL) == Tidied(0, 0, more=False)
        kept = await desk.store.unmatched_receipts(10)
        assert [receipt.operator_message_id for receipt in kept] == ["R0", "R3"]


class TestTexts:
    async def test_the_text_goes_and_all_else_stays(self, desk: Any) -> None:
        message = await desk.claimed(customer_id=7, created_at=OLD, due_at=OLD)
        await desk.accept(message, "A1", at=OLD)
        await desk.receipt("A1", at=OLD + 5)
        before = await desk.story(message)
        assert await tidied(desk, TEXTS) == Tidied(0, 1, more=False)
        after = await desk.story(message)
        assert after.submission == before.submission._replace(text="")
        assert (after.parts, after.completed_at) == (before.parts, before.completed_at)
        assert await desk.told(Ref(7, None)) == DELIVERED
        assert await tidied(desk, TEXTS) == Tidied(0, 0, more=False)

    async def test_young_ones_keep_it(self, desk: Any) -> None:
        await ended(desk)
        young = await ended(desk, MOMENT + DAY)
        assert (await tidied(desk, TEXTS)).texts == 1
        assert await text_of(desk, young) == "Привет"
        assert (await tidied(desk, Keep(None, NOW))).texts == 1
        assert await text_of(desk, young) == ""

    async def test_what_was_open_loses_it_when_it_has_ended_long_enough(self, desk: Any) -> None:
        open_ = await desk.claimed(created_at=OLD, due_at=OLD)
        await ended(desk, OLD + DAY)
        assert (await tidied(desk, TEXTS)).texts == 1
        await desk.finish(open_, MessageState.REJECTED, at=NOW)
        assert (await tidied(desk, TEXTS)).texts == 0
        assert await text_of(desk, open_) == "Привет"
        assert (await tidied(desk, Keep(None, NOW + DAY))).texts == 1
        assert await text_of(desk, open_) == ""

    async def test_what_was_open_loses_it_after_a_restart_too(self, desk: Any, again: Any) -> None:
        open_ = await desk.new(created_at=OLD, due_at=OLD)
        await ended(desk, OLD + DAY)
        assert (await tidied(desk, TEXTS)).texts == 1
        desk = await again(desk)
        assert [m.message_id for m in await desk.claim()] == [open_]
        await desk.finish(open_, MessageState.REJECTED, at=NOW)
        assert (await tidied(desk, Keep(None, NOW + DAY))).texts == 1
        assert await text_of(desk, open_) == ""

    async def test_the_messages_go_later(self, desk: Any) -> None:
        oldest, old = await ended(desk, OLD), await ended(desk, OLD + 3 * DAY)
        both = Keep(OLD + 2 * DAY, MOMENT)
        assert await tidied(desk, both) == Tidied(1, 1, more=False)
        assert await there(desk, oldest, old) == [old]
        assert await text_of(desk, old) == ""
        assert await tidied(desk, Keep(MOMENT, MOMENT)) == Tidied(1, 0, more=False)

    async def test_a_repeat_of_one_without_its_text_is_a_repeat(self, desk: Any) -> None:
        message = await ended(desk, customer_id=7)
        await tidied(desk, TEXTS)
        idempotent = {"on_duplicate": DuplicateId.IDEMPOTENT}
        again, longer, elsewhere, strict = await desk.submit(
            desk.message(7, **idempotent),
            desk.message(7, parts=2, **idempotent),
            desk.message(7, recipient=77770000000, **idempotent),
            desk.message(7),
        )
        assert (again.message_id, again.repeat, again.refusal) == (message, True, None)
        for refused in (longer, elsewhere, strict):
            assert (refused.message_id, refused.refusal) == (message, Refusal.DUPLICATE_ID)


class TestRounds:
    @pytest.mark.parametrize("limit", [1, 7, 100])
    async def test_small_rounds_say_that_there_is_more_and_come_to_an_end(
        self, desk: Any, limit: int
    ) -> None:
        old = []
        for n in range(9):
            old.append(await ended(desk, OLD + n * DAY // 2, price=0))
            if n % 3 == 0:
                await desk.claimed(created_at=OLD + n * DAY // 2, due_at=OLD, price=0)
        late = [await ended(desk, NOW - n * DAY, price=0) for n in (2, 1)]
        blanked = await tidied(desk, TEXTS, limit)
        assert blanked == Tidied(0, 9, more=False)
        assert await tidied(desk, ALL, limit) == Tidied(9, 0, more=False)
        assert await there(desk, *old, *late) == late
        assert await tidied(desk, Keep(MOMENT, MOMENT), limit) == Tidied(0, 0, more=False)

    async def test_a_round_does_not_do_it_all_at_once(self, desk: Any) -> None:
        for n in range(4):
            await desk.submit(
                *[
                    desk.message(
                        created_at=OLD + n * DAY, due_at=OLD, price=0, state=MessageState.EXPIRED
                    )
                    for _ in range(50)
                ]
            )
        first = await desk.store.tidy(ALL, 60)
        assert 0 < first.messages <= 100
        assert first.more
        assert first.messages + (await tidied(desk, ALL, 60)).messages == 200

    async def test_rounds_at_one_time_do_everything_once(self, desk: Any) -> None:
        for n in range(5):
            await ended(desk, OLD + n * DAY // 2)
        did = await asyncio.gather(*[desk.store.tidy(Keep(MOMENT, MOMENT), 3) for _ in range(20)])
        rest = await tidied(desk, Keep(MOMENT, MOMENT))
        assert sum(one.messages for one in did) + rest.messages == 5

    async def test_a_store_that_cannot_write_says_so_and_goes_on_later(
        self, desk: Any, engine: Any
    ) -> None:
        message = await ended(desk)
        engine.break_sync(desk.store)
        with pytest.raises(StoreUnavailable):
            await tidied(desk, ALL)
        assert await there(desk, message) == [message]
        engine.mend_sync(desk.store)
        await engine.well_again(desk.store)
        assert (await tidied(desk, ALL)).messages == 1
        assert await desk.balanced()
