"""One setting: its value brought to its type, or words for why that cannot be.

Guarantees: the words never hold the value, which may be a secret, unless it is a name that the
setting's own `Spelling` has found to be of a harmless form.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
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
NO_SETTING = "no setting"
"""In a field's Annotated: nobody can set it."""


class ConfigError(Exception):
    """The settings cannot be used. `faults` lists every fault found, one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class Unfit(Exception):
    """The value is not the setting's; the text says what is expected."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """In a type's Annotated: how what people write becomes the one form that is kept.

    `read` is given a value as TOML has it and gives back another, or the same where it is not of
    a form that it knows; the type is checked after it. May raise Unfit.
    """

    read: Callable[[object], object]


@cache
def fields(kind: type[Struct]) -> Mapping[str, FieldInfo]:
    """A section's settings by name.

    To find them takes milliseconds, and each setting of an operator that is read asks for them.
    """
    found = {
        field.name: field
        for field in msgspec.structs.fields(kind)
        if NO_SETTING not in _marks(field.type)
    }
    return MappingProxyType(found)


def read(kind: type[Struct], name: str, value: object, *, from_text: bool = False) -> Any:
    """The value of a setting; `from_text`: of the environment, where all is text. Raises Unfit."""
    known = fields(kind)
    if name not in known:
        raise Unfit(f"unknown setting{nearest(name, known)}")
    type_ = known[name].type
    if from_text and isinstance(value, str):
        value = _parted(type_, value)
    for mark in _marks(type_):
        if isinstance(mark, Spelling):
            value = mark.read(value)
    try:
        return msgspec.convert(value, type_, strict=not from_text)
    except msgspec.ValidationError:
        raise Unfit(f"expected {expected(type_)}") from None


def read_all(
    kind: type[Struct], values: Mapping[str, object], where: str, faults: list[str]
) -> dict[str, Any]:
    """All of a section that can be read, of values as TOML has them; faults go to `faults`."""
    made: dict[str, Any] = {}
    for name, given in values.items():
        try:
            made[name] = read(kind, name, given)
        except Unfit as unfit:
            faults.append(f"{where} {name}: {unfit}")
    faults.extend(
        f"{where} {name}: missing"
        for name, field in fields(kind).items()
        if field.required and name not in values
    )
    return made


def expected(type_: Any) -> str:
    """In words what a setting may be."""
    for mark in _marks(type_):
        if isinstance(mark, msgspec.Meta) and mark.description:
            return mark.description
    if get_origin(type_) is Annotated:
        return expected(get_args(type_)[0])
    if get_origin(type_) is Literal:
        return "one of " + ", ".join(f'"{word}"' for word in get_args(type_))
    return _WORDS[type_]


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or nothing where no known name is near."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _marks(type_: Any) -> tuple[Any, ...]:
    return get_args(type_)[1:] if get_origin(type_) is Annotated else ()


def _parted(type_: Any, text: str) -> object:
    """Text as TOML would have it where the type is a list (commas between) or a table (JSON)."""
    bare = get_args(type_)[0] if get_origin(type_) is Annotated else type_
    origin = get_origin(bare)
    holds_tables = origin is tuple and issubclass(get_args(bare)[0], Struct)
    if origin is dict or holds_tables:
        try:
            return json.loads(text)
        except ValueError:
            raise Unfit(f"expected {expected(type_)}, as JSON") from None
    if origin is tuple:
        return [word for each in text.split(",") if (word := each.strip())]
    return text
