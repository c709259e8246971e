"""A text as the parts that go on the air, and back: 160/153 septets, 70/67 UTF-16 units.

The encoding is chosen here: GSM 7-bit where every character fits, else UCS-2. One part has 140
octets; a concatenation header of 6 or 7 octets (an 8- or a 16-bit reference) leaves 153 or 152
septets, 67 or 66 units (TS 23.040, 9.2.3.24).
Guarantees: an ESC pair and a surrogate pair are never split; `count_parts` is what `split` makes;
`join` of what `split` made is the text. The text itself is never altered. Does not know price,
limit, or where the reference comes from.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from habar.wire.text.encoding import Encoding, TooManyParts
from habar.wire.text.gsm7 import ESC, decode_gsm7, encode_gsm7, fits, is_plain
from habar.wire.text.ucs2 import decode_ucs2, encode_ucs2
from habar.wire.text.udh import concatenation_header, parse_udh

MAX_PARTS: Final = 255

_GSM7: Final = Encoding.GSM7
_UCS2: Final = Encoding.UCS2
_ONE_SEPTETS: Final = 160
_ONE_OCTETS: Final = 140
# Septets, and octets of UCS-2, in a part behind a header with a reference of so many bits.
_SEPTETS: Final = {8: 153, 16: 152}
_OCTETS: Final = {8: 134, 16: 132}


class Part(NamedTuple):
    """One part: its header (empty for a single part) and its unpacked septets or UTF-16BE."""

    udh: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Segments:
    """A text cut for the air, the parts in order."""

    encoding: Encoding
    parts: tuple[Part, ...]


def choose(text: str) -> Encoding:
    """Choose GSM 7-bit where every character fits, else UCS-2 (UnencodableText: lone surrogate)."""
    if is_plain(text) or fits(text):
        return _GSM7
    encode_ucs2(text)
    return _UCS2


def count_parts(text: str, *, reference_bits: int = 8) -> tuple[Encoding, int]:
    """Count the parts that `split` would make, quickly; the empty text is one part.

    Counts beyond 255 too. Raises UnencodableText for a lone surrogate, ValueError for
    reference bits other than 8 or 16.
    """
    septets = _room(_SEPTETS, reference_bits)
    if is_plain(text):
        length = len(text)
        return _GSM7, 1 if length <= _ONE_SEPTETS else -(-length // septets)
    encoding, payload = _encode(text)
    if encoding is _UCS2 and len(payload) == 2 * len(text):  # no pairs, so no odd ends
        octets = _OCTETS[reference_bits]
        return _UCS2, 1 if len(payload) <= _ONE_OCTETS else -(-len(payload) // octets)
    return encoding, sum(1 for _ in _pieces(encoding, payload, reference_bits))


def split(text: str, *, reference: int, reference_bits: int = 8) -> Segments:
    """Cut a text into the parts to send; a text of one part has no header.

    `reference` is any number from 0: its low 8 or 16 bits are used. Raises UnencodableText,
    TooManyParts (over 255), ValueError for reference bits other than 8 or 16.
    """
    _room(_SEPTETS, reference_bits)
    encoding, payload = _encode(text)
    pieces = list(_pieces(encoding, payload, reference_bits))
    total = len(pieces)
    if total == 1:
        return Segments(encoding, (Part(b"", payload),))
    if total > MAX_PARTS:
        raise TooManyParts(f"{total} parts, at most {MAX_PARTS}")
    return Segments(
        encoding,
        tuple(
            Part(concatenation_header(reference, total, number, reference_bits), piece)
            for number, piece in enumerate(pieces, 1)
        ),
    )


def join(encoding: Encoding, parts: Iterable[Part]) -> str:
    """Put one message's parts together as text, ordered by their headers; never raises.

    A part that is there twice is taken once, a missing one is left out. Payloads are joined
    before they are decoded, so that pairs which a foreign sender split are whole again.
    """
    ordered: dict[int, bytes] = {}
    for udh, payload in parts:
        place = parse_udh(udh).concatenation
        ordered.setdefault(place.sequence if place else 0, payload)
    payload = b"".join(ordered[number] for number in sorted(ordered))
    return decode_gsm7(payload) if encoding == _GSM7 else decode_ucs2(payload)


def _room(rooms: dict[int, int], reference_bits: int) -> int:
    try:
        return rooms[reference_bits]
    except KeyError:
        raise ValueError("reference bits are 8 or 16") from None


def _encode(text: str) -> tuple[Encoding, bytes]:
    if fits(text):
        return _GSM7, encode_gsm7(text)
    return _UCS2, encode_ucs2(text)


def _pieces(encoding: Encoding, payload: bytes, reference_bits: int) -> Iterator[bytes]:
    """One part as it is; more by the room that a header leaves."""
    gsm = encoding is _GSM7
    if len(payload) <= (_ONE_SEPTETS if gsm else _ONE_OCTETS):
        yield payload
        return
    yield from cut(payload, (_SEPTETS if gsm else _OCTETS)[reference_bits], encoding)


def cut(payload: bytes, room: int, encoding: Encoding | None) -> Iterator[bytes]:
    """Cut greedily in pieces of at most `room`; a cut inside a pair moves to before the pair.

    `encoding` None is for octets that are no text and may be cut anywhere. `room` is at least 4,
    and even for UCS-2.
    """
    start = 0
    while start < len(payload):
        end = start + room
        if end < len(payload):
            if encoding is _GSM7 and payload[end - 1] == ESC:
                end -= 1
            elif encoding is _UCS2 and payload[end - 2] & 0xFC == 0xD8:  # a high surrogate is last
                end -= 2
        yield payload[start:end]
        start = end
