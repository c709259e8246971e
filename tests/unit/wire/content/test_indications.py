"""wire/content/indications.py: the signs of TS 23.038, 4 and TS 23.040, 9.2.3.24.2."""

import pytest

from habar.model.message_type import MessageType
from habar.wire.content import Content, UnreadableContent, encode
from habar.wire.text import Encoding

VOICEMAIL = MessageType.VOICEMAIL


def waits(action: str = "SET", count: str = "", text: str = "") -> str:
    return (
        f'<Indication action="{action}"><MessageCount>{count}</MessageCount>'
        f"<MessageText>{text}</MessageText></Indication>"
    )


@pytest.mark.parametrize(
    ("kind", "coding", "element"),
    [  # 1100 active 00/01/10/11; 01 of 2 octets: type, count. Video: `other`, extended type 001
        (MessageType.VOICEMAIL, 0xC8, "01 02 00 03"),
        (MessageType.FAX, 0xC9, "01 02 01 03"),
        (MessageType.EMAIL, 0xCA, "01 02 02 03"),
        (MessageType.VIDEO, 0xCB, "01 02 07 03"),
    ],
)
def test_a_sign_without_text_is_set_and_the_message_discarded(
    kind: MessageType, coding: int, element: str
) -> None:
    content = encode(kind, waits(count="3"))
    assert content == Content(coding, 0, bytes.fromhex(element), b"")
    assert content.pieces(1) == [(bytes.fromhex("04" + element), b"")]


@pytest.mark.parametrize(
    ("kind", "coding", "element"),
    [  # 1101: store; bit 7 of the header's type says so, too
        (MessageType.VOICEMAIL, 0xD8, "01 02 80 03"),
        (MessageType.FAX, 0xD9, "01 02 81 03"),
        (MessageType.EMAIL, 0xDA, "01 02 82 03"),
        (MessageType.VIDEO, 0xDB, "01 02 87 03"),
    ],
)
def test_a_text_is_stored(kind: MessageType, coding: int, element: str) -> None:
    content = encode(kind, waits(count="3", text=" 3 new @ "))
    assert content == Content(coding, 0, bytes.fromhex(element), b"3 new \x00")
    assert content.alphabet is Encoding.GSM7


def test_a_text_beyond_gsm_7_bit_is_ucs_2() -> None:
    content = encode(VOICEMAIL, waits(count="1", text="Ә1"))
    assert content == Content(0xE8, 0, bytes.fromhex("01028001"), b"\x04\xd8\x00\x31")
    assert content.alphabet is Encoding.UCS2


@pytest.mark.parametrize(
    "data",
    [
        waits("CLEAR"),
        waits("clear", "7"),
        waits("SET", "0"),
        '<INDICATION ACTION="CLEAR"/>',
    ],
)
def test_a_sign_is_taken_away(data: str) -> None:
    assert encode(VOICEMAIL, data) == Content(0xC0, 0, bytes.fromhex("01020000"), b"")


def test_a_sign_is_taken_away_with_a_text_that_is_stored() -> None:
    assert encode(VOICEMAIL, waits("CLEAR", text="bye")) == Content(
        0xD0, 0, bytes.fromhex("01028000"), b"bye"
    )


@pytest.mark.parametrize(("written", "count"), [("", 1), ("1", 1), ("255", 255), ("1000", 255)])
def test_the_count_is_one_octet_and_one_where_nothing_is_said(written: str, count: int) -> None:
    assert encode(VOICEMAIL, waits(count=written)).header == bytes((1, 2, 0, count))


@pytest.mark.parametrize(
    ("letter", "one", "several"),
    [("x", 154, 148), ("Ә", 67, 65)],  # (140 - 5) and (140 - 10) octets, in septets and characters
)
def test_a_long_text_goes_in_parts_with_the_sign_in_each(
    letter: str, one: int, several: int
) -> None:
    assert encode(VOICEMAIL, waits(text=letter * one)).parts == 1
    pieces = encode(VOICEMAIL, waits(text=letter * (one + 1))).pieces(0x99)
    assert [udh for udh, _ in pieces] == [
        bytes.fromhex("09 01028001 0003990201"),
        bytes.fromhex("09 01028001 0003990202"),
    ]
    octets = 1 if letter == "x" else 2
    assert [len(data) // octets for _, data in pieces] == [several, one + 1 - several]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("3", "not well-formed"),
        ("<Indications/>", "the root element is not indication"),
        ("<Indication/>", "neither SET nor CLEAR"),
        (waits("ON"), "neither SET nor CLEAR"),
        (waits(count="-1"), "no whole number"),
        (waits(count="٣"), "no whole number"),
        (waits(count="1" * 5000), "no whole number"),
        ("<Indication action='SET' kind='fax'/>", "an unknown attribute"),
        ("<Indication action='SET'><Text/></Indication>", "an unknown element"),
        (
            "<Indication action='SET'><MessageText/><MessageText/></Indication>",
            "messagetext is there twice",
        ),
    ],
)
def test_what_is_no_indication_is_refused_with_its_place(data: str, says: str) -> None:
    with pytest.raises(UnreadableContent, match=says):
        encode(VOICEMAIL, data)
