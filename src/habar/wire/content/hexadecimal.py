"""Octets as customers write them: pairs of hexadecimal digits.

White space is passed over wherever it stands: long data comes broken into lines, or in groups.
"""

from habar.wire.content.values import UnreadableContent

_DIGITS = frozenset("0123456789abcdefABCDEF")


def octets(data: str, where: str) -> bytes:
    """Read hexadecimal digits; `where` names their place. Raises UnreadableContent."""
    digits = "".join(data.split())
    if not _DIGITS.issuperset(digits):
        raise UnreadableContent(f"{where}: a character that is no hexadecimal digit")
    if len(digits) % 2:
        raise UnreadableContent(f"{where}: an odd number of hexadecimal digits")
    return bytes.fromhex(digits)


def octet(data: str, where: str) -> int:
    """Read one octet. Raises UnreadableContent."""
    read = octets(data, where)
    if len(read) != 1:
        raise UnreadableContent(f"{where}: not one octet of two hexadecimal digits")
    return read[0]
