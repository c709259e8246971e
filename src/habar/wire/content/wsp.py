"""The push that carries a document to a handset: a WSP unit without session (WAP-203, 8.2.4.1).

Guarantees: pure. Knows no document.
"""

from typing import Final

_TRANSACTION: Final = 0xEA
"""Nobody answers a push, so any number will do; customers' pushes have had this one."""
_PUSH: Final = 0x06

SERVICE_INDICATION: Final = b"\xae"
"""application/vnd.wap.sic as a well-known value, short form (8.4.2.24; assigned number 0x2E)."""
SERVICE_LOADING: Final = b"\xb0"
"""application/vnd.wap.slc (0x30)."""
_CHARSET_UTF_8: Final = b"\x81\xea"
"""The parameter `charset` (0x01), short form, with MIBenum 106."""


def named_type(name: str) -> bytes:
    """A content type that has no number, in UTF-8 (8.4.2.24, Content-general-form)."""
    value = name.encode("ascii") + b"\0" + _CHARSET_UTF_8
    length = bytes((len(value),)) if len(value) <= 30 else b"\x1f" + bytes((len(value),))
    return length + value


def push(content_type: bytes, body: bytes) -> bytes:
    """A Push of a body, its content type the only header."""
    return bytes((_TRANSACTION, _PUSH, len(content_type))) + content_type + body
