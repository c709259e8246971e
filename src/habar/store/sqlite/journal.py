"""The journal on one file: each batch a transaction of the writer's connection.

Guarantees (store.gathering, store.port). The commit is made in the loop where the disk is quick, in
a thread where it is slow (pace.py), and the loop goes on gathering. The log is shortened beside the
commits, but for its end, which comes between two of them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import Executor

import structlog

from habar.errors import StoreUnavailable
from habar.store.gathering import GatheringJournal
from habar.store.sqlite.connection import FAULTS, name_of
from habar.store.sqlite.pace import Pace
from habar.store.sqlite.writer import Writer
from habar.store.writes import Write

MOST = 256
"""Rows a transaction, about 5 ms: then others get their turn of the loop."""

log = structlog.get_logger(__name__)


class SqliteJournal(GatheringJournal):
    """`store.port.Journal` on a Writer. To be made in the loop that it serves."""

    most = MOST

    def __init__(self, writer: Writer, executor: Executor) -> None:
        super().__init__()
        self._writer = writer
        self._executor = executor
        self._pace = Pace()
        self._checkpoint: asyncio.Task[None] | None = None

    def calibrate(self) -> None:
        """Measure the disk by a few commits. Raises sqlite3.Error."""
        for _ in range(5):
            self._writer.touch()
            begun = time.perf_counter()
            self._writer.commit()
            ended = time.perf_counter()
            self._pace.note(ended - begun, 1, ended)

    async def drain(self) -> bool:
        """See GatheringJournal; a checkpoint under way comes to its end."""
        written = await super().drain()
        if self._checkpoint is not None:
            await self._checkpoint
        return written

    def _write(self, writes: list[Write]) -> None:
        try:
            self._writer.write(writes, self._rows)
        except FAULTS as error:
            self._failed(error)
        else:
            self._commit()

    def _probe(self) -> None:
        try:
            self._writer.probe()
        except FAULTS as error:
            self._failed(error)
        else:
            self._commit()

    def _recover(self, error: BaseException) -> None:
        self._writer.recover(error)

    def _name_of(self, error: BaseException) -> str:
        return name_of(error)

    def _commit(self) -> None:
        begun = time.perf_counter()
        if not self._pace.in_loop(begun):
            done = self._loop.run_in_executor(self._executor, self._writer.commit)
            done.add_done_callback(self._thread_done)
            return
        try:
            self._writer.commit()
        except sqlite3.Error as error:
            self._failed(error)
            return
        ended = time.perf_counter()
        self._pace.note(ended - begun, self._rows, ended)
        self._committed()

    def _thread_done(self, commit: asyncio.Future[None]) -> None:
        error = commit.exception()
        if error is None:
            self._committed()
        else:
            self._failed(error)

    def _go_on(self) -> None:
        if self._checkpoint is None and self._writer.checkpoint_due:
            self._checkpoint = self._loop.create_task(self._shorten_log())
        super()._go_on()

    async def _shorten_log(self) -> None:
        """A checkpoint: its bulk beside the commits, its end between two of them."""
        try:
            await self._loop.run_in_executor(self._executor, self._writer.backfill)
            while self._under_way is not None:
                await self._turned.wait()
            self._under_way = []
            try:
                await self._loop.run_in_executor(self._executor, self._writer.finish_checkpoint)
            finally:
                self._under_way = None
        except (sqlite3.Error, StoreUnavailable) as error:
            log.warning("checkpoint failed", error=name_of(error))
        finally:
            self._checkpoint = None
            self._go_on()
