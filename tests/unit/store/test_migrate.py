"""Bringing a database to this version's schema, or refusing it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from habar.errors import SchemaMismatch, StoreUnavailable
from habar.store.sqlite import migrate as module
from habar.store.sqlite.connection import connect
from habar.store.sqlite.migrate import APPLICATION_ID, migrate, migrations
from habar.store.sqlite.sql import QUERIES


def version(connection: sqlite3.Connection) -> int:
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def test_migrations_are_numbered_without_gaps() -> None:
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_a_new_database_gets_everything_once(connection: sqlite3.Connection) -> None:
    newest = migrations()[-1][0]
    assert version(connection) == newest
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    changes = connection.total_changes
    assert migrate(connection, permitted=False) == newest
    assert connection.total_changes == changes


def test_messages_of_an_older_schema_are_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(path, cache_kib=100, busy=0, read_only=False)
    steps = migrations()
    monkeypatch.setattr(module, "migrations", lambda: steps[:2])
    migrate(connection, permitted=True)
    connection.executemany(
        "INSERT INTO message (account_id, protocol, sender, recipient, text, data_coding, flash,"
        " parts, priority, created_at, due_at, operator_id, state, price, next_at, stage)"
        " VALUES (1, 1, 'S', 7, 't', 0, 0, 1, 1, 5, 5, 1, 106, 0, 5, ?)",
        [(stage,) for stage in range(4)],
    )
    monkeypatch.undo()
    assert migrate(connection, permitted=True) == steps[-1][0]
    rows = connection.execute("SELECT stage, next_at, route_id FROM message ORDER BY id").fetchall()
    assert rows == [(stage, 5, 0) for stage in range(4)]
    found = connection.execute(QUERIES["past_awaiting"], (9, 9)).fetchall()
    assert found == [(3, 1, 5)]
    connection.close()


def test_a_newer_schema_is_refused(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version = 9999")
    with pytest.raises(SchemaMismatch, match="9999"):
        migrate(connection, permitted=True)


def test_an_older_schema_is_refused_where_no_step_is_permitted(path: Path) -> None:
    connection = connect(path, cache_kib=100, busy=0, read_only=False)
    with pytest.raises(SchemaMismatch):
        migrate(connection, permitted=False)
    assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    connection.close()


@pytest.mark.parametrize("sign", ["CREATE TABLE theirs (x)", "PRAGMA application_id = 77"])
def test_another_programs_database_is_left_alone(path: Path, sign: str) -> None:
    connection = connect(path, cache_kib=100, busy=0, read_only=False)
    connection.execute(sign)
    with pytest.raises(SchemaMismatch, match="another program"):
        migrate(connection, permitted=True)
    assert version(connection) == 0
    connection.close()


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b"once upon a time\n" * 100)
    with pytest.raises(StoreUnavailable):
        connect(path, cache_kib=100, busy=0, read_only=False)
    assert path.read_bytes().startswith(b"once upon a time")


def test_a_step_that_fails_leaves_nothing(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = migrations()[-1][0]
    steps = [*migrations(), (newest + 1, "CREATE TABLE half (x); CREATE TABLE half (x);\n")]
    monkeypatch.setattr(module, "migrations", lambda: steps)
    with pytest.raises(StoreUnavailable):
        migrate(connection, permitted=True)
    assert version(connection) == newest
    assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'half'").fetchall()
    assert not connection.in_transaction


def test_a_step_that_another_process_took_is_not_taken_again(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([0, *[migrations()[-1][0]] * 9])
    monkeypatch.setattr(module, "_version", lambda _: next(answers))
    migrate(connection, permitted=True)
    assert connection.execute("SELECT count(*) FROM sequence").fetchone()[0] == 7
