"""operators/submit_sm.py: a message's fields and parts as the operator reads them."""

from dataclasses import replace
from struct import pack

import pytest

from habar.model.message import Outgoing
from habar.operators import (
    Alphabet,
    Cyrillic,
    DataCodings,
    LongText,
    Numbering,
    OperatorSettings,
    ReceiptKind,
    Validity,
    submit_bodies,
)
from habar.wire.smpp import CommandId, EsmClass, Pdu, Tlv, decode, parse_time
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
        ("8785#12345", b"8785#12345", 3, 0),
        ("+8785#12345678", b"8785#12345678", 3, 0),
        ("8785#12\xe9\xff", b"8785#12\xe9\xff", 3, 0),
        ("#12345", b"#12345", 5, 0),
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
    (latin,) = pdus(PLAIN._replace(message_type=1))
    (cyrillic,) = pdus(PLAIN._replace(message_type=1, text="Сәлем", data_coding=8))
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
    operator = replace(OPERATOR, validity=Validity.ABSOLUTE, max_validity=1e10)
    with pytest.raises(ValueError):
        submit_bodies(message, operator, NOW)


# --- The operator's own way -----------------------------------------------------------------------
def cyrillic(text: str) -> Outgoing:
    return PLAIN._replace(text=text, data_coding=8)


@pytest.mark.parametrize(
    ("alphabet", "octets"),
    [
        (Alphabet.GSM7, b"\x05\x1be\x10 \x1b(1"),  # é 0x05, € ESC 0x65, Δ 0x10, { ESC 0x28
        (Alphabet.LATIN1, b"\xe9ED {1"),
        (Alphabet.ASCII, b"eED {1"),
        # eight septets, the lowest bit first (TS 23.038, 6.1.2.1): 0.000 0101, then 0x1B << 7, ...
        (
            Alphabet.GSM7_PACKED,
            sum(
                septet << 7 * place
                for place, septet in enumerate((5, 0x1B, 0x65, 0x10, 0x20, 0x1B, 0x28, 0x31))
            ).to_bytes(7, "little"),
        ),
    ],
)
def test_the_default_alphabet_is_the_operator_s(alphabet: Alphabet, octets: bytes) -> None:
    (pdu,) = pdus(PLAIN._replace(text="é€Δ {1"), replace(OPERATOR, alphabet=alphabet))
    assert pdu.message == octets
    assert pdu.number("data_coding") == 0


def test_a_packed_text_does_not_end_in_an_at_sign_that_nobody_wrote() -> None:
    packed = replace(OPERATOR, alphabet=Alphabet.GSM7_PACKED)
    (pdu,) = pdus(PLAIN._replace(text="1234567"), packed)
    assert pdu.message.hex() == "31d98c56b3dd1a"  # the last septet is CR (TS 23.038, 6.1.2.3.1)


def test_a_packed_part_begins_on_a_septet_behind_its_header() -> None:
    """TS 23.040, 9.2.3.24: 48 bits of header and one of fill; 56 and none."""
    packed = replace(OPERATOR, alphabet=Alphabet.GSM7_PACKED)
    first, _ = pdus(long("x" * 161), packed)
    assert first.message[:6].hex() == "0500034d0201"
    # x is 0x78: 0x78 << 1 = 0xF0; then 0x78 << 8, whose lowest octet is 0x78, ...
    assert (first.message[6:8].hex(), len(first.message)) == ("f078", 140)
    first, _ = pdus(long("x" * 161), replace(packed, long_text=LongText.UDH_16))
    assert first.message[:7].hex() == "060804004d0201"
    # 0x78 | 0x78 << 7 = 0x3C78; 152 septets are 133 octets
    assert (first.message[7:9].hex(), len(first.message)) == ("783c", 140)


@pytest.mark.parametrize(
    ("way", "text", "octets", "data_coding"),
    [
        (Cyrillic.UCS2, "Да", b"\x04\x14\x04\x30", 8),
        (Cyrillic.UCS2_LE, "Да", b"\x14\x04\x30\x04", 8),
        (Cyrillic.ISO_8859_5, "Да", b"\xb4\xd0", 6),
        (Cyrillic.ISO_8859_5, "Иә", b"\x04\x18\x04\xd9", 8),  # a Kazakh letter: all of it UCS-2
    ],
)
def test_cyrillic_is_written_as_the_operator_reads_it(
    way: Cyrillic, text: str, octets: bytes, data_coding: int
) -> None:
    (pdu,) = pdus(cyrillic(text), replace(OPERATOR, cyrillic=way))
    assert (pdu.message, pdu.number("data_coding")) == (octets, data_coding)


def test_data_coding_is_what_the_operator_calls_it() -> None:
    codings = DataCodings(default=1, ucs2=24, cyrillic=7, flash_default=240, flash_ucs2=25)
    operator = replace(OPERATOR, data_codings=codings, cyrillic=Cyrillic.ISO_8859_5)
    told = [
        pdus(message._replace(message_type=flash), operator)[0].number("data_coding")
        for message in (PLAIN, cyrillic("Да"), cyrillic("Иә"))
        for flash in (0, 1)
    ]
    assert told == [1, 240, 7, 25, 24, 25]


def test_a_russian_flash_is_ucs_2_as_nothing_else_can_be_class_0() -> None:
    operator = replace(OPERATOR, cyrillic=Cyrillic.ISO_8859_5)
    (pdu,) = pdus(cyrillic("Да")._replace(message_type=1), operator)
    assert decode_ucs2(pdu.message) == "Да"


def test_sar_tlvs_stand_for_the_header() -> None:
    parts = pdus(long("x" * 161, message_id=0x12345), replace(OPERATOR, long_text=LongText.SAR))
    assert [len(pdu.message) for pdu in parts] == [152, 9]  # room for a header of 7 octets
    for number, pdu in enumerate(parts, 1):
        assert pdu.number("esm_class") == 0
        assert pdu.tlvs == (
            (Tlv.SAR_MSG_REF_NUM, 0x2345),
            (Tlv.SAR_TOTAL_SEGMENTS, 2),
            (Tlv.SAR_SEGMENT_SEQNUM, number),
        )


def test_message_payload_takes_the_whole_text() -> None:
    operator = replace(OPERATOR, long_text=LongText.PAYLOAD)
    text = "Қазақстан " * 20
    (pdu,) = pdus(long(text), operator)
    assert pdu.octets("short_message") == b""
    assert pdu.number("esm_class") == 0
    assert decode_ucs2(pdu.tlv_octets(Tlv.MESSAGE_PAYLOAD) or b"") == text
    (short,) = pdus(PLAIN, operator)
    assert (short.octets("short_message"), short.tlvs) == (b"Hello \x1b(you\x1b)", ())
    with pytest.raises(ValueError, match="3 parts where 2 were counted"):
        submit_bodies(long(text)._replace(parts=2), operator, NOW)


def test_what_was_begun_in_parts_is_not_sent_again_as_a_whole() -> None:
    begun = long("x" * 161)._replace(sent_parts=(1,))
    whole = replace(OPERATOR, long_text=LongText.PAYLOAD)
    assert submit_bodies(begun, whole, NOW) == submit_bodies(begun, OPERATOR, NOW)


@pytest.mark.parametrize("way", list(LongText))
def test_smpp_3_3_knows_no_tlvs(way: LongText) -> None:
    operator = replace(OPERATOR, long_text=way, interface_version=0x33, reference_tlv=0x1400)
    for pdu in [*pdus(long("x" * 161), operator), *pdus(PLAIN, operator)]:
        assert pdu.tlvs == ()
    header = parse_udh(pdus(long("x" * 161), operator)[1].message)
    assert header.concatenation == (77, 2, 2, 16 if way is LongText.UDH_16 else 8)


@pytest.mark.parametrize(("length", "parts", "bits"), [(304, 2, 16), (305, 2, 8), (306, 2, 8)])
def test_a_longer_reference_never_makes_more_parts(length: int, parts: int, bits: int) -> None:
    bodies = pdus(long("x" * length), replace(OPERATOR, long_text=LongText.UDH_16))
    assert len(bodies) == parts
    concatenation = parse_udh(bodies[0].message).concatenation
    assert concatenation is not None
    assert concatenation.bits == bits
    sar = pdus(long("x" * length, message_id=0x1FF), replace(OPERATOR, long_text=LongText.SAR))
    assert len(sar) == parts
    assert sar[0].tlv(Tlv.SAR_MSG_REF_NUM) == (0x1FF if bits == 16 else 0xFF)


@pytest.mark.parametrize("way", list(LongText))
def test_each_part_has_the_name_by_which_it_may_be_asked_for(way: LongText) -> None:
    operator = replace(OPERATOR, long_text=way, reference_tlv=0x1400)
    names = [pdu.tlv(0x1400) for pdu in pdus(long("x" * 161), operator)]
    assert names == ([b"77-1"] if way is LongText.PAYLOAD else [b"77-1", b"77-2"])
    assert [pdu.tlvs for pdu in pdus(PLAIN, operator)] == [((0x1400, b"77-1"),)]


@pytest.mark.parametrize("way", list(LongText))
def test_service_type_and_registered_delivery_are_as_set_for_every_part(way: LongText) -> None:
    operator = replace(OPERATOR, long_text=way, service_type="CMT", registered_delivery=0x11)
    for pdu in [*pdus(long("x" * 400), operator), *pdus(PLAIN, operator)]:
        assert pdu.octets("service_type") == b"CMT"
        assert pdu.number("registered_delivery") == 0x11
    silent = replace(operator, receipts=ReceiptKind.NONE)
    assert {pdu.number("registered_delivery") for pdu in pdus(long("x" * 400), silent)} == {0}
