"""operators/session.py on a paper transport, against the SMSC's side of wire.smpp."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from habar.operators import NO_ANSWER, OperatorSettings
from habar.operators import session as session_module
from habar.operators.session import Ack, Session
from habar.wire.smpp import (
    CommandId,
    CommandStatus,
    Connection,
    Pdu,
    Received,
    Response,
    Role,
    SubmitResult,
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
        self.gave_up = asyncio.Event()

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

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
    assert line.owner.ended == (("b",), "ConnectionResetError: gone")
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
