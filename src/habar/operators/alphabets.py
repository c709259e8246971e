"""In which octets a text goes to an operator, and which data_coding says so (5.2.19).

A text is cut into parts as GSM 7-bit or UCS-2, whatever the operator reads: that is how it was
counted and charged. Each part is then rewritten here, one character for one.
Guarantees: what is plain (GSM 7-bit unpacked, UCS-2) is not touched, nor is what is no text.
Knows no parts, no headers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from habar.model.message import Outgoing
from habar.model.message_type import MessageType
from habar.operators.settings import Alphabet, Cyrillic, OperatorSettings
from habar.wire.text import (
    Encoding,
    decode_gsm7,
    decode_ucs2,
    encode_ascii,
    encode_iso8859_5,
    encode_latin1,
    fits_iso8859_5,
    pack_to_end,
    swap_octets,
)

Rewrite: TypeAlias = Callable[[bytes, int], bytes]
"""Unpacked septets or UTF-16BE, and the size of the header before them, to the operator's octets.
Raises ValueError."""

_GSM7_CODING = int(Encoding.GSM7)
_FLASH = int(MessageType.FLASH)
_HAS_CLASS = 0x10
_CLASS = 0x03
"""Bits of a data coding scheme: that it says a class, and which one (TS 23.038, 4)."""
_PLAIN_DEFAULT = Alphabet.GSM7
_ISO_8859_5 = Cyrillic.ISO_8859_5
_UCS2_LE = Cyrillic.UCS2_LE


def coding(message: Outgoing, operator: OperatorSettings) -> tuple[Rewrite | None, int]:
    """How the parts of a text are rewritten (None: not at all), and their data_coding.

    ISO-8859-5 is for texts that it holds completely; a text with a class is UCS-2 even then, as no
    data_coding says both (TS 23.038, 4).
    """
    codings, kind = operator.data_codings, message.message_type
    if message.data_coding == _GSM7_CODING:
        alphabet = operator.alphabet
        return (
            None if alphabet is _PLAIN_DEFAULT else _DEFAULT[alphabet],
            _of_class(codings.flash_default, kind) if kind else codings.default,
        )
    cyrillic = operator.cyrillic
    if cyrillic is _ISO_8859_5 and not kind and fits_iso8859_5(message.text):
        return _iso8859_5, codings.cyrillic
    return (
        _swapped if cyrillic is _UCS2_LE else None,
        _of_class(codings.flash_ucs2, kind) if kind else codings.ucs2,
    )


def rewriting(alphabet: Encoding | None, operator: OperatorSettings) -> Rewrite | None:
    """How data is rewritten that has a data_coding of its own; None: not at all."""
    if alphabet is Encoding.GSM7:
        return _DEFAULT.get(operator.alphabet)
    if alphabet is Encoding.UCS2 and operator.cyrillic is _UCS2_LE:
        return _swapped
    return None


def _of_class(flash: int, message_type: int) -> int:
    """The operator's data_coding for flashes, with the class of this type in its low two bits.

    Where the operator's says no class at all, it is left as it is.
    """
    if message_type == _FLASH or not flash & _HAS_CLASS:
        return flash
    return flash & ~_CLASS | message_type - _FLASH


def _packed(septets: bytes, header: int) -> bytes:
    """Fill bits bring the text to a septet boundary behind its header (TS 23.040, 9.2.3.24)."""
    return pack_to_end(septets, fill_bits=-8 * header % 7)


def _latin1(septets: bytes, _header: int) -> bytes:
    return encode_latin1(decode_gsm7(septets))


def _ascii(septets: bytes, _header: int) -> bytes:
    return encode_ascii(decode_gsm7(septets))


def _swapped(ucs2: bytes, _header: int) -> bytes:
    return swap_octets(ucs2)


def _iso8859_5(ucs2: bytes, _header: int) -> bytes:
    return encode_iso8859_5(decode_ucs2(ucs2))


_DEFAULT: dict[Alphabet, Rewrite] = {
    Alphabet.GSM7_PACKED: _packed,
    Alphabet.LATIN1: _latin1,
    Alphabet.ASCII: _ascii,
}
