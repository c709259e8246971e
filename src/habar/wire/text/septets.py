"""Septets packed eight into seven octets, as they go on the air (TS 23.038, 6.1.2.1).

SMPP carries septets unpacked; some operators and all phones have them packed. Fill bits stand
before the first septet where a user data header does not end on a septet (TS 23.040, 9.2.3.24).
Packing takes a time linear in the text; unpacking is meant for one user data field (140 octets)
at a time. Knows no alphabet and no header, save for CR, with which an end is padded.
"""

_CR = b"\r"
_BITS = [f"{septet:07b}" for septet in range(0x80)]


def pack_septets(septets: bytes, *, fill_bits: int = 0) -> bytes:
    """Pack septets (one an octet) after 0 to 6 zero bits; the last octet is filled with zeros.

    Raises ValueError for an octet over 0x7F or fill bits out of range.
    """
    _check_fill(fill_bits)
    if not septets:
        return b""
    if max(septets) > 0x7F:
        raise ValueError("an octet over 0x7F is no septet")
    number = int("".join([_BITS[septet] for septet in reversed(septets)]), 2)
    size = (7 * len(septets) + fill_bits + 7) // 8
    return (number << fill_bits).to_bytes(size, "little")


def pack_to_end(septets: bytes, *, fill_bits: int = 0) -> bytes:
    """Pack septets for a reader who knows only how many octets there are, as in SMPP.

    Seven spare bits at the end would read as one more `@`: CR fills them (TS 23.038, 6.1.2.3.1;
    the rule is USSD's, where nobody counts septets either). The standard's second CR, for a text
    that ends in CR itself on the last bit, is left out: at most that CR is lost, and 160 septets
    have no room for it.
    Raises ValueError as pack_septets does.
    """
    spare = -(7 * len(septets) + fill_bits) % 8
    return pack_septets(septets + _CR if spare == 7 else septets, fill_bits=fill_bits)


def unpack_septets(octets: bytes, count: int, *, fill_bits: int = 0) -> bytes:
    """Unpack `count` septets (fewer where the octets end first), one an octet.

    The count is needed: seven spare bits at the end cannot be told from one more `@`.
    Raises ValueError for fill bits out of range.
    """
    _check_fill(fill_bits)
    number = int.from_bytes(octets, "little") >> fill_bits
    held = max(0, (8 * len(octets) - fill_bits) // 7)
    return bytes(number >> 7 * place & 0x7F for place in range(min(count, held)))


def unpack_to_end(octets: bytes, *, fill_bits: int = 0) -> bytes:
    """Unpack all septets there are, for a reader who knows only how many octets, as in SMPP.

    Seven spare bits at the end read as one septet more. CR there is padding, as `pack_to_end`
    writes it, and so is zero, as those write it who know TS 23.040 only: one text in eight has
    such an end, and hardly one ends in an `@` just there.
    Takes a time linear in the octets. Raises ValueError for fill bits out of range.
    """
    _check_fill(fill_bits)
    held, odd = divmod(max(0, 8 * len(octets) - fill_bits), 7)
    shifted = (int.from_bytes(octets, "little") >> fill_bits).to_bytes(len(octets), "little")
    septets = b"".join(unpack_septets(shifted[at : at + 7], 8) for at in range(0, len(octets), 7))
    septets = septets[:held]
    return septets[:-1] if not odd and septets[-1:] in (_CR, b"\0") else septets


def _check_fill(fill_bits: int) -> None:
    if not 0 <= fill_bits <= 6:
        raise ValueError("fill bits are 0 to 6")
