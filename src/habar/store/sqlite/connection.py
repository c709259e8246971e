"""Connections to the database file, and which of SQLite's errors mean what.

Guarantees: a commit returns after the data is on disk (WAL, synchronous=FULL); a commit whose sync
failed is rolled back by SQLite itself and seen by nobody, and the next one writes over it, so that
a failed sync is never taken for a success later. The file is readable by its owner only.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from habar.errors import StoreUnavailable

_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
FAULTS: tuple[type[Exception], ...] = (Exception,)
"""What writing a value may raise: SQLite's errors, and whatever a value that is none of its type
brings about. Nothing of it may stop the journal; `is_unavailable` tells the two kinds apart."""


def is_unavailable(error: BaseException) -> bool:
    """Whether `error` tells of the disk or the file, rather than of one value."""
    if isinstance(error, MemoryError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.Error) and code is not None and code & 0xFF in _UNAVAILABLE


def name_of(error: BaseException) -> str:
    """What may be logged of an error: its name, never a value."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


def connect(path: Path, *, cache_kib: int, busy: float, read_only: bool) -> sqlite3.Connection:
    """A connection in autocommit mode. `busy`: seconds to wait for another process's lock.

    Raises StoreUnavailable where the file cannot be used.
    """
    try:
        if not read_only:
            _create(path)
        connection = sqlite3.connect(
            path, timeout=busy, isolation_level=None, check_same_thread=False, cached_statements=256
        )
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"{path}: {error}") from error
    try:
        _configure(connection, cache_kib, read_only)
    except sqlite3.Error as error:
        connection.close()
        raise StoreUnavailable(f"{path}: {error}") from error
    return connection


def _create(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return


def _configure(connection: sqlite3.Connection, cache_kib: int, read_only: bool) -> None:
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    else:
        connection.execute("PRAGMA page_size = 4096")
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise sqlite3.OperationalError("this file system cannot keep a write-ahead log")
    for setting in (
        "synchronous = FULL",
        "wal_autocheckpoint = 0",  # checkpoint.py does it, off the loop
        "journal_size_limit = 67108864",
        f"cache_size = -{cache_kib}",
        "temp_store = MEMORY",
        "secure_delete = OFF",  # on by default in some builds; overwriting costs a tenth
        "foreign_keys = ON",
        "trusted_schema = OFF",
    ):
        connection.execute("PRAGMA " + setting)
