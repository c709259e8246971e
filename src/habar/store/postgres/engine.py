"""The PostgreSQL engine of `store.port`: one of the nodes that share a database.

Guarantees: one process of a name at a time: in one data folder by a lock (home.py), so that what a
run of that name had in hand when it died is back in the queue before anything else happens;
elsewhere by waiting for its lease. What other nodes had in hand comes back when theirs run out. A
node that was away itself gives the others a lease's time to come back, too, before it takes them
for dead. Commands may use the books beside the nodes. The schema is never changed from here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg
import structlog

from habar.errors import AlreadyOpen, HabarError, StoreUnavailable
from habar.model.message import MessageStatus, Ref
from habar.store.nodes import Hint, Node, Slot, Slots, Watcher
from habar.store.postgres.books import PostgresBooks
from habar.store.postgres.callbacks import PostgresCallbacks
from habar.store.postgres.connection import Address, Connection, name_of
from habar.store.postgres.decisions import decide, match
from habar.store.postgres.hints import Hints
from habar.store.postgres.home import Home, enter
from habar.store.postgres.inbox import PostgresInbox
from habar.store.postgres.journal import PostgresJournal
from habar.store.postgres.migrate import check
from habar.store.postgres.network import PostgresNetwork
from habar.store.postgres.node import Clock, Run, Who, end_runs
from habar.store.postgres.pool import Pool
from habar.store.postgres.reads import Reads
from habar.store.postgres.receipts import rematch
from habar.store.postgres.retention import Retention
from habar.store.postgres.slots import share
from habar.store.postgres.sql import CALLBACKS, QUERIES
from habar.store.postgres.writer import Writer
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

_PAUSE = 1.0
"""Seconds until a name that another node may have is asked for again."""
_ROUNDS = 4
"""Looks for the dead in the time of a lease."""

log = structlog.get_logger(__name__)


class _Open:
    """What there is while the database is open, for a command or for a node."""

    def __init__(self, address: Address, size: int) -> None:
        self.pool = Pool(address, size)
        self.reads = Reads(self.pool)
        self.books = PostgresBooks(self.pool)
        self.network = PostgresNetwork(self.pool)
        self.inbox = PostgresInbox(self.pool)
        self.callbacks = PostgresCallbacks(self.pool)
        self.node: _Node | None = None


class _Node:
    """What there is besides while a run goes on."""

    def __init__(
        self,
        home: Home,
        run: Run,
        writer: Writer,
        journal: PostgresJournal,
        hints: Hints,
        retention: Retention,
    ) -> None:
        self.home = home
        self.run = run
        self.writer = writer
        self.journal = journal
        self.hints = hints
        self.retention = retention
        self.rounds: asyncio.Task[None] | None = None


class PostgresStore:
    """`store.port.Store` on a database; `folder` holds the lock of the node's name."""

    def __init__(
        self,
        address: Address,
        who: Who,
        folder: Path,
        *,
        connections: int = 4,
        notify: bool = True,
    ) -> None:
        self._address = address
        self._who = who
        self._folder = folder
        self._connections = connections
        self._notify = notify
        self._clock = Clock()
        self._watcher: Watcher | None = None
        self._let_go = False
        self._parts: _Open | None = None

    # --- Life ------------------------------------------------------------------------------------
    async def open(self, now: int | None = None) -> int:
        """See store.port.Store. A node of this name that lives: AlreadyOpen."""
        home = enter(self._folder, self._who.name)
        parts = _Open(self._address, self._connections)
        try:
            await parts.pool.ask(check)
            node = parts.node = self._make_node(home, parts)
            recovered = await _begin_first_run(node, now)
            await node.hints.start()
        except BaseException:
            if parts.node is not None:
                await parts.node.hints.close()
                parts.node.writer.drop()
            await parts.pool.close()
            home.leave()
            raise
        self._parts = parts
        node.journal.start()
        node.rounds = asyncio.get_running_loop().create_task(self._rounds(parts, node))
        return recovered

    async def open_books(self) -> None:
        """Open the books (and what can be read) beside the nodes.

        Raises SchemaMismatch, StoreUnavailable.
        """
        parts = _Open(self._address, 1)
        try:
            await parts.pool.ask(check)
        except BaseException:
            await parts.pool.close()
            raise
        self._parts = parts

    async def close(self) -> None:
        """See store.port.Store."""
        parts = self._open
        try:
            if parts.node is not None:
                await _end_node(parts.node)
        finally:
            self._parts = None
            await parts.pool.close()

    def _make_node(self, home: Home, parts: _Open) -> _Node:
        run = Run(self._who, home.mark, self._clock)
        writer = Writer(self._address, run)

        async def begin() -> None:
            await _begin_run(writer, run, self._clock.now_ms())
            self._lost()
            run.hold()

        journal = PostgresJournal(writer, self._who.lease, begin)
        hints = Hints(
            self._address, parts.pool, own_id=lambda: run.id, heard=self._heard, on=self._notify
        )
        retention = Retention(self._address, parts.pool, journal.run)
        return _Node(home, run, writer, journal, hints, retention)

    @property
    def _open(self) -> _Open:
        if self._parts is None:
            raise StoreUnavailable("the store is not open")
        return self._parts

    @property
    def _node(self) -> _Node:
        node = self._open.node
        if node is None:
            raise StoreUnavailable("the store is open for its books only")
        return node

    # --- Parts -----------------------------------------------------------------------------------
    @property
    def journal(self) -> PostgresJournal:
        """See store.port.Store."""
        return self._node.journal

    @property
    def books(self) -> PostgresBooks:
        """See store.port.Store."""
        return self._open.books

    @property
    def network(self) -> PostgresNetwork:
        """See store.port.Store."""
        return self._open.network

    @property
    def inbox(self) -> PostgresInbox:
        """See store.port.Store."""
        return self._open.inbox

    @property
    def callbacks(self) -> PostgresCallbacks:
        """See store.port.Store."""
        return self._open.callbacks

    # --- Several nodes ---------------------------------------------------------------------------
    @property
    def holds(self) -> bool:
        """See store.port.Store."""
        return self._node.run.holds

    @property
    def hints_last_ms(self) -> int:
        """See store.port.Store."""
        return 5_000 if self._notify else 500

    def now_ms(self) -> int:
        """See store.port.Store."""
        return self._clock.now_ms()

    def watch(self, watcher: Watcher) -> None:
        """See store.port.Store."""
        self._watcher = watcher

    def tell(self, hint: Hint) -> None:
        """See store.port.Store."""
        self._node.hints.tell(hint)

    async def slots(self, wanted: Mapping[int, Sequence[int]]) -> Slots:
        """See store.port.Store."""
        run, pool = self._node.run, self._open.pool
        await _bury(pool, run)
        return await pool.transact(lambda c: share(c, run.id, wanted))

    async def give_back(self, slot: Slot) -> None:
        """See store.port.Store."""
        await self._execute("free_bind", *slot, self._node.run.id)

    async def announce_drain(self) -> None:
        """See store.port.Store."""
        await self._execute("set_draining", self._node.run.id)

    async def _execute(self, name: str, *values: int) -> None:
        await self._open.pool.transact(lambda c: c.execute(QUERIES[name], *values))

    async def nodes(self) -> list[Node]:
        """See store.port.Store."""
        rows = await self._open.pool.ask(lambda connection: connection.fetch(QUERIES["nodes"]))
        return [_node(row) for row in rows]

    def _lost(self) -> None:
        if self._watcher is not None:
            self._watcher.lost()

    def _heard(self, hint: Hint) -> None:
        if self._watcher is not None:
            self._watcher.waiting(hint)

    async def _rounds(self, parts: _Open, node: _Node) -> None:
        """Look for dead nodes, and for receipts that crossed their parts, as long as we live."""
        while True:
            await asyncio.sleep(self._who.lease / _ROUNDS)
            try:
                await self._round(parts, node)
            except HabarError as error:
                log.debug("no look at the other nodes", error=str(error))

    async def _round(self, parts: _Open, node: _Node) -> None:
        journal, run = node.journal, node.run
        if not (journal.healthy and run.holds):
            run.was_away()
            if run.over_for > self._who.lease and not self._let_go:
                # Others may reach the database and want the binds that we can make no use of.
                log.warning("the lease ran out long ago: letting go of the operators")
                self._let_go = True
                self._lost()
            return
        self._let_go = False
        await _bury(parts.pool, run)
        if "dispatch" in self._who.roles:
            now, recent = self.now_ms(), node.writer.ids.recent
            await journal.run(lambda connection: rematch(connection, recent, now))

    # --- What can be read ------------------------------------------------------------------------
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
        await self._open.pool.transact(
            lambda c: decide(c, message_id, resend, actor=actor, now=now)
        )

    async def match(
        self, receipt_id: int, message_id: int, part: int, *, actor: str, now: int
    ) -> None:
        """See store.port.Store."""
        await self._open.pool.transact(
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

    # --- What goes -------------------------------------------------------------------------------
    async def tidy(self, keep: Keep, limit: int) -> Tidied:
        """See store.port.Store."""
        return await self._node.retention.tidy(keep, limit)


async def _begin_first_run(node: _Node, now: int | None) -> int:
    """End what a dead process of this name left, and begin; how many messages it had in hand.

    One that may live elsewhere is given a lease's time to be heard of again.
    Raises AlreadyOpen, StoreUnavailable.
    """
    run = node.run
    patience = time.monotonic() + run.who.lease + _PAUSE
    try:
        connection = await node.writer.connection()
        while (recovered := await _take_name(connection, run, now)) is None:
            if time.monotonic() > patience:
                raise AlreadyOpen(f"the node {run.who.name} runs elsewhere; choose another name")
            log.warning("a node of this name may live elsewhere: waiting for its lease to end")
            await asyncio.sleep(_PAUSE)
        run.hold()
        await node.writer.ids.ensure(connection, 1)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StoreUnavailable(f"the store cannot write: {name_of(error)}") from error
    return recovered


async def _take_name(connection: Connection, run: Run, now: int | None) -> int | None:
    """Begin the run unless another folder's of its name may live; None where one may."""
    async with connection.transaction():
        now = now or await connection.fetchval(QUERIES["clock"])
        rows = await connection.fetch(QUERIES["runs_of_name"], run.who.name, run.home)
        if any(elsewhere for _, elsewhere in rows):
            return None
        recovered = await end_runs(connection, [row[0] for row in rows], now, died=True)
        # A node of an older version ends others' runs too, and knows nothing of boarded messages
        # and of call-backs.
        ended = [row[0] for row in await connection.fetch(QUERIES["ended_runs"])]
        await connection.execute(QUERIES["recover_boarded"], ended, now)
        await connection.execute(CALLBACKS["release_claimed_calls"], ended)
        await run.begin(connection, now, recovered)
    return recovered


async def _begin_run(writer: Writer, run: Run, now: int) -> None:
    """After a loss: whoever ended the run before has put back what it had."""
    try:
        connection = await writer.connection()
        async with connection.transaction():
            await run.begin(connection, now, 0)
    except BaseException:
        writer.drop()
        raise


async def _bury(pool: Pool, run: Run) -> None:
    """End the runs whose leases have run out, unless this one was away itself a moment ago."""
    if run.held_for < run.who.lease:
        return
    at = run.clock.now_ms()

    async def work(connection: Connection) -> tuple[list[int], int]:
        dead = [row[0] for row in await connection.fetch(QUERIES["lapsed_runs"], run.id)]
        await connection.execute(QUERIES["forget_runs"])
        return dead, await end_runs(connection, dead, at, died=True)

    dead, messages = await pool.transact(work)
    if dead:
        log.warning("nodes were taken for dead", runs=dead, messages_in_hand=messages)


async def _end_node(node: _Node) -> None:
    """Write what waits, and end the run: what is claimed still has not left this process.

    Where the server does not have it, the run is taken for one that died.
    """
    if node.rounds is not None:
        node.rounds.cancel()
        await asyncio.wait([node.rounds])
    await node.hints.close()
    try:
        try:
            written = await node.journal.drain()
        finally:
            await node.journal.close()
        if written:
            await _end_run(node)
    finally:
        await node.writer.close()
        node.home.leave()


async def _end_run(node: _Node) -> None:
    try:
        connection = await node.writer.connection()
        async with connection.transaction():
            rows = await connection.fetch(QUERIES["own_run"], node.run.id)
            await end_runs(
                connection, [row[0] for row in rows], node.run.clock.now_ms(), died=False
            )
        await node.writer.ids.give_back(connection)
    except (HabarError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        log.error("the end of the run could not be written", error=name_of(error))


def _node(row: Sequence[object]) -> Node:
    number, name, roles, *rest = row
    return Node(number, name, tuple(roles), *rest)  # type: ignore[arg-type]
