"""The writing connection: transactions undone, connections made anew, the log kept short."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from habar.model.status import MessageState
from habar.store.port import ReceiptSeen
from habar.store.sqlite.batch import RECEIPT, Write
from habar.store.sqlite.migrate import migrate
from habar.store.sqlite.writer import CHECKPOINT_PAGES, Writer


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


def test_a_checkpoint_goes_on_beside_an_open_transaction(writer: Writer, path: Path) -> None:
    writer.write([receipt()], 1)
    writer.commit()
    writer.write([receipt()], 1)
    writer.backfill()
    writer.commit()
    assert parked(path) == 2
