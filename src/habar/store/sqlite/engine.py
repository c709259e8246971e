"""The SQLite engine of `store.port`: one file, its lock, its run, its parts put together.

Guarantees: one gateway at a time has the file (flock on `<file>.lock`, gone with the process);
commands may use the books beside it, and bring the schema up only where no gateway runs. What an
earlier run had in hand when it died is back in the queue, or held, before anything else happens.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from habar import __version__
from habar.errors import AlreadyOpen, StoreUnavailable
from habar.model.message import MessageStatus, Ref
from habar.store.lock import lock_file
from habar.store.nodes import Hint, Node, Slot, Slots, Watcher
from habar.store.readings import (
    Counts,
    HeldMessage,
    Place,
    Queued,
    Sent,
    Story,
    UnmatchedReceipt,
    WaitingAccount,
)
from habar.store.retention import Keep, Tidied
from habar.store.sqlite.books import SqliteBooks
from habar.store.sqlite.callbacks import SqliteCallbacks
from habar.store.sqlite.connection import name_of
from habar.store.sqlite.decisions import decide, match
from habar.store.sqlite.inbox import SqliteInbox
from habar.store.sqlite.journal import SqliteJournal
from habar.store.sqlite.migrate import migrate
from habar.store.sqlite.network import SqliteNetwork
from habar.store.sqlite.reads import Reads
from habar.store.sqlite.retention import Retention
from habar.store.sqlite.sql import CALLBACKS, QUERIES
from habar.store.sqlite.writer import BUSY, COMMAND_BUSY, Writer

log = structlog.get_logger(__name__)


class _Open:
    """What there is while the file is open."""

    def __init__(self, path: Path, writer: Writer, lock: int | None) -> None:
        self.writer = writer
        self.lock = lock
        self.threads = ThreadPoolExecutor(2, thread_name_prefix="habar-store")
        self.reads = Reads(path)
        self.journal = SqliteJournal(writer, self.threads)
        self.books = SqliteBooks(self.reads, self.journal.run)
        self.network = SqliteNetwork(self.reads, self.journal.run)
        self.inbox = SqliteInbox(self.reads, self.journal.run)
        self.callbacks = SqliteCallbacks(self.reads, self.journal.run)
        self.retention = Retention(self.reads, self.journal.run)


class SqliteStore:
    """`store.port.Store` on one file. `migrations=False`: refuse an older schema.

    `node` is what its one node is called; empty: the machine's name.
    """

    def __init__(self, path: Path | str, *, migrations: bool = True, node: str = "") -> None:
        self._path = Path(path)
        self._node = node
        self._migrations = migrations
        self._parts: _Open | None = None

    @property
    def journal(self) -> SqliteJournal:
        """See store.port.Store."""
        return self._open.journal

    @property
    def books(self) -> SqliteBooks:
        """See store.port.Store."""
        return self._open.books

    @property
    def network(self) -> SqliteNetwork:
        """See store.port.Store."""
        return self._open.network

    @property
    def inbox(self) -> SqliteInbox:
        """See store.port.Store."""
        return self._open.inbox

    @property
    def callbacks(self) -> SqliteCallbacks:
        """See store.port.Store."""
        return self._open.callbacks

    @property
    def holds(self) -> bool:
        """See store.port.Store: the lock on the file is ours for as long as we live."""
        return True

    @property
    def hints_last_ms(self) -> int:
        """See store.port.Store: what waits was put there by this process, or by a command.

        Of a command (`decide`) nothing is heard; that it takes effect is waited for.
        """
        return 5_000

    def now_ms(self) -> int:
        """See store.port.Store: one process, so the machine's clock."""
        return time.time_ns() // 1_000_000

    def watch(self, watcher: Watcher) -> None:
        """See store.port.Store: there is no other node that could do anything."""

    def tell(self, hint: Hint) -> None:
        """See store.port.Store: there is nobody to tell."""

    async def slots(self, wanted: Mapping[int, Sequence[int]]) -> Slots:
        """See store.port.Store: all of them."""
        held = (Slot(operator, n) for operator, numbers in wanted.items() for n in numbers)
        return Slots(frozenset(held), frozenset())

    async def give_back(self, slot: Slot) -> None:
        """See store.port.Store: nobody waits for it."""

    async def announce_drain(self) -> None:
        """See store.port.Store: nobody looks."""

    async def nodes(self) -> list[Node]:
        """See store.port.Store: the one process that has the file, or had it last."""
        run = self._open.reads.last_run()
        if run is None:
            return []
        claimed = await self._open.reads.claimed()
        alive = self._open.lock is not None or self._is_served()
        return [
            Node(
                id=run[0],
                name=self._node or socket.gethostname(),
                roles=("front", "dispatch", "callbacks"),
                version=__version__,
                started_at=run[1],
                lease_until=None,
                alive=alive,
                draining=False,
                claimed=claimed,
                binds=0,
            )
        ]

    def _is_served(self) -> bool:
        """Whether another process is the gateway of this file."""
        lock = _lock(self._path)
        if lock is not None:
            os.close(lock)
        return lock is None

    async def open(self, now: int | None = None) -> int:
        """See store.port.Store."""
        lock = _lock(self._path)
        if lock is None:
            raise AlreadyOpen(f"another gateway has {self._path} open")
        try:
            parts = self._parts = self._put_together(lock, migrations=self._migrations)
            return _begin_run(parts, self.now_ms() if now is None else now)
        except BaseException:
            self._release(lock)
            raise

    async def open_books(self) -> None:
        """Open the books (and what can be read) beside a gateway or without one.

        Raises SchemaMismatch, StoreUnavailable.
        """
        lock = _lock(self._path)
        try:
            self._parts = self._put_together(None, migrations=self._migrations and lock is not None)
        finally:
            if lock is not None:
                os.close(lock)

    async def close(self) -> None:
        """See store.port.Store."""
        parts = self._open
        try:
            written = await parts.journal.drain()
            if parts.lock is not None and written:
                _end_run(parts.writer)
        finally:
            self._release(parts.lock)

    async def statuses(
        self, account_id: int, refs: Sequence[Ref], now: int
    ) -> list[MessageStatus | None]:
        """See store.port.Store."""
        return await self._open.reads.statuses(account_id, refs, now)

    async def waiting(self, operator_id: int) -> list[WaitingAccount]:
        """See store.port.Store."""
        return await self._open.reads.waiting(operator_id)

    async def queued(
        self, operator_id: int, after: Place | None, limit: int, now: int
    ) -> list[Queued]:
        """See store.port.Store."""
        return await self._open.reads.queued(operator_id, after, limit, now)

    async def held(self, operator_id: int | None, limit: int) -> list[HeldMessage]:
        """See store.port.Store."""
        return await self._open.reads.held(operator_id, limit)

    async def decide(self, message_id: int, resend: bool, *, actor: str, now: int) -> None:
        """See store.port.Store."""
        await self._open.journal.run(lambda c: decide(c, message_id, resend, actor=actor, now=now))

    async def match(
        self, receipt_id: int, message_id: int, part: int, *, actor: str, now: int
    ) -> None:
        """See store.port.Store."""
        await self._open.journal.run(
            lambda c: match(c, receipt_id, message_id, part, actor=actor, now=now)
        )

    async def sent_to(self, account_id: int, message_id: int) -> Sent | None:
        """See store.port.Store."""
        return await self._open.reads.sent_to(account_id, message_id)

    async def story(self, message_id: int) -> Story | None:
        """See store.port.Store."""
        return await self._open.reads.story(message_id)

    async def unmatched_receipts(self, limit: int) -> list[UnmatchedReceipt]:
        """See store.port.Store."""
        return await self._open.reads.unmatched_receipts(limit)

    async def counts(self) -> Counts:
        """See store.port.Store."""
        return await self._open.reads.counts()

    async def tidy(self, keep: Keep, limit: int) -> Tidied:
        """See store.port.Store."""
        return await self._open.retention.tidy(keep, limit)

    @property
    def _open(self) -> _Open:
        if self._parts is None:
            raise StoreUnavailable("the store is not open")
        return self._parts

    def _put_together(self, lock: int | None, *, migrations: bool) -> _Open:
        writer = Writer(self._path, busy=COMMAND_BUSY if lock is None else BUSY)
        try:
            migrate(writer.connection, permitted=migrations)
            return _Open(self._path, writer, lock)
        except BaseException:
            writer.close()
            raise

    def _release(self, lock: int | None) -> None:
        parts, self._parts = self._parts, None
        if parts is not None:
            parts.threads.shutdown()
            parts.reads.close()
            parts.writer.close()
        if lock is not None:
            os.close(lock)


def _lock(path: Path) -> int | None:
    """The lock that says who the gateway is.

    A file of its own: closing a descriptor of the database itself would drop SQLite's locks.
    """
    return lock_file(Path(f"{path}.lock"))


def _begin_run(parts: _Open, now: int) -> int:
    """Take back what an earlier run had in hand; how many messages that were."""
    connection = parts.writer.connection
    try:
        parts.writer.finish_checkpoint()  # runs that die one after another must not pile up the log
        connection.execute("BEGIN IMMEDIATE")
        recovered = sum(
            connection.execute(QUERIES[name], values).rowcount
            for name, values in (
                ("recover_boarded", (now,)),
                ("recover_claimed", (now,)),
                ("release_claimed", ()),
            )
        )
        connection.execute(CALLBACKS["release_claimed_calls"])
        connection.execute(QUERIES["begin_run"], (now, recovered))
        connection.execute("COMMIT")
        parts.journal.calibrate()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the store cannot write: {name_of(error)}") from error
    return recovered


def _end_run(writer: Writer) -> None:
    """What is claimed still has not left this process: it goes back as it was.

    What is marked as boarded may have, and nobody has said otherwise: it is held.

    Where the disk does not have it, the next start will take this run for one that died.
    """
    connection = writer.connection
    now = time.time_ns() // 1_000_000
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(QUERIES["recover_boarded"], (now,))
        connection.execute(QUERIES["release_claimed"])
        connection.execute(CALLBACKS["release_claimed_calls"])
        writer.batch.ids.give_back(connection)
        connection.execute(QUERIES["end_run"], (now,))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        log.error("the end of the run could not be written", error=name_of(error))
