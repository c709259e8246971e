"""The engine's statements, read by name from the SQL files, and their forms for many values.

Guarantees: the values of a statement are always parameters; texts for lists are made once for a
few sizes, so that the connection's statement cache knows them. Knows no table.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

from habar.store.named_sql import named_statements

_LIST = "(:list)"
LIST_SIZES = (1, 8, 64, 256)
"""A list is filled up to the next of these; longer lists are asked in slices."""


QUERIES = named_statements(__package__)
"""Every statement of the gateway by its name."""
CHECKS = named_statements(__package__, "checks.sql")
"""Those of `habar db status` and `check`."""
COPYING = named_statements(__package__, "copying.sql")
"""Those of `habar db copy`."""
NETWORK = named_statements(__package__, "network.sql")
"""Those of operators, ranges, ported numbers, routes and reports."""
FIGURES = named_statements(__package__, "figures.sql")
"""What a copy is compared by, by the name of the table."""


@cache
def _with_list(name: str, size: int) -> str:
    return QUERIES[name].replace(_LIST, "(" + ", ".join("?" * size) + ")")


def slices(name: str, values: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """The statement `name` for `values` in its `(:list)`: (text, values) pairs to be executed.

    The last value is repeated to fill a slice up to one of LIST_SIZES.
    """
    longest = LIST_SIZES[-1]
    for start in range(0, len(values), longest):
        part = list(values[start : start + longest])
        size = next(size for size in LIST_SIZES if size >= len(part))
        part.extend(part[-1:] * (size - len(part)))
        yield _with_list(name, size), part


_ROW = re.compile(r"VALUES (\([?, ]+\))")
ROWS = 100
"""So many rows a statement, where there are that many: a sixth cheaper a row than one by one."""


@cache
def _with_rows(name: str) -> str:
    return _ROW.sub(lambda found: "VALUES " + ", ".join([found[1]] * ROWS), QUERIES[name])


def insert(connection: sqlite3.Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Do the INSERT `name` for all rows."""
    whole = len(rows) - len(rows) % ROWS
    for start in range(0, whole, ROWS):
        values = list(chain.from_iterable(rows[start : start + ROWS]))
        connection.execute(_with_rows(name), values)
    if whole < len(rows):
        connection.executemany(QUERIES[name], rows[whole:])
