"""inbound/receipts.py: what is kept of what operators deliver, and when it is acknowledged."""

from typing import Any

import pytest

from habar.inbound import NOTES, STATES, UNREADABLE, Receipts
from habar.model.status import MessageState
from habar.operators import IdForm, OperatorSettings, Quirks
from habar.store.port import ReceiptSeen
from habar.wire.smpp import CommandId, CommandStatus, Pdu, Tlv, make_pdu
from habar.wire.smpp import MessageState as Said

NOW = 1_790_000_030_000  # 2026-09-21 14:13:50 UTC
TEXT = b"id:%s sub:001 dlvrd:001 submit date:2609211400 done date:%s stat:%s err:%s text:Hi"


class ScriptedJournal:
    """Keeps what it is given until the test commits it."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, Any]] = []

    def record(self, event: Any, done: Any = None) -> None:
        self.events.append((event, done))

    def commit(self, message_id: int | None) -> None:
        for _, done in self.events:
            done(message_id)
        self.events.clear()


class Desk:
    """A receipts desk with one operator at it."""

    def __init__(self, quirks: Quirks | None = None) -> None:
        self.journal = ScriptedJournal()
        self.receipts = Receipts(self.journal, lambda: NOW)  # type: ignore[arg-type]
        self.operator = OperatorSettings(7, "op", "h", 1, "s", "p", quirks=quirks or Quirks())
        self.acks: list[int] = []

    def deliver(self, pdu: Pdu) -> None:
        self.receipts.deliver(self.operator, pdu, self.acks.append)

    def seen(self, pdu: Pdu) -> ReceiptSeen:
        self.deliver(pdu)
        event = self.journal.events[-1][0]
        assert isinstance(event, ReceiptSeen)
        return event


def receipt(
    message_id: bytes = b"42",
    done: bytes = b"2609211405",
    stat: bytes = b"DELIVRD",
    err: bytes = b"000",
    esm_class: int = 4,
    tlvs: dict[int, int | bytes] | None = None,
) -> Pdu:
    return make_pdu(
        CommandId.DELIVER_SM,
        esm_class=esm_class,
        short_message=TEXT % (message_id, done, stat, err),
        tlvs=tlvs or {},
    )


def test_a_receipt_becomes_an_event() -> None:
    desk = Desk()
    seen = desk.seen(receipt())
    assert seen.operator_id == 7
    assert seen.candidates == ("42",)
    assert seen.state is MessageState.DELIVERED
    assert seen.error == ""
    assert seen.at == NOW
    assert seen.done_at == 1_789_999_500_000
    assert seen.raw.startswith("id:42 sub:001")


def test_it_is_acknowledged_after_its_commit_and_not_before() -> None:
    desk = Desk()
    desk.deliver(receipt())
    assert desk.acks == []
    desk.journal.commit(message_id=5)
    assert desk.acks == [CommandStatus.ESME_ROK]
    assert (desk.receipts.receipts, desk.receipts.unmatched) == (1, 0)


def test_one_that_matches_nothing_is_acknowledged_too_and_counted() -> None:
    desk = Desk()
    desk.deliver(receipt())
    desk.journal.commit(message_id=None)
    assert desk.acks == [CommandStatus.ESME_ROK]
    assert desk.receipts.unmatched == 1


def test_every_state_of_the_standard_is_mapped() -> None:
    assert set(STATES) == set(Said)


@pytest.mark.rule("xml.state-codes")
@pytest.mark.parametrize(
    ("stat", "state"),
    [
        (b"DELIVRD", 102),
        (b"EXPIRED", 103),
        (b"DELETED", 104),
        (b"UNDELIV", 105),
        (b"FAILED", 105),
        (b"UNKNOWN", 107),
        (b"SKIPPED", 107),
        (b"REJECTD", 108),
    ],
)
def test_a_final_word_is_a_final_state(stat: bytes, state: int) -> None:
    seen = Desk().seen(receipt(stat=stat))
    assert seen.state == state
    assert seen.state.is_final
    assert seen.state not in NOTES


@pytest.mark.parametrize(
    ("stat", "state"),
    [(b"ENROUTE", MessageState.ENROUTE), (b"ACCEPTD", MessageState.ACCEPTED)],
)
def test_a_note_on_the_way_is_kept_as_one(stat: bytes, state: MessageState) -> None:
    desk = Desk()
    assert desk.seen(receipt(stat=stat, esm_class=0x20)).state is state
    desk.journal.commit(message_id=1)
    assert desk.receipts.notes == 1


def test_tlvs_win_over_the_text() -> None:
    tlvs: dict[int, int | bytes] = {Tlv.RECEIPTED_MESSAGE_ID: b"99", Tlv.MESSAGE_STATE: 5}
    seen = Desk().seen(receipt(tlvs=tlvs, esm_class=0))
    assert seen.candidates == ("99",)
    assert seen.state is MessageState.UNDELIVERABLE


def test_ids_are_read_as_the_operator_writes_them() -> None:
    desk = Desk(Quirks(response_id=IdForm.DECIMAL, receipt_id=IdForm.HEX))
    assert desk.seen(receipt(message_id=b"2A")).candidates == ("42",)


@pytest.mark.parametrize(
    ("err", "network", "error"),
    [
        (b"000", None, ""),
        (b"0", None, ""),
        (b"027", None, "027"),
        (b"000", b"\x03\x00\x1b", "network 3/27"),
        (b"000", b"\x03\x00\x00", ""),
        (b"08A", b"\x03\x00\x1b", "08A"),
    ],
)
def test_the_operator_s_error_is_kept(err: bytes, network: bytes | None, error: str) -> None:
    tlvs = {} if network is None else {int(Tlv.NETWORK_ERROR_CODE): network}
    assert Desk().seen(receipt(stat=b"UNDELIV", err=err, tlvs=dict(tlvs))).error == error


@pytest.mark.parametrize(
    ("zone", "done", "done_at"),
    [
        ("UTC", b"2609211400", 1_789_999_200_000),
        ("Asia/Almaty", b"2609211900", 1_789_999_200_000),
        ("Asia/Almaty", b"260921140000+00", 1_789_999_200_000),
        ("UTC", b"2609211413", NOW),  # this very minute: our own clock is finer
        ("UTC", b"2609212000", None),  # the future: not in that zone
        ("UTC", b"2602310000", None),
        ("UTC", b"", None),
        ("UTC", b"yesterday", None),
    ],
)
def test_the_time_of_the_end(zone: str, done: bytes, done_at: int | None) -> None:
    assert Desk(Quirks(receipt_zone=zone)).seen(receipt(done=done)).done_at == done_at


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"id: stat:", b"id:7 sub:001", b"Hello"])
def test_a_marked_receipt_that_cannot_be_read_is_kept_for_staff(text: bytes) -> None:
    desk = Desk()
    pdu = make_pdu(CommandId.DELIVER_SM, esm_class=4, short_message=text)
    seen = desk.seen(pdu)
    assert seen.candidates == (UNREADABLE,)
    assert seen.raw == text.decode("latin-1")
    assert desk.acks == []
    desk.journal.commit(message_id=None)
    assert desk.acks == [CommandStatus.ESME_ROK]
    assert desk.receipts.unreadable == 1


def test_a_subscriber_s_message_is_left_to_the_operator() -> None:
    desk = Desk()
    desk.deliver(make_pdu(CommandId.DELIVER_SM, short_message=TEXT % (b"1", b"", b"DELIVRD", b"")))
    assert desk.journal.events == [], "whatever it says, it is not marked as a receipt"
    assert desk.acks == [CommandStatus.ESME_RX_T_APPN]
    assert desk.receipts.refused == 1


def test_a_long_receipt_is_cut_for_staff() -> None:
    pdu = make_pdu(
        CommandId.DELIVER_SM,
        esm_class=4,
        tlvs={Tlv.MESSAGE_PAYLOAD: b"id:42 stat:DELIVRD text:" + b"x" * 1000},
    )
    seen = Desk().seen(pdu)
    assert len(seen.raw) == 255
    assert seen.candidates == ("42",)
