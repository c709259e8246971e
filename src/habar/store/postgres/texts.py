"""Texts with U+0000, which PostgreSQL cannot hold: written with an escape, read back as they were.

Customers' texts and operators' words may have any character. U+10FFFF, which nobody writes, marks
an escape; where it does occur it is escaped itself. Pure.
"""

from __future__ import annotations

import re

_MARK = "\U0010ffff"
_ESCAPED = {"\x00": f"{_MARK}0", _MARK: f"{_MARK}1"}
_PLAIN = {after: before for before, after in _ESCAPED.items()}
_TO_ESCAPE = re.compile(f"[\x00{_MARK}]")
_TO_READ = re.compile(f"{_MARK}[01]")


def pack(text: str) -> str:
    """The text as the database holds it."""
    if "\x00" not in text and _MARK not in text:
        return text
    return _TO_ESCAPE.sub(lambda found: _ESCAPED[found[0]], text)


def unpack(text: str) -> str:
    """The text as it was given to `pack`."""
    return text if _MARK not in text else _TO_READ.sub(lambda found: _PLAIN[found[0]], text)
