"""Connections, and what SQLite's errors mean."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from habar.errors import StoreUnavailable
from habar.store.sqlite.connection import connect, is_unavailable, name_of


def test_every_commit_is_synced_and_logged_ahead(connection: sqlite3.Connection) -> None:
    def setting(name: str) -> object:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert (setting("journal_mode"), setting("synchronous")) == ("wal", 2)
    assert (setting("page_size"), setting("wal_autocheckpoint")) == (4096, 0)
    assert setting("foreign_keys") == 1


def test_the_file_is_its_owners_only(connection: sqlite3.Connection, path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        assert stat.S_IMODE(Path(f"{path}{suffix}").stat().st_mode) == 0o600


def test_a_reader_cannot_write(connection: sqlite3.Connection, path: Path) -> None:
    reader = connect(path, cache_kib=100, busy=0, read_only=True)
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("DELETE FROM run")
    reader.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_place_that_cannot_be_used(tmp_path: Path, read_only: bool) -> None:
    with pytest.raises(StoreUnavailable):
        connect(tmp_path / "no" / "habar.db", cache_kib=100, busy=0, read_only=read_only)


def test_a_full_disk_is_the_stores_matter(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(sqlite3.Error) as raised:
        connection.execute("INSERT INTO probe (room) VALUES (zeroblob(100000))")
    assert is_unavailable(raised.value)
    assert name_of(raised.value) == "SQLITE_FULL"


def test_a_lock_is_the_stores_matter(connection: sqlite3.Connection, path: Path) -> None:
    other = connect(path, cache_kib=100, busy=0, read_only=False)
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.Error) as raised:
        other.execute("BEGIN IMMEDIATE")
    other.close()
    assert is_unavailable(raised.value)


@pytest.mark.parametrize("value", ["text", "\ud800", 1 << 63, object(), None])
def test_a_value_that_does_not_fit_is_its_own_matter(
    connection: sqlite3.Connection, value: object
) -> None:
    with pytest.raises(Exception) as raised:
        connection.execute("INSERT INTO run (started_at, recovered) VALUES (?, 0)", (value,))
    assert not is_unavailable(raised.value)
    assert "ud800" not in name_of(raised.value)


def test_no_memory_is_the_stores_matter() -> None:
    assert is_unavailable(MemoryError())
