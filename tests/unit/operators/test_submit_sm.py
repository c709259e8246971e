"""operators/submit_sm.py: a message's fields and parts as the operator reads them."""

from dataclasses import replace
from struct import pack

import pytest

from habar.model.message import Outgoing
from habar.operators import Numbering, OperatorSettings, ReceiptKind, Validity, submit_bodies
from habar.wire.smpp import CommandId, EsmClass, Pdu, decode, parse_time
from habar.wire.text import Encoding, Part, count_parts, decode_ucs2, join, parse_udh

NOW = 1_790_000_000_000
OPERATOR = OperatorSettings(1, "op", "127.0.0.1", 2775, "id", "secret")
PLAIN = Outgoing(77, 1, 1, "SHOP", 77010000001, "Hello {you}", 0, 0, 1, NOW, None)


def pdus(message: Outgoing, operator: OperatorSettings = OPERATOR, now: int = NOW) -> list[Pdu]:
    bodies = submit_bodies(message, operator, now)
    return [decode(pack(">4L", 16 + len(b), CommandId.SUBMIT_SM, 0, 1) + b) for b in bodies]


def long(text: str, message_id: int = 77) -> Outgoing:
    encoding, parts = count_parts(text)
    return PLAIN._replace(message_id=message_id, text=text, data_coding=encoding, parts=parts)


@pytest.mark.rule("xml.sender-shown")
def test_a_plain_message() -> None:
    (pdu,) = pdus(PLAIN)
    assert pdu.octets("source_addr") == b"SHOP"
    assert (pdu.number("source_addr_ton"), pdu.number("source_addr_npi")) == (5, 0)
    assert pdu.octets("destination_addr") == b"77010000001"
    assert (pdu.number("dest_addr_ton"), pdu.number("dest_addr_npi")) == (1, 1)
    assert pdu.message == b"Hello \x1b(you\x1b)"
    assert pdu.number("data_coding") == 0
    assert pdu.number("esm_class") == 0
    assert pdu.number("registered_delivery") == 1
    assert pdu.octets("validity_period") == b""
    assert pdu.number("priority_flag") == 0


@pytest.mark.parametrize(
    ("sender", "address", "ton", "npi"),
    [
        ("SHOP", b"SHOP", 5, 0),
        ("1SHOP", b"1SHOP", 5, 0),
        ("1414", b"1414", 3, 0),
        ("123456", b"123456", 3, 0),
        ("77010000000", b"77010000000", 1, 1),
        ("+77010000000", b"77010000000", 1, 1),
        ("+", b"+", 5, 0),
    ],
)
def test_the_source_address_says_what_it_is(
    sender: str, address: bytes, ton: int, npi: int
) -> None:
    (pdu,) = pdus(PLAIN._replace(sender=sender))
    assert pdu.octets("source_addr") == address
    assert (pdu.number("source_addr_ton"), pdu.number("source_addr_npi")) == (ton, npi)


def test_an_operator_s_own_numbering_is_used() -> None:
    operator = replace(
        OPERATOR,
        alphanumeric=Numbering(5, 1),
        short_code=Numbering(6, 9),
        number=Numbering(2, 8),
        destination=Numbering(0, 0),
    )
    tons = {
        sender: pdus(PLAIN._replace(sender=sender), operator)[0].number("source_addr_ton")
        for sender in ("SHOP", "1414", "77010000000")
    }
    assert tons == {"SHOP": 5, "1414": 6, "77010000000": 2}
    assert pdus(PLAIN, operator)[0].number("dest_addr_ton") == 0


@pytest.mark.rule("xml.type-flash")
def test_a_flash_message_is_class_0_in_its_own_alphabet() -> None:
    (latin,) = pdus(PLAIN._replace(flash=1))
    (cyrillic,) = pdus(PLAIN._replace(flash=1, text="Сәлем", data_coding=8))
    assert (latin.number("data_coding"), cyrillic.number("data_coding")) == (0x10, 0x18)
    assert decode_ucs2(cyrillic.message) == "Сәлем"


def test_a_long_cyrillic_text_goes_in_parts_and_reads_back_whole() -> None:
    text = "Қазақстан " * 20
    parts = pdus(long(text, message_id=0x1234))
    assert len(parts) == 3
    received = []
    for number, pdu in enumerate(parts, 1):
        assert pdu.number("esm_class") == EsmClass.UDHI
        assert pdu.number("data_coding") == 8
        assert pdu.number("registered_delivery") == 1, "a receipt for each part"
        header = parse_udh(pdu.message)
        assert header.concatenation is not None
        assert header.concatenation[:3] == (0x34, 3, number)
        received.append(Part(pdu.message[: header.size], pdu.message[header.size :]))
    assert join(Encoding.UCS2, received) == text


def test_a_repeat_has_the_same_reference_and_the_next_message_another() -> None:
    text = "x" * 161
    assert submit_bodies(long(text), OPERATOR, NOW) == submit_bodies(long(text), OPERATOR, NOW + 9)
    first, second = (pdus(long(text, message_id=n))[0] for n in (77, 78))
    assert first.message[:6] != second.message[:6]


def test_an_operator_without_receipts_is_not_asked_for_them() -> None:
    (pdu,) = pdus(PLAIN, replace(OPERATOR, receipts=ReceiptKind.NONE))
    assert pdu.number("registered_delivery") == 0


def test_only_the_first_priority_is_marked() -> None:
    flags = [pdus(PLAIN._replace(priority=n))[0].number("priority_flag") for n in range(3)]
    assert flags == [1, 0, 0]


@pytest.mark.rule("xml.date-end-validity")
@pytest.mark.parametrize("form", [Validity.RELATIVE, Validity.ABSOLUTE])
def test_date_end_goes_out_as_validity(form: Validity) -> None:
    expires_at = NOW + 3_661_000
    (pdu,) = pdus(PLAIN._replace(expires_at=expires_at), replace(OPERATOR, validity=form))
    assert parse_time(pdu.octets("validity_period"), NOW) == expires_at
    assert pdu.octets("validity_period").endswith(b"R" if form is Validity.RELATIVE else b"+")


def test_validity_can_be_left_out_and_a_relative_one_is_31_days_at_most() -> None:
    far = PLAIN._replace(expires_at=NOW + 400 * 86_400_000)
    assert pdus(far, replace(OPERATOR, validity=Validity.NONE))[0].octets("validity_period") == b""
    assert pdus(far)[0].octets("validity_period") == b"000031000000000R"
    soon = PLAIN._replace(expires_at=NOW + 300)
    assert pdus(soon)[0].octets("validity_period") == b"000000000001000R"


@pytest.mark.parametrize(
    "message",
    [
        PLAIN._replace(sender="МАГАЗИН"),
        PLAIN._replace(sender="S" * 21),
        PLAIN._replace(text="Сәлем", data_coding=0),
        PLAIN._replace(text="x" * 161, parts=5),
        PLAIN._replace(text="x" * 300, parts=1),
        PLAIN._replace(expires_at=NOW + 200 * 365 * 86_400_000),
    ],
    ids=["sender", "long sender", "alphabet", "parts", "length", "year"],
)
def test_a_message_that_cannot_be_written_is_a_value_error(message: Outgoing) -> None:
    operator = replace(OPERATOR, validity=Validity.ABSOLUTE)
    with pytest.raises(ValueError):
        submit_bodies(message, operator, NOW)
