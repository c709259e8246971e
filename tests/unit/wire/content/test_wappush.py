"""wire/content/wappush.py, wbxml.py, wsp.py: octet for octet what the standards' examples are."""

import pytest

from habar.model.message_type import MessageType
from habar.wire.content import Content, UnreadableContent, encode

PUSH = MessageType.WAPPUSH
PORTS = bytes.fromhex("0504 0B84 23F0")
"""TS 23.040, 9.2.3.24.4: destination 2948 (wap-push), from 9200 (wap-wsp)."""
SIC = bytes.fromhex("EA 06 01 AE")
"""WAP-203, 8.2.4.1: transaction, Push, headers of 1 octet: 0x80 + 0x2E, application/vnd.wap.sic."""
SLC = bytes.fromhex("EA 06 01 B0")
"""The same with 0x30, application/vnd.wap.slc."""
SI_1_0 = bytes.fromhex("02 05 6A 00")
"""WAP-192, 5.4: version 1.2, public id SI 1.0, UTF-8 (106), no string table."""
SL_1_0 = bytes.fromhex("02 06 6A 00")


def si(attributes: str, text: str = "x") -> str:
    return f"<si><indication {attributes}>{text}</indication></si>"


def body(document: str) -> bytes:
    """What stands inside `si` and `indication`'s tag."""
    data = encode(PUSH, document).data
    assert data.startswith(SIC + SI_1_0 + b"\x45\xc6")
    return data.removeprefix(SIC + SI_1_0 + b"\x45\xc6")


def test_the_service_indication_of_the_standard() -> None:
    # WAP-167, chapter 9: si with content (05 + 40), indication with attributes and content
    # (06 + C0); href http://www. (0D) "xyz" .com/ (85) …; created (0A) and si-expires (10) as
    # OPAQUE (C3) with the zeros at the end left out (9.2.2)
    document = """<?xml version="1.0"?>
        <!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" "http://www.wapforum.org/DTD/si.dtd">
        <si>
          <indication href="http://www.xyz.com/email/123/abc.wml"
            created="1999-06-25T15:23:15Z"
            si-expires="1999-06-30T00:00:00Z">
            You have 4 new emails
          </indication>
        </si>"""
    assert encode(PUSH, document) == Content(
        0xF5,
        0,
        PORTS,
        SIC
        + SI_1_0
        + b"\x45\xc6"
        + b"\x0d\x03xyz\0\x85\x03email/123/abc.wml\0"
        + b"\x0a\xc3\x07\x19\x99\x06\x25\x15\x23\x15"
        + b"\x10\xc3\x04\x19\x99\x06\x30"
        + b"\x01\x03You have 4 new emails\0\x01\x01",
    )


def test_the_example_of_the_program_whose_protocol_this_is() -> None:
    # Ozeki NG's manual, "Binary XML", has this indication worked out in octets
    document = """<si>
    <indication href="http://wap.ozeki.hu" action="signal-high">
        Ozeki
    </indication>
</si>"""
    (piece,) = encode(PUSH, document).pieces(1)
    assert piece == (
        bytes.fromhex("0605040B8423F0"),
        bytes.fromhex("EA0601AE02056A0045C60C037761702E6F7A656B692E6875000801034F7A656B69000101"),
    )


def test_the_service_loading_of_the_standard() -> None:
    # WAP-168, chapter 9: sl without content (05 + 80); href http://www. (0A) "xyz" .com/ (85) …
    document = '<sl href="http://www.xyz.com/ppaid/123/abc.wml"/>'
    assert encode(PUSH, document) == Content(
        0xF5, 0, PORTS, SLC + SL_1_0 + b"\x85\x0a\x03xyz\0\x85\x03ppaid/123/abc.wml\0\x01"
    )


@pytest.mark.parametrize(
    ("url", "coded"),
    [  # WAP-167, 9.3.2 and 9.3.3
        ("x.kz", b"\x0b\x03x.kz\0"),
        ("http://x.kz/", b"\x0c\x03x.kz/\0"),
        ("http://www.x.kz", b"\x0d\x03x.kz\0"),
        ("https://x.kz", b"\x0e\x03x.kz\0"),
        ("https://www.x.kz", b"\x0f\x03x.kz\0"),
        ("http://x.com/", b"\x0c\x03x\0\x85"),
        ("http://x.edu/a", b"\x0c\x03x\0\x86\x03a\0"),
        ("http://x.net/.org/", b"\x0c\x03x\0\x87\x88"),
        ("http://x.com", b"\x0c\x03x.com\0"),
        ("http://", b"\x0c"),
        ("http://сайт.қаз/?a=1&amp;b=2", b"\x0c\x03" + "сайт.қаз/?a=1&b=2".encode() + b"\0"),
    ],
)
def test_a_link_by_its_tokens(url: str, coded: bytes) -> None:
    assert body(si(f'href="{url}"')) == coded + b"\x01\x03x\0\x01\x01"


@pytest.mark.parametrize(
    ("attributes", "coded"),
    [
        ('action="signal-none"', b"\x05"),
        ('action="signal-low"', b"\x06"),
        ('action="signal-medium"', b"\x07"),
        ('action="Signal-High"', b"\x08"),
        ('action="delete" si-id="7"', b"\x09\x11\x037\0"),
        ('action=""', b""),
        ('si-id="http://x.com/1"', b"\x11\x03http://x.com/1\0"),
        ('created="2026-01-02T03:04:05Z"', b"\x0a\xc3\x07\x20\x26\x01\x02\x03\x04\x05"),
        ('created="2026-10-20T10:00:00Z"', b"\x0a\xc3\x05\x20\x26\x10\x20\x10"),
        ('si-expires="2000-01-01T00:00:01Z"', b"\x10\xc3\x07\x20\x00\x01\x01\x00\x00\x01"),
    ],
)
def test_the_other_attributes_of_an_indication(attributes: str, coded: bytes) -> None:
    expected = b"\x0b\x03x\0" + coded + b"\x01\x03x\0\x01\x01"
    assert body(si(f'href="x" {attributes}')) == expected


def test_an_indication_without_text_and_one_with_info() -> None:
    assert encode(PUSH, si('href="x"', "")).data == SIC + SI_1_0 + b"\x45\x86\x0b\x03x\0\x01\x01"
    document = (
        '<si><indication href="x">y</indication><info><item class="a">1</item><item/></info></si>'
    )
    # info with content (07 + 40); item with attribute and content (08 + C0), class (12)
    info = b"\x47\xc8\x12\x03a\0\x01\x031\0\x01\x08\x01"
    assert body(document) == b"\x0b\x03x\0\x01\x03y\0\x01" + info + b"\x01"


@pytest.mark.parametrize(
    ("action", "token"),
    [
        ("execute-low", b"\x05"),
        ("execute-high", b"\x06"),
        ("cache", b"\x07"),
        ("signal-low", b"\x05"),
        ("signal-high", b"\x06"),
        ("signal-cache", b"\x07"),
    ],
)
def test_a_loading_may_say_its_action_as_the_standard_and_as_ozeki(
    action: str, token: bytes
) -> None:
    document = f'<sl action="{action}" href="https://www.x.kz"></sl>'
    assert encode(PUSH, document).data == SLC + SL_1_0 + b"\x85\x0c\x03x.kz\0" + token + b"\x01"


@pytest.mark.parametrize(
    ("url", "coded"),
    [("x", b"\x08"), ("http://x", b"\x09"), ("https://x", b"\x0b")],
)
def test_a_loading_has_link_tokens_of_its_own(url: str, coded: bytes) -> None:
    document = f'<sl href="{url}"/>'
    assert encode(PUSH, document).data == SLC + SL_1_0 + b"\x85" + coded + b"\x03x\0\x01"


def test_a_push_in_two_parts_has_ports_and_place_in_each() -> None:
    content = encode(PUSH, si('href="http://x.kz"', "n" * 120))
    # 4 + 4 + 2 octets; 0C 03 "x.kz" 00; 01; 03 120 00; 01 01: 10 + 7 + 1 + 122 + 2 = 142
    assert len(content.data) == 142
    first, second = content.pieces(0x42)
    # 11 octets follow; ports; 00 of 3 octets: reference 42, 2 parts, part 1: 128 octets are left
    assert first == (bytes.fromhex("0B 0504 0B84 23F0 0003 42 02 01"), content.data[:128])
    assert second == (bytes.fromhex("0B 0504 0B84 23F0 0003 42 02 02"), content.data[128:])


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("http://x.kz", "not well-formed"),
        ("<si><indication href='http://x?a=1&b=2'/></si>", "not well-formed"),
        ("<wml/>", "the root element is not si or sl"),
        ("<si/>", "not one indication"),
        ("<si><info><item/></info><indication href='x'/></si>", "not one indication"),
        ("<si><indication href='x'/><indication href='x'/></si>", "not one indication"),
        ("<si><indication href='x'/><info/></si>", "info: no item"),
        ("<si><indication/></si>", "neither href nor si-id"),
        ("<si><indication href='x' action='delete'/></si>", "delete without si-id"),
        ("<si><indication href='x' action='shout'/></si>", "action: none of signal-none"),
        ("<si><indication href='x' HREF='y'/></si>", "href is there twice"),
        ("<si><indication href='x' id='y'/></si>", "an unknown attribute"),
        ("<si><indication href='a b'/></si>", "href: no URL"),
        ("<si><indication href='x'>a<b/></indication></si>", "an element inside"),
        ("<si><indication href='x' created='1999-06-25'/></si>", "created: no time"),
        ("<si><indication href='x' created='1999-02-30T00:00:00Z'/></si>", "created: no time"),
        ("<si><indication href='x' si-expires='0000-01-01T00:00:00Z'/></si>", "si-expires: no"),
        ("<sl/>", "href: no URL"),
        ("<sl href='x'>text</sl>", "text between"),
        ("<sl href='x'><b/></sl>", "an unknown element"),
        ("<sl href='x' action='delete'/>", "action: none of execute-low"),
    ],
)
def test_what_is_no_push_is_refused_with_its_place(document: str, says: str) -> None:
    with pytest.raises(UnreadableContent, match=says):
        encode(PUSH, document)
