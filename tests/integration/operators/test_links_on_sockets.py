"""Links over real sockets: binds in groups, SMSCs that hang, answers that are odd, questions."""

from __future__ import annotations

import ssl
from dataclasses import replace
from typing import Any

import pytest

from habar.model.status import MessageState
from habar.operators import NO_ANSWER, BindGroup, BindKind
from habar.wire.smpp import CommandId, CommandStatus, Pdu, encode, make_pdu

PAIR = (
    BindGroup(BindKind.TRANSMITTER, 1),
    BindGroup(BindKind.RECEIVER, 1, system_id="rx", password="other"),
)
QUERY = make_pdu(CommandId.QUERY_SM, message_id=b"42", source_addr=b"SHOP")


# --- Binds ---------------------------------------------------------------------------------------
async def test_each_bind_of_a_group_is_made_as_it_says(make_rig: Any, smsc: Any) -> None:
    rig = make_rig(groups=PAIR, interface_version=0x33, in_order=True)
    await rig.up()
    binds = [(pdu.command_id, pdu.octets("system_id")) for pdu in smsc.requests]
    assert binds == [
        (CommandId.BIND_TRANSMITTER, b"habar"),
        (CommandId.BIND_RECEIVER, b"rx"),
    ]
    assert {pdu.number("interface_version") for pdu in smsc.requests} == {0x33}


async def test_messages_go_by_the_transmitter_and_receipts_come_by_the_receiver(
    make_rig: Any, smsc: Any
) -> None:
    rig = make_rig(groups=PAIR, in_order=True)
    await rig.up()
    rig.says = MessageState.DELIVERED
    rig.send("a", "b")
    await rig.when(lambda: len(rig.results) == 2)
    transmitter, receiver = smsc.peers
    assert [pdu.command_id for pdu in receiver.requests] == [CommandId.BIND_RECEIVER]
    receiver.smpp.send_deliver(b"\0" * 17, "receipt", 0.0)
    receiver.flush()
    await rig.when(lambda: rig.delivered)
    reports = rig.bundle.reports()
    assert (reports[1].kind, reports[1001].kind) == ("transmitter", "receiver")
    assert reports[1001].delivered_share == 1.0
    assert reports[1].delivered_share is None
    transmitter.transport.abort()
    await rig.when(lambda: not rig.bundle.up)
    assert rig.bundle.bound == 1, "the receiver stands, and nothing can be sent"


async def test_in_order_a_bind_is_made_when_those_before_it_were_refused_once(
    make_rig: Any, smsc: Any
) -> None:
    rig = make_rig(groups=PAIR, in_order=True)

    def refuse_transmitters(peer: Any, pdu: Pdu) -> None:
        if pdu.command_id == CommandId.BIND_TRANSMITTER:
            peer.answer(pdu, CommandStatus.ESME_RBINDFAIL)
        else:
            smsc.take(peer, pdu)

    smsc.on_request = refuse_transmitters
    rig.open()
    await rig.when(lambda: rig.bundle.bound == 1)
    kinds = [pdu.command_id for pdu in smsc.requests]
    assert kinds[0] == CommandId.BIND_TRANSMITTER
    assert CommandId.BIND_RECEIVER in kinds
    assert rig.bundle.reports()[1].errors["ESME_RBINDFAIL"] >= 1


async def test_it_is_known_since_when_there_is_no_link(make_rig: Any, smsc: Any) -> None:
    rig = make_rig(reconnect_first=3600.0, reconnect_last=3600.0)
    await rig.up()
    up = rig.bundle.reports()[1]
    assert up.state == "up"
    smsc.peers[0].transport.abort()
    await rig.when(lambda: not rig.bundle.up)
    down = rig.bundle.reports()[1]
    assert down.state != "up"
    assert down.since_ms >= up.since_ms


# --- An SMSC that hangs --------------------------------------------------------------------------
async def test_a_connection_that_hangs_in_its_handshake_is_given_up(
    make_rig: Any, smsc: Any
) -> None:
    smsc.silent = True
    rig = make_rig(tls=ssl.create_default_context(), connect_timeout=0.05)
    rig.open()
    await rig.when(lambda: len(smsc.peers) >= 2)
    assert "no connection in 0.05 seconds" in rig.bundle.last_error


async def test_a_bind_that_is_not_answered_is_given_up(make_rig: Any, smsc: Any) -> None:
    smsc.silent = True
    rig = make_rig(response_timeout=0.05)
    rig.open()
    await rig.when(lambda: len(smsc.peers) >= 2)
    assert rig.bundle.last_error == "bind_transceiver was not answered"


async def test_a_half_open_connection_is_found_though_nothing_is_sent(
    make_rig: Any, smsc: Any
) -> None:
    rig = make_rig(enquire_link=0.05, response_timeout=30.0)
    await rig.up()
    smsc.silent = True
    await rig.when(lambda: rig.bundle.counters.drops == 1)
    assert "enquire_link" in rig.bundle.last_error
    smsc.silent = False
    await rig.when(lambda: rig.bundle.up)


async def test_a_password_that_is_refused_is_told_and_not_tried_again_at_once(
    make_rig: Any, smsc: Any
) -> None:
    smsc.on_request = lambda peer, pdu: peer.answer(pdu, CommandStatus.ESME_RINVPASWD)
    rig = make_rig(reconnect_first=0.001, reconnect_last=3600.0)
    rig.open()
    await rig.when(lambda: rig.bundle.last_error)
    report = rig.bundle.reports()[1]
    assert report.last_error == "bind refused: ESME_RINVPASWD: the password is wrong"
    assert report.last_error_at is not None
    assert len(smsc.peers) == 1


# --- Answers that are odd ------------------------------------------------------------------------
async def test_odd_answers_end_each_message_once_and_leave_the_link_standing(
    make_rig: Any, smsc: Any
) -> None:
    rig = make_rig(window=4)
    await rig.up()
    held: list[Pdu] = []
    smsc.on_request = lambda _, pdu: held.append(pdu)
    rig.send("a", "b", "c", "d")
    await rig.when(lambda: len(held) == 4)
    (peer,) = smsc.peers
    nacks = [
        make_pdu(CommandId.GENERIC_NACK, command_status=3, sequence_number=number)
        for number in (0, held[3].sequence_number)
    ]
    deliver = make_pdu(CommandId.DELIVER_SM, sequence_number=held[0].sequence_number)
    for pdu in (held[2], held[0], held[2], held[1]):
        peer.smpp.send_response(pdu, 0, message_id=b"x")
    peer.write(b"".join([encode(deliver), *map(encode, nacks), peer.smpp.bytes_to_send()]))
    await rig.when(lambda: len(rig.results) == 4 and rig.delivered)
    assert {result.token: result.command_status for result in rig.results} == {
        "a": 0,
        "b": 0,
        "c": 0,
        "d": CommandStatus.ESME_RINVCMDID,
    }
    counters = rig.bundle.counters
    assert (counters.late, counters.drops, counters.errors.total()) == (2, 0, 1)
    assert rig.bundle.up


async def test_an_answer_that_is_too_late_harms_nothing(make_rig: Any, smsc: Any) -> None:
    rig = make_rig(response_timeout=0.05)
    await rig.up()
    held: list[Pdu] = []
    smsc.on_request = lambda _, pdu: held.append(pdu)
    rig.send("a")
    await rig.when(lambda: rig.results)
    assert rig.results[0].command_status == NO_ANSWER
    smsc.peers[0].answer(held[0], 0, message_id=b"1")
    smsc.on_request = smsc.take
    rig.send("b")
    await rig.when(lambda: len(rig.results) == 2)
    assert [result.token for result in rig.results] == ["a", "b"]
    assert rig.bundle.counters.late == 1


# --- Questions -----------------------------------------------------------------------------------
async def test_questions_pass_a_full_window_and_are_bounded(make_rig: Any, smsc: Any) -> None:
    rig = make_rig(window=1)
    await rig.up()
    held: list[Pdu] = []
    smsc.on_request = lambda _, pdu: held.append(pdu)
    rig.send("a")
    answers = [rig.bundle.ask(QUERY) for _ in range(15)]
    await rig.when(lambda: len(held) == 11)
    assert rig.bundle.room == 0

    def answer_queries(peer: Any, pdu: Pdu) -> None:
        peer.answer(pdu, 0, message_id=b"42", message_state=2)

    smsc.on_request = answer_queries
    for pdu in held[1:]:
        answer_queries(smsc.peers[0], pdu)
    told = [await answer for answer in answers]
    assert [pdu and pdu.number("message_state") for pdu in told] == [2] * 15
    assert rig.results == []


async def test_questions_are_answered_by_none_when_the_link_falls(make_rig: Any, smsc: Any) -> None:
    rig = make_rig(reconnect_first=3600.0, reconnect_last=3600.0)
    await rig.up()
    held: list[Pdu] = []
    smsc.on_request = lambda _, pdu: held.append(pdu)
    rig.send("a")
    answers = [rig.bundle.ask(QUERY) for _ in range(15)]
    await rig.when(lambda: len(held) == 11)
    smsc.peers[0].transport.abort()
    assert [await answer for answer in answers] == [None] * 15
    assert rig.lost == ["a"]


# --- Settings and reports ------------------------------------------------------------------------
async def test_other_settings_reach_a_link_that_stands(make_rig: Any, smsc: Any) -> None:
    rig = make_rig(window=1)
    await rig.up()
    smsc.on_request = lambda peer, pdu: None
    rig.send("a")
    assert rig.bundle.room == 0
    rig.bundle.apply(replace(rig.settings, window=3))
    assert rig.bundle.room == 2
    rig.send("b", "c")
    await rig.when(lambda: len(smsc.requests) == 4)
    assert rig.bundle.counters.drops == 0
    assert rig.bundle.reports()[1].window_used == 3


async def test_a_report_tells_how_the_link_is(make_rig: Any, smsc: Any) -> None:
    rig = make_rig()
    await rig.up()
    rig.send("a", "b")
    await rig.when(lambda: len(rig.results) == 2)
    smsc.on_request = lambda peer, pdu: peer.answer(pdu, CommandStatus.ESME_RTHROTTLED)
    rig.send("c")
    await rig.when(lambda: len(rig.results) == 3)
    report = rig.bundle.reports()[1]
    assert (report.state, report.kind, report.window_used) == ("up", "transceiver", 0)
    assert report.address == f"127.0.0.1:{smsc.port}"
    assert report.errors == {"ESME_RTHROTTLED": 1}
    assert report.pdus_per_second > 0
    assert report.round_trip_ms is not None
    assert report.round_trip_ms > 0
    rig.bundle.abandon(1, "not ours")
    assert rig.bundle.reports() == {}
    assert rig.bundle.counters.errors.total() == 1, "sums stay when the link is gone"


@pytest.mark.parametrize("limit", [0, 1000])
async def test_after_slower_there_is_a_rest_and_then_the_pace(
    make_rig: Any, smsc: Any, limit: int
) -> None:
    rig = make_rig(throughput=limit)
    await rig.up()
    smsc.on_request = lambda peer, pdu: peer.answer(pdu, CommandStatus.ESME_RMSGQFUL)
    rig.send("a")
    await rig.when(lambda: rig.results)
    assert rig.bundle.room == 0
    assert rig.bundle.wait > 0
