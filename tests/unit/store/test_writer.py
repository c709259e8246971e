"""The writing connection: transactions undone, connections made anew, the log kept short."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from habar.model.status import MessageState
from habar.store.events import ReceiptSeen
from habar.store.sqlite.migrate import migrate
from habar.store.sqlite.writer import CHECKPOINT_PAGES, Writer
from habar.store.writes import RECEIPT, Write


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(path)
    migrate(writer.connection, permitted=True)
    yield writer
    writer.close()


def receipt() -> Write:
    event = ReceiptSeen(1, ("7",), MessageState.DELIVERED, "", None, 1, "x" * 200)
    return Write(RECEIPT, event, None)


def parked(path: Path) -> int:
    reader = sqlite3.connect(path)
    count: int = reader.execute("SELECT count(*) FROM receipt_unmatched").fetchone()[0]
    reader.close()
    return count


def due(writer: Writer) -> bool:
    return writer.checkpoint_due


def error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as told")
    error.sqlite_errorcode = code
    return error


def test_only_a_commit_makes_it_last(writer: Writer, path: Path) -> None:
    writer.write([receipt()], 1)
    assert parked(path) == 0
    writer.commit()
    assert parked(path) == 1


@pytest.mark.parametrize(
    ("code", "anew"),
    [
        (sqlite3.SQLITE_FULL, False),
        (sqlite3.SQLITE_BUSY, False),
        (sqlite3.SQLITE_IOERR_FSYNC, True),
        (sqlite3.SQLITE_CORRUPT, True),
    ],
)
def test_after_a_failure_nothing_has_happened(
    writer: Writer, path: Path, code: int, anew: bool
) -> None:
    before = writer.connection
    writer.write([receipt()], 1)
    writer.recover(error(code))
    assert (writer.connection is not before) is anew
    writer.write([receipt()], 1)
    writer.commit()
    assert parked(path) == 1


def test_a_probe_needs_room_and_leaves_nothing_behind(writer: Writer) -> None:
    pages = writer.connection.execute("PRAGMA page_count").fetchone()[0]
    for _ in range(20):
        writer.probe()
        writer.commit()
    assert writer.connection.execute("SELECT count(*) FROM probe").fetchone()[0] == 0
    assert writer.connection.execute("PRAGMA page_count").fetchone()[0] in range(pages, pages + 40)
    writer.connection.execute("VACUUM")
    writer.connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(sqlite3.OperationalError):
        writer.probe()


def test_the_log_begins_anew_after_a_checkpoint(writer: Writer, path: Path) -> None:
    log = Path(f"{path}-wal")
    rounds = 0
    while not due(writer):
        writer.write([receipt() for _ in range(100)], 100)
        writer.commit()
        rounds += 1
    assert rounds >= CHECKPOINT_PAGES // 100
    size = log.stat().st_size
    writer.backfill()
    assert not due(writer)
    writer.write([receipt()], 1)
    writer.commit()
    writer.finish_checkpoint()
    for _ in range(rounds // 2):
        writer.write([receipt() for _ in range(100)], 100)
        writer.commit()
    assert log.stat().st_size <= size + 20 * 4096
    assert parked(path) == 100 * rounds + 1 + 100 * (rounds // 2)


@pytest.mark.parametrize(("free", "most"), [(4_000, 1_000), (0, 250), (10**9, CHECKPOINT_PAGES)])
def test_the_log_takes_a_quarter_of_what_is_free(
    path: Path, monkeypatch: pytest.MonkeyPatch, free: int, most: int
) -> None:
    room = os.statvfs_result((4096, 4096, free, free, free, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: room)
    writer = Writer(path)
    migrate(writer.connection, permitted=True)
    pages = 0
    while not due(writer):
        writer.write([receipt()], 1)
        writer.commit()
        pages += 6
    assert pages in range(most, most + 6)
    writer.close()


def test_a_full_disk_is_followed_by_a_checkpoint(writer: Writer, path: Path) -> None:
    """The log gives its room back at once where that can be done, else after the next commit."""
    log = Path(f"{path}-wal")
    writer.write([receipt()], 1)
    writer.commit()
    assert log.stat().st_size
    writer.write([receipt()], 1)
    writer.recover(error(sqlite3.SQLITE_FULL))
    assert log.stat().st_size == 0
    assert due(writer)
    writer.backfill()
    assert not due(writer)


def test_a_folder_that_is_gone_is_told_by_the_write(writer: Writer, path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    writer.recover(error(sqlite3.SQLITE_FULL))
    assert due(writer)


def test_a_checkpoint_goes_on_beside_an_open_transaction(writer: Writer, path: Path) -> None:
    writer.write([receipt()], 1)
    writer.commit()
    writer.write([receipt()], 1)
    writer.backfill()
    writer.commit()
    assert parked(path) == 2
