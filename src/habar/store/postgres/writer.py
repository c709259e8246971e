"""The one connection that writes: a transaction a batch, begun by the lease, ended by its commit.

Guarantees: what `write` returns from is committed and on the server's disk. What it raises, but for
InDoubt, has not happened. InDoubt: the answer to the commit was lost; `settle` finds out which it
was, however long that takes. A transaction that lost against another node's is done again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from habar.errors import HabarError, StoreFault, StoreUnavailable
from habar.store.postgres.batch import Batch
from habar.store.postgres.connection import (
    Address,
    Connection,
    is_answer,
    is_unavailable,
    may_be_repeated,
)
from habar.store.postgres.ids import Ids
from habar.store.postgres.node import Run
from habar.store.writes import SUBMIT, Write

_TRIES = 8
_spread = random.SystemRandom().random


class InDoubt(Exception):
    """The commit may have happened or not."""


class Writer:
    """Writes for one run. One call at a time."""

    def __init__(self, address: Address, run: Run) -> None:
        self._address = address
        self._run = run
        self._connection: Connection | None = None
        self._closed = False
        self.ids = Ids(run.clock)
        self._batch = Batch(self.ids, run)

    async def connection(self) -> Connection:
        """The open connection; made anew where it was given up. Raises StoreUnavailable."""
        if self._closed:
            raise StoreUnavailable("the store is not open")
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._address.connect()
        return self._connection

    async def write(self, writes: Sequence[Write]) -> None:
        """Write a batch, and leave each write's answer in it.

        Raises Fenced, InDoubt, StoreUnavailable, and what `is_unavailable` knows.
        """
        count = sum(len(write.item) for write in writes if write.kind == SUBMIT)
        try:
            await self._persist(count, lambda c: self._batch.together(c, writes))
        except (HabarError, InDoubt):
            raise
        except Exception as error:
            if is_unavailable(error):
                raise
            await self._persist(count, lambda c: self._batch.one_by_one(c, writes))

    async def _persist(self, count: int, work: Callable[[Connection], Awaitable[None]]) -> None:
        """Do a transaction; again, where it lost against another one."""
        for number in range(_TRIES - 1):
            try:
                return await self._transact(count, work)
            except Exception as error:
                if not may_be_repeated(error):
                    raise
            await asyncio.sleep(_spread() * 0.005 * 2**number)
        return await self._transact(count, work)

    async def settle(self) -> bool:
        """After InDoubt: whether the transaction was committed. Raises as `write` does."""
        try:
            committed = await self._run.is_committed(await self.connection())
        except Exception:  # raised on: the next try is to have a connection that is not spoiled
            self.drop()
            raise
        if committed:
            self._run.renewed()
        return committed

    async def _transact(self, count: int, work: Callable[[Connection], Awaitable[None]]) -> None:
        first: int | None = None
        try:
            connection = await self.connection()
            await self.ids.ensure(connection, count)
            first = self.ids.first
            await connection.execute("BEGIN")
            await self._run.renew(connection)
            await work(connection)
        except BaseException as error:
            if first is not None:
                self.ids.restore(first)
            await self._undo(error)
            raise
        await self._commit(connection, first)

    async def _commit(self, connection: Connection, first: int) -> None:
        try:
            done = await connection.execute("COMMIT")
        except Exception as error:
            if is_answer(error):
                self.ids.restore(first)
                await self._undo(error)
                raise
            self.drop()
            raise InDoubt from error
        if done != "COMMIT":  # the server's word for a transaction that had failed before
            self.ids.restore(first)
            raise StoreFault(f"the server answered the commit by {done}")
        self._run.renewed()

    async def _undo(self, error: BaseException) -> None:
        """Nothing of the transaction has happened; a connection that may be spoiled is given up."""
        connection = self._connection
        if is_unavailable(error) and not may_be_repeated(error):
            self.drop()
        elif connection is not None and not connection.is_closed():
            try:
                await connection.execute("ROLLBACK")
            except Exception:  # noqa: BLE001 - whatever it is: the server rolls back what is cut off
                self.drop()

    def drop(self) -> None:
        """Give the connection up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def close(self) -> None:
        """Close the connection in order, where there is one, and make none any more."""
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close(timeout=2.0)
            except Exception:  # noqa: BLE001 - it is being thrown away
                connection.terminate()
