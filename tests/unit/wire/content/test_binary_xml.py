"""wire/content/binary_xml.py: an SMS field by field."""

import pytest

from habar.model.message_type import MessageType
from habar.wire.content import Content, UnreadableContent, encode

XML = MessageType.BINARY_XML


def sms(udh: str = "", ud: str = "", pid: str = "00", dcs: str = "F5") -> str:
    return f"<sms><pid>{pid}</pid><dcs>{dcs}</dcs><udh>{udh}</udh><ud>{ud}</ud></sms>"


def test_every_field_goes_as_it_was_written() -> None:
    content = encode(XML, sms("06 05 04 0B 84 23 F0", "EA0601AE", pid="3F", dcs="f5"))
    assert content == Content(0xF5, 0x3F, b"\x05\x04\x0b\x84\x23\xf0", b"\xea\x06\x01\xae")
    assert content.pieces(9) == [(b"\x06\x05\x04\x0b\x84\x23\xf0", b"\xea\x06\x01\xae")]


def test_names_may_be_in_capitals_and_fields_absent() -> None:
    assert encode(XML, "<?xml version='1.0'?>\n<SMS><UD>01</UD></SMS>") == Content(0, 0, b"", b"\1")
    assert encode(XML, "<sms><pid/><dcs/><udh/><ud>01</ud></sms>") == Content(0, 0, b"", b"\1")


def test_a_header_alone_is_a_message() -> None:
    assert encode(XML, sms("0401020003", dcs="C8")).pieces(1) == [(b"\x04\x01\x02\x00\x03", b"")]


def test_more_than_an_sms_holds_is_cut_behind_its_own_header() -> None:
    # UDH 7 octets leave 133; with concatenation 12, TS 23.040, 9.2.3.24: 128
    assert encode(XML, sms("06050415820000", "AA" * 133)).parts == 1
    assert encode(XML, sms("06050415820000", "AA" * 134)).pieces(5) == [
        (b"\x0b\x05\x04\x15\x82\x00\x00\x00\x03\x05\x02\x01", b"\xaa" * 128),
        (b"\x0b\x05\x04\x15\x82\x00\x00\x00\x03\x05\x02\x02", b"\xaa" * 6),
    ]


def test_septets_are_cut_by_160_and_153_and_not_inside_an_escape() -> None:
    assert encode(XML, sms(ud="41" * 160, dcs="00")).parts == 1
    pieces = encode(XML, sms(ud="41" * 152 + "1B65" + "42" * 7, dcs="F1")).pieces(1)
    assert [data for _, data in pieces] == [b"A" * 152, b"\x1b\x65" + b"B" * 7]


def test_a_character_of_ucs_2_is_not_cut_by_a_header_of_odd_length() -> None:
    # 9.2.3.24.1: with an odd header the field has at most 139 octets; here 1 + 6 + 6: 126, not 127
    pieces = encode(XML, sms("06050415820000", "0416" * 70, dcs="08")).pieces(1, 16)
    assert [len(data) for _, data in pieces] == [126, 14]


def test_a_part_made_by_the_customer_goes_as_it_is() -> None:
    content = encode(XML, sms("050003AA0201", "00" * 134))
    assert content.pieces(1) == [(b"\x05\x00\x03\xaa\x02\x01", b"\0" * 134)]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("EA06", "not well-formed"),
        ("<si/>", "the root element is not sms"),
        ("<sms/>", "neither udh nor ud"),
        ("<sms><ud>01</ud><ud>01</ud></sms>", "ud is there twice"),
        ("<sms><ud>01</ud><vp>01</vp></sms>", "an unknown element"),
        ("<sms><ud a='1'>01</ud></sms>", "an unknown attribute"),
        ("<sms><ud><b>01</b></ud></sms>", "an element inside its text"),
        ("<sms>x<ud>01</ud></sms>", "text between its elements"),
        (sms(ud="0"), "ud: an odd number"),
        (sms(ud="XY"), "ud: a character"),
        (sms(ud="00", pid="0000"), "pid: not one octet"),
        (sms(ud="00", dcs="F"), "dcs: an odd number"),
        (sms("05050415820000", "00"), "udh: its lengths"),
        (sms("060504158200", "00"), "udh: its lengths"),
        (sms("03050415", "00"), "udh: its lengths"),
        (sms("8C708A" + "00" * 138, "00"), "udh: over 140"),
        (sms("050003AA0201", "00" * 135), "its header says it is a part"),
        (sms("827080" + "00" * 128, "00" * 10), "its header leaves no room"),
        (sms(ud="80", dcs="00"), "ud: an octet over 7F"),
        (sms(ud="8041", dcs="D8"), "ud: an octet over 7F"),
        (sms(ud="041", dcs="08"), "ud: an odd number"),
        (sms(ud="041604", dcs="18"), "ud: an odd number of octets"),
    ],
)
def test_what_is_no_sms_is_refused_with_its_place(data: str, says: str) -> None:
    with pytest.raises(UnreadableContent, match=says):
        encode(XML, data)
