"""The steps that a database file lacks."""

from __future__ import annotations

import fcntl
import sqlite3
from pathlib import Path

import pytest

from habar.errors import AlreadyOpen, NotFound, SchemaMismatch
from habar.store.sqlite.migrate import migrations
from habar.store.sqlite.upgrade import upgrade

NEWEST = migrations()[-1][0]


@pytest.fixture
def older(path: Path) -> Path:
    """A file as the first version left it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(migrations()[0][1])
    connection.execute("PRAGMA application_id = 0x48414252")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    return path


def test_every_step_that_is_missing_is_taken_once(older: Path) -> None:
    assert upgrade(older) == [*range(2, NEWEST + 1)]
    assert upgrade(older) == []


def test_an_older_gateway_that_runs_keeps_its_schema(older: Path) -> None:
    with Path(f"{older}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AlreadyOpen, match="stop it first"):
            upgrade(older)
    assert upgrade(older) != []


def test_beside_a_gateway_of_this_version_there_is_nothing_to_do(
    path: Path, connection: sqlite3.Connection
) -> None:
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert upgrade(path) == []


def test_a_newer_schema_is_refused(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version = 999")
    with pytest.raises(SchemaMismatch):
        upgrade(path)


def test_a_file_that_is_not_there_is_not_made(path: Path) -> None:
    with pytest.raises(NotFound):
        upgrade(path)
    assert not path.exists()
