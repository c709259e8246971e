"""The engine's statements, read by name from the SQL files, and their forms for many values.

Guarantees: the values of a statement are always parameters; texts for lists are made once for a
few sizes, so that the connection's statement cache knows them. Knows no table.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
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
CALLBACKS = named_statements(__package__, "callbacks.sql")
"""Those of what customers are owed to be told."""
FIGURES = named_statements(__package__, "figures.sql")
"""What a copy is compared by, by the name of the table."""
INBOX = named_statements(__package__, "inbox.sql")
"""Those of subscribers' messages and short codes."""


@cache
def _with_list(statement: str, size: int) -> str:
    return statement.replace(_LIST, "(" + ", ".join("?" * size) + ")")


def slices(
    name: str, values: Sequence[Any], statements: Mapping[str, str] = QUERIES
) -> Iterator[tuple[str, list[Any]]]:
    """The statement `name` for `values` in its `(:list)`: (text, values) pairs to be executed.

    The last value is repeated to fill a slice up to one of LIST_SIZES.
    """
    longest = LIST_SIZES[-1]
    for start in range(0, len(values), longest):
        part = list(values[start : start + longest])
        size = next(size for size in LIST_SIZES if size >= len(part))
        part.extend(part[-1:] * (size - len(part)))
        yield _with_list(statements[name], size), part


_ROW = re.compile(r"VALUES (\([?, ]+\))")
ROWS = 100
"""So many rows a statement, where there are that many: a sixth cheaper a row than one by one."""


@cache
def _with_rows(statement: str) -> str:
    return _ROW.sub(lambda found: "VALUES " + ", ".join([found[1]] * ROWS), statement)


def insert(
    connection: sqlite3.Connection,
    name: str,
    rows: Sequence[tuple[Any, ...]],
    queries: Mapping[str, str] = QUERIES,
) -> None:
    """Do the INSERT `name` of `queries` for all rows."""
    whole = len(rows) - len(rows) % ROWS
    for start in range(0, whole, ROWS):
        values = list(chain.from_iterable(rows[start : start + ROWS]))
        connection.execute(_with_rows(queries[name]), values)
    if whole < len(rows):
        connection.executemany(queries[name], rows[whole:])
