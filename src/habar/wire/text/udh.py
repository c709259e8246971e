"""The user data header before a text: information elements, concatenation (TS 23.040, 9.2.3.24).

Guarantees: `parse_udh` never raises and never reads past its octets; what is garbled is no
concatenation. Knows nothing of the text behind the header.
"""

from dataclasses import dataclass
from typing import NamedTuple

IE_CONCATENATED_8 = 0x00
IE_CONCATENATED_16 = 0x08


class Concatenation(NamedTuple):
    """One part's place: parts of one message share reference and total; sequence is 1 to total."""

    reference: int
    total: int
    sequence: int
    bits: int


@dataclass(frozen=True, slots=True)
class UserDataHeader:
    """What a header says: its elements in order as (identifier, data) and its size in octets.

    `size` counts the length octet too, so the text begins at `data[size:]`; 0 where there is no
    readable header. `concatenation` is the last valid one, as the standard asks.
    """

    elements: tuple[tuple[int, bytes], ...]
    size: int
    concatenation: Concatenation | None


def concatenation_header(reference: int, total: int, sequence: int, bits: int) -> bytes:
    """Build the whole header of one part: 6 octets with an 8-bit reference, 7 with 16 bits."""
    if bits == 8:
        return bytes((5, IE_CONCATENATED_8, 3, reference & 0xFF, total, sequence))
    high, low = reference >> 8 & 0xFF, reference & 0xFF
    return bytes((6, IE_CONCATENATED_16, 4, high, low, total, sequence))


def parse_udh(data: bytes) -> UserDataHeader:
    """Read the header that `data` (a short_message with esm_class 0x40) begins with.

    A length octet that promises more than there is means that there is no header (size 0). An
    element that overruns the header ends the reading; those before it are kept.
    """
    if not data or data[0] + 1 > len(data):
        return UserDataHeader((), 0, None)
    size = data[0] + 1
    elements = tuple(_elements(data, size))
    concatenation = None
    for identifier, content in elements:
        concatenation = _concatenation(identifier, content) or concatenation
    return UserDataHeader(elements, size, concatenation)


def _elements(data: bytes, size: int) -> list[tuple[int, bytes]]:
    elements = []
    at = 1
    while at + 2 <= size and at + 2 + data[at + 1] <= size:
        end = at + 2 + data[at + 1]
        elements.append((data[at], data[at + 2 : end]))
        at = end
    return elements


def _concatenation(identifier: int, content: bytes) -> Concatenation | None:
    """Read one element; None where it is another one, or is to be ignored (9.2.3.24.1)."""
    if identifier == IE_CONCATENATED_8 and len(content) == 3:
        bits = 8
    elif identifier == IE_CONCATENATED_16 and len(content) == 4:
        bits = 16
    else:
        return None
    total, sequence = content[-2], content[-1]
    if not 1 <= sequence <= total:
        return None
    return Concatenation(int.from_bytes(content[:-2], "big"), total, sequence, bits)
