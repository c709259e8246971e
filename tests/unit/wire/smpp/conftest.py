"""Sessions in any state, made by the rules of the protocol itself."""

from collections.abc import Callable

import pytest

from habar.wire.smpp import (
    CommandId,
    Connection,
    Event,
    Pdu,
    Received,
    Role,
    SessionState,
    Settings,
    encode,
    make_pdu,
)

BY_STATE = {
    SessionState.BOUND_TX: CommandId.BIND_TRANSMITTER,
    SessionState.BOUND_RX: CommandId.BIND_RECEIVER,
    SessionState.BOUND_TRX: CommandId.BIND_TRANSCEIVER,
}

MakeConnection = Callable[..., Connection]


def in_state(
    role: Role,
    state: SessionState = SessionState.BOUND_TRX,
    settings: Settings | None = None,
    now: float = 0.0,
    first_sequence: int = 1,
) -> Connection:
    """Lead a session into a state, with nothing left to send."""
    conn = Connection(role, now, settings or Settings(), first_sequence)
    command = BY_STATE.get(state, CommandId.BIND_TRANSCEIVER)
    bind = make_pdu(command, sequence_number=1, system_id=b"esme", interface_version=0x34)
    if state is SessionState.CLOSED:
        conn.closed()
    elif state is not SessionState.OPEN:
        _bind(conn, bind, now, answered=state is not SessionState.BINDING)
        if state is SessionState.UNBINDING:
            conn.unbind(now)
        elif state is SessionState.UNBOUND:
            conn.receive_data(encode(make_pdu(CommandId.UNBIND, sequence_number=2)), now)
    conn.bytes_to_send()
    assert conn.state is state
    return conn


def _bind(conn: Connection, bind: Pdu, now: float, *, answered: bool) -> None:
    if conn.role is Role.ESME:
        number = conn.bind(bind, now)
        if answered:
            answer = make_pdu(bind.command_id | 0x80000000, sequence_number=number)
            conn.receive_data(encode(answer), now)
    else:
        [event] = conn.receive_data(encode(bind), now)
        assert isinstance(event, Received)
        if answered:
            conn.send_response(event.pdu, system_id=b"smsc")


@pytest.fixture
def make_connection() -> MakeConnection:
    return in_state


@pytest.fixture
def exchange() -> Callable[[Connection, Connection, float], tuple[list[Event], list[Event]]]:
    """Carry what both ends have to say until neither has more; the events of each."""

    def run(a: Connection, b: Connection, now: float) -> tuple[list[Event], list[Event]]:
        told_a: list[Event] = []
        told_b: list[Event] = []
        while (to_b := a.bytes_to_send()) + (to_a := b.bytes_to_send()):
            told_b += b.receive_data(to_b, now)
            told_a += a.receive_data(to_a, now)
        return told_a, told_b

    return run
