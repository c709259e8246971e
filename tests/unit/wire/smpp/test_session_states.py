"""Every request in every state, at both ends: sent and received."""

from collections.abc import Callable

import pytest

from habar.wire.smpp import (
    BINDS,
    RESPONSE_BIT,
    CommandId,
    CommandStatus,
    Connection,
    ProtocolFault,
    Role,
    SessionState,
    StateError,
    decode,
    encode,
    make_pdu,
)
from habar.wire.smpp.session import BOUND, BOUND_BY, ISSUES

MakeConnection = Callable[..., Connection]

REQUESTS = [command for command in CommandId if not command & RESPONSE_BIT]
OWN = BINDS | {CommandId.UNBIND, CommandId.ENQUIRE_LINK}

O, B = {SessionState.OPEN}, {SessionState.BINDING}  # noqa: E741 the columns of the table below
TX = {SessionState.BOUND_TX, SessionState.BOUND_TRX}
RX = {SessionState.BOUND_RX, SessionState.BOUND_TRX}
LIVE = set(SessionState) - {SessionState.CLOSED}

# Written out once more, by the standard's table 2-1, so that a slip in session.py shows.
ISSUED: dict[Role, dict[CommandId, set[SessionState]]] = {
    Role.ESME: {
        CommandId.BIND_TRANSMITTER: O,
        CommandId.BIND_RECEIVER: O,
        CommandId.BIND_TRANSCEIVER: O,
        CommandId.OUTBIND: set(),
        CommandId.UNBIND: TX | RX,
        CommandId.SUBMIT_SM: TX,
        CommandId.SUBMIT_MULTI: TX,
        CommandId.DATA_SM: TX,
        CommandId.QUERY_SM: TX,
        CommandId.CANCEL_SM: TX,
        CommandId.REPLACE_SM: TX,
        CommandId.DELIVER_SM: set(),
        CommandId.ALERT_NOTIFICATION: set(),
        CommandId.ENQUIRE_LINK: LIVE,
    },
    Role.SMSC: {
        CommandId.BIND_TRANSMITTER: set(),
        CommandId.BIND_RECEIVER: set(),
        CommandId.BIND_TRANSCEIVER: set(),
        CommandId.OUTBIND: O,
        CommandId.UNBIND: TX | RX,
        CommandId.SUBMIT_SM: set(),
        CommandId.SUBMIT_MULTI: set(),
        CommandId.DATA_SM: RX,
        CommandId.QUERY_SM: set(),
        CommandId.CANCEL_SM: set(),
        CommandId.REPLACE_SM: set(),
        CommandId.DELIVER_SM: RX,
        CommandId.ALERT_NOTIFICATION: RX,
        CommandId.ENQUIRE_LINK: LIVE,
    },
}
EVERY = [(role, state, command) for role in Role for state in SessionState for command in REQUESTS]


def test_the_tables_name_every_request() -> None:
    assert all(set(ISSUED[role]) == set(REQUESTS) for role in Role)
    assert set(BOUND_BY) == BINDS
    assert set(BOUND_BY.values()) == BOUND


@pytest.mark.parametrize(("role", "state", "command"), EVERY)
def test_issued_by_the_table(role: Role, state: SessionState, command: CommandId) -> None:
    assert (command in ISSUES[role][state]) == (state in ISSUED[role][command])


def send(conn: Connection, command: CommandId) -> None:
    if command in BINDS:
        conn.bind(make_pdu(command), 0.0)
    elif command == CommandId.UNBIND:
        conn.unbind(0.0)
    else:
        conn.send_request(make_pdu(command), "token", 0.0)


@pytest.mark.parametrize(("role", "state", "command"), EVERY)
def test_sending(
    role: Role, state: SessionState, command: CommandId, make_connection: MakeConnection
) -> None:
    conn = make_connection(role, state)
    if command == CommandId.ENQUIRE_LINK or state not in ISSUED[role][command]:
        with pytest.raises(StateError):
            send(conn, command)
        assert conn.bytes_to_send() == b""
        assert conn.outstanding == []
    else:
        send(conn, command)
        assert decode(conn.bytes_to_send()).command_id == command


@pytest.mark.parametrize(("role", "state", "command"), EVERY)
def test_receiving(
    role: Role, state: SessionState, command: CommandId, make_connection: MakeConnection
) -> None:
    conn = make_connection(role, state)
    allowed = state in ISSUED[role.peer][command]
    if state is SessionState.UNBINDING:  # what was allowed before stays so: the peer may not know
        allowed = SessionState.BOUND_TRX in ISSUED[role.peer][command]
    events = conn.receive_data(encode(make_pdu(command, sequence_number=99)), 0.0)
    data = conn.bytes_to_send()
    if state is SessionState.CLOSED:
        assert (events, data) == ([], b"")
    elif allowed:
        assert [type(event).__name__ for event in events] == {
            CommandId.ENQUIRE_LINK: [],
            CommandId.UNBIND: ["PeerUnbound"],
        }.get(command, ["Received"])
        own = command in (CommandId.ENQUIRE_LINK, CommandId.UNBIND)
        expected = make_pdu(command | RESPONSE_BIT, sequence_number=99) if own else None
        assert data == (encode(expected) if expected else b"")
    else:
        [fault] = events
        assert isinstance(fault, ProtocolFault)
        again = command in BINDS and role is Role.SMSC and state in BOUND
        status = CommandStatus.ESME_RALYBND if again else CommandStatus.ESME_RINVBNDSTS
        answer = decode(data)
        assert answer.command_status == fault.command_status == status
        assert answer.sequence_number == 99
        unanswered = command in (CommandId.OUTBIND, CommandId.ALERT_NOTIFICATION)
        assert answer.command_id == (
            CommandId.GENERIC_NACK if unanswered else command | RESPONSE_BIT
        )
        assert conn.state is state


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("state", list(SessionState))
@pytest.mark.parametrize("command", [c for c in CommandId if c & RESPONSE_BIT])
def test_a_response_nobody_asked_for_changes_nothing(
    role: Role, state: SessionState, command: CommandId, make_connection: MakeConnection
) -> None:
    conn = make_connection(role, state)
    events = conn.receive_data(encode(make_pdu(command, sequence_number=99)), 0.0)
    silent = state is SessionState.CLOSED or command == CommandId.ENQUIRE_LINK_RESP
    assert [type(event).__name__ for event in events] == ([] if silent else ["Unmatched"])
    assert conn.bytes_to_send() == b""
    assert conn.state is state
