"""Reads and writes the optional parameters (5.3) by the table of their kinds.

Guarantees: order and repetition survive; unknown tags are kept as raw octets; up to three octets
left over at the end, too few for a parameter, are ignored (real peers pad). A parameter that runs
past the PDU is ESME_RINVOPTPARSTREAM, an integer of an impossible size ESME_RINVPARLEN.
Does not know: which parameter makes sense on which PDU.

More liberal than the standard: an integer may be of 1 to 4 octets whatever the table says, octets
of any length, a string may lack its NUL. Refusing an operator's receipt for these would lose it.
"""

from collections.abc import Iterable, Mapping
from struct import Struct

from habar.wire.smpp.constants import CommandStatus
from habar.wire.smpp.errors import EncodeError, FieldError
from habar.wire.smpp.pdu import Tlvs, TlvValue
from habar.wire.smpp.table import TLVS, TlvKind, TlvSpec

_HEADER = Struct(">HH")
_LONGEST_INTEGER = 4
_LONGEST_STRING = 256
_KINDS = {tag: spec.kind for tag, spec in TLVS.items()}


def tlv_items(tlvs: Tlvs) -> Iterable[tuple[int, TlvValue]]:
    """Read a mapping or a sequence of pairs as pairs."""
    return tlvs.items() if isinstance(tlvs, Mapping) else tlvs


def encode_tlvs(tlvs: Tlvs) -> bytes:
    """Write optional parameters in the order given. Raises EncodeError."""
    if not tlvs:
        return b""
    parts = []
    for tag, value in tlv_items(tlvs):
        octets = _octets_of(tag, value)
        if not 0 <= tag <= 0xFFFF or len(octets) > 0xFFFF:
            raise EncodeError(CommandStatus.ESME_RINVPARLEN, f"TLV 0x{tag:04X} does not fit")
        parts.append(_HEADER.pack(tag, len(octets)) + octets)
    return b"".join(parts)


def _octets_of(tag: int, value: TlvValue) -> bytes:
    spec = TLVS.get(tag)
    if spec is None:
        if isinstance(value, bytes):
            return value
        raise EncodeError(CommandStatus.ESME_RINVPARLEN, f"TLV 0x{tag:04X} must be octets")
    octets = _raw(spec, value)
    if not spec.least <= len(octets) <= spec.most:
        raise EncodeError(CommandStatus.ESME_RINVPARLEN, f"{spec.tag.name}: length {len(octets)}")
    return octets


def _raw(spec: TlvSpec, value: TlvValue) -> bytes:
    if spec.kind is TlvKind.INTEGER:
        if isinstance(value, int) and 0 <= value < 1 << (8 * spec.most):
            return value.to_bytes(spec.most, "big")
    elif isinstance(value, bytes):
        return value if spec.kind is TlvKind.OCTETS else value + b"\0"
    raise EncodeError(CommandStatus.ESME_RINVPARLEN, f"{spec.tag.name} is out of range")


def decode_tlvs(
    buffer: bytes, pos: int, end: int, *, forgiving: bool = False
) -> tuple[tuple[int, TlvValue], ...]:
    """Read optional parameters up to `end`; `forgiving` keeps the good ones and raises nothing.

    Raises FieldError.
    """
    found: list[tuple[int, TlvValue]] = []
    while end - pos >= _HEADER.size:
        tag, length = _HEADER.unpack_from(buffer, pos)
        pos += _HEADER.size
        stop = pos + length
        try:
            if stop > end:
                raise FieldError(
                    CommandStatus.ESME_RINVOPTPARSTREAM, f"TLV 0x{tag:04X} runs past the PDU"
                )
            found.append((tag, _value(tag, buffer[pos:stop])))
        except FieldError:
            if not forgiving:
                raise
        pos = stop
    return tuple(found)


def _value(tag: int, octets: bytes) -> TlvValue:
    kind = _KINDS.get(tag)
    if kind is TlvKind.INTEGER:
        if not 1 <= len(octets) <= _LONGEST_INTEGER:
            raise FieldError(CommandStatus.ESME_RINVPARLEN, f"TLV 0x{tag:04X}: {len(octets)} long")
        return int.from_bytes(octets, "big")
    if kind is TlvKind.CSTRING:
        text = octets.partition(b"\0")[0]
        if len(text) >= _LONGEST_STRING:
            raise FieldError(CommandStatus.ESME_RINVPARLEN, f"TLV 0x{tag:04X}: {len(octets)} long")
        return text
    return octets
