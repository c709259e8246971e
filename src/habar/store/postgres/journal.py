"""The journal on PostgreSQL: one transaction at a time, and the loop goes on gathering meanwhile.

Guarantees (store.gathering, store.port). While the answer to a commit is in doubt (the connection
broke in that very moment) nothing of it is told to anybody: it is looked up first, and all others
are turned away until then. Where nothing is to be written, the lease is renewed in time.

Where a commit stays in doubt because we are closing and the server is away, submitters are told
just that, and nothing of it is written a second time.

When others have ended this run, what it would do with messages that it had in hand changes nothing
any more. What the operator said (that it has a part, its receipts, what subscribers write) is kept
for the new run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from habar.errors import StoreUnavailable
from habar.store.gathering import LAST_TRIES, GatheringJournal
from habar.store.postgres.connection import name_of
from habar.store.postgres.node import Fenced
from habar.store.postgres.writer import InDoubt, Writer
from habar.store.writes import ASK, PART, RECEIPT, SETTLE, SUBMIT, SUBSCRIBER, TRIED, Write

_BEATS = 5
"""Renewals in the time of a lease, at the least."""
_PAUSE, _LAST_PAUSE = 0.05, 1.0
_KEPT = (PART, SUBSCRIBER)
"""What operators said, but for receipts: whichever run writes it down."""

Result = TypeVar("Result")
log = structlog.get_logger(__name__)
_FORFEIT = (TRIED, SETTLE)
"""What is about a run that was ended by others means nothing to the next one."""


class PostgresJournal(GatheringJournal):
    """`store.port.Journal` on a Writer. To be made in the loop that it serves."""

    most = 1000

    def __init__(self, writer: Writer, lease: float, begin: Callable[[], Awaitable[None]]) -> None:
        """`begin`: begin a new run, and let go of all that the one before had."""
        super().__init__()
        self._writer = writer
        self._begin = begin
        self._every = lease / _BEATS
        self._beats: asyncio.TimerHandle | None = None
        self._seen = 0
        self._left_in_doubt = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to renew the lease where no commit does."""
        self._seen = self._commits
        self._beats = self._loop.call_later(self._every, self._beat)

    async def drain(self) -> bool:
        """See GatheringJournal. What is in doubt for longer than a few tries stays so: False."""
        written = await super().drain()
        if self._beats is not None:
            self._beats.cancel()
        return written and not self._left_in_doubt

    async def close(self) -> None:
        """Write nothing more."""
        if self._beats is not None:
            self._beats.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _beat(self) -> None:
        self._beats = self._loop.call_later(self._every, self._beat)
        if self._seen == self._commits and self._under_way is None and not self._failures:
            self._under_way = []
            self._probe()
        self._seen = self._commits

    def _write(self, writes: list[Write]) -> None:
        self._task = self._loop.create_task(self._transact(writes))

    def _probe(self) -> None:
        self._task = self._loop.create_task(self._transact([]))

    def _recover(self, error: BaseException) -> None:
        """The writer has done it already."""

    def _name_of(self, error: BaseException) -> str:
        return name_of(error.__cause__ or error)

    async def _transact(self, writes: list[Write]) -> None:
        try:
            await self._attempt(writes)
        except Exception as error:  # noqa: BLE001 - whatever it is: the journal goes on
            self._failed(error)
        else:
            self._committed()

    async def _attempt(self, writes: list[Write]) -> None:
        try:
            await self._writer.write(writes)
        except InDoubt as doubt:
            if not await self._settled(doubt):
                raise StoreUnavailable("the connection broke before the commit") from doubt
        except Fenced:
            await self._begin_anew()

    async def _settled(self, doubt: InDoubt) -> bool:
        """Find out whether the transaction was committed, however long the server is away."""
        log.error("a commit is in doubt", error=self._name_of(doubt))
        self._failures += 1
        self._turn_away(self._waiting)
        try:
            return await self._insist(self._writer.settle)
        except Exception:  # raised on: we are closing, and whoever waits is told first
            self._leave_in_doubt()
            raise

    def _leave_in_doubt(self) -> None:
        """We are closing, and cannot find out what became of the batch."""
        writes = self._under_way or []
        self._under_way, self._rows = [], 0
        self._left_in_doubt = True
        log.error("closed with a commit in doubt", writes=len(writes))
        for write in writes:
            if write.kind in (SUBMIT, ASK):
                self._tell(write, StoreUnavailable("it is not known whether this was written"))

    async def _insist(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do `work` however often the server is away; when closing, a few times only."""
        pause = _PAUSE
        last_tries = LAST_TRIES
        while True:
            try:
                return await work()
            except Exception as error:
                last_tries -= self._closing
                if not last_tries:
                    raise
                log.debug("the server is away still", error=self._name_of(error))
            self._failures += 1
            self._turn()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_PAUSE)

    async def _begin_anew(self) -> None:
        """This run was ended by others: let go of everything, and begin the next one."""
        log.warning("this node was taken for dead; it begins anew")
        self._failures += 1
        forfeit = [*(self._under_way or []), *self._waiting]
        self._under_way, self._rows = [], 0
        self._waiting = [write for write in forfeit if write.kind in _KEPT]
        self._receipts = [write for write in forfeit if write.kind == RECEIPT] + self._receipts
        self._backlog = len(self._waiting) + len(self._receipts)
        try:
            await self._insist(self._begin)
        finally:
            # What was recorded meanwhile is about the run before just as well.
            forfeit += [write for write in self._waiting if write.kind in _FORFEIT]
            self._waiting = [write for write in self._waiting if write.kind not in _FORFEIT]
            self._backlog = len(self._waiting) + len(self._receipts)
            self._tell_forfeit(forfeit)
        self._receipts_due = bool(self._receipts)

    def _tell_forfeit(self, writes: list[Write]) -> None:
        for write in writes:
            if write.kind in (SUBMIT, ASK):
                self._tell(write, StoreUnavailable("this node was taken for dead"))
            elif write.kind in _FORFEIT:
                self._tell(write, None)
