"""Tenge as staff write them, to the tiyn that are kept, and back. Exact: no floats."""

from __future__ import annotations

import re

from habar.errors import InvalidValue

_FORM = re.compile(r"(-?)([0-9]{1,13})(?:[.,]([0-9]{1,2}))?", re.ASCII)


def parse_money(text: str) -> int:
    """Tiyn of `10.52`, `10,5` or `-3`. Raises InvalidValue."""
    found = _FORM.fullmatch(text.strip())
    if not found:
        raise InvalidValue(f"{text!r} is not an amount such as 10.52")
    tiyn = int(found[2]) * 100 + int((found[3] or "0").ljust(2, "0"))
    return -tiyn if found[1] else tiyn


def format_money(tiyn: int) -> str:
    """`10.52`, always with two decimals."""
    whole, hundredths = divmod(abs(tiyn), 100)
    return f"{'-' if tiyn < 0 else ''}{whole}.{hundredths:02}"
