"""One transaction for all that waits: the writes of a batch, in order, grouped by kind.

Guarantees: all of a batch or nothing. Writes take effect in the order given, as far as it can be
told from the outside (store.writes). A write that the store refuses by itself is found by doing the
batch again one by one, and harms no other.
Does not commit; knows no loop and no disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from habar.errors import HabarError, Refusal, StoreFault
from habar.model.message import Outcome, Submission
from habar.store.callbacks import CallsReleased, HostSeen
from habar.store.sqlite.calls import settle_call, write_tries
from habar.store.sqlite.connection import FAULTS, is_unavailable, name_of
from habar.store.sqlite.ids import Ids
from habar.store.sqlite.parked import Parked
from habar.store.sqlite.questions import answer
from habar.store.sqlite.receipts import apply_early, write_receipts
from habar.store.sqlite.results import write_parts, write_settled
from habar.store.sqlite.submissions import write_submissions
from habar.store.sqlite.subscribers import write_subscribers
from habar.store.writes import (
    ASK,
    PART,
    RECEIPT,
    SETTLE,
    SUBMIT,
    SUBSCRIBER,
    TRIED,
    Write,
    deal_out,
    grouped,
)

Chore = Callable[[sqlite3.Connection], Any]
"""A write of the books' or of retention's: done in a savepoint of its own; a HabarError that it
raises is its answer."""

log = structlog.get_logger(__name__)


class Batch:
    """Does batches on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids = Ids(connection)
        self._parked = Parked(connection)
        self._mark = self._ids.mark

    @property
    def ids(self) -> Ids:
        """The sequence of message ids."""
        return self._ids

    def begin(self) -> None:
        """Begin the transaction; raises sqlite3.Error where the file is held by another."""
        self._mark = self._ids.mark
        self._connection.execute("BEGIN IMMEDIATE")

    def undo(self) -> None:
        """Nothing of the transaction has happened."""
        self._ids.restore(self._mark)
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def write(self, writes: Sequence[Write]) -> None:
        """Begin, and leave each write's answer in it.

        Raises what `connection.FAULTS` names where the disk or the file is at fault: then nothing
        has happened.
        """
        try:
            self.begin()
            self._together(writes)
        except FAULTS as error:
            self.undo()
            if is_unavailable(error):
                raise
        else:
            return
        try:
            self.begin()
            self._one_by_one(writes)
        except FAULTS:
            self.undo()
            raise

    def _together(self, writes: Sequence[Write]) -> None:
        for groups in grouped(writes):
            if groups[SUBMIT]:
                self._submit(groups[SUBMIT])
            if groups[PART]:
                self._accept(groups[PART])
            if groups[RECEIPT]:
                self._receipts(groups[RECEIPT])
            if groups[TRIED]:
                self._tried(groups[TRIED])
            if groups[SUBSCRIBER]:
                self._subscribers(groups[SUBSCRIBER])
            for write in groups[SETTLE]:
                write.answer = self._settle(write.item)
            for write in groups[ASK]:
                self._ask(write)

    def _submit(self, writes: list[Write]) -> None:
        if len(writes) == 1:
            writes[0].answer = write_submissions(self._connection, self._ids, writes[0].item)
            return
        submissions = [submission for write in writes for submission in write.item]
        deal_out(writes, write_submissions(self._connection, self._ids, submissions))

    def _accept(self, writes: list[Write]) -> None:
        events = [write.item for write in writes]
        write_parts(self._connection, events)
        apply_early(self._connection, self._parked, events)
        for write in writes:
            write.answer = write.item.message_id

    def _receipts(self, writes: list[Write]) -> None:
        answers = write_receipts(self._connection, self._parked, [write.item for write in writes])
        for write, found in zip(writes, answers, strict=True):
            write.answer = found

    def _tried(self, writes: list[Write]) -> None:
        answers = write_tries(self._connection, [write.item for write in writes])
        for write, found in zip(writes, answers, strict=True):
            write.answer = found

    def _settle(self, event: Any) -> int | None:
        if isinstance(event, CallsReleased | HostSeen):
            return settle_call(self._connection, event)
        return write_settled(self._connection, event)

    def _subscribers(self, writes: list[Write]) -> None:
        answers = write_subscribers(self._connection, [write.item for write in writes])
        for write, found in zip(writes, answers, strict=True):
            write.answer = found

    def _ask(self, write: Write) -> None:
        if callable(write.item):
            write.answer = self._saved(lambda: write.item(self._connection))
        else:
            write.answer = answer(self._connection, write.item)

    def _one_by_one(self, writes: Sequence[Write]) -> None:
        """Find the write that the store refuses, and do all the others."""
        for write in writes:
            if write.kind == SUBMIT:
                write.answer = [self._submit_alone(submission) for submission in write.item]
                continue
            fault = self._saved(lambda write=write: self._together([write]))  # type: ignore[misc]
            if fault is not None:
                write.answer = fault if write.kind == ASK else None
                log.error("write refused by the store", kind=type(write.item).__name__)

    def _submit_alone(self, submission: Submission) -> Outcome:
        found = self._saved(lambda: write_submissions(self._connection, self._ids, [submission]))
        if isinstance(found, HabarError):
            return Outcome(0, submission.parts, 0, Refusal.FAULT)
        outcome: Outcome = found[0]
        return outcome

    def _saved(self, work: Callable[[], Any]) -> Any:
        """Do `work` in a savepoint: its result, or the HabarError for which nothing happened."""
        mark = self._ids.mark
        self._connection.execute("SAVEPOINT alone")
        try:
            return work()
        except FAULTS as error:
            if is_unavailable(error):
                raise
            self._connection.execute("ROLLBACK TO alone")
            self._ids.restore(mark)
            return error if isinstance(error, HabarError) else StoreFault(name_of(error))
        finally:
            if self._connection.in_transaction:
                self._connection.execute("RELEASE alone")
