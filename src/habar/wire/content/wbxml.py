"""WBXML, as far as pushes and bookmarks need it (WAP-192, WAP Binary XML).

Guarantees: pure octets from values that are checked already. Knows no document type: its tokens are
arguments. All strings are inline, in UTF-8; there is no string table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_END: Final = b"\x01"
_STR_I: Final = b"\x03"
_OPAQUE: Final = b"\xc3"
_UTF_8: Final = 0x6A
"""IANA's MIBenum."""
_WITH_ATTRIBUTES: Final = 0x80
_WITH_CONTENT: Final = 0x40


def document(version: int, public_id: int, body: bytes) -> bytes:
    """The head of a document without string table, and its body (5.4)."""
    return bytes((version, public_id, _UTF_8, 0)) + body


def element(tag: int, attributes: bytes = b"", content: bytes = b"") -> bytes:
    """An element by its tag token (5.8.2)."""
    bits = (_WITH_ATTRIBUTES if attributes else 0) | (_WITH_CONTENT if content else 0)
    return (
        bytes((tag | bits,))
        + (attributes + _END if attributes else b"")
        + (content + _END if content else b"")
    )


def string(text: str) -> bytes:
    """An inline string, ended by NUL (5.8.4.1)."""
    return _STR_I + text.encode("utf-8") + b"\0"


def opaque(octets: bytes) -> bytes:
    """At most 127 octets that mean what the document type says (5.8.4.6)."""
    return _OPAQUE + bytes((len(octets),)) + octets


def tokenised(text: str, starts: Mapping[str, int], values: Mapping[str, int]) -> bytes:
    """An attribute with the start of its value by the longest of `starts` ("" the name alone).

    Of the rest, what stands in `values` goes by its token (5.8.3).
    """
    start = max((one for one in starts if text.startswith(one)), key=len)
    pieces = re.split(f"({'|'.join(map(re.escape, values))})", text[len(start) :])
    coded = (bytes((values[one],)) if one in values else string(one) for one in pieces if one)
    return bytes((starts[start],)) + b"".join(coded)
