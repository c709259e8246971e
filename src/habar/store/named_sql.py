"""Statements with names, read from an engine's SQL files: `-- name: x` begins one.

Guarantees: comments and empty lines are left out; a name that stands twice is refused. Knows no
table.
"""

from __future__ import annotations

from importlib.resources import files

_NAME = "-- name: "


def named_statements(package: str, file: str = "queries.sql") -> dict[str, str]:
    """Every statement of `<package>/<file>` by name. Raises ValueError for a name twice."""
    named: dict[str, str] = {}
    name = ""
    for line in (files(package) / file).read_text("utf-8").splitlines():
        if line.startswith(_NAME):
            name = line.removeprefix(_NAME)
            if name in named:
                raise ValueError(f"{package}: two statements are named {name}")
            named[name] = ""
        elif name and not line.startswith("--") and line:
            named[name] += line + "\n"
    return named
