"""A database with this version's schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from habar.store.sqlite.connection import connect
from habar.store.sqlite.migrate import migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "habar.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(path, cache_kib=1_000, busy=0.1, read_only=False)
    migrate(connection, permitted=True)
    yield connection
    connection.close()
