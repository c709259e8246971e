"""`HABAR_*` of the environment, laid over what the file says.

HABAR_<SECTION>_<SETTING>, and HABAR_OPERATOR_<NAME>_<SETTING> for an operator of the file. A
variable that names nothing is a fault: a misspelt setting must not pass for one that is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from habar.config.database import has_password
from habar.config.fields import Unfit, fields, nearest, read
from habar.config.operator import OperatorSettings
from habar.config.settings import LISTS, TABLES

PREFIX = "HABAR_"
OTHER_VARIABLES = frozenset(
    {"HABAR_CONFIG", "HABAR_ROLES", "HABAR_URL", "HABAR_LOGIN", "HABAR_PASSWORD", "HABAR_KEY"}
)
"""Of the command line: where the file is, and what a customer's commands read. No settings."""
_URL, _URL_PASSWORD_FILE = "HABAR_DATABASE_URL", "HABAR_DATABASE_PASSWORD_FILE"
_OPERATOR = "operator_"
_PASSWORDS = {"password": "password_file", "password_file": "password"}


def over(
    document: Mapping[str, Any], environ: Mapping[str, str], faults: list[str]
) -> dict[str, Any]:
    """A copy of the document with the environment's values in it; faults are added to `faults`."""
    merged = {name: _copy(value) for name, value in document.items()}
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable not in OTHER_VARIABLES:
            try:
                _put(merged, variable, environ)
            except Unfit as unfit:
                faults.append(f"{variable}: {unfit}")
    return merged


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _put(merged: dict[str, Any], variable: str, environ: Mapping[str, str]) -> None:
    words = variable[len(PREFIX) :].lower()
    if words.startswith(_OPERATOR):
        _put_operator(merged, words.removeprefix(_OPERATOR), variable, environ)
        return
    section, _, name = words.partition("_")
    if section in LISTS:
        hint = f"; {PREFIX}OPERATOR_<NAME>_<SETTING> is one operator's"
        raise Unfit(
            f"[[{section}]] is a list and can be set in the file only"
            + (hint if section == "operators" else "")
        )
    if section not in TABLES:
        raise Unfit(f"no section [{section}]{nearest(section, TABLES)}")
    table = merged.setdefault(section, {})
    if isinstance(table, dict):  # else it is the file's fault, told there
        _set(table, TABLES[section], name, environ[variable])
        if variable == _URL and has_password(table["url"]) and _URL_PASSWORD_FILE not in environ:
            table.pop("password_file", None)  # the file's gives way to the environment's


def _put_operator(
    merged: dict[str, Any], words: str, variable: str, environ: Mapping[str, str]
) -> None:
    operators = _by_variable(merged.get("operators"))
    known = fields(OperatorSettings)
    named = [name for name in operators if words.startswith(f"{name}_")]
    if not named:
        there = ", ".join(sorted(operators)) or "none"
        raise Unfit(f"no operator of that name in the file; there are: {there}")
    # Of operators a and a_b, HABAR_OPERATOR_A_B_PORT is a_b's.
    name = max(named, key=lambda each: (words.removeprefix(f"{each}_") in known, len(each)))
    setting = words.removeprefix(f"{name}_")
    _set(operators[name], OperatorSettings, setting, environ[variable])
    other = _PASSWORDS.get(setting)
    if other and f"{PREFIX}{_OPERATOR}{name}_{other}".upper() not in environ:
        operators[name].pop(other, None)  # the file's gives way to the environment's


def _by_variable(operators: object) -> dict[str, dict[str, Any]]:
    """The file's operators by their names as variables write them."""
    tables = operators if isinstance(operators, list) else []
    return {
        table["name"].replace("-", "_"): table
        for table in tables
        if isinstance(table, dict) and isinstance(table.get("name"), str) and table["name"]
    }


def _set(table: dict[str, Any], kind: type[Struct], name: str, text: str) -> None:
    table[name] = read(kind, name, text, from_text=True)
