"""Settings as people type them on a command line: NAME=VALUE."""

from __future__ import annotations

from collections.abc import Iterable

from habar.cli.place import fail


def read_pairs(settings: Iterable[str]) -> dict[str, str]:
    """Names and values; what is no pair, or a name said twice, stops the command with code 2."""
    pairs: dict[str, str] = {}
    for setting in settings:
        name, sign, value = (part.strip() for part in setting.partition("="))
        if not sign or not name:
            fail(f"{setting!r}: NAME=VALUE is expected", 2)
        if name in pairs:
            fail(f"{name} is given twice", 2)
        pairs[name] = value
    return pairs
