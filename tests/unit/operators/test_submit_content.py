"""operators/submit_sm.py: classes, and messages that are no texts, as the operator reads them."""

from dataclasses import replace
from struct import pack

import pytest

from habar.model.message import Outgoing
from habar.model.message_type import MessageType
from habar.operators import (
    Alphabet,
    Cyrillic,
    DataCodings,
    LongText,
    OperatorSettings,
    submit_bodies,
    submit_count,
)
from habar.wire.content import encode
from habar.wire.smpp import CommandId, EsmClass, Pdu, Tlv, decode
from habar.wire.text import Encoding, encode_gsm7, encode_ucs2, pack_septets

NOW = 1_790_000_000_000
OPERATOR = OperatorSettings(1, "op", "127.0.0.1", 2775, "id", "secret")
TEXT = Outgoing(77, 1, 1, "SHOP", 77010000001, "Hello {you}", 0, 0, 1, NOW, None)
PUSH = "<si><indication href='http://x.kz'>" + "n" * 120 + "</indication></si>"
"""142 octets in two parts (tests/unit/wire/content/test_wappush.py)."""
SIGN = "<Indication action='SET'><MessageText>3 new {€}</MessageText></Indication>"
SIGN_HEADER = bytes.fromhex("0401028001")
OTHER_WAYS = [
    replace(OPERATOR, alphabet=alphabet, cyrillic=cyrillic, long_text=way, interface_version=v)
    for alphabet in (Alphabet.LATIN1, Alphabet.GSM7_PACKED, Alphabet.ASCII)
    for cyrillic in (Cyrillic.UCS2_LE, Cyrillic.ISO_8859_5)
    for way in (LongText.UDH_8, LongText.SAR, LongText.PAYLOAD)
    for v in (0x33, 0x34)
]


def pdus(message: Outgoing, operator: OperatorSettings = OPERATOR) -> list[Pdu]:
    bodies = submit_bodies(message, operator, NOW)
    assert len(bodies) == submit_count(message, operator)
    return [decode(pack(">4L", 16 + len(b), CommandId.SUBMIT_SM, 0, 1) + b) for b in bodies]


def of_type(kind: MessageType, data: str) -> Outgoing:
    """As it is counted when it is accepted."""
    content = encode(kind, data)
    return TEXT._replace(
        text=data, message_type=kind, data_coding=content.data_coding, parts=content.parts
    )


@pytest.mark.parametrize(
    ("kind", "default", "ucs2"),
    [  # TS 23.038, 4: class 0 at once, 1 the phone, 2 the SIM; 16 + class, alphabet 10 + class
        (MessageType.TEXT, 0x00, 0x08),
        (MessageType.FLASH, 0x10, 0x18),
        (MessageType.CLASS1, 0x11, 0x19),
        (MessageType.CLASS2, 0x12, 0x1A),
    ],
)
@pytest.mark.parametrize("cyrillic", [Cyrillic.UCS2, Cyrillic.UCS2_LE])
def test_a_class_stands_in_the_low_bits(
    kind: MessageType, default: int, ucs2: int, cyrillic: Cyrillic
) -> None:
    operator = replace(OPERATOR, cyrillic=cyrillic)
    (latin,) = pdus(TEXT._replace(message_type=kind), operator)
    (russian,) = pdus(TEXT._replace(message_type=kind, text="Да", data_coding=8), operator)
    assert (latin.number("data_coding"), russian.number("data_coding")) == (default, ucs2)
    assert latin.message == encode_gsm7("Hello {you}")
    assert latin.number("esm_class") == 0


def test_a_class_goes_by_the_operator_s_own_data_coding_for_flashes() -> None:
    own = replace(OPERATOR, data_codings=DataCodings(flash_default=0xF0, flash_ucs2=0x18))
    (sim,) = pdus(TEXT._replace(message_type=MessageType.CLASS2), own)
    assert sim.number("data_coding") == 0xF2
    none = replace(OPERATOR, data_codings=DataCodings(flash_default=0, flash_ucs2=8))
    (sim,) = pdus(TEXT._replace(message_type=MessageType.CLASS2), none)
    assert sim.number("data_coding") == 0, "no class at all, rather than another alphabet"


def test_russian_with_a_class_is_ucs_2_where_russian_is_iso_8859_5() -> None:
    operator = replace(OPERATOR, cyrillic=Cyrillic.ISO_8859_5)
    sim = TEXT._replace(message_type=MessageType.CLASS2, text="Да", data_coding=8)
    (pdu,) = pdus(sim, operator)
    assert (pdu.number("data_coding"), pdu.message) == (0x1A, encode_ucs2("Да"))


@pytest.mark.parametrize("operator", [OPERATOR, *OTHER_WAYS])
def test_octets_go_as_they_are_with_their_ports_whatever_the_operator_s_way(
    operator: OperatorSettings,
) -> None:
    first, second = pdus(of_type(MessageType.WAPPUSH, PUSH), operator)
    data = encode(MessageType.WAPPUSH, PUSH).data
    # the reference is the message's id, 77
    assert first.message == bytes.fromhex("0B 0504 0B84 23F0 0003 4D 02 01") + data[:128]
    assert second.message == bytes.fromhex("0B 0504 0B84 23F0 0003 4D 02 02") + data[128:]
    for pdu in (first, second):
        assert pdu.number("esm_class") == EsmClass.UDHI
        assert pdu.number("data_coding") == 0xF5
        assert pdu.number("protocol_id") == 0
        assert pdu.tlvs == ()


def test_a_reference_of_16_bits_where_the_parts_are_as_many() -> None:
    operator = replace(OPERATOR, long_text=LongText.UDH_16)
    message = of_type(MessageType.WAPPUSH, PUSH)
    first, _ = pdus(message._replace(message_id=0x12345), operator)
    assert first.message[:13] == bytes.fromhex("0C 0504 0B84 23F0 0804 2345 02 01")
    edge = of_type(MessageType.BINARY, "00" * 268)  # 134 + 134; with 16 bits 133 + 133 + 2
    assert pdus(edge, operator)[0].message[:6] == bytes.fromhex("050003 4D 02 01")


def test_binary_xml_says_every_field() -> None:
    data = "<sms><pid>41</pid><dcs>F6</dcs><udh>06050400010002</udh><ud>00FF80</ud></sms>"
    (pdu,) = pdus(of_type(MessageType.BINARY_XML, data))
    assert pdu.message == bytes.fromhex("06050400010002 00FF80")
    assert (pdu.number("protocol_id"), pdu.number("data_coding")) == (0x41, 0xF6)
    assert pdu.number("esm_class") == EsmClass.UDHI


def test_octets_without_header_have_no_mark_of_one() -> None:
    (pdu,) = pdus(of_type(MessageType.BINARY, "0102"))
    assert (pdu.number("esm_class"), pdu.number("data_coding")) == (0, 0x04)
    assert pdu.message == b"\1\2"


@pytest.mark.parametrize(
    ("alphabet", "octets"),
    [
        (Alphabet.GSM7, encode_gsm7("3 new {€}")),
        # TS 23.040, 9.2.3.24: 2 fill bits bring 5 octets of header to 6 septets
        (Alphabet.GSM7_PACKED, pack_septets(encode_gsm7("3 new {€}"), fill_bits=2)),
        (Alphabet.LATIN1, b"3 new {E}"),
        (Alphabet.ASCII, b"3 new {E}"),
    ],
)
def test_the_text_of_a_sign_goes_in_the_operator_s_alphabet(
    alphabet: Alphabet, octets: bytes
) -> None:
    (pdu,) = pdus(of_type(MessageType.VOICEMAIL, SIGN), replace(OPERATOR, alphabet=alphabet))
    assert pdu.message == SIGN_HEADER + octets
    assert (pdu.number("data_coding"), pdu.number("esm_class")) == (0xD8, EsmClass.UDHI)


@pytest.mark.parametrize(
    ("cyrillic", "octets"),
    [
        (Cyrillic.UCS2, b"\x04\x14\x04\x30"),
        (Cyrillic.UCS2_LE, b"\x14\x04\x30\x04"),
        (Cyrillic.ISO_8859_5, b"\x04\x14\x04\x30"),
    ],
)
def test_a_russian_sign_is_ucs_2_as_its_data_coding_says(cyrillic: Cyrillic, octets: bytes) -> None:
    message = of_type(MessageType.EMAIL, SIGN.replace("3 new {€}", "Да"))
    (pdu,) = pdus(message, replace(OPERATOR, cyrillic=cyrillic))
    assert pdu.message == bytes.fromhex("0401028201") + octets
    assert pdu.number("data_coding") == 0xEA


def test_a_repeat_of_the_rest_gives_the_same_pieces() -> None:
    message = of_type(MessageType.WAPPUSH, PUSH)
    again = message._replace(sent_parts=(1,), attempts=3)
    for operator in (OPERATOR, *OTHER_WAYS):
        assert submit_bodies(message, operator, NOW) == submit_bodies(again, operator, NOW + 9)


def test_each_part_has_its_name_for_the_operator() -> None:
    parts = pdus(of_type(MessageType.WAPPUSH, PUSH), replace(OPERATOR, reference_tlv=0x1403))
    assert [pdu.tlvs for pdu in parts] == [((0x1403, b"77-1"),), ((0x1403, b"77-2"),)]


@pytest.mark.parametrize(
    "message",
    [
        of_type(MessageType.WAPPUSH, PUSH)._replace(parts=1),
        of_type(MessageType.WAPPUSH, PUSH)._replace(text="<si/>"),
        of_type(MessageType.VCARD, "BEGIN:VCARD\nEND:VCARD")._replace(message_type=99),
    ],
    ids=["parts", "data", "type"],
)
def test_what_cannot_be_sent_is_a_value_error(message: Outgoing) -> None:
    with pytest.raises(ValueError, match=r"."):
        submit_bodies(message, OPERATOR, NOW)


def test_a_long_text_is_one_submit_sm_only_as_payload() -> None:
    long = TEXT._replace(text="x" * 400, parts=3, data_coding=Encoding.GSM7)
    payload = replace(OPERATOR, long_text=LongText.PAYLOAD)
    assert submit_count(long, OPERATOR) == 3
    assert submit_count(long, payload) == 1
    assert submit_count(long._replace(sent_parts=(1,)), payload) == 3
    assert submit_count(long, replace(payload, interface_version=0x33)) == 3
    assert pdus(long, payload)[0].tlv(Tlv.MESSAGE_PAYLOAD) == b"x" * 400
