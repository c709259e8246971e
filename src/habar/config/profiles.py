"""The profiles that are shipped: named values for an operator's settings.

Guarantees: each is one TOML file of the package, read once; its first comment says what kind of
SMSC it fits. A profile says no more than `[[operators]]` may say, and nothing of who we are there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

from habar.config.fields import Unfit, nearest, read
from habar.config.operator import OperatorSettings


class Profile(NamedTuple):
    """A profile as its file says it."""

    name: str
    summary: str
    """What kind of SMSC it fits, in a sentence."""
    values: Mapping[str, Any]
    """In the form in which settings are kept."""


def profile(name: str) -> Profile:
    """One of them. Raises Unfit, which names those that there are."""
    there = profiles()
    if name not in there:
        raise Unfit(
            f"there is no profile of that name{nearest(name, there)}; there are: {', '.join(there)}"
        )
    return there[name]


@cache
def profiles() -> Mapping[str, Profile]:
    """All of them, by name."""
    folder = files("habar.config") / "profiles"
    found = sorted(
        (file.name.removesuffix(".toml"), file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    )
    return MappingProxyType({name: _read(name, text) for name, text in found})


def _read(name: str, text: str) -> Profile:
    summary = text.partition("\n")[0].removeprefix("# ")
    values = {
        setting: read(OperatorSettings, setting, value)
        for setting, value in tomllib.loads(text).items()
    }
    return Profile(name, summary, MappingProxyType(values))
