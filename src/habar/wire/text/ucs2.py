"""UCS-2 as phones really read it: UTF-16, big endian (TS 23.038, 6.2.3).

Characters beyond the basic plane, emoji among them, are surrogate pairs of two units.
Guarantees: what encodes also decodes to itself; decoding never raises.
"""

from habar.wire.text.encoding import UnencodableText


def encode_ucs2(text: str) -> bytes:
    """Encode to UTF-16BE, two octets a unit. Raises UnencodableText for a lone surrogate."""
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise UnencodableText(f"lone surrogate at index {error.start}") from None


def decode_ucs2(octets: bytes) -> str:
    """Decode UTF-16BE; a lone surrogate or a missing last octet reads as U+FFFD, never raises."""
    return octets.decode("utf-16-be", errors="replace")


def swap_octets(ucs2: bytes) -> bytes:
    """Turn UTF-16BE into UTF-16LE, unit by unit, for operators that read it so."""
    swapped = bytearray(ucs2)
    swapped[0::2], swapped[1::2] = ucs2[1::2], ucs2[0::2]
    return bytes(swapped)
