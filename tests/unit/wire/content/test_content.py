"""wire/content: what holds for every type: limits, alphabets, hostile XML."""

import pytest

from habar.model.message_type import MessageType
from habar.wire.content import LONGEST, UnreadableContent, alphabet_of, encode
from habar.wire.text import Encoding

NO_TEXTS = [kind for kind in MessageType if not kind.is_text]
XML = [
    MessageType.BINARY_XML,
    MessageType.WAPPUSH,
    MessageType.BOOKMARK,
    MessageType.VOICEMAIL,
]


@pytest.mark.parametrize("kind", NO_TEXTS)
def test_data_is_not_looked_at_where_it_is_too_long(kind: MessageType) -> None:
    with pytest.raises(UnreadableContent, match="over 100000 characters"):
        encode(kind, " " * (LONGEST + 1))


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 15, -1])
def test_a_text_has_no_content(kind: int) -> None:
    with pytest.raises(UnreadableContent, match="a text's, or none"):
        encode(kind, "00")


@pytest.mark.parametrize("kind", XML)
@pytest.mark.parametrize(
    "data",
    [
        '<!DOCTYPE sms [<!ENTITY a "b">]><sms><ud>&a;</ud></sms>',
        '<!DOCTYPE a><!DOCTYPE sms [<!ENTITY a "b">]><sms/>',
        '<!-- x --><!DOCTYPE sms [<!ENTITY a SYSTEM "file:///etc/passwd">]><sms>&a;</sms>',
        "<!ELEMENT sms ANY><sms/>",
    ],
)
def test_a_doctype_that_declares_something_is_refused(kind: MessageType, data: str) -> None:
    with pytest.raises(UnreadableContent, match="DOCTYPE"):
        encode(kind, data)


@pytest.mark.parametrize("kind", XML)
@pytest.mark.parametrize(
    "data",
    [
        "<sms>&secret;</sms>",
        "<a>" * 400 + "</a>" * 400,
        "<" * 90_000,
        "<!--" * 20_000,
        "<?" * 40_000,
        "<sms a='" + "x" * 90_000,
        "<sms " + " ".join(f"a{n}=''" for n in range(8000)) + "/>",
        "\x00<sms/>",
        "<sms>\x1b</sms>",
    ],
    ids=["entity", "deep", "less", "comments", "instructions", "quote", "attributes", "nul", "esc"],
)
def test_hostile_xml_ends_soon_in_words_without_the_data(kind: MessageType, data: str) -> None:
    with pytest.raises(UnreadableContent) as told:
        encode(kind, data)
    assert "secret" not in str(told.value)
    assert len(str(told.value)) < 200


def test_a_declared_encoding_says_nothing() -> None:
    for name in ("windows-1251", "UTF-16", "bogus"):
        data = f'\ufeff<?xml version="1.0" encoding="{name}"?><sms><ud>01</ud></sms>'
        assert encode(MessageType.BINARY_XML, data).data == b"\1"


@pytest.mark.parametrize(
    ("data_coding", "alphabet"),
    [  # TS 23.038, 4
        (0x00, Encoding.GSM7),
        (0x04, None),
        (0x08, Encoding.UCS2),
        (0x01, None),
        (0x03, None),
        (0x10, Encoding.GSM7),
        (0x11, Encoding.GSM7),
        (0x15, None),
        (0x18, Encoding.UCS2),
        (0x1C, None),
        (0x20, None),
        (0x40, Encoding.GSM7),
        (0x48, Encoding.UCS2),
        (0x80, None),
        (0xBF, None),
        (0xC8, Encoding.GSM7),
        (0xD3, Encoding.GSM7),
        (0xEA, Encoding.UCS2),
        (0xF0, Encoding.GSM7),
        (0xF3, Encoding.GSM7),
        (0xF5, None),
    ],
)
def test_the_alphabet_of_a_data_coding(data_coding: int, alphabet: Encoding | None) -> None:
    assert alphabet_of(data_coding) is alphabet
