"""operators/session.py on a paper transport, against the SMSC's side of wire.smpp."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from habar.operators import NO_ANSWER, BindGroup, BindKind, OperatorSettings
from habar.operators import session as session_module
from habar.operators.session import Ack, Session, in_words
from habar.wire.smpp import (
    CommandId,
    CommandStatus,
    Connection,
    Pdu,
    Received,
    Response,
    Role,
    SubmitResult,
    Tlv,
    encode,
    encode_submit_body,
    make_pdu,
)

BODY = encode_submit_body(b"SHOP", b"77010000001", b"Hi")


class PaperTransport(asyncio.Transport):
    """Notes what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = self.aborted = False
        self.gave_up, self.wrote = asyncio.Event(), asyncio.Event()

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))
        self.wrote.set()

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True
        self.gave_up.set()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class Owner:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.results: list[list[SubmitResult]] = []
        self.answered = asyncio.Event()
        self.acks: list[Ack] = []
        self.ended: tuple[tuple[object, ...], str] | None = None

    def session_bound(self) -> None:
        self.told.append("bound")

    def session_refused(self, command_status: int) -> None:
        self.told.append(f"refused {command_status}")

    def session_results(self, results: Sequence[SubmitResult]) -> None:
        self.told.append("results")
        self.results.append(list(results))
        self.answered.set()

    def session_delivered(self, pdu: Pdu, ack: Ack) -> None:
        self.told.append("delivered")
        self.acks.append(ack)

    def session_oddity(self, what: str, *, late: bool) -> None:
        self.told.append("late" if late else "fault")

    def session_ended(self, tokens: tuple[object, ...], reason: str) -> None:
        self.ended = (tokens, reason)


class Line:
    """A session, its transport, its owner, and the SMSC at the other end."""

    def __init__(self, **changes: Any) -> None:
        settings: dict[str, Any] = {"window": 5, "system_id": "id", "password": "secret"}
        self.owner, self.transport = Owner(), PaperTransport()
        self.settings = OperatorSettings(1, "op", "h", 1, **(settings | changes))
        self.session = Session(self.settings, self.settings.bind_of(1), self.owner)
        self.smsc = Connection(Role.SMSC, 0.0)
        self.session.connection_made(self.transport)

    def read(self) -> list[Any]:
        """What the SMSC makes of what was written."""
        data = b"".join(self.transport.writes)
        self.transport.writes.clear()
        return self.smsc.receive_data(data, 0.0)

    def write(self) -> None:
        """Let what the SMSC has queued arrive, in one read."""
        self.session.data_received(self.smsc.bytes_to_send())

    def bind(self) -> Pdu:
        (event,) = self.read()
        self.smsc.send_response(event.pdu, 0, system_id=b"smsc")
        self.write()
        return event.pdu  # type: ignore[no-any-return]

    def deliver(self, count: int) -> None:
        for number in range(count):
            self.smsc.send_deliver(BODY, number, 0.0)
        self.write()


async def test_it_binds_as_the_settings_say() -> None:
    line = Line(system_type="VMS", address_range="^77")
    pdu = line.bind()
    assert pdu.command_id == CommandId.BIND_TRANSCEIVER
    assert pdu.octets("system_id") == b"id"
    assert pdu.octets("password") == b"secret"
    assert pdu.octets("system_type") == b"VMS"
    assert pdu.octets("address_range") == b"^77"
    assert pdu.number("interface_version") == 0x34
    assert line.owner.told == ["bound"]


async def test_what_is_sent_goes_in_one_write() -> None:
    line = Line()
    line.bind()
    for number in range(5):
        line.session.send(BODY, number)
    assert line.transport.writes == []
    line.session.flush()
    assert len(line.transport.writes) == 1
    assert len(line.read()) == 5


async def test_the_results_of_one_read_come_together_and_before_what_was_delivered() -> None:
    line = Line()
    line.bind()
    for number in range(3):
        line.session.send(BODY, f"token {number}")
    line.session.flush()
    submits = line.read()
    line.smsc.send_deliver(BODY, "d", 0.0)
    for event in submits:
        line.smsc.send_response(event.pdu, 0, message_id=b"42")
    line.write()
    assert line.owner.told == ["bound", "results", "delivered"]
    assert line.owner.results == [
        [SubmitResult(f"token {number}", 0, b"42") for number in range(3)]
    ]


async def test_deliveries_are_answered_when_told_all_in_one_write() -> None:
    line = Line()
    line.bind()
    line.deliver(4)
    assert line.transport.writes == [], "nobody has said yes yet"
    for number, ack in enumerate(line.owner.acks):
        ack(CommandStatus.ESME_RX_T_APPN if number == 3 else 0)
    await asyncio.sleep(0)
    assert len(line.transport.writes) == 1
    answers = line.read()
    assert [event.pdu.command_status for event in answers if isinstance(event, Response)] == [
        0,
        0,
        0,
        CommandStatus.ESME_RX_T_APPN,
    ]


async def test_an_ack_after_the_end_goes_nowhere() -> None:
    line = Line()
    line.bind()
    line.deliver(1)
    line.session.connection_lost(None)
    line.owner.acks[0](0)
    await asyncio.sleep(0)
    assert line.transport.writes == []


async def test_over_so_many_unanswered_deliveries_the_operator_is_asked_to_keep_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_module, "MOST_UNANSWERED", 2)
    line = Line()
    line.bind()
    line.deliver(4)
    assert len(line.owner.acks) == 2
    statuses = [event.pdu.command_status for event in line.read()]
    assert statuses == [CommandStatus.ESME_RX_T_APPN] * 2


async def test_the_end_tells_what_found_no_answer() -> None:
    line = Line()
    line.bind()
    line.session.send(BODY, "a")
    line.session.send(BODY, "b")
    line.session.flush()
    first, _ = line.read()
    line.smsc.send_response(first.pdu, 0, message_id=b"1")
    line.write()
    line.session.connection_lost(ConnectionResetError("gone"))
    assert line.owner.ended == (("b",), "gone")
    assert line.session.ended.done()


async def test_a_time_out_is_a_result_without_answer_and_the_late_answer_is_told() -> None:
    line = Line(response_timeout=0.01)
    line.bind()
    line.session.send(BODY, "a")
    line.session.flush()
    (event,) = line.read()
    await asyncio.wait_for(line.owner.answered.wait(), 5)
    assert line.owner.results == [[SubmitResult("a", NO_ANSWER, b"")]]
    line.smsc.send_response(event.pdu, 0, message_id=b"1")
    line.write()
    assert line.owner.told[-1] == "late"


async def test_what_no_operator_has_to_ask_is_refused_and_what_needs_no_answer_is_passed_over() -> (
    None
):
    line = Line()
    line.bind()
    line.session.data_received(encode(make_pdu(CommandId.QUERY_SM, sequence_number=9)))
    line.session.data_received(encode(make_pdu(CommandId.ALERT_NOTIFICATION, sequence_number=10)))
    await asyncio.sleep(0)
    assert len(line.read()) == 1
    assert "delivered" not in line.owner.told


async def test_octets_that_are_no_smpp_end_the_session() -> None:
    line = Line()
    line.bind()
    line.session.data_received(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert line.transport.closed
    line.session.connection_lost(None)
    assert line.owner.ended is not None
    assert line.owner.ended[1] != ""


async def test_a_peer_that_does_not_read_our_last_words_cannot_keep_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_module, "_LAST_WORDS", 0.0)
    line = Line()
    line.bind()
    line.session.data_received(b"\0\0\0\1" + b"x" * 12)
    assert line.transport.closed
    assert not line.transport.aborted
    async with asyncio.timeout(5):  # the paper transport never tells that it is closed
        await line.transport.gave_up.wait()


async def test_a_refused_bind_ends_the_session() -> None:
    line = Line()
    (event,) = line.read()
    assert isinstance(event, Received)
    line.smsc.send_response(event.pdu, CommandStatus.ESME_RINVPASWD)
    line.write()
    assert line.transport.aborted
    line.session.connection_lost(None)
    assert line.owner.ended == ((), "bind refused: ESME_RINVPASWD: the password is wrong")


async def test_unbind_is_polite() -> None:
    line = Line()
    line.bind()
    line.session.unbind("closed by us")
    line.read()
    line.write()
    assert line.transport.closed
    line.session.connection_lost(None)
    assert line.owner.ended == ((), "closed by us")


# --- Abandoned -----------------------------------------------------------------------------------
async def test_an_abandoned_session_has_told_what_found_no_answer_and_writes_nothing_more() -> None:
    line = Line()
    line.bind()
    line.session.send(BODY, "flushed")
    line.session.flush()
    line.session.send(BODY, "queued")
    line.transport.writes.clear()
    line.session.abandon("not ours")
    assert line.owner.ended == (("flushed", "queued"), "not ours")
    assert line.transport.aborted
    line.session.flush()
    assert line.transport.writes == []
    line.owner.ended = None
    line.session.connection_lost(None)
    assert line.owner.ended is None, "it is told once"
    assert line.session.ended.done()


async def test_an_abandoned_session_hears_and_acknowledges_nothing() -> None:
    line = Line()
    line.bind()
    line.deliver(1)
    line.session.send(BODY, "a")
    line.session.flush()
    (submit,) = line.read()
    line.session.abandon("not ours")
    told = list(line.owner.told)
    line.smsc.send_response(submit.pdu, 0, message_id=b"1")
    line.deliver(1)
    line.owner.acks[0](0)
    await asyncio.sleep(0)
    assert line.owner.told == told
    assert line.transport.writes == []


async def test_one_that_is_abandoned_over_its_results_does_not_hand_over_what_came_beside() -> None:
    line = Line()
    line.bind()
    line.session.send(BODY, "a")
    line.session.flush()
    (submit,) = line.read()
    setattr(  # noqa: B010 - a method, to mypy
        line.owner, "session_results", lambda _: line.session.abandon("not ours")
    )
    line.smsc.send_response(submit.pdu, 0, message_id=b"1")
    line.deliver(1)
    assert line.owner.acks == []


async def test_one_that_is_abandoned_before_it_is_connected_does_not_bind() -> None:
    owner, transport = Owner(), PaperTransport()
    settings = OperatorSettings(1, "op", "h", 1, "id", "secret")
    session = Session(settings, settings.bind_of(1), owner)
    session.abandon("not ours")
    assert session.ended.done()
    session.connection_made(transport)
    assert transport.aborted
    assert transport.writes == []


# --- Binds ---------------------------------------------------------------------------------------
async def test_a_bind_says_its_own_credentials_numbering_and_version() -> None:
    group = BindGroup(BindKind.RECEIVER, 1, system_id="rx", password="other", address_range="^77")
    line = Line(groups=(group,), address_ton=1, address_npi=1, interface_version=0x33)
    pdu = line.bind()
    assert pdu.command_id == CommandId.BIND_RECEIVER
    assert (pdu.octets("system_id"), pdu.octets("password")) == (b"rx", b"other")
    assert (pdu.number("addr_ton"), pdu.number("addr_npi")) == (1, 1)
    assert pdu.octets("address_range") == b"^77"
    assert pdu.number("interface_version") == 0x33
    assert pdu.tlvs == ()


async def test_tlvs_in_the_answer_to_a_bind_of_3_3_are_passed_over() -> None:
    line = Line(interface_version=0x33)
    (event,) = line.read()
    tlvs = ((int(Tlv.SC_INTERFACE_VERSION), 0x34), (0x1400, b"vendor"))
    line.smsc.send_response(event.pdu, 0, tlvs=tlvs, system_id=b"smsc")
    line.write()
    assert line.owner.told == ["bound"]


async def test_a_refused_bind_is_told_before_the_end() -> None:
    line = Line()
    (event,) = line.read()
    line.smsc.send_response(event.pdu, CommandStatus.ESME_RALYBND)
    line.write()
    line.session.connection_lost(None)
    assert line.owner.told == ["refused 5"]
    assert line.owner.ended == ((), "bind refused: ESME_RALYBND")


# --- Answers that are odd ------------------------------------------------------------------------
def submitted(line: Line, count: int) -> list[Pdu]:
    for number in range(count):
        line.session.send(BODY, f"token {number}")
    line.session.flush()
    return [event.pdu for event in line.read()]


async def test_a_generic_nack_is_the_answer_to_the_submit_sm_that_it_names() -> None:
    line = Line()
    line.bind()
    _, second = submitted(line, 2)
    nack = make_pdu(
        CommandId.GENERIC_NACK,
        command_status=CommandStatus.ESME_RINVCMDLEN,
        sequence_number=second.sequence_number,
    )
    line.session.data_received(encode(nack))
    assert line.owner.results == [
        [SubmitResult("token 1", CommandStatus.ESME_RINVCMDLEN, b"")],
    ]
    assert line.session.smpp.window_used == 1


async def test_a_generic_nack_that_names_nothing_is_an_oddity() -> None:
    line = Line()
    line.bind()
    submitted(line, 1)
    for number in (0, 4711):
        nack = make_pdu(CommandId.GENERIC_NACK, command_status=3, sequence_number=number)
        line.session.data_received(encode(nack))
    assert line.owner.told == ["bound", "late", "late"]
    assert line.session.smpp.window_used == 1


async def test_answers_out_of_order_and_twice_are_each_told_once() -> None:
    line = Line()
    line.bind()
    pdus = submitted(line, 3)
    for pdu in (pdus[2], pdus[0], pdus[2], pdus[1], pdus[0]):
        line.smsc.send_response(pdu, 0, message_id=b"%d" % pdu.sequence_number)
    line.write()
    assert [result.token for result in line.owner.results[0]] == ["token 2", "token 0", "token 1"]
    assert line.owner.told.count("late") == 2
    assert not line.transport.closed


async def test_a_number_that_the_smsc_uses_again_for_its_own_requests_harms_nothing() -> None:
    line = Line()
    line.bind()
    (pdu,) = submitted(line, 1)
    number = pdu.sequence_number
    deliver = make_pdu(CommandId.DELIVER_SM, sequence_number=number, destination_addr=b"1")
    line.session.data_received(encode(deliver) * 2)
    assert line.owner.told == ["bound", "delivered", "delivered"]
    for ack in line.owner.acks:
        ack(0)
    await asyncio.sleep(0)
    answers = [event.pdu for event in line.read()]  # to nothing that this end has asked
    assert [(a.command_id, a.sequence_number) for a in answers] == [
        (CommandId.DELIVER_SM_RESP, number)
    ] * 2
    line.smsc.send_response(pdu, 0, message_id=b"7")
    line.write()
    assert line.owner.results == [[SubmitResult("token 0", 0, b"7")]]


# --- Questions beside the window -----------------------------------------------------------------
QUERY = make_pdu(CommandId.QUERY_SM, message_id=b"42", source_addr=b"SHOP")


def asked(line: Line) -> asyncio.Future[Pdu | None]:
    answer: asyncio.Future[Pdu | None] = asyncio.get_running_loop().create_future()
    line.session.ask(QUERY, answer)
    return answer


async def test_a_question_goes_though_the_window_is_full_and_is_answered() -> None:
    line = Line(window=1)
    line.bind()
    submitted(line, 1)
    answer = asked(line)
    assert (line.session.smpp.window_free, line.session.smpp.aside) == (0, 1)
    (event,) = line.read()
    assert event.pdu.octets("message_id") == b"42"
    line.smsc.send_response(event.pdu, 0, message_id=b"42", message_state=2)
    line.write()
    pdu = await answer
    assert pdu is not None
    assert (pdu.command_id, pdu.number("message_state")) == (CommandId.QUERY_SM_RESP, 2)
    assert line.owner.results == []


async def test_a_question_may_be_answered_by_a_generic_nack() -> None:
    line = Line()
    line.bind()
    answer = asked(line)
    (event,) = line.read()
    nack = make_pdu(
        CommandId.GENERIC_NACK,
        command_status=CommandStatus.ESME_RINVCMDID,
        sequence_number=event.pdu.sequence_number,
    )
    line.session.data_received(encode(nack))
    pdu = await answer
    assert pdu is not None
    assert pdu.command_status == CommandStatus.ESME_RINVCMDID


async def test_a_question_without_an_answer_is_answered_by_none_and_is_no_result() -> None:
    line = Line(response_timeout=0.01)
    line.bind()
    assert await asyncio.wait_for(asked(line), 5) is None
    assert line.owner.results == []


async def test_questions_are_given_up_when_the_connection_ends_and_tokens_come_back() -> None:
    line = Line()
    line.bind()
    answer, given_up = asked(line), asked(line)
    given_up.cancel()
    submitted(line, 2)
    line.session.connection_lost(None)
    assert await answer is None
    assert line.owner.ended is not None
    assert line.owner.ended[0] == ("token 0", "token 1")


# --- Settings that change ------------------------------------------------------------------------
async def test_another_window_and_other_timers_hold_at_once() -> None:
    line = Line(window=3)
    line.bind()
    submitted(line, 3)
    line.session.adjust(replace(line.settings, window=5))
    assert line.session.smpp.window_free == 2
    line.session.adjust(replace(line.settings, window=1))
    assert (line.session.smpp.window_free, line.session.smpp.window_used) == (0, 3)
    line.session.adjust(replace(line.settings, response_timeout=0.01, window=5))
    line.session.send(BODY, "late")
    line.session.flush()
    assert line.session.smpp.settings.response == 0.01


async def test_enquire_link_follows_another_pause() -> None:
    line = Line(enquire_link=3600.0)
    line.bind()
    line.transport.wrote.clear()
    line.session.adjust(replace(line.settings, enquire_link=0.01))
    await asyncio.wait_for(line.transport.wrote.wait(), 5)
    line.read()
    assert line.smsc.bytes_to_send() != b"", "the SMSC has answered an enquire_link"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)"), "Connection refused"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "certificate verify failed"), "certificate verify failed"),
        (OSError("Multiple exceptions"), "Multiple exceptions"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_what_befalls_a_connection_is_told_in_words(error: Exception, words: str) -> None:
    assert words in in_words(error)
