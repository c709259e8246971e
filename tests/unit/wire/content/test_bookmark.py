"""wire/content/bookmark.py: a bookmark as Nokia's and Ericsson's phones take it."""

import pytest

from habar.model.message_type import MessageType
from habar.wire.content import Content, UnreadableContent, encode

BOOKMARK = MessageType.BOOKMARK


def document(*entries: str) -> str:
    inside = "".join(f'<CHARACTERISTIC TYPE="BOOKMARK">{e}</CHARACTERISTIC>' for e in entries)
    return f"<CHARACTERISTIC-LIST>\n{inside}\n</CHARACTERISTIC-LIST>"


def parm(name: str, value: str) -> str:
    return f'<PARM NAME="{name}" VALUE="{value}" />'


HEAD = bytes.fromhex("EA 06 2D 1F 2B") + b"application/x-wap-prov.browser-bookmarks\0\x81\xea"
"""WAP-203: a Push with 45 octets of headers: a content type of 43, by name, in UTF-8 (8.4.2.24)."""


def test_a_bookmark_octet_for_octet() -> None:
    # Over The Air Settings Specification 7.0: port 49999; WBXML 1.1, no public id, UTF-8;
    # CHARACTERISTIC-LIST (05 + 40), CHARACTERISTIC (06 + C0) TYPE="BOOKMARK" (7F), PARM (07 + 80)
    # NAME="NAME" (15) VALUE (11), NAME="URL" (17) VALUE (11)
    content = encode(
        BOOKMARK, document(parm("NAME", "Mobile Tidings") + parm("URL", "http://mobiletidings.com"))
    )
    assert content == Content(
        0xF5,
        0,
        bytes.fromhex("0504 C34F C002"),
        HEAD
        + bytes.fromhex("01016A00 45 C67F01 87 15 11 03")
        + b"Mobile Tidings\0\x01"
        + bytes.fromhex("87 17 11 03")
        + b"http://mobiletidings.com\0\x01\x01\x01",
    )


def test_several_in_any_order_and_a_doctype_that_declares_nothing() -> None:
    data = '<!DOCTYPE CHARACTERISTIC-LIST SYSTEM "settings.dtd">' + document(
        parm("url", "http://a.kz") + parm("name", "Ә"), parm("URL", "http://b.kz")
    )
    assert encode(BOOKMARK, data).data.removeprefix(HEAD + b"\x01\x01\x6a\0") == (
        b"\x45"
        + (b"\xc6\x7f\x01\x87\x15\x11\x03" + "Ә".encode() + b"\0\x01")
        + b"\x87\x17\x11\x03http://a.kz\0\x01\x01"
        + b"\xc6\x7f\x01\x87\x15\x11\x03http://b.kz\0\x01\x87\x17\x11\x03http://b.kz\0\x01\x01"
        + b"\x01"
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("http://x.kz", "not well-formed"),
        ("<si><indication href='x'/></si>", "the root element is not characteristic-list"),
        ("<CHARACTERISTIC-LIST/>", "no characteristic in it"),
        (document(parm("NAME", "x")), "URL: no URL"),
        (document(parm("URL", "a b")), "URL: no URL"),
        (document(parm("URL", "x") + parm("URL", "y")), "not one NAME and one URL"),
        (document(parm("PROXY", "x")), "not one NAME and one URL"),
        (document(parm("URL", "x")).replace("BOOKMARK", "ADDRESS"), "not BOOKMARK"),
    ],
)
def test_what_is_no_bookmark_is_refused_with_its_place(data: str, says: str) -> None:
    with pytest.raises(UnreadableContent, match=says):
        encode(BOOKMARK, data)
