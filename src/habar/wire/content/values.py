"""A message made for the air: its data_coding, its header, its octets, and the SMS that it takes.

An SMS has 140 octets (TS 23.040, 9.2.3.24). What needs more goes in parts, each with the message's
own header and one element more, of concatenation.
Guarantees: `pieces` are as many as `parts` says, whatever the reference; joined they are `data`.
Knows no message type and no operator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from habar.wire.content.coding import alphabet_of
from habar.wire.text import Encoding, parse_udh
from habar.wire.text.parts import MAX_PARTS, cut
from habar.wire.text.udh import concatenation_header

OCTETS: Final = 140
_LEAST_ROOM: Final = 8
"""Octets of a part that a header must leave; less would make hundreds of parts of a few letters."""


class UnreadableContent(ValueError):
    """Data that is not what its message type asks for. Says what and where, never the data."""


@dataclass(frozen=True, slots=True)
class Content:
    """What goes on the air, before it is cut into parts."""

    data_coding: int
    """TP-DCS (TS 23.038, 4)."""
    protocol_id: int
    """TP-PID (TS 23.040, 9.2.3.9)."""
    header: bytes
    """The header's information elements, without its length octet; b"" none."""
    data: bytes
    """What follows the header: octets, septets (one an octet) or UTF-16BE, as data_coding says."""

    @property
    def alphabet(self) -> Encoding | None:
        """What text the data is; None: octets that are no text, to be left as they are."""
        return alphabet_of(self.data_coding)

    @property
    def parts(self) -> int:
        """SMS that it takes, with references of 8 bits."""
        return self.count(8)

    def count(self, reference_bits: int) -> int:
        """SMS that it takes with references of 8 or 16 bits."""
        if self.fits:
            return 1
        return sum(1 for _ in self._cut(reference_bits))

    def pieces(self, reference: int, reference_bits: int = 8) -> list[tuple[bytes, bytes]]:
        """Cut in SMS: the header with its length octet (b"" none) and the data of each, in order.

        `reference` is any number from 0: its low 8 or 16 bits are used.
        """
        if self.fits:
            return [(_with_length(self.header) if self.header else b"", self.data)]
        cuts = list(self._cut(reference_bits))
        return [
            (_with_length(self.header + _place(reference, len(cuts), n, reference_bits)), piece)
            for n, piece in enumerate(cuts, 1)
        ]

    @property
    def fits(self) -> bool:
        """Whether one SMS holds it."""
        return len(self.data) <= self._room(1 + len(self.header) if self.header else 0)

    def check(self) -> None:
        """Raise UnreadableContent where it cannot be sent in SMS."""
        if self.fits:
            return
        if parse_udh(_with_length(self.header)).concatenation:
            raise UnreadableContent(f"over {OCTETS} octets, and its header says it is a part")
        if OCTETS - 1 - len(self.header + _place(0, 1, 1, 16)) < _LEAST_ROOM:
            raise UnreadableContent("its header leaves no room for its data")
        if self.parts > MAX_PARTS:
            raise UnreadableContent(f"over {MAX_PARTS} parts")

    def _cut(self, reference_bits: int) -> Iterator[bytes]:
        header = self.header + _place(0, 1, 1, reference_bits)
        return cut(self.data, self._room(1 + len(header)), self.alphabet)

    def _room(self, header: int) -> int:
        """Octets or septets of data in an SMS with a header of so many octets."""
        left = OCTETS - header
        match self.alphabet:
            case Encoding.GSM7:
                return left * 8 // 7
            case Encoding.UCS2:
                return left - left % 2  # 9.2.3.24.1: a character is not cut in the middle
        return left


def _place(reference: int, total: int, part: int, bits: int) -> bytes:
    """The element of concatenation (9.2.3.24.1, 9.2.3.24.8)."""
    return concatenation_header(reference, total, part, bits)[1:]


def _with_length(elements: bytes) -> bytes:
    return bytes((len(elements),)) + elements
