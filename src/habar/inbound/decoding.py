"""From a subscriber's octets to text: by data_coding, and by what the operator means by it.

The operator's settings come first: its default alphabet, and the data_codings that it has of its
own. Then SMPP's values (SMPP 3.4, 5.2.19), then the coding groups of 3GPP TS 23.038, section 4.
What is no text (8-bit data, a charset that is not known, a compressed text) is written as capital
hexadecimal digits; its data_coding says so.
Guarantees: pure, and nothing ever raises; the text holds no NUL and no lone surrogate, which a
database could not keep; a pair or an ESC that a cut between two parts separated is whole again.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from itertools import groupby
from typing import NamedTuple

from habar.operators import Alphabet, Cyrillic, OperatorSettings
from habar.wire.text import (
    NO_TABLES,
    Tables,
    decode_national,
    decode_ucs2,
    parse_udh,
    tables_of,
    unpack_to_end,
)

MISSING = "[…]"
"""Stands in a text where parts of it never came."""
UNREADABLE = "[unreadable]"
"""Before the octets of a message whose header makes no sense."""


class Coding(Enum):
    """What the octets are."""

    SEVEN_BIT = "7 bit"
    """The operator's default alphabet."""
    IA5 = "ascii"
    LATIN1 = "latin-1"
    CYRILLIC = "iso8859_5"
    HEBREW = "iso8859_8"
    UCS2 = "ucs2"
    DATA = "data"


class Piece(NamedTuple):
    """A whole user data field, or a part's."""

    part: int
    """From 1."""
    data_coding: int
    header: bytes
    """The user data header without concatenation, with its length octet; b"": none."""
    octets: bytes
    """As `unwrapped` made them."""


_PLAIN = {
    1: Coding.IA5,
    3: Coding.LATIN1,
    6: Coding.CYRILLIC,
    7: Coding.HEBREW,
    8: Coding.UCS2,
}
_GROUPED = 0x10
"""Below it SMPP's own values; from it on TS 23.038's groups."""
_IN_GROUP = {0x00: Coding.SEVEN_BIT, 0x04: Coding.DATA, 0x08: Coding.UCS2, 0x0C: Coding.SEVEN_BIT}
"""Bits 3 and 2 of the general groups; the reserved 11 is the default alphabet."""


def coding_of(data_coding: int, operator: OperatorSettings) -> Coding:
    """What the operator means by a data_coding."""
    own = operator.data_codings
    if data_coding in (0, own.default):
        return Coding.SEVEN_BIT
    if data_coding == own.ucs2:
        return Coding.UCS2
    if data_coding == own.cyrillic and operator.cyrillic is Cyrillic.ISO_8859_5:
        return Coding.CYRILLIC
    if data_coding == own.flash_default:
        return Coding.SEVEN_BIT
    if data_coding == own.flash_ucs2:
        return Coding.UCS2
    if data_coding < _GROUPED:
        return _PLAIN.get(data_coding, Coding.DATA)
    return _of_group(data_coding)


def _of_group(dcs: int) -> Coding:
    """Read a DCS of TS 23.038, section 4: text with a class, or to be deleted; message waiting."""
    if dcs < 0x80:  # 00xx, 01xx
        return Coding.DATA if dcs & 0x20 else _IN_GROUP[dcs & 0x0C]
    if dcs < 0xE0:  # reserved, and message waiting in the default alphabet
        return Coding.SEVEN_BIT
    if dcs < 0xF0:  # message waiting in UCS-2
        return Coding.UCS2
    return Coding.DATA if dcs & 0x04 else Coding.SEVEN_BIT


def unwrapped(octets: bytes, data_coding: int, operator: OperatorSettings, header: int) -> bytes:
    """Bring user data to what can be joined to that of other parts: septets are unpacked.

    They begin at a whole septet behind the header of so many octets (TS 23.040, 9.2.3.24).
    """
    packed = operator.alphabet is Alphabet.GSM7_PACKED
    if packed and coding_of(data_coding, operator) is Coding.SEVEN_BIT:
        return unpack_to_end(octets, fill_bits=-8 * header % 7)
    return octets


def text_of(pieces: Sequence[Piece], total: int, operator: OperatorSettings) -> str:
    """Read the pieces that there are, in their order, of a message of `total` parts."""
    texts = []
    expected = 1
    for run in _runs(pieces):
        if run[0].part > expected:
            texts.append(MISSING)
        expected = run[-1].part + 1
        texts.append(_read(b"".join(piece.octets for piece in run), run[0], operator))
    if expected <= total:
        texts.append(MISSING)
    return "".join(texts)


def unreadable(octets: bytes) -> str:
    """What is kept of a message that cannot be read."""
    return f"{UNREADABLE} {_digits(octets)}".strip()


def _runs(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """What is read as one: neighbours that are written alike, each part once."""
    by_part = {piece.part: piece for piece in pieces}
    ordered = enumerate(by_part[part] for part in sorted(by_part))
    alike = groupby(ordered, lambda x: (x[1].part - x[0], x[1].data_coding, _tables(x[1])))
    return [[piece for _, piece in run] for _, run in alike]


def _tables(piece: Piece) -> Tables:
    return tables_of(parse_udh(piece.header).elements) if piece.header else NO_TABLES


def _read(octets: bytes, like: Piece, operator: OperatorSettings) -> str:
    coding = coding_of(like.data_coding, operator)
    if coding is Coding.DATA:
        return _digits(octets)
    if coding is Coding.UCS2:
        text = _ucs2(octets, little_endian=operator.cyrillic is Cyrillic.UCS2_LE)
    elif coding is Coding.SEVEN_BIT:
        text = _seven_bit(octets, _tables(like), operator.alphabet)
    elif coding is Coding.IA5:
        text = octets.decode("latin-1")  # what is over ASCII would be lost otherwise
    else:
        text = octets.decode(coding.value, "replace")
    return text.replace("\0", "")


def _seven_bit(octets: bytes, tables: Tables, alphabet: Alphabet) -> str:
    if alphabet in (Alphabet.GSM7, Alphabet.GSM7_PACKED):
        return decode_national(octets, tables)
    return octets.decode("latin-1")


def _ucs2(octets: bytes, *, little_endian: bool) -> str:
    """A byte order mark, where there is one, knows better than the settings."""
    if octets[:2] in (b"\xfe\xff", b"\xff\xfe"):
        little_endian, octets = octets[:1] == b"\xff", octets[2:]
    return octets.decode("utf-16-le", "replace") if little_endian else decode_ucs2(octets)


def _digits(octets: bytes) -> str:
    return octets.hex().upper()
