"""dispatch/lane.py: trouble that sends a message to another operator, or to this one again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from habar.model.retry import RetryPlan
from habar.operators import NO_ANSWER, Quirks
from habar.store.events import Finished, PartAccepted, Postponed
from habar.wire.smpp import CommandStatus as Status

Make = Callable[..., Any]
RETRY = RetryPlan(first=2000, last=60_000)


@pytest.mark.parametrize("status", [Status.ESME_RSYSERR, NO_ANSWER])
async def test_trouble_that_may_pass_sends_it_to_the_next_operator(
    bench: Make, status: int
) -> None:
    b = bench(retry=RETRY)
    b.ways.to = 7
    await b.start()
    await b.submit(b.message(1, account_id=4, priority=2))
    b.link.answer(status)
    (event,) = b.store.events
    assert isinstance(event, Postponed)
    assert (event.operator_id, event.due_at) == (7, b.clock.ms + 2000)
    assert event.uncertain is (status == NO_ANSWER)
    assert event.error.startswith("op: "), "its story tells who would not have it"
    assert b.ways.hints == [(7, 4, 2, b.clock.ms + 2000)]
    assert b.lane.counters.moved == 1


async def test_without_another_operator_it_comes_back_to_this_one(bench: Make) -> None:
    b = bench(retry=RETRY)
    await b.start()
    await b.submit(message := b.message(1))
    b.link.answer(Status.ESME_RSYSERR)
    assert b.store.events[0].operator_id is None
    assert b.ways.hints == []
    b.store.disk = [message._replace(attempts=1, due_at=b.clock.ms + 2000)]
    b.clock.pass_time(2001)
    await b.settle()
    assert b.link.went == [(1, 1), (1, 1)]


@pytest.mark.parametrize(
    ("status", "quirks"),
    [
        (Status.ESME_RTHROTTLED, Quirks()),
        (Status.ESME_RMSGQFUL, Quirks()),
        (Status.ESME_RSYSERR, Quirks(passing=frozenset({Status.ESME_RSYSERR}))),
    ],
)
async def test_what_waits_for_this_operator_by_its_data_stays(
    bench: Make, status: int, quirks: Quirks
) -> None:
    b = bench(retry=RETRY, quirks=quirks)
    b.ways.to = 7
    await b.start()
    await b.submit(b.message(1))
    b.link.answer(status)
    assert b.store.events[0].operator_id is None
    assert b.ways.hints == []


async def test_a_message_of_which_the_operator_has_a_part_stays_with_it(bench: Make) -> None:
    b = bench(retry=RETRY)
    b.ways.to = 7
    await b.start()
    await b.submit(b.long(1, parts=2))
    b.link.answer(0, Status.ESME_RSYSERR)
    taken, put_off = b.store.events
    assert isinstance(taken, PartAccepted)
    assert isinstance(put_off, Postponed)
    assert put_off.operator_id is None


async def test_a_refusal_keeps_the_operator_s_own_words(bench: Make) -> None:
    b = bench(quirks=Quirks(error_texts={"0x00000401": "subscriber barred"}))
    await b.start()
    await b.submit(b.message(1))
    b.link.answer(0x401)
    (event,) = b.store.events
    assert isinstance(event, Finished)
    assert "subscriber barred" in event.error


async def test_a_taken_message_says_until_when_its_receipt_is_awaited(bench: Make) -> None:
    b = bench(max_validity=3600.0, receipt_grace=60.0)
    await b.start()
    await b.submit(b.long(1, parts=2), b.message(2, expires_at=b.clock.ms + 10_000))
    b.link.answer(0, 0, 0)
    first, last, short = b.store.events
    assert first.awaited_until is None
    assert last.awaited_until == b.clock.ms + 3_660_000
    assert short.awaited_until == b.clock.ms + 70_000
