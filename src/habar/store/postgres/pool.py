"""Connections beside the writer's: for reading, for staff's writes, for what nodes do about nodes.

Guarantees: a question that the server could not answer is StoreUnavailable; one that broke an old
connection is asked again on a new one (a read, or a transaction whose commit was not asked for), so
that a server that was restarted a while ago is not noticed by who asks next. Where nobody knows
whether a transaction was committed, the error says so. At most so many connections, made when they
are needed; who waits for one in vain is told, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from habar.errors import HabarError, StoreFault, StoreUnavailable
from habar.store.postgres.connection import (
    Address,
    Connection,
    is_answer,
    is_unavailable,
    may_be_repeated,
    name_of,
)

Result = TypeVar("Result")
_TRIES = 5


class Pool:
    """See the module's docstring."""

    def __init__(self, address: Address, size: int) -> None:
        self._address = address
        self._free: list[Connection] = []
        self._places = asyncio.Semaphore(size)
        self._closed = False

    async def ask(self, question: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Ask outside a transaction. Raises StoreUnavailable, and the HabarErrors of `question`."""
        async with self._place():
            for number in range(_TRIES):
                fresh = not self._free
                connection = await self._take()
                try:
                    answer = await question(connection)
                except Exception as error:
                    broken = connection.is_closed()
                    self._give(connection, error)
                    again = may_be_repeated(error) or (broken and not fresh)
                    if again and number + 1 < _TRIES:
                        continue
                    if is_unavailable(error):
                        raise StoreUnavailable(
                            f"the store cannot read: {name_of(error)}"
                        ) from error
                    raise
                except BaseException:
                    connection.terminate()
                    raise
                self._give(connection, None)
                return answer
        raise StoreUnavailable("the store cannot read")

    async def transact(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Do `work` in a transaction of its own. Raises as `ask`, StoreFault for a value refused.

        Where the connection breaks at the commit itself, nobody knows whether it happened: it is
        not tried again, and StoreUnavailable says so.
        """
        async with self._place():
            for number in range(_TRIES):
                fresh, done = not self._free, False
                connection = await self._take()
                try:
                    async with connection.transaction():
                        answer = await work(connection)
                        done = True
                except Exception as error:
                    broken = connection.is_closed() and not (fresh or done)
                    self._give(connection, error)
                    if (may_be_repeated(error) or broken) and number + 1 < _TRIES:
                        continue
                    if isinstance(error, HabarError):
                        raise
                    raise _not_written(error, in_doubt=done and not is_answer(error)) from error
                except BaseException:
                    connection.terminate()
                    raise
                self._give(connection, None)
                return answer
        raise StoreUnavailable("the store cannot write")

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the connections; nobody stands in line for longer than an answer may take."""
        try:
            async with asyncio.timeout(self._address.answer_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise StoreUnavailable("the store does not answer") from None
        try:
            yield
        finally:
            self._places.release()

    async def _take(self) -> Connection:
        if self._closed:
            raise StoreUnavailable("the store is not open")
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
        return await self._address.connect()

    def _give(self, connection: Connection, error: Exception | None) -> None:
        """Keep a connection for the next one, unless it may be spoiled."""
        spoiled = error is not None and not isinstance(error, HabarError) and is_unavailable(error)
        if self._closed or spoiled or connection.is_closed():
            connection.terminate()
        else:
            self._free.append(connection)

    async def close(self) -> None:
        """Give all connections up."""
        self._closed = True
        free, self._free = self._free, []
        for connection in free:
            connection.terminate()


def _not_written(error: Exception, *, in_doubt: bool) -> HabarError:
    name = name_of(error)
    if in_doubt:
        words = "the connection broke: it is not known whether this was written"
        return StoreUnavailable(f"{words} ({name})")
    if is_unavailable(error):
        return StoreUnavailable(f"the store cannot write: {name}")
    return StoreFault(name)
