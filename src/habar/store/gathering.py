"""The hot path's one writer, whatever the engine: gathers what a loop turn brings for a commit.

Guarantees (store.port): done after the commit, in the order given, but receipts; submissions and
questions are never held up artificially; results alone wait while each turn of the loop brings more
of them, at most 5 ms. No window waits for receipts, so they are gathered for 5 ms or until there
are 64, and do not slow the results for which one does. One commit is under way at a time, and the
loop goes on gathering while it is waited for.

When a commit fails, submissions and questions fail at once; what was recorded is kept, in order,
and tried again with growing pauses. With nothing to try, a probe asks the store whether it is well.
How a batch is written is the engine's: it ends each with `_committed` or `_failed`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import structlog

from habar.errors import HabarError, StoreUnavailable
from habar.model.message import Submission
from habar.store.port import AnswerDone, Event, Question, Recorded, SubmitDone
from habar.store.writes import ASK, RECEIPT, SUBMIT, Write, kind_of

LINGER = 0.005
MANY_RECEIPTS = 64
_FIRST_PAUSE, _LAST_PAUSE = 0.05, 1.0
LAST_TRIES = 3
"""When closing, before what the store would not take is given up."""

log = structlog.get_logger(__name__)


class GatheringJournal(ABC):
    """`store.port.Journal` but for the writing. To be made in the loop that it serves."""

    most = 256
    """Rows a transaction: then others get their turn."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Write] = []
        self._backlog = 0
        self._receipts: list[Write] = []
        self._receipts_due = False
        self._receipt_timer: asyncio.TimerHandle | None = None
        self._under_way: list[Write] | None = None
        self._rows = 0
        self._flush_soon = False
        self._lingering = False
        self._retry: asyncio.TimerHandle | None = None
        self._pause = _FIRST_PAUSE
        self._failures = 0
        self._commits = 0
        self._closing = False
        self._turned = asyncio.Event()

    # --- For the engine to say -------------------------------------------------------------------
    @abstractmethod
    def _write(self, writes: list[Write]) -> None:
        """Write a batch and, now or later, call `_committed` or `_failed`."""

    @abstractmethod
    def _probe(self) -> None:
        """Write next to nothing, to see whether the store is well; end it as `_write`."""

    @abstractmethod
    def _recover(self, error: BaseException) -> None:
        """A batch has failed: make ready for another try."""

    @abstractmethod
    def _name_of(self, error: BaseException) -> str:
        """What may be logged of an error: its name, never a value."""

    # --- What is given ---------------------------------------------------------------------------
    def submit(self, submissions: Sequence[Submission], done: SubmitDone) -> None:
        """See store.port.Journal."""
        self._ask(Write(SUBMIT, submissions, done))

    def ask(self, question: Question, done: AnswerDone) -> None:
        """See store.port.Journal."""
        self._ask(Write(ASK, question, done))

    def record(self, event: Event, done: Recorded | None = None) -> None:
        """See store.port.Journal."""
        write = Write(kind_of(event), event, done)
        self._backlog += 1
        if write.kind == RECEIPT:
            self._hold(write)
            return
        self._waiting.append(write)
        if not (self._flush_soon or self._lingering or self._under_way is not None):
            self._lingering = True
            self._loop.call_soon(self._linger, -1, self._loop.time() + LINGER)

    def hurry(self) -> None:
        """See store.port.Journal."""
        if self._waiting:
            self._soon()

    def _hold(self, receipt: Write) -> None:
        """Nobody's window waits for a receipt: gather them, so that they do not slow what does."""
        self._receipts.append(receipt)
        if len(self._receipts) >= MANY_RECEIPTS:
            self._receipts_due = True
            self._soon()
        elif self._receipt_timer is None:
            self._receipt_timer = self._loop.call_later(LINGER, self._receipts_ripe)

    def _receipts_ripe(self) -> None:
        if self._receipt_timer is not None:
            self._receipt_timer.cancel()
            self._receipt_timer = None
        if self._receipts:
            self._receipts_due = True
            self._soon()

    async def run(self, chore: Any, rows: int = 1) -> Any:
        """Do the engine's own chore of so many rows between the other writes.

        Raises the HabarError that it raises.
        """
        answer: asyncio.Future[Any] = self._loop.create_future()

        def done(result: Any) -> None:
            if answer.cancelled():
                return
            if isinstance(result, HabarError):
                answer.set_exception(result)
            else:
                answer.set_result(result)

        self._ask(Write(ASK, chore, done, rows))
        return await answer

    @property
    def healthy(self) -> bool:
        """See store.port.Journal."""
        return self._failures == 0

    @property
    def backlog(self) -> int:
        """See store.port.Journal."""
        return self._backlog

    @property
    def commits(self) -> int:
        """See store.port.Journal."""
        return self._commits

    async def drain(self) -> bool:
        """Take nothing more and write what is waiting; False where the store would not have it."""
        self._closing = True
        self._receipts_ripe()
        give_up = self._failures + LAST_TRIES
        while self._under_way is not None or (self._any_waiting and self._failures < give_up):
            await self._turned.wait()
        if self._retry is not None:
            self._retry.cancel()
        if self._any_waiting:
            log.error("closed with writes that the store would not take", writes=self._backlog)
        return not self._any_waiting

    # --- When it is written ----------------------------------------------------------------------
    def _ask(self, write: Write) -> None:
        if self._closing or self._failures:
            self._loop.call_soon(self._tell, write, StoreUnavailable("the store cannot write now"))
            return
        self._waiting.append(write)
        self._backlog += write.weight
        self._soon()

    @property
    def _any_waiting(self) -> bool:
        return bool(self._waiting or self._receipts)

    def _soon(self) -> None:
        """Write at the end of this turn, when all that it brings is here."""
        if not self._flush_soon and self._under_way is None and not self._failures:
            self._flush_soon = True
            self._loop.call_soon(self._flush)

    def _linger(self, seen: int, until: float) -> None:
        """Only records wait: go on gathering while each turn brings more."""
        waiting = len(self._waiting)
        if self._flush_soon or self._under_way is not None or self._failures or not waiting:
            self._lingering = False
        elif waiting == seen or waiting >= self.most or self._loop.time() >= until:
            self._lingering = False
            self._flush()
        else:
            self._loop.call_soon(self._linger, waiting, until)

    def _flush(self) -> None:
        self._flush_soon = False
        if self._under_way is not None or not self._any_waiting:
            return
        self._under_way = self._take()
        self._write(self._under_way)

    def _take(self) -> list[Write]:
        """What the next transaction writes: at most about `most` rows, at least one write."""
        if self._receipts_due:
            self._receipts_due = False
            self._waiting += self._receipts
            self._receipts = []
        self._rows = 0
        for number, write in enumerate(self._waiting):
            weight = write.weight
            if self._rows + weight > self.most and number:
                taken, self._waiting = self._waiting[:number], self._waiting[number:]
                return taken
            self._rows += weight
        taken, self._waiting = self._waiting, []
        return taken

    # --- What came of it -------------------------------------------------------------------------
    def _committed(self) -> None:
        writes = self._under_way or []
        self._backlog -= self._rows
        self._under_way, self._rows = None, 0
        self._commits += 1
        if self._failures:
            log.info("the store writes again", after_failures=self._failures)
            self._failures, self._pause = 0, _FIRST_PAUSE
        for write in writes:
            self._tell(write, write.answer)
        self._go_on()

    def _failed(self, error: BaseException) -> None:
        """Keep what was recorded for another try; all else has not happened."""
        log.error("the store cannot write", error=self._name_of(error))
        self._failures += 1
        self._recover(error)
        writes = (self._under_way or []) + self._waiting
        self._under_way, self._rows = None, 0
        self._turn_away(writes)
        self._retry = self._loop.call_later(self._pause, self._try_again)
        self._pause = min(self._pause * 2, _LAST_PAUSE)
        self._turn()

    def _turn_away(self, writes: list[Write]) -> None:
        """Of these and nothing else, keep what was recorded; the others are told."""
        self._waiting = [write for write in writes if write.kind not in (SUBMIT, ASK)]
        self._backlog = self._rows + len(self._waiting) + len(self._receipts)
        for write in writes:
            if write.kind in (SUBMIT, ASK):
                self._tell(write, StoreUnavailable("the store could not write"))

    def _try_again(self) -> None:
        self._retry = None
        if self._under_way is not None:  # something of the engine's own is being done
            self._retry = self._loop.call_later(self._pause, self._try_again)
        elif self._any_waiting:
            self._receipts_due = bool(self._receipts)
            self._flush()
        else:
            self._under_way = []
            self._probe()

    def _tell(self, write: Write, answer: Any) -> None:
        if write.done is None:
            return
        try:
            write.done(answer)
        except Exception as error:  # noqa: BLE001 - the others of the batch must be told too
            self._loop.call_exception_handler(
                {"message": "a call-back of the journal failed", "exception": error}
            )

    def _go_on(self) -> None:
        self._turn()
        if self._waiting or self._receipts_due:
            self._soon()

    def _turn(self) -> None:
        """Wake those who wait for a commit to end."""
        self._turned.set()
        self._turned.clear()
