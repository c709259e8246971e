"""inbound/receipts.py: what is kept of what operators deliver, and when it is acknowledged."""

import re
from dataclasses import replace
from typing import Any

import pytest

from habar.config import InboundSettings
from habar.inbound import NOTES, STATES, UNREADABLE, Inbound, Receipts, Rules, Subscribers
from habar.model.status import MessageState
from habar.operators import IdForm, LongText, OperatorSettings, Quirks, ReceiptKind, ReceiptSource
from habar.store.events import ReceiptSeen
from habar.store.inbox import Received
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
        journal: Any = self.journal
        self.receipts = Receipts(journal, lambda: NOW)
        subscribers = Subscribers(journal, Rules(), InboundSettings(), lambda: NOW)
        self.inbound = Inbound(self.receipts, subscribers)
        self.operator = OperatorSettings(7, "op", "h", 1, "s", "p", quirks=quirks or Quirks())
        self.acks: list[int] = []

    def deliver(self, pdu: Pdu) -> MessageState | None:
        return self.inbound.deliver(self.operator, pdu, self.acks.append)

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
        (b"027", None, "err:027"),
        (b"000", b"\x03\x00\x1b", "network 3/27"),
        (b"000", b"\x03\x00\x00", ""),
        (b"08A", b"\x03\x00\x1b", "err:08A"),
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


def test_what_is_not_marked_as_a_receipt_is_a_subscriber_s_message_whatever_it_says() -> None:
    desk = Desk()
    pdu = make_pdu(CommandId.DELIVER_SM, short_message=TEXT % (b"1", b"", b"DELIVRD", b""))
    assert desk.deliver(pdu) is None
    event = desk.journal.events[-1][0]
    assert isinstance(event, Received)
    assert event.text.startswith("id:1 sub:001")
    desk.journal.commit(message_id=1)
    assert desk.acks == [CommandStatus.ESME_ROK]
    assert desk.receipts.receipts == 0


def test_a_long_receipt_is_cut_for_staff() -> None:
    pdu = make_pdu(
        CommandId.DELIVER_SM,
        esm_class=4,
        tlvs={Tlv.MESSAGE_PAYLOAD: b"id:42 stat:DELIVRD text:" + b"x" * 1000},
    )
    seen = Desk().seen(pdu)
    assert len(seen.raw) == 255
    assert seen.candidates == ("42",)


# --- An operator's own ways -----------------------------------------------------------------------
OWN = re.compile(r"msg (?P<id>\S+) is (?P<stat>\w+)(?: at (?P<done>\d+))?(?: \((?P<err>\d+)\))?")


def test_an_operator_s_own_form_and_words_are_read() -> None:
    quirks = Quirks(
        receipt_pattern=OWN,
        receipt_states={"ABSENT": Said.UNDELIVERABLE},
        receipt_zone="Asia/Almaty",
        error_texts={"001": "absent subscriber"},
    )
    seen = Desk(quirks).seen(
        make_pdu(
            CommandId.DELIVER_SM,
            esm_class=4,
            short_message=b"msg 42 is absent at 2609211900 (001)",
        )
    )
    assert seen.candidates == ("42",)
    assert seen.state is MessageState.UNDELIVERABLE
    assert seen.done_at == 1_789_999_200_000
    assert seen.error == "err:001 (absent subscriber)"


@pytest.mark.parametrize(
    ("text", "esm_class", "told"),
    [
        (b"msg 42 is DELIVRD", 0, 102),
        (b"msg 42 is DELIVRD\0", 0, 102),
        (b"msg 42 is DELIVRD, I hear", 0, None),  # not the whole text
        (b"msg 42 is DELIVRD", 0x08, None),  # marked, as something else (5.2.12)
        (b"id:42 stat:DELIVRD", 0, None),  # appendix B needs its mark
        (b"id:42 stat:DELIVRD", 4, 102),
        (b"msg " + b"4" * 2000 + b" is DELIVRD", 0, None),
    ],
)
def test_what_nothing_marks_is_a_receipt_only_where_the_whole_text_is_one(
    text: bytes, esm_class: int, told: int | None
) -> None:
    desk = Desk(Quirks(receipt_pattern=OWN))
    pdu = make_pdu(CommandId.DELIVER_SM, esm_class=esm_class, tlvs={Tlv.MESSAGE_PAYLOAD: text})
    assert desk.deliver(pdu) == told
    assert isinstance(desk.journal.events[-1][0], Received) == (told is None)


@pytest.mark.parametrize(
    ("source", "candidates", "state"),
    [
        (ReceiptSource.BOTH, ("99",), MessageState.UNDELIVERABLE),
        (ReceiptSource.TLV, ("99",), MessageState.UNDELIVERABLE),
        (ReceiptSource.TEXT, ("42",), MessageState.DELIVERED),
    ],
)
def test_id_and_state_are_read_where_the_operator_is_to_be_believed(
    source: ReceiptSource, candidates: tuple[str, ...], state: MessageState
) -> None:
    tlvs: dict[int, int | bytes] = {Tlv.RECEIPTED_MESSAGE_ID: b"99", Tlv.MESSAGE_STATE: 5}
    seen = Desk(Quirks(receipt_source=source)).seen(receipt(tlvs=tlvs))
    assert (seen.candidates, seen.state) == (candidates, state)
    assert seen.done_at == 1_789_999_500_000, "a date is in the text alone"


def test_what_one_source_does_not_say_is_not_taken_from_the_other() -> None:
    desk = Desk(Quirks(receipt_source=ReceiptSource.TLV))
    assert desk.seen(receipt()).candidates == (UNREADABLE,)


def test_it_is_told_what_state_the_receipt_told() -> None:
    desk = Desk()
    assert desk.deliver(receipt()) is MessageState.DELIVERED
    assert desk.deliver(receipt(stat=b"ENROUTE")) is MessageState.ENROUTE
    assert desk.deliver(make_pdu(CommandId.DELIVER_SM, esm_class=4)) is None
    assert desk.deliver(make_pdu(CommandId.DELIVER_SM, short_message=b"STOP")) is None


@pytest.mark.parametrize(
    ("kind", "way", "whole"),
    [
        (ReceiptKind.PARTS, LongText.UDH_8, False),
        (ReceiptKind.MESSAGE, LongText.UDH_8, True),
        (ReceiptKind.PARTS, LongText.PAYLOAD, True),
    ],
)
def test_a_receipt_may_speak_for_the_whole_message(
    kind: ReceiptKind, way: LongText, whole: bool
) -> None:
    desk = Desk()
    desk.operator = replace(desk.operator, receipts=kind, long_text=way)
    assert desk.seen(receipt()).whole is whole
