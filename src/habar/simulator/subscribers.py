"""Subscribers' messages as an SMSC hands them on: addresses, alphabets, parts.

Guarantees: pure; a text is never altered: what an alphabet cannot carry is refused; what is
written is well-formed SMPP, also where parts are left out, doubled or shuffled on purpose.
Knows nothing of links, and not when a part goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from habar.simulator.settings import AlphabetName, Settings
from habar.wire.smpp import (
    CommandId,
    EsmClass,
    Pdu,
    Tlv,
    TlvValue,
    encode_submit_body,
    encode_tlvs,
    make_pdu,
)
from habar.wire.text import (
    TooManyParts,
    UnencodableText,
    decode_gsm7,
    encode_gsm7,
    encode_ucs2,
    pack_to_end,
    swap_octets,
)
from habar.wire.text.udh import concatenation_header

PartWay: TypeAlias = Literal["udh8", "udh16", "sar", "payload"]
"""How a long text is carried: behind headers with a reference of 8 or 16 bits (TS 23.040,
9.2.3.24), with sar_* TLVs (5.3.2.22 to 24), or whole in message_payload (5.3.2.32)."""
SentEncoding: TypeAlias = Literal["auto", "gsm7", "latin-1", "ucs2"]
"""auto: the SMSC's default alphabet where the text fits, else UCS-2."""

_ADDRESS = re.compile(r"\+?[0-9]{1,20}", re.ASCII)
_TRANSACTION = re.compile(r"[0-9A-Za-z_.-]{1,60}", re.ASCII)
_LONGEST_ADDRESS = 20  # 4.6.1: destination_addr has 21 octets with its NUL
_LONGEST_DATA_ADDRESS = 64  # 4.7.1: 65
_LONGEST_PAYLOAD = 64_000  # beside the fields it must fit a PDU, which has 65 536
_MOST_SENT = 1_000
_MOST_PARTS = 255
_TLVS_SINCE = 0x34
_ESC = 0x1B


class Undeliverable(ValueError):
    """The SMSC cannot hand on such a message; the text says why."""


@dataclass(frozen=True, slots=True)
class SubscriberMessage:
    """What a subscriber wrote to a short code, and how the SMSC is to carry it."""

    source: str
    """The subscriber, digits, with or without `+`."""
    destination: str
    """The short code, likewise."""
    text: str
    transaction: str = ""
    """The operator's id of the question, put behind the short code: `8785#12345`."""
    part_way: PartWay = "udh8"
    encoding: SentEncoding = "auto"
    data_sm: bool = False
    """By data_sm in place of deliver_sm."""
    order: tuple[int, ...] = ()
    """Which parts go, in this order, from 1: (2, 1) swaps two, (1, 1, 2) doubles the first,
    (1, 3) lacks the second. Empty: each once, in order."""

    @property
    def address(self) -> str:
        """The short code as it stands in destination_addr."""
        return f"{self.destination}#{self.transaction}" if self.transaction else self.destination


class Written(NamedTuple):
    """One deliver_sm or data_sm."""

    part: int
    """Its number in the text, from 1."""
    body: bytes
    """Of a deliver_sm, with what TLVs it has."""
    pdu: Pdu | None
    """A data_sm; `body` is empty then."""
    needs_tlvs: bool
    """Only a link that knows optional parameters can carry it."""


class _Alphabet(NamedTuple):
    data_coding: int
    """5.2.19."""
    alone: int
    """So many units fit one SMS."""
    room: dict[int, int]
    """And so many behind a header with a reference of so many bits (TS 23.040, 9.2.3.24)."""


_ALPHABETS = {
    "gsm7": _Alphabet(0, 160, {8: 153, 16: 152}),
    "latin-1": _Alphabet(3, 140, {8: 134, 16: 133}),
    "ucs2": _Alphabet(8, 140, {8: 134, 16: 132}),
}


class _Piece(NamedTuple):
    """A part, or the whole, in the octets that go."""

    udh: bytes
    octets: bytes
    tlvs: tuple[tuple[int, TlvValue], ...] = ()


def written(message: SubscriberMessage, settings: Settings, reference: int) -> list[Written]:
    """Write all that is to be sent, in order; `reference` is that of the parts.

    Raises Undeliverable, UnencodableText, TooManyParts: ValueErrors all.
    """
    _check(message, settings)
    alphabet, units = _encoded(message, settings.alphabet)
    pieces = _pieces(message, alphabet, units, settings, reference)
    order = message.order or tuple(range(1, len(pieces) + 1))
    if len(order) > _MOST_SENT or not all(1 <= part <= len(pieces) for part in order):
        raise Undeliverable(f"the text has {len(pieces)} part(s): no other can be sent")
    data_coding = _ALPHABETS[alphabet].data_coding
    return [_written(message, part, data_coding, pieces[part - 1]) for part in order]


def _check(message: SubscriberMessage, settings: Settings) -> None:
    for what, address in (
        ("the subscriber's number", message.source),
        ("the short code", message.destination),
    ):
        if not _ADDRESS.fullmatch(address):
            raise Undeliverable(f"{what} must be 1 to 20 digits, with or without +")
    if message.transaction and not _TRANSACTION.fullmatch(message.transaction):
        raise Undeliverable("a transaction id has letters, digits and .-_ only")
    longest = _LONGEST_DATA_ADDRESS if message.data_sm else _LONGEST_ADDRESS
    if max(len(message.address), len(message.source)) > longest:
        raise Undeliverable(f"an address is longer than {longest} characters: {message.address}")
    needs_tlvs = message.data_sm or message.part_way in ("sar", "payload")
    if needs_tlvs and settings.interface_version < _TLVS_SINCE:
        raise Undeliverable("this SMSC speaks SMPP 3.3, which has no TLVs and no data_sm")


# The text


def _encoded(message: SubscriberMessage, default: AlphabetName) -> tuple[str, bytes]:
    """Name the alphabet and write the text in it, a unit an octet; UCS-2 big endian."""
    text, wanted = message.text, message.encoding
    if wanted == "latin-1":
        return wanted, _in_charset(text, "latin-1")
    if wanted == "ucs2":
        return wanted, encode_ucs2(text)
    try:
        if default in ("latin-1", "ascii"):
            _in_charset(text, default)
        return "gsm7", encode_gsm7(text)
    except UnencodableText:
        if wanted == "gsm7":
            raise
        return "ucs2", encode_ucs2(text)


def _in_charset(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except UnicodeEncodeError as error:
        raise UnencodableText(f"no {charset} character at index {error.start}") from None


def _pieces(
    message: SubscriberMessage, alphabet: str, units: bytes, settings: Settings, reference: int
) -> list[_Piece]:
    """Cut it as phones do, and write the pieces as this SMSC has them."""
    if message.part_way == "payload":
        octets = _written_out(alphabet, units, settings, header=0)
        if len(octets) > _LONGEST_PAYLOAD:
            raise Undeliverable(f"over {_LONGEST_PAYLOAD} octets do not fit a message_payload")
        return [_Piece(b"", b"", ((Tlv.MESSAGE_PAYLOAD, octets),))]
    bits = 16 if message.part_way == "udh16" else 8
    cuts = _cut(alphabet, units, bits)
    if len(cuts) > _MOST_PARTS:
        raise TooManyParts(f"{len(cuts)} parts, at most {_MOST_PARTS}")
    if len(cuts) == 1:
        return [_Piece(b"", _written_out(alphabet, units, settings, header=0))]
    pieces = []
    for number, cut in enumerate(cuts, 1):
        sar = message.part_way == "sar"
        udh = b"" if sar else concatenation_header(reference, len(cuts), number, bits)
        octets = _written_out(alphabet, cut, settings, header=len(udh))
        pieces.append(_Piece(udh, octets, _sar(reference, len(cuts), number) if sar else ()))
    return pieces


def _sar(reference: int, total: int, number: int) -> tuple[tuple[int, TlvValue], ...]:
    return (
        (Tlv.SAR_MSG_REF_NUM, reference & 0xFFFF),
        (Tlv.SAR_TOTAL_SEGMENTS, total),
        (Tlv.SAR_SEGMENT_SEQNUM, number),
    )


def _cut(alphabet: str, units: bytes, bits: int) -> list[bytes]:
    """Cut greedily; a cut that would part an ESC pair or a surrogate pair moves before it."""
    _, alone, rooms = _ALPHABETS[alphabet]
    if len(units) <= alone:
        return [units]
    cuts, start = [], 0
    while start < len(units):
        end = start + rooms[bits]
        if end < len(units):
            if alphabet == "gsm7" and units[end - 1] == _ESC:
                end -= 1
            elif alphabet == "ucs2" and units[end - 2] & 0xFC == 0xD8:
                end -= 2
        cuts.append(units[start:end])
        start = end
    return cuts


def _written_out(alphabet: str, units: bytes, settings: Settings, *, header: int) -> bytes:
    """Bring units to the octets of this SMSC, behind a UDH of so many octets."""
    if alphabet == "ucs2":
        return swap_octets(units) if settings.ucs2_little_endian else units
    if alphabet == "latin-1" or settings.alphabet == "gsm7":
        return units
    if settings.alphabet == "gsm7-packed":
        return pack_to_end(units, fill_bits=-8 * header % 7)
    return decode_gsm7(units).encode(settings.alphabet)


# The PDUs


def _written(message: SubscriberMessage, part: int, data_coding: int, piece: _Piece) -> Written:
    source, destination = message.source.encode("ascii"), message.address.encode("ascii")
    content = piece.udh + piece.octets
    esm_class = EsmClass.UDHI if piece.udh else 0
    if not message.data_sm:
        body = encode_submit_body(
            source,
            destination,
            content,
            source_addr_ton=1,
            source_addr_npi=1,
            dest_addr_ton=0,
            dest_addr_npi=1,
            esm_class=esm_class,
            data_coding=data_coding,
            tlvs=encode_tlvs(piece.tlvs),
        )
        return Written(part, body, None, needs_tlvs=bool(piece.tlvs))
    tlvs = piece.tlvs
    if message.part_way != "payload":  # a data_sm has no short_message (4.7.1)
        tlvs = (*tlvs, (Tlv.MESSAGE_PAYLOAD, content))
    pdu = make_pdu(
        CommandId.DATA_SM,
        tlvs=tlvs,
        source_addr=source,
        source_addr_ton=1,
        source_addr_npi=1,
        destination_addr=destination,
        dest_addr_ton=0,
        dest_addr_npi=1,
        esm_class=int(esm_class),
        data_coding=data_coding,
    )
    return Written(part, b"", pdu, needs_tlvs=True)
