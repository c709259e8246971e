"""The named statements."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

import habar.store.sqlite
from habar.store.inspection import KINDS
from habar.store.named_sql import named_statements
from habar.store.sqlite.sql import (
    CALLBACKS,
    CHECKS,
    COPYING,
    FIGURES,
    LIST_SIZES,
    NETWORK,
    QUERIES,
    ROWS,
    insert,
    slices,
)

SOURCES = "".join(
    path.read_text("utf-8") for path in sorted(Path(habar.store.sqlite.__path__[0]).glob("*.py"))
)


def test_every_statement_is_used_and_every_used_one_is_there() -> None:
    unused = [name for name in [*QUERIES, *NETWORK, *CALLBACKS] if f'"{name}"' not in SOURCES]
    missing = set(re.findall(r'QUERIES\["(\w+)"\]', SOURCES)) - set(QUERIES)
    missing |= set(re.findall(r'NETWORK\["(\w+)"\]', SOURCES)) - set(NETWORK)
    missing |= set(re.findall(r'CALLBACKS\["(\w+)"\]', SOURCES)) - set(CALLBACKS)
    assert (unused, missing) == ([], set())


ALL = [
    statement
    for statements in (QUERIES, NETWORK, CALLBACKS, CHECKS, COPYING, FIGURES)
    for statement in statements.values()
]


def test_a_name_that_stands_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("habar.store.named_sql.files", Path)
    (tmp_path / "some.sql").write_text("-- name: a\nSELECT 1\n-- name: a\nSELECT 2\n")
    with pytest.raises(ValueError, match="two statements are named a"):
        named_statements(str(tmp_path), "some.sql")


@pytest.mark.parametrize("statement", ALL)
def test_every_statement_fits_the_schema(connection: sqlite3.Connection, statement: str) -> None:
    text = statement.replace("(:list)", "(?)")
    connection.execute("EXPLAIN " + text, [None] * text.count("?"))


@pytest.mark.parametrize("count", [0, 1, 2, 8, 9, 64, 65, 255, 256, 257, 700])
def test_a_list_of_any_length_is_asked_in_slices(count: int) -> None:
    asked = []
    for text, values in slices("sent_parts", list(range(count))):
        assert text.count("?") == len(values)
        assert len(values) in LIST_SIZES
        asked += sorted(set(values))
    assert asked == list(range(count))


@pytest.mark.parametrize("count", [0, 1, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS, 3 * ROWS + 7])
def test_rows_are_inserted_in_order_however_many(
    connection: sqlite3.Connection, count: int
) -> None:
    rows = [(1, number, number + 5) for number in range(count)]
    insert(connection, "insert_ref", rows)
    assert connection.execute("SELECT * FROM customer_ref ORDER BY customer_id").fetchall() == rows


def test_later_rows_win_in_one_statement_too(connection: sqlite3.Connection) -> None:
    insert(connection, "insert_ref", [(1, number % 10, number) for number in range(2 * ROWS)])
    found = connection.execute("SELECT min(message_id), count(*) FROM customer_ref").fetchone()
    assert found == (190, 10)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_statement_of_the_commands_is_used(engine: str) -> None:
    package = f"habar.store.{engine}"
    folder = Path(habar.store.sqlite.__path__[0]).parent / engine
    sources = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    for file in ("checks.sql", "copying.sql", "network.sql"):
        names = set(named_statements(package, file)) - set(KINDS)
        assert [name for name in sorted(names) if f'"{name}"' not in sources] == []
