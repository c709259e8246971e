"""Whole PDUs out of a stream that comes in any pieces (3.2).

Guarantees: memory is bounded by one PDU and what came last; a PDU that comes octet by octet costs
no copy for each octet; a command_length outside 16 to 65536 is found as soon as it is read.
Does not know: what is in a PDU.
"""

from struct import Struct

from habar.wire.smpp.constants import HEADER_LENGTH, MAX_PDU
from habar.wire.smpp.errors import FramingError

_LENGTH = Struct(">I")


class Reassembly:
    """What is left of the stream when all whole PDUs are read."""

    __slots__ = ("_needed", "_partial")

    def __init__(self) -> None:
        self._partial = bytearray()
        self._needed = 0

    def join(self, data: bytes) -> bytes:
        """Return what is left from before and `data`, or b"" where no whole PDU can be there."""
        if not self._partial:
            return data
        self._partial += data
        if len(self._partial) < self._needed:
            return b""
        buffer = bytes(self._partial)
        self._partial.clear()
        return buffer

    def keep(self, buffer: bytes, pos: int) -> None:
        """Put by what stands from `pos` on. Raises FramingError where it can never be a PDU."""
        left = len(buffer) - pos
        self._needed = _LENGTH.size
        if left >= _LENGTH.size:
            (self._needed,) = _LENGTH.unpack_from(buffer, pos)
            if not HEADER_LENGTH <= self._needed <= MAX_PDU:
                number = buffer[pos + 12 : pos + 16] if left >= HEADER_LENGTH else b""
                raise FramingError(int.from_bytes(number, "big"), self._needed)
        self._partial += buffer[pos:]
