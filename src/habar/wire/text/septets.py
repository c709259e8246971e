"""Septets packed eight into seven octets, as they go on the air (TS 23.038, 6.1.2.1).

SMPP carries septets unpacked; some operators and all phones have them packed. Fill bits stand
before the first septet where a user data header does not end on a septet (TS 23.040, 9.2.3.24).
Meant for one user data field (140 octets) at a time. Knows no alphabet and no header.
"""


def pack_septets(septets: bytes, *, fill_bits: int = 0) -> bytes:
    """Pack septets (one an octet) after 0 to 6 zero bits; the last octet is filled with zeros.

    Raises ValueError for an octet over 0x7F or fill bits out of range.
    """
    _check_fill(fill_bits)
    if not septets:
        return b""
    if max(septets) > 0x7F:
        raise ValueError("an octet over 0x7F is no septet")
    number = sum(septet << 7 * place for place, septet in enumerate(septets))
    size = (7 * len(septets) + fill_bits + 7) // 8
    return (number << fill_bits).to_bytes(size, "little")


def unpack_septets(octets: bytes, count: int, *, fill_bits: int = 0) -> bytes:
    """Unpack `count` septets (fewer where the octets end first), one an octet.

    The count is needed: seven spare bits at the end cannot be told from one more `@`.
    Raises ValueError for fill bits out of range.
    """
    _check_fill(fill_bits)
    number = int.from_bytes(octets, "little") >> fill_bits
    held = max(0, (8 * len(octets) - fill_bits) // 7)
    return bytes(number >> 7 * place & 0x7F for place in range(min(count, held)))


def _check_fill(fill_bits: int) -> None:
    if not 0 <= fill_bits <= 6:
        raise ValueError("fill bits are 0 to 6")
