"""From a file and an environment to settings, or to the list of everything that is wrong."""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from habar.config.effective import effective
from habar.config.environment import over
from habar.config.fields import ConfigError, Unfit, fields, nearest, read, read_all
from habar.config.operator import OperatorSettings
from habar.config.passwords import password_faults, with_password_of_database
from habar.config.sense import anchored, senseless
from habar.config.settings import LISTS, TABLES, Settings


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a file, with the environment over it. Raises ConfigError."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: not TOML: it is not UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: not TOML: {error}"]) from None
    return build(document, environ, base=path.parent)


def build(document: Mapping[str, Any], environ: Mapping[str, str], base: Path) -> Settings:
    """Settings of a parsed file. Relative paths are relative to `base`. Raises ConfigError."""
    faults: list[str] = []
    parts: dict[str, Any] = {}
    for name, value in over(document, environ, faults).items():
        if name in TABLES:
            part = _table(TABLES[name], value, f"[{name}]", faults)
            if part is not None:
                parts[name] = part
        elif name in LISTS:
            parts[name] = _list(LISTS[name], value, name, faults)
        else:
            faults.append(f"[{name}]: unknown section{nearest(name, [*TABLES, *LISTS])}")
    if "listeners" in document and not document["listeners"]:
        faults.append("[[listeners]]: at least one listener is needed")
    # What could be read is looked at even so: all faults are told at once.
    settings = anchored(Settings(**parts), base)
    faults += senseless(settings)
    faults += password_faults(settings)
    settings = with_password_of_database(settings, faults)
    if faults:
        raise ConfigError(faults)
    return settings


def _table(kind: type[Struct], value: object, where: str, faults: list[str]) -> Struct | None:
    """A section; None where it has a fault."""
    if not isinstance(value, Mapping):
        faults.append(f"{where}: a table is expected")
        return None
    before = len(faults)
    made = read_all(kind, value, where, faults)
    if len(faults) > before:
        return None
    if kind is not OperatorSettings:
        return kind(**made)
    try:
        return effective(made)
    except Unfit as unfit:
        faults.append(f"{where} {unfit}")
        return None


def _list(kind: type[Struct], value: object, name: str, faults: list[str]) -> tuple[Struct, ...]:
    """The sections of a list that have no fault."""
    if not isinstance(value, list):
        faults.append(f"[[{name}]]: a list is expected: write [[{name}]] over each")
        return ()
    parts = (
        _table(kind, item, f"[[{name}]] {_called(kind, item, number)}", faults)
        for number, item in enumerate(value, 1)
    )
    return tuple(part for part in parts if part is not None)


def _called(kind: type[Struct], item: object, number: int) -> str:
    """What a fault calls a section of a list: by its name if it has a right one, else by number."""
    if isinstance(item, Mapping) and "name" in fields(kind):
        with contextlib.suppress(Unfit):
            return str(read(kind, "name", item.get("name")))
    return f"number {number}"
