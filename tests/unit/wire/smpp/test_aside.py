"""Requests beside the window, and settings that change while a session stands."""

from collections.abc import Callable

import pytest

from habar.wire.smpp import (
    Closed,
    CommandId,
    Connection,
    EncodeError,
    RequestTimedOut,
    Response,
    Role,
    SessionState,
    Settings,
    StateError,
    Unmatched,
    WindowFullError,
    encode,
    encode_submit_body,
    make_pdu,
)
from habar.wire.smpp.constants import MAX_SEQUENCE

MakeConnection = Callable[..., Connection]

BODY = encode_submit_body(b"INFO", b"77771234567", b"hi")
QUERY = make_pdu(CommandId.QUERY_SM, message_id=b"42")
NARROW = Settings(window=1, response=10.0, enquire_link=None)


def query_resp(number: int) -> bytes:
    return encode(make_pdu(CommandId.QUERY_SM_RESP, sequence_number=number, message_id=b"42"))


def test_it_needs_no_slot_and_takes_none(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME, settings=NARROW)
    esme.send_submit(BODY, "submit", 0.0)
    number = esme.send_aside(QUERY, "query", 0.0)
    assert (esme.window_free, esme.window_used, esme.aside) == (0, 1, 1)
    with pytest.raises(WindowFullError):
        esme.send_submit(BODY, "another", 0.0)
    [event] = esme.receive_data(query_resp(number), 1.0)
    assert isinstance(event, Response)
    assert (event.token, event.pdu.octets("message_id")) == ("query", b"42")
    assert (esme.window_used, esme.aside) == (1, 0)
    [late] = esme.receive_data(query_resp(number), 1.0)
    assert isinstance(late, Unmatched)


def test_a_response_of_another_kind_is_not_its_answer(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    number = esme.send_aside(QUERY, "query", 0.0)
    cancelled = encode(make_pdu(CommandId.CANCEL_SM_RESP, sequence_number=number))
    [event] = esme.receive_data(cancelled, 1.0)
    assert isinstance(event, Unmatched)
    assert esme.aside == 1


def test_it_times_out_by_itself(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME, settings=NARROW)
    esme.send_aside(QUERY, "query", 0.0)
    esme.send_submit(BODY, "submit", 5.0)
    assert esme.next_timer() == 10.0
    assert esme.tick(9.9) == []
    assert esme.tick(10.0) == [RequestTimedOut("query")]
    assert (esme.window_used, esme.aside, esme.next_timer()) == (1, 0, 15.0)


def test_when_the_session_is_over_its_token_comes_back_last(
    make_connection: MakeConnection,
) -> None:
    esme = make_connection(Role.ESME)
    esme.send_aside(QUERY, "query", 0.0)
    esme.send_submit(BODY, "submit", 0.0)
    assert esme.outstanding == ["submit", "query"]
    assert esme.closed() == [Closed(("submit", "query"))]
    assert esme.aside == 0


def test_its_number_is_not_used_again_while_it_is_open(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME, first_sequence=MAX_SEQUENCE - 1)
    number = esme.send_aside(QUERY, "query", 0.0)
    assert number == MAX_SEQUENCE
    esme._window._next = MAX_SEQUENCE
    assert esme.send_submit(BODY, "submit", 0.0) == 1


@pytest.mark.parametrize("state", [SessionState.BOUND_RX, SessionState.OPEN, SessionState.CLOSED])
def test_it_is_for_those_who_may_submit(
    state: SessionState, make_connection: MakeConnection
) -> None:
    esme = make_connection(Role.ESME, state)
    with pytest.raises(StateError):
        esme.send_aside(QUERY, "query", 0.0)
    assert esme.bytes_to_send() == b""


@pytest.mark.parametrize("command", [CommandId.ENQUIRE_LINK, CommandId.ALERT_NOTIFICATION])
def test_what_is_the_connection_s_own_or_has_no_answer_is_not_asked(
    command: CommandId, make_connection: MakeConnection
) -> None:
    with pytest.raises(StateError):
        make_connection(Role.ESME).send_aside(make_pdu(command), "token", 0.0)


def test_one_that_cannot_be_written_leaves_nothing_open(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME)
    with pytest.raises(EncodeError):
        esme.send_aside(make_pdu(CommandId.QUERY_SM, message_id=b"x" * 100), "query", 0.0)
    assert (esme.aside, esme.bytes_to_send()) == (0, b"")


# --- Other settings ------------------------------------------------------------------------------
def test_a_window_that_grows_has_room_at_once_and_one_that_shrinks_is_emptied_first(
    make_connection: MakeConnection,
) -> None:
    esme = make_connection(Role.ESME, settings=Settings(window=2, enquire_link=None))
    esme.send_submit(BODY, "a", 0.0)
    esme.send_submit(BODY, "b", 0.0)
    esme.adjust(Settings(window=4, enquire_link=None))
    assert esme.window_free == 2
    esme.adjust(Settings(window=1, enquire_link=None))
    assert (esme.window_free, esme.window_used) == (0, 2)
    with pytest.raises(WindowFullError):
        esme.send_submit(BODY, "c", 0.0)


def test_what_is_open_keeps_its_deadline_and_what_follows_has_the_new_one(
    make_connection: MakeConnection,
) -> None:
    esme = make_connection(Role.ESME, settings=Settings(response=10.0, enquire_link=None))
    esme.send_submit(BODY, "a", 0.0)
    esme.adjust(Settings(response=60.0, enquire_link=None))
    esme.send_submit(BODY, "b", 0.0)
    assert esme.tick(10.0) == [RequestTimedOut("a")]
    assert esme.next_timer() == 60.0


def test_enquire_link_goes_by_the_new_pause(make_connection: MakeConnection) -> None:
    esme = make_connection(Role.ESME, settings=Settings(enquire_link=30.0))
    esme.adjust(Settings(enquire_link=5.0))
    assert esme.next_timer() == 5.0
