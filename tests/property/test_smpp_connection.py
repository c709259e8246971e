"""Whatever a peer sends and however it is cut, a session tells events and keeps its promises."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.wire.smpp import (
    BINDS,
    Bound,
    Closed,
    CommandId,
    Connection,
    Drop,
    Event,
    Received,
    RequestTimedOut,
    Response,
    Role,
    SessionState,
    Settings,
    SubmitResult,
    encode,
    encode_submit_body,
    make_pdu,
)

BODY = encode_submit_body(b"INFO", b"77771234567", b"hi")


def bound(role: Role, window: int = 10) -> Connection:
    conn = Connection(role, 0.0, Settings(window=window))
    bind = make_pdu(CommandId.BIND_TRANSCEIVER, sequence_number=1)
    if role is Role.SMSC:
        conn.receive_data(encode(bind), 0.0)
        conn.send_response(bind)
    else:
        number = conn.bind(bind, 0.0)
        conn.receive_data(
            encode(make_pdu(CommandId.BIND_TRANSCEIVER_RESP, sequence_number=number)), 0.0
        )
    conn.bytes_to_send()
    return conn


def pieces(data: bytes, chance: random.Random) -> list[bytes]:
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randint(0, 12)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


STREAM = st.lists(
    st.sampled_from(list(CommandId)).map(lambda c: encode(make_pdu(c, sequence_number=3)))
    | st.binary(min_size=1, max_size=40).map(lambda b: (len(b) + 4).to_bytes(4, "big") + b)
    | st.binary(max_size=8),
    max_size=12,
).map(b"".join)


@given(STREAM, st.sampled_from(list(Role)), st.integers(0, 2**32))
def test_the_cuts_do_not_matter(stream: bytes, role: Role, seed: int) -> None:
    whole, cut = bound(role), bound(role)
    expected = whole.receive_data(stream, 1.0)
    events: list[Event] = []
    for piece in pieces(stream, random.Random(seed)):
        events += cut.receive_data(piece, 1.0)
    assert events == expected
    assert cut.state is whole.state
    said, other = cut.bytes_to_send(), whole.bytes_to_send()
    if whole.state is SessionState.CLOSED:  # the last nack's number may not have come in yet
        said, other = said[:-4], other[:-4]
    assert said == other


@pytest.mark.parametrize("role", list(Role))
def test_mutants_in_every_state_give_events_only(role: Role) -> None:
    chance = random.Random(role.value)
    originals = [encode(make_pdu(c, sequence_number=n)) for c in CommandId for n in (1, 2)]
    conn, drops = bound(role), 0
    for step in range(20_000):
        octets = bytearray(chance.choice(originals))
        for _ in range(chance.randint(0, 3)):
            octets[chance.randrange(4, len(octets))] = chance.randrange(256)
        if chance.random() < 0.02:
            octets[chance.randrange(4)] = chance.randrange(256)
        for event in conn.receive_data(bytes(octets), float(step)):
            if isinstance(event, Received) and chance.random() < 0.5:
                command_id = event.pdu.command_id
                if command_id not in (CommandId.OUTBIND, CommandId.ALERT_NOTIFICATION):
                    conn.send_response(event.pdu, chance.choice((0, 8)))
            drops += isinstance(event, Drop)
        conn.bytes_to_send()
        if conn.should_close or chance.random() < 0.01:
            assert [type(event) for event in conn.closed()] == [Closed]
            conn = bound(role)
    assert drops > 0


class Peer:
    """An SMSC that answers, forgets, repeats and reorders."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.conn = bound(Role.SMSC)
        self.waiting: list[Received] = []

    def turn(self, data: bytes, now: float) -> bytes:
        for event in self.conn.receive_data(data, now):
            if isinstance(event, Received) and self.chance.random() < 0.9:
                self.waiting.append(event)
        self.chance.shuffle(self.waiting)
        for _ in range(self.chance.randint(0, len(self.waiting))):
            event = self.waiting.pop()
            self.conn.send_response(event.pdu, self.chance.choice((0, 0, 0x58)), message_id=b"1")
        out = self.conn.bytes_to_send()
        return out * self.chance.choice((1, 1, 1, 2))


@given(st.integers(0, 2**32))
def test_every_request_ends_exactly_once(seed: int) -> None:
    esme, peer, chance = bound(Role.ESME, window=5), Peer(seed), random.Random(seed + 1)
    sent: list[int] = []
    ended: list[object] = []
    for step in range(60):
        now = step * 7.0
        if esme.is_bound:
            for _ in range(chance.randint(0, esme.window_free)):
                esme.send_submit(BODY, len(sent), now)
                sent.append(len(sent))
        assert 0 <= esme.window_free <= 5
        events = esme.receive_data(peer.turn(esme.bytes_to_send(), now), now) + esme.tick(now)
        for event in events:
            if isinstance(event, SubmitResult | RequestTimedOut | Response):
                ended.append(event.token)
    [closed] = esme.closed()
    assert isinstance(closed, Closed)
    assert sorted([*ended, *closed.tokens], key=str) == sorted(sent, key=str)


@given(st.sampled_from(sorted(BINDS)), st.booleans())
def test_a_bind_answered_twice_is_bound_once(command: int, ok: bool) -> None:
    esme = Connection(Role.ESME, 0.0)
    number = esme.bind(make_pdu(command), 0.0)
    answer = make_pdu(command | 0x80000000, command_status=0 if ok else 13, sequence_number=number)
    events = esme.receive_data(encode(answer) * 2, 0.0)
    assert len(events) == 2
    assert isinstance(events[0], Bound) is ok
    assert esme.is_bound is ok
    assert ok or esme.state is SessionState.OPEN
