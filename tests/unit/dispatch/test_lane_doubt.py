"""dispatch/lane.py, boarding.py, doubt.py: operators to whom nothing may be sent twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from habar.operators import NO_ANSWER, InDoubt
from habar.store.events import Finished, Held, PartAccepted, Released
from habar.wire.smpp import CommandId, MessageState, Pdu, make_pdu
from habar.wire.smpp import CommandStatus as Status

Make = Callable[..., Any]
QUERY = {"in_doubt": InDoubt.QUERY, "reference_tlv": 0x1400}


def known(raw_id: bytes) -> Pdu:
    return make_pdu(
        CommandId.QUERY_SM_RESP,
        message_id=raw_id,
        final_date=b"",
        message_state=MessageState.ENROUTE,
        error_code=0,
    )


def status(command_status: int) -> Pdu:
    return make_pdu(CommandId.QUERY_SM_RESP, command_status=command_status)


# --- Marks ----------------------------------------------------------------------------------------
async def test_an_operator_that_may_get_things_twice_costs_no_mark(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.message(1))
    assert b.link.went == [(1, 1)]
    assert b.store.boarded == []


@pytest.mark.parametrize("in_doubt", [InDoubt.HOLD, InDoubt.QUERY])
async def test_a_message_goes_when_its_mark_is_on_disk_and_not_before(
    bench: Make, in_doubt: InDoubt
) -> None:
    b = bench(in_doubt=in_doubt)
    b.store.auto = False
    await b.start()
    await b.submit(b.message(1), b.message(2))
    assert b.store.boarded == [1, 2]
    assert b.store.hurried == 1
    assert b.link.sent == []
    b.store.commit()
    await b.settle()
    assert b.link.went == [(1, 1), (2, 1)]


async def test_no_more_is_marked_than_the_window_takes(bench: Make) -> None:
    b = bench(in_doubt=InDoubt.HOLD, window=2)
    await b.start()
    await b.submit(*(b.message(n) for n in range(1, 6)))
    assert b.link.went == [(1, 1), (2, 1)]
    assert b.store.boarded == [1, 2]
    b.link.answer(0, 0)
    await b.settle()
    assert b.store.boarded == [1, 2, 3, 4]


async def test_what_was_marked_and_did_not_go_is_given_back_for_certain_unsent(bench: Make) -> None:
    b = bench(in_doubt=InDoubt.HOLD)
    b.store.auto = False
    await b.start()
    await b.submit(b.message(1))
    b.link.drop()
    b.store.commit()
    await b.settle()
    assert b.store.released == [({1}, False)]
    assert b.store.held_ids == []


async def test_what_is_another_node_s_by_now_is_not_sent(bench: Make) -> None:
    b = bench(in_doubt=InDoubt.HOLD)
    b.store.auto = False
    await b.start()
    await b.submit(b.message(1))
    ((done, _),) = b.store.pending
    done(None)
    await b.settle()
    assert b.link.sent == []
    assert b.lane.places == 0


# --- Doubt ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("in_doubt", [InDoubt.HOLD, InDoubt.QUERY])
async def test_what_was_in_the_window_of_a_link_that_died_is_held(
    bench: Make, in_doubt: InDoubt
) -> None:
    b = bench(in_doubt=in_doubt)
    await b.start()
    await b.submit(b.message(1), b.message(2))
    b.link.answer(0)
    b.link.drop()
    await b.settle()
    assert b.store.held_ids == [2]
    assert b.store.released == []


async def test_what_is_not_answered_in_time_is_held(bench: Make) -> None:
    b = bench(in_doubt=InDoubt.HOLD)
    await b.start()
    await b.submit(b.message(1))
    b.link.answer(NO_ANSWER)
    assert isinstance(b.store.events[-1], Held)
    assert b.store.held_ids == [1]


async def test_what_was_refused_is_in_no_doubt(bench: Make) -> None:
    b = bench(in_doubt=InDoubt.HOLD)
    await b.start()
    await b.submit(b.message(1))
    b.link.answer(Status.ESME_RINVDSTADR)
    assert isinstance(b.store.events[-1], Finished)
    assert b.store.held_ids == []


async def test_what_is_held_waits_for_a_person_where_nobody_is_to_be_asked(bench: Make) -> None:
    b = bench(in_doubt=InDoubt.HOLD)
    b.store.in_doubt = [b.message(9)]
    await b.start()
    assert b.link.asked == []
    assert len(b.store.in_doubt) == 1


# --- query_sm -------------------------------------------------------------------------------------
async def test_a_part_is_asked_for_by_the_reference_that_went_out_with_it(bench: Make) -> None:
    b = bench(**QUERY)
    b.store.in_doubt = [b.message(9)]
    await b.start()
    ((pdu, _),) = b.link.asked
    assert pdu.command_id == CommandId.QUERY_SM
    assert pdu.octets("message_id") == b"9-1"
    assert pdu.octets("source_addr") == b"SHOP"


async def test_what_the_operator_knows_counts_as_taken_by_the_id_that_it_says(bench: Make) -> None:
    b = bench(**QUERY)
    b.store.in_doubt = [b.message(9)]
    await b.start()
    b.link.asked[0][1].set_result(known(b"4711"))
    await b.settle()
    (event,) = b.store.events
    assert isinstance(event, PartAccepted)
    assert (event.message_id, event.part, event.operator_message_id, event.last) == (
        9,
        1,
        "4711",
        True,
    )
    assert b.link.sent == []


@pytest.mark.parametrize("unknown", [Status.ESME_RQUERYFAIL, Status.ESME_RINVMSGID])
async def test_what_the_operator_does_not_know_is_sent(bench: Make, unknown: int) -> None:
    b = bench(**QUERY)
    b.store.in_doubt = [b.message(9)]
    await b.start()
    b.link.asked[0][1].set_result(status(unknown))
    await b.settle()
    assert b.link.went == [(9, 1)]


async def test_of_a_long_message_only_the_parts_are_sent_that_the_operator_lacks(
    bench: Make,
) -> None:
    b = bench(**QUERY)
    b.store.in_doubt = [b.long(9, parts=3, sent_parts=(1,))]
    await b.start()
    assert [pdu.octets("message_id") for pdu, _ in b.link.asked] == [b"9-2"]
    b.link.asked[0][1].set_result(known(b"12"))
    await b.settle()
    assert [pdu.octets("message_id") for pdu, _ in b.link.asked] == [b"9-2", b"9-3"]
    b.link.asked[1][1].set_result(status(Status.ESME_RQUERYFAIL))
    await b.settle()
    assert [(e.part, e.last) for e in b.store.events] == [(2, False)]
    assert b.link.went == [(9, 3)]
    b.link.answer(0)
    assert (b.store.events[-1].part, b.store.events[-1].last) == (3, True)


@pytest.mark.parametrize("answer", [None, status(Status.ESME_RINVCMDID)])
async def test_a_question_without_a_use_leaves_the_message_held(
    bench: Make, answer: Pdu | None
) -> None:
    b = bench(**QUERY)
    b.store.in_doubt = [b.message(9)]
    await b.start()
    b.link.asked[0][1].set_result(answer)
    await b.settle()
    assert b.store.held_ids == [9]
    assert b.link.sent == []
    b.store.in_doubt = [b.message(9)]
    b.clock.pass_time(16_000)
    await b.settle()
    assert len(b.link.asked) == 2, "it is asked again later"


async def test_a_link_that_comes_back_asks_once_and_not_twice(bench: Make) -> None:
    b = bench(**QUERY)
    await b.start()
    b.link.drop()
    b.store.in_doubt = [b.message(9)]
    b.link.connect()
    await b.settle()
    assert len(b.link.asked) == 1
    b.store.in_doubt = [b.message(9)]
    b.clock.pass_time(40_000)
    await b.settle()
    assert len(b.link.asked) == 1, "the first question is still open"


async def test_a_stop_in_the_middle_of_a_question_leaves_the_message_held(bench: Make) -> None:
    b = bench(**QUERY)
    b.store.in_doubt = [b.message(9)]
    await b.start()
    await b.lane.drain(0.01)
    assert b.store.held_ids == [9]
    assert not any(isinstance(e, Released) for e in b.store.events)
