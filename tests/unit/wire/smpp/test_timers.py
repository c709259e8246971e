"""The session's timers, with a clock that the test moves."""

from collections.abc import Callable

import pytest

from habar.wire.smpp import (
    CommandId,
    Connection,
    Drop,
    PeerUnbound,
    Received,
    RequestTimedOut,
    Role,
    SessionState,
    Settings,
    SubmitResult,
    Unmatched,
    decode,
    encode,
    encode_submit_body,
    make_pdu,
)

MakeConnection = Callable[..., Connection]

BODY = encode_submit_body(b"INFO", b"77771234567", b"hi")
SUBMIT = encode(make_pdu(CommandId.SUBMIT_SM, sequence_number=5))
QUIET = Settings(enquire_link=None)


def reply(command: CommandId, number: int) -> bytes:
    return encode(make_pdu(command, sequence_number=number))


def test_nothing_runs_where_nothing_is_set(make_connection: MakeConnection) -> None:
    assert make_connection(Role.ESME, settings=QUIET).next_timer() is None
    assert make_connection(Role.ESME, SessionState.OPEN).next_timer() is None


@pytest.mark.parametrize("state", [SessionState.OPEN, SessionState.BINDING])
def test_session_init_ends_what_does_not_bind(
    state: SessionState, make_connection: MakeConnection
) -> None:
    smsc = make_connection(Role.SMSC, state, Settings(session_init=5.0), now=100.0)
    assert smsc.next_timer() == 105.0
    assert smsc.tick(104.9) == []
    [drop] = smsc.tick(105.0)
    assert isinstance(drop, Drop)
    assert smsc.should_close
    unlimited = make_connection(Role.SMSC, state, Settings(session_init=None))
    assert unlimited.next_timer() is None


def test_a_request_times_out_and_its_late_answer_matches_nothing(
    make_connection: MakeConnection,
) -> None:
    esme = make_connection(Role.ESME, settings=Settings(response=10.0, enquire_link=None))
    first = esme.send_submit(BODY, "a", 1.0)
    second = esme.send_submit(BODY, "b", 3.0)
    esme.send_submit(BODY, "c", 3.0)
    assert esme.next_timer() == 11.0
    assert esme.tick(10.9) == []
    assert esme.tick(11.0) == [RequestTimedOut("a")]
    assert esme.next_timer() == 13.0
    assert esme.receive_data(reply(CommandId.SUBMIT_SM_RESP, second), 12.0) == [
        SubmitResult("b", 0, b"")
    ]
    assert esme.tick(13.0) == [RequestTimedOut("c")]
    [late] = esme.receive_data(reply(CommandId.SUBMIT_SM_RESP, first), 14.0)
    assert isinstance(late, Unmatched)
    assert esme.is_bound
    assert esme.closed()[0] == ((),)


def test_a_bind_or_an_unbind_that_is_not_answered_ends_the_session(
    make_connection: MakeConnection,
) -> None:
    settings = Settings(response=10.0)
    for state in (SessionState.BINDING, SessionState.UNBINDING):
        esme = make_connection(Role.ESME, state, settings, now=1.0)
        assert esme.next_timer() == 11.0
        [drop] = esme.tick(11.0)
        assert isinstance(drop, Drop)
        assert "not answered" in drop.reason
        assert esme.state is SessionState.CLOSED


def test_a_silent_bind_is_asked(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME, settings=Settings(enquire_link=30.0))
    assert esme.next_timer() == 30.0
    assert esme.tick(29.9) == []
    assert esme.bytes_to_send() == b""
    assert esme.tick(30.0) == []
    asked = decode(esme.bytes_to_send())
    assert asked.command_id == CommandId.ENQUIRE_LINK
    assert esme.next_timer() == 45.0
    assert esme.tick(31.0) == []
    assert esme.bytes_to_send() == b""
    assert esme.receive_data(reply(CommandId.ENQUIRE_LINK_RESP, asked.sequence_number), 40.0) == []
    assert esme.next_timer() == 70.0


def test_a_dead_peer_is_dropped(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    esme.send_submit(BODY, "a", 1.0)
    esme.tick(31.0)
    [drop] = esme.tick(46.0)
    assert drop == Drop("enquire_link was not answered")
    assert esme.closed()[0] == (("a",),)


def test_any_sign_of_life_answers_an_enquire_link(make_connection: MakeConnection) -> None:
    smsc = make_connection(Role.SMSC)
    smsc.tick(30.0)
    asked = decode(smsc.bytes_to_send())
    nack = encode(make_pdu(CommandId.GENERIC_NACK, sequence_number=asked.sequence_number))
    assert smsc.receive_data(nack, 31.0) == []
    smsc.tick(61.0)
    assert decode(smsc.bytes_to_send()).command_id == CommandId.ENQUIRE_LINK
    smsc.receive_data(SUBMIT, 62.0)
    assert smsc.tick(80.0) == []
    assert smsc.is_bound


def test_a_busy_bind_is_never_asked(make_connection: MakeConnection) -> None:
    smsc = make_connection(Role.SMSC)
    [received] = smsc.receive_data(SUBMIT, 10.0)
    assert smsc.next_timer() is None
    smsc.tick(500.0)
    assert smsc.bytes_to_send() == b""
    assert isinstance(received, Received)
    smsc.send_response(received.pdu, message_id=b"1")
    assert smsc.next_timer() == 530.0


@pytest.mark.parametrize("send", [True, False])
def test_traffic_either_way_puts_the_question_off(
    send: bool, make_connection: MakeConnection
) -> None:
    esme = make_connection(Role.ESME, settings=Settings(response=1000.0))
    if send:
        esme.send_submit(BODY, "a", 20.0)
    else:
        esme.receive_data(reply(CommandId.ENQUIRE_LINK, 3), 20.0)
    assert esme.next_timer() == 50.0


def test_half_a_pdu_is_no_sign_of_life(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    esme.receive_data(SUBMIT[:20], 20.0)
    assert esme.next_timer() == 30.0


def test_inactivity_ends_a_peer_that_only_answers(make_connection: MakeConnection) -> None:
    settings = Settings(enquire_link=30.0, inactivity=100.0)
    smsc = make_connection(Role.SMSC, settings=settings)
    for now in (30.0, 61.0, 92.0):
        smsc.tick(now)
        number = decode(smsc.bytes_to_send()).sequence_number
        assert smsc.receive_data(reply(CommandId.ENQUIRE_LINK_RESP, number), now) == []
    assert smsc.next_timer() == 100.0
    assert smsc.tick(100.0) == [Drop("nothing in 100.0 seconds")]


def test_a_peers_enquire_link_or_message_is_activity(make_connection: MakeConnection) -> None:
    smsc = make_connection(Role.SMSC, settings=Settings(enquire_link=None, inactivity=100.0))
    smsc.receive_data(reply(CommandId.ENQUIRE_LINK, 3), 60.0)
    assert smsc.next_timer() == 160.0
    smsc.receive_data(SUBMIT, 90.0)
    assert smsc.next_timer() == 190.0


def test_a_drop_for_inactivity_sends_no_question(make_connection: MakeConnection) -> None:
    smsc = make_connection(Role.SMSC, settings=Settings(enquire_link=30.0, inactivity=20.0))
    assert [type(event) for event in smsc.tick(1000.0)] == [Drop]
    assert smsc.bytes_to_send() == b""


def test_an_unbind_does_not_wait_for_ever_for_what_is_owed(
    make_connection: MakeConnection,
) -> None:
    smsc = make_connection(Role.SMSC, settings=Settings(response=10.0))
    events = smsc.receive_data(SUBMIT + reply(CommandId.UNBIND, 6), 1.0)
    assert events[1] == PeerUnbound()
    assert not smsc.should_close
    assert smsc.next_timer() == 11.0
    assert smsc.tick(11.0) == []
    assert decode(smsc.bytes_to_send()).command_id == CommandId.UNBIND_RESP
    assert smsc.should_close
