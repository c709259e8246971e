"""What the journal promises of every write: durable before told, one commit a turn, in order."""

from __future__ import annotations

import asyncio
from typing import Any

from habar.errors import StoreUnavailable
from habar.model.message import Ref
from habar.model.status import MessageState
from habar.store.events import Claim, Finished, PartAccepted, ReceiptSeen


async def test_what_is_answered_can_be_seen_by_others(desk: Any, engine: Any) -> None:
    beside = await engine.beside()
    seen: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def done(outcomes: Any) -> None:
        asyncio.ensure_future(beside.story(outcomes[0].message_id)).add_done_callback(
            lambda story: seen.set_result(story.result())
        )

    desk.store.journal.submit([desk.message(text="seen?")], done)
    assert (await seen).submission.text == "seen?"


async def test_what_a_turn_brings_shares_one_commit(desk: Any, engine: Any) -> None:
    before = desk.store.journal.commits
    answers = await asyncio.gather(*[desk.submitted(desk.message(n)) for n in range(1, 41)])
    assert desk.store.journal.commits == before + 1
    assert [answer[0].message_id for answer in answers] == list(range(1, 41))
    assert engine.ledger(desk.account)[1:] == [("charge", -40_000, 1, 40, 40)]


async def test_results_share_a_commit_with_submissions(desk: Any) -> None:
    first, second = await desk.claimed(), await desk.claimed()
    before = desk.store.journal.commits
    await asyncio.gather(
        desk.accept(first, "1"), desk.submitted(desk.message()), desk.accept(second, "2")
    )
    assert desk.store.journal.commits == before + 1


async def test_receipts_share_a_commit_and_hold_up_nothing_that_a_window_waits_for(
    desk: Any,
) -> None:
    first, second = await desk.claimed(), await desk.claimed()
    before = desk.store.journal.commits
    receipts = asyncio.gather(desk.receipt("1"), desk.receipt("2"))
    await asyncio.gather(desk.accept(first, "1"), desk.accept(second, "2"))
    assert desk.store.journal.commits == before + 1
    assert await receipts == [first, second]
    assert desk.store.journal.commits == before + 2


async def test_records_alone_are_written_without_a_submission(desk: Any) -> None:
    assert await desk.accept(await desk.claimed(), "1") is not None


async def test_a_record_needs_nobody_to_tell(desk: Any) -> None:
    message = await desk.claimed()
    desk.store.journal.record(PartAccepted(message, 1, desk.operator, "1", 5, last=True))
    await desk.new()
    assert (await desk.story(message)).submission.stage == 2


async def test_call_backs_come_in_the_order_given(desk: Any) -> None:
    message = await desk.claimed()
    told: list[str] = []
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    journal = desk.store.journal
    journal.submit([desk.message()], lambda _: told.append("first"))
    journal.record(
        Finished(message, MessageState.REJECTED, "", 5, refund=True),
        lambda _: told.append("second"),
    )
    journal.ask(Claim(desk.operator, 1, desk.account, 5, 0), lambda _: told.append("third"))
    journal.submit([desk.message()], lambda _: answer.set_result(None))
    assert told == []
    await answer
    assert told == ["first", "second", "third"]


async def test_a_refund_pays_for_a_submission_given_after_it(desk: Any) -> None:
    first = await desk.claimed(price=99_000)
    desk.finish(first, MessageState.REJECTED)
    [outcome] = await desk.submit(desk.message(price=100_000))
    assert outcome.refusal is None
    assert (await desk.funds()).balance == 0
    assert await desk.balanced()


async def test_a_claim_sees_what_was_released_before_it_in_the_same_turn(desk: Any) -> None:
    message = await desk.claimed()
    released = desk.release(message)
    assert [out.message_id for out in await desk.claim()] == [message]
    assert await released == message


async def test_a_part_taken_after_a_release_in_the_same_turn_is_not_sent_again(desk: Any) -> None:
    message = await desk.claimed()
    await asyncio.gather(desk.release(message, uncertain=True), desk.accept(message, "1"))
    assert await desk.claim() == []
    assert (await desk.story(message)).submission.stage == 2


async def test_a_call_back_that_fails_harms_no_other(desk: Any) -> None:
    failures: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))

    def fail(_: Any) -> None:
        raise RuntimeError("a fault in a door")

    desk.store.journal.submit([desk.message()], fail)
    assert await desk.new() == 2
    assert [type(failure["exception"]) for failure in failures] == [RuntimeError]


async def test_an_empty_package_is_answered(desk: Any) -> None:
    assert await desk.submit() == []


async def test_the_backlog_counts_what_waits(desk: Any) -> None:
    journal = desk.store.journal
    assert journal.backlog == 0
    answers = [desk.submitted(desk.message(), desk.message()), desk.submitted(desk.message())]
    receipt = desk.recorded(
        ReceiptSeen(desk.operator, ("9",), MessageState.DELIVERED, "", None, 5, "")
    )
    assert journal.backlog == 4
    await asyncio.gather(*answers, receipt)
    assert journal.backlog == 0


async def test_more_than_a_transaction_takes_is_written_in_several(desk: Any) -> None:
    before = desk.store.journal.commits
    free = [desk.message(price=0) for _ in range(250)]
    answers = await asyncio.gather(*[desk.submitted(*free) for _ in range(6)])
    ids = [outcome.message_id for answer in answers for outcome in answer]
    assert ids == list(range(1, 1501))
    assert 1 < desk.store.journal.commits - before <= 6


async def test_a_slow_disk_holds_up_only_those_who_wait_for_it(desk: Any, engine: Any) -> None:
    engine.slow_disk(desk.store)
    first = desk.submitted(desk.message(1))
    await asyncio.sleep(0)
    later = [desk.submitted(desk.message(n)) for n in (2, 3)]
    receipt = desk.recorded(
        ReceiptSeen(desk.operator, ("9",), MessageState.DELIVERED, "", None, 5, "")
    )
    answers = await asyncio.gather(first, *later, receipt)
    assert [answer[0].message_id for answer in answers[:3]] == [1, 2, 3]
    assert [await desk.told(Ref(n, None)) for n in (1, 2, 3)] == [106] * 3


async def test_closing_writes_what_still_waits_and_takes_nothing_more(
    desk: Any, engine: Any
) -> None:
    answer, journal = desk.submitted(desk.message()), desk.store.journal
    await desk.store.close()
    assert (await answer)[0].message_id == 1
    late: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    journal.submit([desk.message()], late.set_result)
    assert isinstance(await late, StoreUnavailable)
