"""One transaction for all that waits: the writes of a batch, in order, grouped by kind.

Guarantees: all of a batch or nothing. Writes take effect in the order given, as far as it can be
told from the outside (store.writes). A write that the store refuses by itself is found by doing the
batch again one by one, and harms no other. Runs inside a transaction that its caller holds; does
not commit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import structlog

from habar.errors import HabarError, Refusal, StoreFault
from habar.model.message import Outcome, Submission
from habar.store.postgres.calls import write_tries
from habar.store.postgres.connection import Connection, is_forbidden, is_unavailable, name_of
from habar.store.postgres.ids import Ids
from habar.store.postgres.node import Run
from habar.store.postgres.questions import answer
from habar.store.postgres.receipts import apply_early, write_receipts
from habar.store.postgres.results import write_parts, write_settled
from habar.store.postgres.submissions import write_submissions
from habar.store.postgres.subscribers import write_subscribers
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

Chore = Callable[[Connection], Awaitable[Any]]
"""A write of the engine's own; a HabarError it raises is its answer, and nothing of it happens."""

log = structlog.get_logger(__name__)


class Batch:
    """Does batches for one run."""

    def __init__(self, ids: Ids, run: Run) -> None:
        self._ids = ids
        self._run = run

    async def together(self, connection: Connection, writes: Sequence[Write]) -> None:
        """Do all of them, and leave each write's answer in it. Raises whatever comes."""
        node_id = self._run.id
        for groups in grouped(writes):
            if groups[SUBMIT]:
                await self._submit(connection, groups[SUBMIT])
            if groups[PART]:
                await self._accept(connection, groups[PART])
            if groups[RECEIPT]:
                await self._receipts(connection, groups[RECEIPT])
            if groups[TRIED]:
                await self._tried(connection, groups[TRIED])
            if groups[SUBSCRIBER]:
                await self._subscribers(connection, groups[SUBSCRIBER])
            if groups[SETTLE]:
                await write_settled(connection, node_id, groups[SETTLE])
            for write in groups[ASK]:
                await self._ask(connection, write)

    async def one_by_one(self, connection: Connection, writes: Sequence[Write]) -> None:
        """Find the write that the store refuses, and do all the others."""
        for write in writes:
            if write.kind == SUBMIT:
                write.answer = [
                    await self._submit_alone(connection, submission) for submission in write.item
                ]
                continue
            fault = await self._saved(connection, partial(self.together, connection, [write]))
            if fault is not None:
                write.answer = fault if write.kind == ASK else None

    async def _submit(self, connection: Connection, writes: list[Write]) -> None:
        submissions = [submission for write in writes for submission in write.item]
        outcomes = await write_submissions(connection, self._ids, self._run.id, submissions)
        deal_out(writes, outcomes)

    async def _accept(self, connection: Connection, writes: list[Write]) -> None:
        events = [write.item for write in writes]
        await apply_early(connection, await write_parts(connection, events))
        for write in writes:
            write.answer = write.item.message_id

    async def _receipts(self, connection: Connection, writes: list[Write]) -> None:
        receipts = [write.item for write in writes]
        answers = await write_receipts(connection, self._ids.recent, receipts)
        for write, found in zip(writes, answers, strict=True):
            write.answer = found

    async def _tried(self, connection: Connection, writes: list[Write]) -> None:
        events = [write.item for write in writes]
        answers = await write_tries(connection, self._run.id, events)
        for write, found in zip(writes, answers, strict=True):
            write.answer = found

    async def _subscribers(self, connection: Connection, writes: list[Write]) -> None:
        answers = await write_subscribers(connection, [write.item for write in writes])
        for write, found in zip(writes, answers, strict=True):
            write.answer = found

    async def _ask(self, connection: Connection, write: Write) -> None:
        if callable(write.item):
            write.answer = await self._saved(
                connection, lambda: write.item(connection), harmless=is_forbidden
            )
        else:
            write.answer = await answer(connection, self._run.id, write.item)

    async def _submit_alone(self, connection: Connection, submission: Submission) -> Outcome:
        found = await self._saved(
            connection,
            lambda: write_submissions(connection, self._ids, self._run.id, [submission]),
        )
        if isinstance(found, HabarError):
            return Outcome(0, submission.parts, 0, Refusal.FAULT)
        outcome: Outcome = found[0]
        return outcome

    async def _saved(
        self,
        connection: Connection,
        work: Callable[[], Awaitable[Any]],
        harmless: Callable[[Exception], bool] = lambda _: False,
    ) -> Any:
        """Do `work` in a savepoint: its result, or the HabarError for which nothing happened.

        `harmless`: of an error that says nothing of the other writes, though it is no value's.
        """
        await connection.execute("SAVEPOINT alone")
        try:
            result = await work()
        except Exception as error:
            if is_unavailable(error) and not harmless(error):
                raise
            await connection.execute("ROLLBACK TO SAVEPOINT alone")
            if isinstance(error, HabarError):
                return error
            log.error("write refused by the store", error=name_of(error))
            return StoreFault(name_of(error))
        await connection.execute("RELEASE SAVEPOINT alone")
        return result
