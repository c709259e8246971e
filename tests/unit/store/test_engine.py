"""Who may open the file, and who may bring its schema up."""

from __future__ import annotations

import fcntl
import stat
from collections.abc import Iterator
from io import TextIOBase
from pathlib import Path

import pytest

from habar.errors import AlreadyOpen, SchemaMismatch, StoreUnavailable
from habar.store.sqlite import SqliteStore

NOW = 1_790_000_000_000


async def test_the_folder_is_made_and_is_its_owners_only(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "data" / "habar.db")
    await store.open(NOW)
    await store.close()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


async def test_a_command_brings_the_schema_up_where_no_gateway_runs(path: Path) -> None:
    store = SqliteStore(path)
    await store.open_books()
    assert await store.books.accounts() == []
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.books.accounts()


@pytest.fixture
def gateway(path: Path) -> Iterator[TextIOBase]:
    """An older gateway that has the file: its lock, closed by the test when it ends."""
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


async def test_a_command_leaves_the_schema_alone_beside_a_gateway(
    path: Path, gateway: TextIOBase
) -> None:
    with pytest.raises(SchemaMismatch):
        await SqliteStore(path).open_books()
    with pytest.raises(AlreadyOpen):
        await SqliteStore(path).open(NOW)
    gateway.close()
    store = SqliteStore(path)
    await store.open(NOW)
    await store.close()


async def test_a_refused_start_leaves_the_lock_to_others(path: Path) -> None:
    with pytest.raises(SchemaMismatch):
        await SqliteStore(path, migrations=False).open(NOW)
    store = SqliteStore(path)
    await store.open(NOW)
    await store.close()


async def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable):
        await SqliteStore(tmp_path / "file" / "habar.db").open(NOW)


async def test_what_cannot_be_read_is_unavailable(path: Path) -> None:
    store = SqliteStore(path)
    await store.open(NOW)
    store._open.writer.connection.execute("DROP TABLE receipt_unmatched_key")
    store._open.writer.connection.execute("DROP TABLE receipt_unmatched")
    with pytest.raises(StoreUnavailable, match="SQLITE_ERROR"):
        await store.unmatched_receipts(1)
    with pytest.raises(StoreUnavailable, match="SQLITE_ERROR"):
        await store.counts()
    await store.close()


async def test_a_command_waits_longer_for_the_file_than_the_gateway(path: Path) -> None:
    """It holds up nobody, and a gateway may write without pause."""

    def patience(store: SqliteStore) -> int:
        connection = store._open.writer.connection
        milliseconds: int = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        return milliseconds

    gateway, command = SqliteStore(path), SqliteStore(path)
    await gateway.open(1)
    await command.open_books()
    try:
        assert (patience(gateway), patience(command)) == (250, 2_000)
    finally:
        await command.close()
        await gateway.close()
