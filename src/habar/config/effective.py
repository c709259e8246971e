"""From what an operator's own settings say to the values that hold, and to JSON and back.

Guarantees: an own setting wins over the profile, and the profile over the default; the JSON holds
what is said and no more (the profile by its name), so that a better profile of a later version
holds for operators that are there already. A password that is said stands in the JSON as it is;
of `password_file` it holds the path, and the file is read by whoever makes the link.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import FieldInfo

from habar.config.fields import ConfigError, Unfit, fields, read, read_all
from habar.config.operator import STANDARD, OperatorSettings
from habar.config.profiles import profile
from habar.config.together import contradictions


class Origin(StrEnum):
    """Where a value comes from."""

    OWN = "own"
    PROFILE = "profile"
    DEFAULT = "default"


def setting_names() -> tuple[str, ...]:
    """Every setting of an operator, in the order of the reference."""
    return tuple(fields(OperatorSettings))


def parse(name: str, text: str) -> Any:
    """A setting from text: lists with commas, tables as JSON. Raises Unfit."""
    return read(OperatorSettings, name, text, from_text=True)


def effective(own: Mapping[str, Any]) -> OperatorSettings:
    """The values that hold, of own settings that have been read. Raises Unfit: no such profile."""
    try:
        given = profile(own.get("profile", STANDARD)).values
    except Unfit as unfit:
        raise Unfit(f"profile: {unfit}") from None
    return OperatorSettings(**{**given, **own}, said=frozenset(own))


def own_settings(operator: OperatorSettings) -> dict[str, Any]:
    """What is the operator's own: what was said, and what differs from profile and defaults."""
    base = _base(operator)
    return {
        name: value
        for name in fields(OperatorSettings)
        if (value := getattr(operator, name)) != base.get(name) or name in operator.said
    }


def origins(operator: OperatorSettings) -> dict[str, Origin]:
    """Where the value of each setting comes from."""
    own = own_settings(operator)
    given = profile(operator.profile).values

    def of(name: str) -> Origin:
        if name in own:
            return Origin.OWN
        return Origin.PROFILE if name in given else Origin.DEFAULT

    return {name: of(name) for name in fields(OperatorSettings)}


def to_json(operator: OperatorSettings) -> str:
    """What is said, without the name, by which it is kept."""
    own = own_settings(operator)
    del own["name"]
    return msgspec.json.encode(own, order="sorted").decode()


def from_json(name: str, text: str) -> OperatorSettings:
    """Settings of that JSON. Raises ConfigError with every fault, each with the name in it."""
    where = f"operator {name}"
    own = _own_of_json(name, text)
    known = fields(OperatorSettings)
    strange = [
        f"{where}: this version knows no setting {each!r}; a newer one wrote it, and only that can"
        " serve this operator"
        for each in sorted(own.keys() - known)
    ]
    if strange:
        raise ConfigError(strange)
    return check({**own, "name": name}, where)


def check(own: Mapping[str, Any], where: str) -> OperatorSettings:
    """The values that hold, of own settings as TOML has them. Raises ConfigError."""
    faults: list[str] = []
    made = read_all(OperatorSettings, own, where, faults)
    if not faults:
        try:
            operator = effective(made)
        except Unfit as unfit:
            raise ConfigError([f"{where} {unfit}"]) from None
        faults += [f"{where} {fault}" for fault in contradictions(operator)]
        if not faults:
            return operator
    raise ConfigError(faults)


def _own_of_json(name: str, text: str) -> dict[str, Any]:
    """What the JSON says, by name and not yet read. Raises ConfigError."""
    try:
        own = json.loads(text)
    except ValueError:
        own = None
    if not isinstance(own, dict):
        raise ConfigError([f"operator {name}: its settings are not a JSON object"])
    return own


def _base(operator: OperatorSettings) -> dict[str, Any]:
    """The values that would hold if the operator said nothing of its own but its profile's name."""
    base = {name: _default(field) for name, field in fields(OperatorSettings).items()}
    return {**base, **profile(operator.profile).values}


def _default(field: FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return None if field.required else field.default
