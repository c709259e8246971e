"""SMS:BINARY: octets written in hexadecimal, sent as 8-bit data.

Guarantees: the octets arrive as they were written. Knows no header of the customer's own: that is
SMS:BINARY:XML.
"""

from habar.wire.content.hexadecimal import octets
from habar.wire.content.values import Content, UnreadableContent

_EIGHT_BIT = 0x04
"""8-bit data of no class (TS 23.038, 4)."""


def binary(data: str) -> Content:
    """Read the octets. Raises UnreadableContent."""
    content = octets(data, "data")
    if not content:
        raise UnreadableContent("data: no octets")
    return Content(_EIGHT_BIT, 0, b"", content)
