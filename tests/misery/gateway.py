"""A gateway without its listeners, as one process of the simulation: started, stopped, killed.

Guarantees: it is wired as `habar.app.gateway` wires it, on a real SQLite file; a kill leaves the
file as it is at that moment and the operators with a reset; nothing of it depends on real time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from habar.app.network import NetworkView
from habar.app.node import ThisNode
from habar.app.periodic import Periodic
from habar.app.watch import OperatorWatch
from habar.config import InboundSettings
from habar.dispatch import Dispatcher, Housekeeping
from habar.errors import StoreUnavailable
from habar.inbound import Inbound, Receipts, Rules, Subscribers
from habar.model.account import Account
from habar.model.message import Outcome, Protocol, Ref
from habar.model.retry import RetryPlan
from habar.operators import Timer
from habar.query import Query
from habar.store.sqlite import SqliteStore
from habar.submit.door import Door

from .loop import Process, VirtualLoop
from .network import Network

PATIENCE = 2.5
"""Seconds for the windows to empty when binds are to be others."""
EPOCH = 1_790_000_000_000
"""UTC milliseconds when the virtual clock shows its beginning."""


class Wall:
    """The wall clock (`habar.operators.Clock`): virtual time, and jumps that somebody makes."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.jumps: list[tuple[int, int]] = []
        """What the clock showed before, and by how many milliseconds it was set."""
        self.jumped_at = 0.0
        self._loop = loop
        self._began = loop.time()
        self._ahead = 0

    def now_ms(self) -> int:
        """UTC milliseconds of the epoch."""
        return EPOCH + self._ahead + int((self._loop.time() - self._began) * 1000)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Call once; a jump of the wall clock does not change when."""
        return self._loop.call_later(seconds, callback)

    def jump(self, ms: int) -> None:
        """Somebody sets the clock."""
        self.jumps.append((self.now_ms(), ms))
        self._ahead += ms
        self.jumped_at = self._loop.time()


class Disk:
    """Where the database lies: it refuses commits while somebody says so, in one of two ways.

    Where a commit is made is drawn by lot: how quick the real disk is must not matter. One that is
    made "in a thread" is done at once, too, but its journal hears of it a turn later.
    """

    slow = False

    def __init__(self, random: Random) -> None:
        self.fault = 0
        """What commits meet: an SQLite error code; 0: nothing."""
        self._random = random

    # --- As `habar.store.sqlite.pace.Pace` -------------------------------------------------------
    def in_loop(self, now: float) -> bool:
        return self._random.random() < 0.5

    def note(self, seconds: float, rows: int, now: float) -> None:
        """It does not matter."""

    # --- Faults ----------------------------------------------------------------------------------
    def bear(self, store: SqliteStore) -> None:
        """From now on this store's file lies here."""
        journal: Any = store.journal
        writer = journal._writer
        commit, recover = writer.commit, writer.recover
        journal._pace = self

        def try_to_commit() -> None:
            if self.fault:
                error = sqlite3.OperationalError("made by the simulation")
                error.sqlite_errorcode = self.fault
                raise error
            commit()

        def recover_and_make_haste(error: BaseException) -> None:
            recover(error)
            _make_haste(writer)

        writer.commit, writer.recover = try_to_commit, recover_and_make_haste
        _make_haste(writer)


def _make_haste(writer: Any) -> None:
    """The real disk need not keep anything: the process that is killed is none."""
    writer.connection.execute("PRAGMA synchronous = OFF")


@asynccontextmanager
async def command(path: Path, random: Random) -> AsyncIterator[SqliteStore]:
    """What a command of the staff works on: the file itself, beside the gateway or without one."""
    store = SqliteStore(path)
    await store.open_books()
    Disk(random).bear(store)
    try:
        yield store
    finally:
        await store.close()


class Gateway:
    """One life of it, from `start` to `stop` or `kill`."""

    def __init__(
        self,
        loop: VirtualLoop,
        network: Network,
        wall: Wall,
        path: Path,
        disk: Disk,
        *,
        retry: RetryPlan,
        random: Random,
        number: int,
    ) -> None:
        self.number = number
        self.process = Process(f"gateway {number}")
        self.recovered = 0
        self.up = False
        self._loop = loop
        self._network = network
        self._wall = wall
        self._disk = disk
        self._retry = retry
        self._random = random
        self.store = SqliteStore(path)

    async def start(self) -> None:
        """Open the store and connect to the operators."""
        await self.process.run(self._loop.create_task, self._start())

    async def _start(self) -> None:
        clock = self._wall
        self.recovered = await self.store.open(clock.now_ms())
        self._disk.bear(self.store)
        network = NetworkView(self.store, (), now=clock.now_ms)
        await network.begin()
        journal = self.store.journal
        subscribers = Subscribers(journal, Rules(), InboundSettings(), clock.now_ms)
        self.receipts = Receipts(journal, clock.now_ms)
        self.dispatcher = Dispatcher(
            self.store,
            [one for one in network.operators if one.sends],
            Inbound(self.receipts, subscribers).deliver,
            routes=network.routes,
            retry=self._retry,
            ahead=500,
            clock=clock,
            spread=self._random.random,
        )
        self.housekeeping = Housekeeping(journal, retry=self._retry, clock=clock)
        self.door = Door(
            journal,
            self.dispatcher,
            network.routes,
            now=clock.now_ms,
            monotonic=self._loop.time,
        )
        self.watch = OperatorWatch(
            self.store,
            network,
            self.dispatcher,
            ThisNode("misery"),
            obey=lambda routes: setattr(self.door, "routes", routes),
            now=clock.now_ms,
            patience=PATIENCE,
        )
        self.query = Query(self.store, self.dispatcher, now=clock.now_ms)
        await self.dispatcher.start()
        self.housekeeping.start()
        self._rounds = (
            Periodic("follow the operators", 1.0, self.watch.follow),
            Periodic("look who is out", 1.0, self.watch.look),
            Periodic("move what waits for those", 1.0, self.watch.move),
            Periodic("report the binds", 1.0, self.watch.report),
        )
        for periodic in self._rounds:
            periodic.start()
        self.up = True

    async def stop(self) -> None:
        """Stop in order."""
        self.up = False
        await self.process.run(self._loop.create_task, self._stop())

    async def _stop(self) -> None:
        for periodic in self._rounds:
            await periodic.stop()
        self.door.drain()
        self.housekeeping.stop()
        await self.dispatcher.drain(5.0)
        await self.store.close()

    def kill(self) -> None:
        """kill -9: whatever is not on disk is lost."""
        self.up = False
        self._loop.kill(self.process)
        self._network.kill(self.process)
        parts = self.store._parts
        if parts is not None:
            self.store._release(parts.lock)

    def submit(
        self, account: Account, drafts: Sequence[tuple[Any, ...]], done: Callable[[Any], None]
    ) -> None:
        """A customer sends a package."""

        def answered(answer: list[Outcome] | Exception) -> None:
            if not self.process.dead:
                done(answer)

        self.process.run(self.door.submit, account, Protocol.XML, drafts, answered)

    def delete(self, account: Account, message_id: int, done: Callable[[bool], None]) -> None:
        """A customer deletes a message; `done` is told whether it is deleted."""

        async def delete() -> None:
            try:
                (deletion,) = await self.query.delete(account, [Ref(None, message_id)])
            except StoreUnavailable:
                done(False)
            else:
                done(deletion.refusal is None)

        self.process.run(self._loop.create_task, delete())
