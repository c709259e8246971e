"""What moves to another engine: nothing is forgotten when a schema grows."""

from __future__ import annotations

import re
import sqlite3

import pytest

from habar.store.copied import LEFT, TABLES, Table, recovered
from habar.store.inspection import KINDS
from habar.store.postgres import sql as postgres
from habar.store.postgres.migrate import steps
from habar.store.sqlite import sql as sqlite

MESSAGE = next(table for table in TABLES if table.name == "message")
ROW = tuple(range(len(MESSAGE.columns)))
COLUMN = re.compile(r"^    ([a-z_]+) [a-z]", re.MULTILINE)
NOT_MOVED = {"node", "sequence", "span", "bind"}
"""Of PostgreSQL's tables: who runs and what is his, and what the copy makes anew."""


def test_every_table_moves_or_is_left_on_purpose(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    names = [table.name for table in TABLES]
    assert {name for (name,) in rows} == {*names, *LEFT}
    assert len(names) == len({*names})


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
class TestTable:
    def test_every_column_moves(self, connection: sqlite3.Connection, table: Table) -> None:
        rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table.name,)).fetchall()
        assert [name for (name,) in rows] == [*table.columns]

    def test_the_key_is_the_tables_own(self, connection: sqlite3.Connection, table: Table) -> None:
        """In its order too: else each batch would be searched for in the whole table."""
        rows = connection.execute(
            "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table.name,)
        ).fetchall()
        assert [name for (name,) in rows] == [*table.key]
        assert [table.columns[place] for place in table.key_places] == [*table.key]

    def test_what_is_said_of_columns_is_said_of_those_that_are_there(self, table: Table) -> None:
        assert (table.flags | table.texts) <= {*table.columns}

    def test_the_other_engine_has_the_same_columns(self, table: Table) -> None:
        created = _created(table.name)
        assert set(COLUMN.findall(created)) - {"node_id"} == {*table.columns}
        flags = set(re.findall(r"^    ([a-z_]+) boolean", created, re.MULTILINE))
        assert flags == table.flags
        assert table.identity == ("IDENTITY" in created)

    def test_both_are_compared_by_the_same_figures(self, table: Table) -> None:
        there, here = (
            re.findall(r" AS (\w+)(?=[,\n])", engine.FIGURES[table.name])
            for engine in (sqlite, postgres)
        )
        assert there[0] == "rows"
        assert there == [name for name in here if name not in {"size", table.name}]


def test_the_other_engine_has_no_further_table() -> None:
    named = set(re.findall(r"CREATE TABLE (\w+)", _script()))
    assert named <= {table.name for table in TABLES} | NOT_MOVED | LEFT


def _script() -> str:
    return "".join(step.script for step in steps())


def _created(name: str) -> str:
    """A table's columns, a line each: those it was made with, and those added to it."""
    made = _script().partition(f"CREATE TABLE {name} (")[2].partition("\n)")[0]
    alter = rf"^ALTER TABLE {name}\b(.*?);\s*(?:--.*?)?$"
    added = re.findall(alter, _script(), re.MULTILINE | re.DOTALL)
    return re.sub(r"\s*\bADD COLUMN ", "\n    ", "\n".join([made, *added]))


@pytest.mark.parametrize("stage", [0, 2, 3, 5])
def test_what_nobody_had_in_hand_comes_as_it_is(stage: int) -> None:
    row = _with(stage=stage)
    assert recovered(row, 5) is row


@pytest.mark.parametrize(("stage", "then"), [(1, 0), (4, 5)])
def test_what_somebody_had_in_hand_waits_or_is_held_and_its_story_says_so(
    stage: int, then: int
) -> None:
    row = _with(stage=stage, repeats=2, uncertain_at=None)
    assert recovered(row, 5) == _with(stage=then, repeats=3, uncertain_at=5)


def _with(**values: int | None) -> tuple[int | None, ...]:
    return tuple(values.get(name, value) for name, value in zip(MESSAGE.columns, ROW, strict=True))


@pytest.mark.parametrize("engine", [sqlite, postgres], ids=["sqlite", "postgresql"])
def test_both_engines_can_be_asked_for_every_promise(engine: object) -> None:
    assert set(KINDS) <= set(engine.CHECKS)  # type: ignore[attr-defined]
