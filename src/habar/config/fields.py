"""One setting: its value brought to its type, or words for why that cannot be.

Guarantees: the words never hold the value, which may be a secret.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

_WORDS: dict[object, str] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


class Unfit(Exception):
    """The value is not the setting's; the text says what is expected."""


def fields(kind: type[Struct]) -> dict[str, FieldInfo]:
    """A section's settings by name."""
    return {field.name: field for field in msgspec.structs.fields(kind)}


def read(kind: type[Struct], name: str, value: object, *, from_text: bool = False) -> Any:
    """The value of a setting; `from_text`: of the environment, where all is text. Raises Unfit."""
    known = fields(kind)
    if name not in known:
        raise Unfit(f"unknown setting{nearest(name, known)}")
    type_ = known[name].type
    try:
        return msgspec.convert(value, type_, strict=not from_text)
    except msgspec.ValidationError:
        raise Unfit(f"expected {expected(type_)}") from None


def expected(type_: Any) -> str:
    """In words what a setting may be."""
    if get_origin(type_) is Annotated:
        for mark in get_args(type_)[1:]:
            if isinstance(mark, msgspec.Meta) and mark.description:
                return mark.description
    if get_origin(type_) is Literal:
        return "one of " + ", ".join(f'"{word}"' for word in get_args(type_))
    return _WORDS[type_]


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or nothing where no known name is near."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
