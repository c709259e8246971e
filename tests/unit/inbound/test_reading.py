"""inbound/reading.py: a PDU taken apart."""

from typing import Any

import pytest

from habar.inbound.decoding import Piece
from habar.inbound.reading import Incoming, Place, read
from habar.operators import Alphabet, OperatorSettings
from habar.wire.smpp import CommandId, Tlv, make_pdu
from habar.wire.text import pack_septets

NOW = 1_790_000_030_000  # 2026-09-21 14:13:50 UTC
OPERATOR = OperatorSettings(7, "op", "h", 1, "s", "p")


def deliver(
    text: bytes = b"Hi",
    *,
    command: CommandId = CommandId.DELIVER_SM,
    operator: OperatorSettings = OPERATOR,
    **fields: Any,
) -> Incoming:
    addresses = {"source_addr": b"77771234567", "destination_addr": b"8785"}
    if command is CommandId.DELIVER_SM:
        fields = {"short_message": text} | fields
    return read(make_pdu(command, **(addresses | fields)), operator, NOW)


def test_a_short_message() -> None:
    assert deliver() == Incoming(
        "77771234567", "8785", "", None, Piece(1, 0, b"", b"Hi"), unreadable="", sent_at=None
    )


@pytest.mark.parametrize(
    ("destination", "code", "transaction"),
    [
        (b"8785", "8785", ""),
        (b"+8785", "8785", ""),
        (b"8785#12345", "8785", "12345"),
        (b"+8785#12345", "8785", "12345"),
        (b"8785#", "8785", ""),
        (b"8785#1#2", "8785", "1#2"),
        (b"8785#1\xe9", "8785", "1é"),
        (b"", "", ""),
    ],
)
def test_the_short_code_and_the_transaction_id(
    destination: bytes, code: str, transaction: str
) -> None:
    incoming = deliver(destination_addr=destination)
    assert (incoming.short_code, incoming.transaction_id) == (code, transaction)


@pytest.mark.parametrize(
    ("source", "sender"),
    [
        (b"77771234567", "77771234567"),
        (b"+77771234567", "77771234567"),
        (b"Kaspi", "Kaspi"),
        (b"", ""),
        (b"\xe9t\xe9", "été"),
    ],
)
def test_the_subscriber_s_address(source: bytes, sender: str) -> None:
    assert deliver(source_addr=source).sender == sender


def test_the_payload_stands_in_place_of_the_text() -> None:
    incoming = deliver(b"", tlvs={Tlv.MESSAGE_PAYLOAD: b"long" * 100})
    assert incoming.piece.octets == b"long" * 100


def test_data_sm() -> None:
    incoming = deliver(
        command=CommandId.DATA_SM, data_coding=8, tlvs={Tlv.MESSAGE_PAYLOAD: b"\x04\x21"}
    )
    assert incoming.piece == Piece(1, 8, b"", b"\x04\x21")


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ("05 00 03 2A 03 02", Place(0x2A, 3, 2)),
        ("06 08 04 01 2A 03 02", Place(0x1_012A, 3, 2)),
        ("06 05 04 0B 84 23 F0", None),  # ports alone
        ("0B 05 04 0B 84 23 F0 00 03 2A 02 01", Place(0x2A, 2, 1)),
        ("05 00 03 2A 01 01", None),  # the only part of one
        ("05 00 03 2A 02 03", None),  # the third of two: to be ignored (TS 23.040, 9.2.3.24.1)
    ],
)
def test_concatenation_by_the_header(header: str, place: Place | None) -> None:
    incoming = deliver(bytes.fromhex(header) + b"text", esm_class=0x40)
    assert incoming.place == place
    assert incoming.piece.octets == b"text"
    assert incoming.piece.part == (place.part if place else 1)


def test_of_the_header_all_but_the_place_is_kept() -> None:
    header = bytes.fromhex("08 24 01 01 00 03 2A 02 01")
    assert deliver(header + b"x", esm_class=0x40).piece.header == bytes.fromhex("03 24 01 01")


def sar(reference: int, total: int, part: int) -> dict[int, int]:
    return {
        Tlv.SAR_MSG_REF_NUM: reference,
        Tlv.SAR_TOTAL_SEGMENTS: total,
        Tlv.SAR_SEGMENT_SEQNUM: part,
    }


@pytest.mark.parametrize(
    ("tlvs", "place"),
    [
        (sar(300, 2, 1), Place(0x2_0000 + 300, 2, 1)),
        (sar(300, 1, 1), None),
        (sar(300, 2, 0), None),
        (sar(300, 2, 3), None),
        ({Tlv.SAR_MSG_REF_NUM: 300}, None),
    ],
)
def test_concatenation_by_tlvs(tlvs: dict[int, int], place: Place | None) -> None:
    assert deliver(tlvs=tlvs).place == place


def test_the_header_knows_better_than_the_tlvs() -> None:
    text = bytes.fromhex("05 00 03 2A 03 02") + b"x"
    assert deliver(text, esm_class=0x40, tlvs=sar(1, 9, 9)).place == Place(0x2A, 3, 2)


def test_packed_octets_are_unpacked_behind_the_whole_header() -> None:
    packed = OperatorSettings(7, "op", "h", 1, "s", "p", alphabet=Alphabet.GSM7_PACKED)
    text = bytes.fromhex("05 00 03 2A 03 02") + pack_septets(b"Hi!", fill_bits=1)
    assert deliver(text, esm_class=0x40, operator=packed).piece.octets == b"Hi!"


def test_a_header_that_makes_no_sense_leaves_the_octets() -> None:
    incoming = deliver(b"\x30\x00\x03", esm_class=0x40, tlvs=sar(1, 2, 1))
    assert incoming.unreadable == "[unreadable] 300003"
    assert incoming.place is None


@pytest.mark.parametrize(
    ("written", "sent_at"),
    [
        (b"", None),
        (b"260921190000020+", 1_789_999_200_000),  # 14:00 UTC, at +05:00
        (b"260921191500020+", None),  # 14:15 UTC: the future
        (b"000000010000000R", None),
        (b"yesterday", None),
        (b"260231000000000+", None),
    ],
)
def test_when_it_was_sent(written: bytes, sent_at: int | None) -> None:
    assert deliver(schedule_delivery_time=written).sent_at == sent_at
