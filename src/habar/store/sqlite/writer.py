"""The one connection that writes: transactions of batches, commits, checkpoints.

Guarantees: what `commit` returns from is on disk. After a failure nothing of the transaction has
happened, and the connection is made anew where the failure may have spoiled it. Checkpoints run
beside the commits on a connection of their own; only their last few pages are done between two
commits, so that the write-ahead log can begin again. Knows no loop: may be called in any thread,
by one at a time (`backfill` beside the others).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from habar.store.sqlite.batch import Batch
from habar.store.sqlite.connection import connect
from habar.store.sqlite.sql import QUERIES
from habar.store.writes import Write

CACHE_KIB = 65_536
BUSY = 0.25
"""Seconds that a commit waits for a command that writes beside the gateway."""
COMMAND_BUSY = 2.0
"""Seconds that a command, which holds up nobody, waits for a gateway that writes without pause."""
_SPOILED = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
    }
)
CHECKPOINT_PAGES = 8_000
"""About 32 MB of log: enough that a page is written back once for many commits."""
_FEWEST_PAGES = 250
_SHARE = 4
"""The log may take one part in so many of the room on the disk: the file must grow there too."""
_PAGE = 4_096


class Writer:
    """Writes one database file. `busy`: seconds to wait for another process's transaction."""

    def __init__(self, path: Path, *, busy: float = BUSY) -> None:
        self._path = path
        self._busy = busy
        self._connection: sqlite3.Connection | None = None
        self._batch: Batch | None = None
        self._pages = 0
        self._most_pages = self._pages_permitted()

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection; made anew where it was given up."""
        if self._connection is None:
            self._connection = connect(
                self._path, cache_kib=CACHE_KIB, busy=self._busy, read_only=False
            )
        return self._connection

    @property
    def batch(self) -> Batch:
        """What knows how to write a batch; the schema must be there."""
        if self._batch is None:
            self._batch = Batch(self.connection)
        return self._batch

    @property
    def checkpoint_due(self) -> bool:
        """Whether the log has become long."""
        return self._pages >= self._most_pages

    def write(self, writes: Sequence[Write], rows: int) -> None:
        """A transaction of so many rows, up to its commit. Raises as Batch.write."""
        self.batch.write(writes)
        self._pages += 6 + rows // 2  # roughly what it adds to the log

    def touch(self) -> None:
        """A transaction that changes next to nothing, up to its commit."""
        self.batch.begin()
        self.connection.execute(QUERIES["touch"])

    def probe(self) -> None:
        """A transaction that needs the disk and room on it, and leaves nothing behind."""
        self.batch.begin()
        for name in ("probe_room", "clear_probe", "touch"):
            self.connection.execute(QUERIES[name])

    def commit(self) -> None:
        """Make the transaction last. Raises sqlite3.Error: then it has not happened."""
        self.connection.execute("COMMIT")

    def recover(self, error: BaseException) -> None:
        """After a failure of `write`, `probe` or `commit`: ready for another try."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        try:
            if self._batch is not None:
                self._batch.undo()
        except sqlite3.Error:
            code = sqlite3.SQLITE_IOERR
        if code in _SPOILED:
            self.close()
        elif code == sqlite3.SQLITE_FULL:
            self._shorten_log()

    def _shorten_log(self) -> None:
        """The log may be what fills the disk: what it holds goes into the file, its room is free.

        Where even that finds no room, it is tried again as soon as a commit has found some.
        """
        with suppress(sqlite3.Error):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._pages = self._most_pages = self._pages_permitted()

    def _pages_permitted(self) -> int:
        """How long the log may become, by the room that there is now."""
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:  # the folder is gone: that is told by the write that needs it
            return _FEWEST_PAGES
        room = disk.f_bavail * disk.f_frsize // _PAGE
        return max(_FEWEST_PAGES, min(CHECKPOINT_PAGES, room // _SHARE))

    def backfill(self) -> None:
        """Carry the log into the database file while commits go on; most of a checkpoint."""
        self._pages = 0
        self._most_pages = self._pages_permitted()
        beside = connect(self._path, cache_kib=2_000, busy=0, read_only=False)
        try:
            beside.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            beside.close()

    def finish_checkpoint(self) -> None:
        """Carry over what came meanwhile; the next transaction begins the log anew."""
        self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Give the connection up."""
        connection, self._connection, self._batch = self._connection, None, None
        if connection is not None:
            connection.close()
