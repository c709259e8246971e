"""wire/smpp/connection.py: a peer that hangs is found out though we keep sending."""

from __future__ import annotations

from habar.wire.smpp import CommandId, Connection, Drop, Role, Settings, make_pdu
from habar.wire.smpp.connection import SessionState


def test_a_peer_that_answers_nothing_is_dropped_though_we_keep_sending() -> None:
    peer = Connection(Role.ESME, 0.0, Settings(window=100, response=60.0, enquire_link=30.0))
    peer.bind(make_pdu(CommandId.BIND_TRANSCEIVER, system_id=b"a", password=b"b"), 0.0)
    number = next(iter(peer._window.control))
    peer.receive_data(b"\0\0\0\x12\x80\0\0\x09\0\0\0\0" + number.to_bytes(4) + b"x\0", 0.0)
    assert peer.state is SessionState.BOUND_TRX
    for second in range(1, 200):
        if any(isinstance(event, Drop) for event in peer.tick(float(second))):
            break
        if second % 10 == 0:
            peer.send_submit(b"body", second, float(second))
    assert second < 120
