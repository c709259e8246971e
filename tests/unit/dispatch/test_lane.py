"""dispatch/lane.py: the window, what every answer leads to, links that go and come, draining."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from habar.model.retry import RetryPlan
from habar.model.status import MessageState
from habar.operators import NO_ANSWER, BindKind, IdForm, Quirks, ReceiptKind, awaited_until
from habar.store.events import Claim, Finished, PartAccepted, Postponed
from habar.store.readings import WaitingAccount
from habar.wire.smpp import CommandStatus as Status

Make = Callable[..., Any]
ONE_HOUR = 3_600_000


# --- The window ----------------------------------------------------------------------------------
async def test_no_more_is_sent_than_the_window_holds(bench: Make) -> None:
    b = bench(window=3)
    await b.start()
    await b.submit(*(b.message(n) for n in range(1, 6)))
    assert b.link.went == [(1, 1), (2, 1), (3, 1)]
    assert b.lane.ready == 2


async def test_a_place_is_free_when_the_answer_is_on_disk_and_not_before(bench: Make) -> None:
    b = bench(window=2)
    b.store.auto = False
    await b.start()
    await b.submit(*(b.message(n) for n in range(1, 4)))
    b.link.answer(0, 0)
    await b.settle()
    assert b.lane.unsettled == 2
    assert len(b.link.sent) == 2, "the journal is down or slow: nothing more goes out"
    b.store.commit()
    await b.settle()
    assert b.link.went[2:] == [(3, 1)]


async def test_the_journal_is_hurried_when_half_of_the_window_waits_for_it(bench: Make) -> None:
    b = bench(window=4)
    b.store.auto = False
    await b.start()
    await b.submit(*(b.message(n) for n in range(1, 6)))
    b.link.answer(0)
    assert b.store.hurried == 0
    b.link.answer(0)
    assert b.store.hurried == 1


async def test_what_a_turn_sends_is_flushed_once(bench: Make) -> None:
    b = bench()
    await b.start()
    before = b.link.flushes
    await b.submit(*(b.message(n) for n in range(1, 6)))
    assert b.link.flushes == before + 1


async def test_when_the_pace_has_no_room_the_lane_wakes_for_the_next(bench: Make) -> None:
    b = bench()
    await b.start()
    b.link.pace, b.link.wait = 0, 0.25
    await b.submit(b.message(1))
    assert b.link.sent == []
    b.link.pace, b.link.wait = 1, 0.0
    b.clock.pass_time(251)
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_what_the_pace_lets_go_between_two_looks_goes(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = bench()
    await b.start()
    b.link.pace = 0

    def over_by_now(link: Any) -> float:
        link.pace = 1
        return 0.0

    monkeypatch.setattr(type(b.link), "wait", property(over_by_now), raising=False)
    await b.submit(b.message(1))
    assert b.link.went == []
    b.clock.pass_time(1)
    await b.settle()
    assert b.link.went == [(1, 1)]


# --- Answers -------------------------------------------------------------------------------------
async def test_an_accepted_message_is_recorded_with_the_operator_s_id(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.message(7))
    b.clock.ms += 40
    b.link.answer(0)
    until = awaited_until(None, b.clock.ms, b.lane.settings)
    assert b.store.events == [PartAccepted(7, 1, 1, "op7-1", b.clock.ms, True, None, until)]


async def test_the_operator_s_id_is_kept_in_plain_decimal_where_it_writes_hex(bench: Make) -> None:
    b = bench(quirks=Quirks(response_id=IdForm.HEX))
    await b.start()
    await b.submit(b.message(7))
    b.link.calls["on_results"]([(b.link.open.pop(), 0, b"00FF")])
    assert b.store.events[0].operator_message_id == "255"


@pytest.mark.rule("xml.101-no-receipts")
async def test_without_receipts_a_message_ends_at_101_when_it_is_taken(bench: Make) -> None:
    b = bench(receipts=ReceiptKind.NONE)
    await b.start()
    await b.submit(b.long(1, parts=2))
    b.link.answer(0, 0)
    assert [(e.last, e.final_state) for e in b.store.events] == [
        (False, None),
        (True, MessageState.ENROUTE),
    ]


async def test_a_message_refused_for_good_is_rejected_and_refunded(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.message(1))
    b.link.answer(Status.ESME_RINVDSTADR)
    assert b.store.events == [
        Finished(1, MessageState.REJECTED, "ESME_RINVDSTADR", b.clock.ms, True)
    ]
    assert b.lane.counters.rejected == 1


async def test_a_throttled_message_is_put_off_and_goes_again_when_it_is_due(bench: Make) -> None:
    b = bench(retry=RetryPlan(first=2000, last=60_000))
    await b.start()
    message = b.message(1)
    await b.submit(message)
    b.link.answer(Status.ESME_RTHROTTLED)
    due_at = b.clock.ms + 2000
    assert b.store.events == [Postponed(1, due_at, "ESME_RTHROTTLED", b.clock.ms)]
    b.store.disk.append(message._replace(due_at=due_at, attempts=1))
    await b.settle()
    b.clock.pass_time(1999)
    await b.settle()
    assert len(b.link.sent) == 1
    b.clock.pass_time(1)
    await b.settle()
    assert b.link.went == [(1, 1), (1, 1)]
    b.link.answer(Status.ESME_RTHROTTLED)
    assert b.store.events[1].due_at == b.clock.ms + 4000, "the pause has grown"
    assert b.lane.counters.throttled == 2


async def test_a_passing_error_is_put_off_too(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.message(1))
    b.link.answer(Status.ESME_RSYSERR)
    (event,) = b.store.events
    assert isinstance(event, Postponed)
    assert not event.uncertain
    assert b.lane.counters.throttled == 0


async def test_one_that_is_never_answered_is_put_off_as_uncertain(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.message(1))
    b.link.answer(NO_ANSWER)
    (event,) = b.store.events
    assert (event.error, event.uncertain) == ("NO_ANSWER", True)
    assert b.lane.counters.uncertain == 1


# --- Messages of several parts -------------------------------------------------------------------
async def test_all_parts_of_a_message_go_before_the_next_message(bench: Make) -> None:
    b = bench(window=2)
    await b.start()
    await b.submit(b.long(1, parts=3), b.message(2, account_id=2))
    assert b.link.went == [(1, 1), (1, 2)]
    b.link.answer(0)
    await b.settle()
    b.link.answer(0)
    await b.settle()
    assert b.link.went == [(1, 1), (1, 2), (1, 3), (2, 1)]


async def test_the_last_answer_closes_the_message_whichever_part_it_is_for(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.long(1, parts=3))
    one, two, three = b.link.open
    b.link.give([(three, 0), (one, 0), (two, 0)])
    assert [(e.part, e.last) for e in b.store.events] == [(3, False), (1, False), (2, True)]


async def test_parts_taken_in_an_earlier_attempt_are_not_sent_again(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.long(1, parts=3, sent_parts=(1, 3)))
    assert b.link.went == [(1, 2)]
    b.link.answer(0)
    assert b.store.events[0].last


async def test_after_a_part_is_refused_for_good_the_rest_stays_unsent(bench: Make) -> None:
    b = bench(window=2)
    await b.start()
    await b.submit(b.long(1, parts=4))
    b.link.answer(0, Status.ESME_RINVDSTADR)
    await b.settle()
    assert len(b.link.sent) == 2
    accepted, finished = b.store.events
    assert not accepted.last
    assert finished.state is MessageState.REJECTED
    assert not finished.refund, "the operator has taken a part, and is to be paid for it"
    await b.submit(b.message(2))
    assert b.link.went[-1] == (2, 1), "the window is not held up"


async def test_nothing_is_decided_before_every_part_in_the_window_is_answered(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.long(1, parts=2))
    b.link.answer(Status.ESME_RINVDSTADR)
    assert b.store.events == []
    b.link.answer(0)
    accepted, finished = b.store.events
    assert (accepted.part, accepted.last) == (2, False)
    assert (finished.error, finished.refund) == ("ESME_RINVDSTADR", False)


async def test_a_passing_error_of_one_part_puts_off_the_message_and_keeps_the_others(
    bench: Make,
) -> None:
    b = bench()
    await b.start()
    await b.submit(b.long(1, parts=3))
    b.link.answer(0, Status.ESME_RTHROTTLED, 0)
    assert [type(e) for e in b.store.events] == [PartAccepted, PartAccepted, Postponed]
    assert not any(e.last for e in b.store.events[:2])


@pytest.mark.parametrize(
    ("statuses", "error"),
    [
        ((Status.ESME_RTHROTTLED, Status.ESME_RINVSRCADR), "ESME_RINVSRCADR"),
        ((Status.ESME_RINVSRCADR, Status.ESME_RTHROTTLED), "ESME_RINVSRCADR"),
        ((NO_ANSWER, Status.ESME_RSYSERR), "NO_ANSWER"),
        ((Status.ESME_RTHROTTLED, Status.ESME_RSYSERR), "ESME_RSYSERR"),
    ],
)
async def test_the_worst_answer_of_the_parts_is_the_message_s(
    bench: Make, statuses: tuple[int, int], error: str
) -> None:
    b = bench()
    await b.start()
    await b.submit(b.long(1, parts=2))
    b.link.answer(*statuses)
    (event,) = b.store.events
    assert event.error == error


# --- What is not sent ----------------------------------------------------------------------------
@pytest.mark.rule("xml.date-end-validity")
async def test_an_expired_message_is_never_sent(bench: Make) -> None:
    b = bench(window=1)
    await b.start()
    await b.submit(b.message(1), b.message(2, expires_at=b.clock.ms + 50))
    b.clock.ms += 50
    b.link.answer(0)
    await b.settle()
    assert b.link.went == [(1, 1)]
    (event,) = [e for e in b.store.events if isinstance(e, Finished)]
    assert (event.message_id, event.state, event.refund) == (2, MessageState.EXPIRED, True)


async def test_one_of_which_a_part_has_gone_expires_without_refund(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.long(1, parts=2, sent_parts=(1,), expires_at=b.clock.ms))
    (event,) = b.store.events
    assert (event.state, event.refund) == (MessageState.EXPIRED, False)


async def test_one_that_was_tried_for_too_long_is_given_up(bench: Make) -> None:
    b = bench(retry=RetryPlan(give_up_after=ONE_HOUR))
    await b.start()
    await b.submit(b.message(1, due_at=b.clock.ms - ONE_HOUR))
    await b.submit(b.message(2, due_at=b.clock.ms - ONE_HOUR + 1))
    (event,) = b.store.events
    assert (event.message_id, event.state) == (1, MessageState.EXPIRED)
    assert b.link.went == [(2, 1)]


async def test_one_that_cannot_be_written_is_rejected_and_its_neighbour_goes(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.message(1, sender="МАГАЗИН"), b.message(2))
    (event,) = b.store.events
    assert (event.message_id, event.state, event.refund) == (1, MessageState.REJECTED, True)
    assert b.link.went == [(2, 1)]


async def test_one_whose_parts_were_all_taken_ends(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.long(1, parts=2, sent_parts=(1, 2)))
    (event,) = b.store.events
    assert not event.refund
    assert b.link.sent == []


async def test_expired_messages_are_ended_no_faster_than_the_journal_writes(bench: Make) -> None:
    b = bench(window=2)
    b.store.auto = False
    await b.start()
    await b.submit(*(b.message(n, expires_at=b.clock.ms) for n in range(1, 10)))
    assert b.lane.unsettled == 2


# --- Links that go and come ----------------------------------------------------------------------
async def test_while_the_link_is_down_there_is_no_room(bench: Make) -> None:
    b = bench()
    assert not b.lane.reserve(1, 1)
    await b.start()
    assert b.lane.reserve(1, 1)
    b.lane.release(1, 1)
    b.link.drop()
    assert not b.lane.reserve(1, 1)


async def test_a_drop_gives_back_what_was_in_the_window_as_uncertain(bench: Make) -> None:
    b = bench(window=2)
    await b.start()
    await b.submit(*(b.message(n) for n in range(1, 5)))
    b.link.drop()
    await b.settle()
    assert b.store.released == [({1, 2}, True), ({3, 4}, False)]
    assert b.lane.ready == 0
    assert (b.lane.counters.uncertain, b.lane.counters.released) == (2, 2)


async def test_a_message_between_its_parts_is_given_back_as_what_it_is(bench: Make) -> None:
    b = bench(window=2)
    b.store.auto = False
    await b.start()
    await b.submit(b.long(1, parts=3))
    b.link.answer(0, 0)
    b.link.drop()
    assert b.store.released == [({1}, False)], "no part was in the window"

    c = bench(window=2)
    await c.start()
    await c.submit(c.long(1, parts=3))
    c.link.drop()
    assert c.store.released == [({1}, True)], "told once, though two parts were"


async def test_a_message_refused_for_good_is_not_given_back_for_its_lost_part(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.long(1, parts=2))
    b.link.answer(Status.ESME_RINVDSTADR)
    b.link.drop()
    (event,) = b.store.events
    assert event.state is MessageState.REJECTED


async def test_a_message_whose_commit_comes_after_the_drop_is_given_back(bench: Make) -> None:
    b = bench()
    await b.start()
    assert b.lane.reserve(1, 1)
    b.link.drop()
    b.lane.take(b.message(1))
    await b.settle()
    assert b.store.released == [({1}, False)]


async def test_a_link_that_comes_up_sends_what_waits_on_disk(bench: Make) -> None:
    b = bench(window=100)
    b.store.disk = [b.message(n, account_id=n % 3) for n in range(1, 10)]
    await b.start()
    assert {message_id for message_id, _ in b.link.went} == set(range(1, 10))
    assert b.store.claims[0] == Claim(1, 1, 1, 5, b.clock.ms)
    b.link.drop()
    await b.settle()
    b.store.disk = [b.message(n) for n in range(1, 10)]
    b.link.connect()
    await b.settle()
    assert len(b.link.went) == 18


async def test_a_link_that_comes_back_asks_anew_who_waits(bench: Make) -> None:
    b = bench()
    await b.start()
    b.link.drop()
    await b.settle()
    b.store.disk = [b.message(1, account_id=77)]
    b.link.connect()
    await b.settle()
    assert b.link.went == [(1, 1)], "no hint was given of it"


async def test_a_receiver_never_sends(bench: Make) -> None:
    b = bench(bind=BindKind.RECEIVER)
    b.store.disk = [b.message(1)]
    await b.start()
    assert not b.lane.reserve(1, 1)
    assert (b.link.sent, b.store.claims) == ([], [])


# --- The store -----------------------------------------------------------------------------------
@pytest.mark.rule("xml.date-beg-future")
async def test_a_scheduled_message_goes_when_its_time_has_come(bench: Make) -> None:
    b = bench()
    await b.start()
    due_at = b.clock.ms + ONE_HOUR
    b.store.disk.append(b.message(1, due_at=due_at))
    b.lane.waiting(1, 1, due_at)
    await b.settle()
    for _ in range(60):
        b.clock.pass_time(59_000)
        await b.settle()
    assert b.link.sent == []
    b.clock.pass_time(due_at - b.clock.ms)
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_a_message_nobody_gave_a_hint_of_is_found_in_a_minute(bench: Make) -> None:
    b = bench()
    await b.start()
    b.store.disk.append(b.message(1))
    b.clock.pass_time(60_000)
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_a_lane_that_is_told_to_looks_again_at_once(bench: Make) -> None:
    b = bench()
    await b.start()
    b.store.disk.append(b.message(1))
    b.lane.look_again()
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_what_was_missed_while_the_store_was_asked_is_asked_for_again(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = bench()
    asked, answered = asyncio.Event(), asyncio.Event()
    waiting = b.store.waiting

    async def slowly(operator_id: int) -> list[WaitingAccount]:
        rows = await waiting(operator_id)
        asked.set()
        await answered.wait()
        return rows

    monkeypatch.setattr(b.store, "waiting", slowly)
    await b.start()
    await asked.wait()
    b.store.disk.append(b.message(1))
    b.lane.look_again()
    answered.set()
    await b.settle()
    b.clock.pass_time(1_000)
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_hints_are_trusted_for_as_long_as_the_store_says(bench: Make) -> None:
    b = bench()
    b.store.hints_last_ms = 5_000
    await b.start()
    b.store.disk.append(b.message(1))
    b.clock.pass_time(4_999)
    await b.settle()
    assert b.link.sent == []
    b.clock.pass_time(1)
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_a_store_that_cannot_answer_is_asked_again_a_second_later(bench: Make) -> None:
    b = bench()
    b.store.broken = True
    b.store.disk.append(b.message(1))
    await b.start()
    assert (b.store.asked_who, b.lane.supply.failures) == (1, 1)
    b.clock.pass_time(999)
    await b.settle()
    assert b.store.asked_who == 1
    b.store.broken = False
    b.clock.pass_time(1)
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_a_claim_that_fails_is_made_again(bench: Make) -> None:
    b = bench()
    await b.start()
    b.store.broken = True
    b.store.disk.append(b.message(1))
    b.lane.waiting(1, 1, b.clock.ms)
    await b.settle()
    assert len(b.store.claims) == 1
    assert b.lane.places == 0
    b.store.broken = False
    b.clock.pass_time(1000)
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_a_withdrawn_message_does_not_go(bench: Make) -> None:
    b = bench(window=1)
    await b.start()
    await b.submit(b.message(1), b.message(2))
    assert b.lane.withdraw(2)
    assert not b.lane.withdraw(2)
    assert not b.lane.withdraw(1), "it is in the window"
    b.link.answer(0)
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_there_is_one_timer(bench: Make) -> None:
    b = bench()
    await b.start()
    for n in range(100):
        b.lane.waiting(1, 1, b.clock.ms + 1000 + n)
        await b.settle()
    assert len(b.clock.calls) == 1


# --- Draining ------------------------------------------------------------------------------------
async def test_drain_empties_the_window_and_gives_the_rest_back(bench: Make) -> None:
    b = bench(window=2)
    await b.start()
    await b.submit(b.long(1, parts=3), b.message(2), b.message(3))
    draining = asyncio.ensure_future(b.lane.drain(5.0))
    await b.settle()
    assert not b.lane.reserve(1, 1)
    assert b.store.released == [({2, 3}, False)]
    b.link.answer(0, 0)
    await b.settle()
    assert b.link.went == [(1, 1), (1, 2), (1, 3)], "a message that was begun is ended"
    assert not draining.done()
    b.link.answer(0)
    await draining
    assert [e.part for e in b.store.events if isinstance(e, PartAccepted)] == [1, 2, 3]
    assert b.clock.calls == []


async def test_drain_waits_for_the_commits(bench: Make) -> None:
    b = bench()
    b.store.auto = False
    await b.start()
    await b.submit(b.message(1))
    b.link.answer(0)
    draining = asyncio.ensure_future(b.lane.drain(5.0))
    await b.settle()
    assert not draining.done()
    b.store.commit()
    await draining


async def test_drain_gives_up_after_its_time_and_what_is_out_is_uncertain(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.message(1))
    await b.lane.drain(0.01)
    assert b.store.released == [({1}, True)]


async def test_drain_without_a_link_ends_at_once(bench: Make) -> None:
    b = bench()
    await b.lane.drain(5.0)
    assert b.store.events == []
