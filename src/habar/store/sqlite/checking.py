"""What a database file has and which promises its rows break, for the one who looks after it.

Guarantees: one read transaction sees one moment, beside a running gateway; nothing is written; the
memory used does not grow with the file. While a check reads, the write-ahead log cannot begin
again and grows. What a run that died had in hand is no finding: the next start puts it right.
"""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from habar.errors import NotFound, StoreUnavailable
from habar.store.inspection import KINDS, SHOWN, Contents, Finding, Report, Status, finding
from habar.store.lock import lock_file
from habar.store.sqlite.connection import connect, name_of
from habar.store.sqlite.migrate import migrate, newest, version_of
from habar.store.sqlite.sql import CHECKS

_CACHE_KIB = 65_536


def must_exist(path: Path) -> None:
    """Raise NotFound where there is no file."""
    if not path.is_file():
        raise NotFound(f"there is no gateway's database at {path}")


@contextmanager
def moment(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as it is now, to be read. Raises NotFound, StoreUnavailable."""
    must_exist(path)
    connection = connect(path, cache_kib=_CACHE_KIB, busy=5.0, read_only=True)
    try:
        connection.execute("BEGIN")
        yield connection
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path} cannot be read: {name_of(error)}") from error
    finally:
        connection.close()


def status(path: Path) -> Status:
    """What there is. Raises NotFound, SchemaMismatch, StoreUnavailable."""
    with moment(path) as connection:
        version = version_of(connection)
        contents = _contents(connection, path) if version == newest() else None
    return Status("SQLite", sqlite3.sqlite_version, version, newest(), contents)


def _contents(connection: sqlite3.Connection, path: Path) -> Contents:
    first, last = connection.execute(CHECKS["message_ids"]).fetchone()
    oldest = None
    if first is not None:
        oldest = connection.execute(CHECKS["created_at"], (first,)).fetchone()[0]
    files = (path, Path(f"{path}-wal"))
    return Contents(
        size=sum(file.stat().st_size for file in files if file.exists()),
        accounts=connection.execute(CHECKS["accounts"]).fetchone()[0],
        messages=0 if first is None else last - first + 1,
        oldest_at=oldest,
        spans=None,
        partitions=None,
        alive=(socket.gethostname(),) if _is_served(path) else (),
    )


def _is_served(path: Path) -> bool:
    """Whether a gateway has the file: it holds the lock beside it."""
    beside = Path(f"{path}.lock")
    if not beside.exists():  # a look must not make it, as another user perhaps
        return False
    lock = lock_file(beside)
    if lock is not None:
        os.close(lock)
    return lock is None


def check(path: Path) -> Report:
    """Every broken promise. Raises NotFound, SchemaMismatch, StoreUnavailable."""
    with moment(path) as connection:
        migrate(connection, permitted=False)
        if damage := _damage(connection):
            return Report((damage,), ())  # what stands in such a file proves nothing
        asked = [
            finding(words, connection.execute(CHECKS[name], (SHOWN,)).fetchall())
            for name, words in KINDS.items()
        ]
    return Report(tuple(found for found in asked if found is not None), ())


def _damage(connection: sqlite3.Connection) -> Finding | None:
    """What SQLite itself finds wrong with the file; it stops after the first SHOWN."""
    try:
        lines = [row[0] for row in connection.execute(CHECKS["file_damage"], (SHOWN,))]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        lines = [name_of(error)]
    if lines == ["ok"]:
        return None
    return Finding(tuple(f"the file: {line}" for line in lines), len(lines))
