"""A session from bind to unbind, at both ends, and what each kind of PDU does to it."""

import struct
from collections.abc import Callable

import pytest

from habar.wire.smpp import (
    BindRefused,
    Bound,
    Closed,
    CommandId,
    CommandStatus,
    Connection,
    Drop,
    EncodeError,
    Event,
    PeerUnbound,
    ProtocolFault,
    Received,
    Response,
    Role,
    SessionState,
    Settings,
    StateError,
    SubmitResult,
    Unbound,
    Unmatched,
    WindowFullError,
    decode,
    encode,
    encode_submit_body,
    make_pdu,
)

MakeConnection = Callable[..., Connection]
Exchange = Callable[[Connection, Connection, float], tuple[list[Event], list[Event]]]

BODY = encode_submit_body(b"INFO", b"77771234567", b"hi")
SUBMIT = make_pdu(CommandId.SUBMIT_SM, sequence_number=5, short_message=b"hi")
DELIVER = make_pdu(CommandId.DELIVER_SM, sequence_number=5, short_message=b"hi")


def answer(command_id: int, number: int, status: int = 0, **fields: bytes) -> bytes:
    made = make_pdu(command_id, command_status=status, sequence_number=number, tlvs=(), **fields)
    return encode(made)


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (CommandId.BIND_TRANSMITTER, SessionState.BOUND_TX),
        (CommandId.BIND_RECEIVER, SessionState.BOUND_RX),
        (CommandId.BIND_TRANSCEIVER, SessionState.BOUND_TRX),
    ],
)
def test_bind_of_both_ends(command: CommandId, state: SessionState, exchange: Exchange) -> None:
    esme, smsc = Connection(Role.ESME, 0.0), Connection(Role.SMSC, 0.0)
    number = esme.bind(make_pdu(command, system_id=b"shop", password=b"shop"), 0.0)
    assert esme.state is SessionState.BINDING
    _, [asked] = exchange(esme, smsc, 0.0)
    assert isinstance(asked, Received)
    assert asked.pdu.octets("password") == b"shop"
    assert smsc.state is SessionState.BINDING
    assert smsc.unanswered == 1
    smsc.send_response(asked.pdu, system_id=b"smsc")
    [bound], _ = exchange(esme, smsc, 0.0)
    assert isinstance(bound, Bound)
    assert (bound.pdu.octets("system_id"), bound.pdu.sequence_number) == (b"smsc", number)
    assert esme.state is smsc.state is state
    assert esme.is_bound
    assert smsc.is_bound
    assert smsc.unanswered == 0


def test_a_refused_bind_may_be_tried_again(exchange: Exchange) -> None:
    esme, smsc = Connection(Role.ESME, 0.0), Connection(Role.SMSC, 0.0)
    esme.bind(make_pdu(CommandId.BIND_RECEIVER), 0.0)
    _, [asked] = exchange(esme, smsc, 0.0)
    assert isinstance(asked, Received)
    smsc.send_response(asked.pdu, CommandStatus.ESME_RINVPASWD)
    [refused], _ = exchange(esme, smsc, 0.0)
    assert isinstance(refused, BindRefused)
    assert refused.command_status == CommandStatus.ESME_RINVPASWD
    assert esme.state is smsc.state is SessionState.OPEN
    esme.bind(make_pdu(CommandId.BIND_RECEIVER), 0.0)
    assert decode(esme.bytes_to_send()).command_id == CommandId.BIND_RECEIVER


@pytest.mark.parametrize(("status", "told"), [(3, 3), (0, CommandStatus.ESME_RUNKNOWNERR)])
def test_a_nack_to_a_bind_refuses_it(status: int, told: int) -> None:
    esme = Connection(Role.ESME, 0.0)
    number = esme.bind(make_pdu(CommandId.BIND_TRANSCEIVER), 0.0)
    [refused] = esme.receive_data(answer(CommandId.GENERIC_NACK, number, status), 0.0)
    assert isinstance(refused, BindRefused)
    assert refused.command_status == told
    assert esme.state is SessionState.OPEN


def test_messages_both_ways(make_connection: MakeConnection, exchange: Exchange) -> None:
    esme, smsc = make_connection(Role.ESME), make_connection(Role.SMSC)
    esme.send_submit(BODY, "one", 1.0)
    esme.send_request(SUBMIT, "two", 1.0)
    esme.send_request(make_pdu(CommandId.QUERY_SM, message_id=b"7"), "three", 1.0)
    _, received = exchange(esme, smsc, 1.0)
    pdus = [event.pdu for event in received if isinstance(event, Received)]
    assert [pdu.command_id for pdu in pdus] == [4, 4, 3]
    assert pdus[0].octets("destination_addr") == b"77771234567"
    smsc.send_response(pdus[2], message_id=b"7", message_state=2)
    smsc.send_response(pdus[0], message_id=b"a1")
    smsc.send_response(pdus[1], CommandStatus.ESME_RTHROTTLED)
    answered, _ = exchange(esme, smsc, 1.0)
    assert isinstance(answered[0], Response)
    assert (answered[0].token, answered[0].pdu.number("message_state")) == ("three", 2)
    assert answered[1:] == [
        SubmitResult("one", 0, b"a1"),
        SubmitResult("two", CommandStatus.ESME_RTHROTTLED, b""),
    ]
    smsc.send_deliver(BODY, "receipt", 2.0)
    [delivered], _ = exchange(esme, smsc, 2.0)
    assert isinstance(delivered, Received)
    esme.send_response(delivered.pdu)
    _, [acknowledged] = exchange(esme, smsc, 2.0)
    assert isinstance(acknowledged, Response)
    assert acknowledged.token == "receipt"


def test_everything_queued_leaves_in_one_write(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    for token in range(3):
        esme.send_submit(BODY, token, 0.0)
    data = esme.bytes_to_send()
    assert len(data) == 3 * (16 + len(BODY))
    assert esme.bytes_to_send() == b""


def test_the_window_is_never_overrun(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME, settings=Settings(window=2))
    first = esme.send_submit(BODY, "a", 0.0)
    esme.send_submit(BODY, "b", 0.0)
    assert (esme.window_free, esme.outstanding) == (0, ["a", "b"])
    esme.bytes_to_send()
    with pytest.raises(WindowFullError):
        esme.send_submit(BODY, "c", 0.0)
    with pytest.raises(WindowFullError):
        esme.send_request(make_pdu(CommandId.QUERY_SM), "c", 0.0)
    assert esme.bytes_to_send() == b""
    esme.receive_data(answer(CommandId.SUBMIT_SM_RESP, first, message_id=b"1"), 0.0)
    assert (esme.window_free, esme.outstanding) == (1, ["b"])


def test_sequence_numbers_wrap_and_skip_those_in_use(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME, first_sequence=0x7FFFFFFD, settings=Settings(window=9))
    # The bind took 0x7FFFFFFD.
    assert [esme.send_submit(BODY, n, 0.0) for n in range(3)] == [0x7FFFFFFE, 0x7FFFFFFF, 1]
    near_the_end = make_connection(Role.ESME, first_sequence=0x7FFFFFFE)
    number = near_the_end.send_submit(BODY, "old", 0.0)
    assert number == 0x7FFFFFFF
    near_the_end._window._next = 0x7FFFFFFF
    assert near_the_end.send_submit(BODY, "new", 0.0) == 1


@pytest.mark.parametrize(("window", "first"), [(0, 1), (1, 0), (1, 1 << 31)])
def test_impossible_windows_are_refused(window: int, first: int) -> None:
    with pytest.raises(ValueError):
        Connection(Role.ESME, 0.0, Settings(window=window), first)


def test_a_response_of_another_kind_does_not_match(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    number = esme.send_submit(BODY, "a", 0.0)
    for command in (CommandId.QUERY_SM_RESP, CommandId.DELIVER_SM_RESP):
        [event] = esme.receive_data(answer(command, number), 0.0)
        assert isinstance(event, Unmatched)
    [event] = esme.receive_data(answer(CommandId.SUBMIT_SM_RESP, number + 1), 0.0)
    assert isinstance(event, Unmatched)
    assert esme.outstanding == ["a"]


@pytest.mark.parametrize(("status", "told"), [(0x14, 0x14), (0, CommandStatus.ESME_RUNKNOWNERR)])
def test_a_nack_to_a_submit_sm_is_its_result(
    status: int, told: int, make_connection: MakeConnection
) -> None:
    esme = make_connection(Role.ESME)
    number = esme.send_submit(BODY, "a", 0.0)
    nack = answer(CommandId.GENERIC_NACK, number, status)
    assert esme.receive_data(nack, 0.0) == [SubmitResult("a", told, b"")]


def test_a_nack_to_another_request_is_its_response(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    number = esme.send_request(make_pdu(CommandId.QUERY_SM), "q", 0.0)
    [event] = esme.receive_data(answer(CommandId.GENERIC_NACK, number, 3), 0.0)
    assert isinstance(event, Response)
    assert event.pdu.command_id == CommandId.GENERIC_NACK


def test_every_piece_of_the_stream_gives_the_same_events(make_connection: MakeConnection) -> None:
    stream = b"".join(
        encode(DELIVER.numbered(n)) + encode(make_pdu(CommandId.ENQUIRE_LINK, sequence_number=n))
        for n in range(1, 6)
    )
    whole = make_connection(Role.ESME)
    expected = whole.receive_data(stream, 0.0)
    answers = whole.bytes_to_send()
    assert len(expected) == 5
    for size in (1, 3, 15, 16, 17, 50):
        esme = make_connection(Role.ESME)
        events = [
            event
            for start in range(0, len(stream), size)
            for event in esme.receive_data(stream[start : start + size], 0.0)
        ]
        assert events == expected
        assert esme.bytes_to_send() == answers


@pytest.mark.parametrize("length", [0, 15, 65537, 0x47455420, 0xFFFFFFFF])
@pytest.mark.parametrize("whole_header", [True, False])
def test_a_lost_stream_is_nacked_and_dropped(
    length: int, whole_header: bool, make_connection: MakeConnection
) -> None:
    smsc = make_connection(Role.SMSC)
    head = struct.pack(">IIII", length, 4, 0, 77)
    good = encode(SUBMIT)
    received, drop = smsc.receive_data(good + (head if whole_header else head[:4]), 0.0)
    assert isinstance(received, Received)
    assert isinstance(drop, Drop)
    nack = decode(smsc.bytes_to_send())
    assert nack == make_pdu(
        CommandId.GENERIC_NACK,
        command_status=CommandStatus.ESME_RINVCMDLEN,
        sequence_number=77 if whole_header else 0,
    )
    assert smsc.state is SessionState.CLOSED
    assert smsc.should_close
    assert smsc.receive_data(good, 0.0) == []
    smsc.send_response(SUBMIT, message_id=b"1")
    assert smsc.bytes_to_send() == b""


def test_an_unknown_command_is_nacked_and_the_session_lives(
    make_connection: MakeConnection,
) -> None:
    smsc = make_connection(Role.SMSC)
    unknown = struct.pack(">IIII", 16, 0x99, 0, 9)
    fault, received = smsc.receive_data(unknown + encode(SUBMIT), 0.0)
    assert fault == ProtocolFault(0x99, 9, CommandStatus.ESME_RINVCMDID, "unknown command_id")
    assert isinstance(received, Received)
    nack = decode(smsc.bytes_to_send())
    assert (nack.command_id, nack.command_status, nack.sequence_number) == (0x80000000, 3, 9)


def test_an_unknown_response_is_not_answered(make_connection: MakeConnection) -> None:
    smsc = make_connection(Role.SMSC)
    [fault] = smsc.receive_data(struct.pack(">IIII", 16, 0x80000099, 0, 9), 0.0)
    assert isinstance(fault, ProtocolFault)
    assert smsc.bytes_to_send() == b""


def test_a_bad_body_is_answered_by_its_own_response(make_connection: MakeConnection) -> None:
    smsc = make_connection(Role.SMSC)
    fault, received = smsc.receive_data(
        struct.pack(">IIII", 18, 4, 0, 9) + b"x\0" + encode(SUBMIT), 0.0
    )
    assert isinstance(fault, ProtocolFault)
    assert isinstance(received, Received)
    refusal = make_pdu(
        CommandId.SUBMIT_SM_RESP,
        command_status=CommandStatus.ESME_RINVCMDLEN,
        sequence_number=9,
    )
    assert smsc.bytes_to_send() == encode(refusal)
    assert smsc.unanswered == 1


def test_a_bad_alert_notification_is_nacked(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    [fault] = esme.receive_data(struct.pack(">IIII", 16, 0x102, 0, 9), 0.0)
    assert isinstance(fault, ProtocolFault)
    nack = decode(esme.bytes_to_send())
    assert (nack.command_id, nack.command_status) == (0x80000000, CommandStatus.ESME_RINVCMDLEN)


def test_what_has_no_answer(make_connection: MakeConnection, exchange: Exchange) -> None:
    esme, smsc = make_connection(Role.ESME), make_connection(Role.SMSC)
    number = smsc.send_request(make_pdu(CommandId.ALERT_NOTIFICATION), None, 0.0)
    assert smsc.outstanding == []
    [event], _ = exchange(esme, smsc, 0.0)
    assert isinstance(event, Received)
    assert event.pdu.sequence_number == number
    assert esme.unanswered == 0
    with pytest.raises(StateError):
        esme.send_response(event.pdu)


def test_outbind_asks_an_esme_to_bind(exchange: Exchange) -> None:
    esme, smsc = Connection(Role.ESME, 0.0), Connection(Role.SMSC, 0.0)
    smsc.send_request(make_pdu(CommandId.OUTBIND, system_id=b"smsc"), None, 0.0)
    [event], _ = exchange(esme, smsc, 0.0)
    assert isinstance(event, Received)
    esme.bind(make_pdu(CommandId.BIND_RECEIVER), 0.0)
    assert esme.state is SessionState.BINDING


def test_what_the_connection_sends_itself_is_not_for_its_owner(
    make_connection: MakeConnection,
) -> None:
    esme = make_connection(Role.ESME)
    for command in (CommandId.ENQUIRE_LINK, CommandId.UNBIND, CommandId.BIND_RECEIVER):
        with pytest.raises(StateError):
            esme.send_request(make_pdu(command), None, 0.0)
    with pytest.raises(StateError):
        esme.send_request(make_pdu(CommandId.SUBMIT_SM_RESP), None, 0.0)
    with pytest.raises(StateError):
        Connection(Role.ESME, 0.0).bind(make_pdu(CommandId.SUBMIT_SM), 0.0)
    assert esme.can_send(CommandId.SUBMIT_SM)
    assert not esme.can_send(CommandId.DELIVER_SM)


def test_what_does_not_encode_is_not_queued(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    with pytest.raises(EncodeError):
        esme.send_request(make_pdu(CommandId.SUBMIT_SM, source_addr=b"x" * 30), "a", 0.0)
    with pytest.raises(EncodeError):
        esme.send_submit(bytes(65521), "a", 0.0)
    assert (esme.bytes_to_send(), esme.outstanding) == (b"", [])


def test_a_response_that_does_not_encode_is_still_owed(make_connection: MakeConnection) -> None:
    smsc = make_connection(Role.SMSC)
    smsc.receive_data(encode(SUBMIT), 0.0)
    with pytest.raises(EncodeError):
        smsc.send_response(SUBMIT, message_id=b"x" * 65)
    assert (smsc.bytes_to_send(), smsc.unanswered) == (b"", 1)


def test_our_unbind(make_connection: MakeConnection, exchange: Exchange) -> None:
    esme, smsc = make_connection(Role.ESME), make_connection(Role.SMSC)
    esme.send_submit(BODY, "a", 0.0)
    esme.unbind(0.0)
    assert esme.state is SessionState.UNBINDING
    assert not esme.is_bound
    with pytest.raises(StateError):
        esme.send_submit(BODY, "b", 0.0)
    smsc.send_deliver(BODY, "mo", 0.0)
    late, [submitted, unbound] = exchange(esme, smsc, 0.0)
    assert [type(event) for event in late] == [Received]
    assert isinstance(submitted, Received)
    assert isinstance(unbound, PeerUnbound)
    before = smsc.should_close
    smsc.send_response(submitted.pdu, message_id=b"1")
    assert (before, smsc.should_close) == (False, True)
    told, _ = exchange(esme, smsc, 0.0)
    assert told == [SubmitResult("a", 0, b"1"), Unbound()]
    assert [esme.state, smsc.state] == [SessionState.UNBOUND] * 2
    assert esme.should_close
    assert esme.closed() == [Closed(())]
    assert smsc.closed() == [Closed(("mo",))]


def test_unbinds_that_cross(make_connection: MakeConnection) -> None:
    esme, smsc = make_connection(Role.ESME), make_connection(Role.SMSC)
    esme.unbind(0.0)
    smsc.unbind(0.0)
    to_smsc, to_esme = esme.bytes_to_send(), smsc.bytes_to_send()
    assert esme.receive_data(to_esme, 0.0) == [PeerUnbound()]
    assert smsc.receive_data(to_smsc, 0.0) == [PeerUnbound()]
    assert esme.should_close
    assert smsc.should_close


def test_closed_tells_what_was_never_answered_once(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    for token in ("a", "b", "c"):
        number = esme.send_submit(BODY, token, 0.0)
    esme.receive_data(answer(CommandId.SUBMIT_SM_RESP, number, message_id=b"1"), 0.0)
    assert esme.closed() == [Closed(("a", "b"))]
    assert esme.closed() == []
    assert esme.state is SessionState.CLOSED
    assert (esme.bytes_to_send(), esme.next_timer(), esme.tick(1e9)) == (b"", None, [])
