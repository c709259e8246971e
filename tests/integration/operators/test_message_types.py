"""Each type of message through the door and a socket: what the SMSC has taken, field by field."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest

from habar.errors import Refusal
from habar.model.message import Protocol
from habar.model.message_type import MessageType
from habar.operators import Alphabet, LongText
from habar.wire.smpp import EsmClass, Pdu
from habar.wire.text import encode_gsm7

from ..gateway import SOON, draft

RECIPIENT = "77010000001"
UDHI = int(EsmClass.UDHI)
PUSH = "<si><indication href='http://x.kz'>" + "n" * 120 + "</indication></si>"
PUSH_OCTETS = bytes.fromhex("EA0601AE 02056A00 45C6 0C03") + b"x.kz\0\1\3" + b"n" * 120 + b"\0\1\1"
CARD = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Smith;Paul\r\nEND:VCARD\r\n"
SIGN = "<Indication action='SET'><MessageCount>3</MessageCount><MessageText>3 new{}</MessageText>"


class Sent(NamedTuple):
    esm_class: int
    protocol_id: int
    data_coding: int
    octets: bytes


def sent(pdu: Pdu) -> Sent:
    return Sent(
        pdu.number("esm_class"),
        pdu.number("protocol_id"),
        pdu.number("data_coding"),
        pdu.octets("short_message"),
    )


async def taken(site: Any, smsc: Any, kind: MessageType, data: str) -> list[Sent]:
    """Send it, wait until it is delivered, and look at every submit_sm of it."""
    message_id = await site.send(RECIPIENT, data, kind=kind)
    story = await site.ends(message_id, 102)
    assert story.submission.message_type == kind
    pdus = [smsc.pdu(received.message_id) for received in smsc.received]
    assert len(pdus) == story.submission.parts
    return [sent(pdu) for pdu in pdus]


CASES = {
    "flash": (MessageType.FLASH, "Hi {}", [Sent(0, 0, 0x10, b"Hi \x1b(\x1b)")]),
    "the phone's": (MessageType.CLASS1, "Hi", [Sent(0, 0, 0x11, b"Hi")]),
    "the SIM's": (MessageType.CLASS2, "Hi", [Sent(0, 0, 0x12, b"Hi")]),
    "the SIM's, Russian": (MessageType.CLASS2, "Да", [Sent(0, 0, 0x1A, b"\x04\x14\x04\x30")]),
    "octets": (MessageType.BINARY, "00 FF 1B", [Sent(0, 0, 0x04, b"\x00\xff\x1b")]),
    "octets with a header": (
        MessageType.BINARY_XML,
        "<sms><pid>41</pid><dcs>F6</dcs><udh>06050400010002</udh><ud>00FF80</ud></sms>",
        [Sent(UDHI, 0x41, 0xF6, bytes.fromhex("06050400010002 00FF80"))],
    ),
    "a business card": (
        MessageType.VCARD,
        CARD.decode().replace("\r\n", "\n"),
        [Sent(UDHI, 0, 0xF5, bytes.fromhex("060504 23F4 0000") + CARD)],
    ),
    "voice mail": (
        MessageType.VOICEMAIL,
        f"{SIGN}</Indication>",
        [Sent(UDHI, 0, 0xD8, bytes.fromhex("0401028003") + encode_gsm7("3 new{}"))],
    ),
    "no voice mail": (
        MessageType.VOICEMAIL,
        "<Indication action='CLEAR'/>",
        [Sent(UDHI, 0, 0xC0, bytes.fromhex("0401020000"))],
    ),
    "a picture": (
        MessageType.PICTURE,
        "00080201FF81",
        [Sent(UDHI, 0, 0xF5, bytes.fromhex("060504 158A 0000 30020006 00080201FF81"))],
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_message_of_each_type_arrives_as_what_it_is(
    make_smsc: Any, make_site: Any, name: str
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator())
    kind, data, expected = CASES[name]
    assert await taken(site, smsc, kind, data) == expected


@pytest.mark.parametrize("long_text", LongText)
async def test_a_push_in_two_parts_arrives_by_every_way_of_long_texts(
    make_smsc: Any, make_site: Any, long_text: LongText
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(long_text=long_text, alphabet=Alphabet.GSM7_PACKED))
    parts = await taken(site, smsc, MessageType.WAPPUSH, PUSH)
    bits = 16 if long_text is LongText.UDH_16 else 8
    place = bytes.fromhex("0804" if bits == 16 else "0003") + (1).to_bytes(bits // 8)
    header = bytes.fromhex("0504 0B84 23F0") + place
    room = 140 - 3 - len(header)
    length = bytes((len(header) + 2,))
    assert parts == [
        Sent(UDHI, 0, 0xF5, length + header + b"\2\1" + PUSH_OCTETS[:room]),
        Sent(UDHI, 0, 0xF5, length + header + b"\2\2" + PUSH_OCTETS[room:]),
    ]


@pytest.mark.parametrize("kind", [kind for kind in MessageType if not kind.is_text])
async def test_data_of_another_type_is_refused_and_nothing_is_sent(
    make_smsc: Any, make_site: Any, kind: MessageType
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator())
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    account = await site.account("shop")
    drafts = [draft(RECIPIENT, "Hello", kind=kind)]
    site.door.submit(account, Protocol.HTTP, drafts, answer.set_result)
    async with asyncio.timeout(SOON):
        assert [outcome.refusal for outcome in await answer] == [Refusal.CONTENT]
    assert smsc.counts.submitted == 0
