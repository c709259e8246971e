"""The two encodings a text can travel in, and the two ways it cannot.

The numbers of `Encoding` are SMPP's data_coding values (SMPP 3.4, 5.2.19). Knows no alphabet.
"""

from enum import IntEnum


class Encoding(IntEnum):
    """How a text is carried; the value is SMPP's data_coding."""

    GSM7 = 0
    UCS2 = 8


class UnencodableText(ValueError):
    """A text that the asked-for encoding cannot carry: a lone surrogate, or no GSM character."""


class TooManyParts(ValueError):
    """A text that needs over 255 parts: the part number is one octet (TS 23.040, 9.2.3.24.1)."""
