"""Connections beside the writer's: for reading, for staff's writes, for what nodes do about nodes.

Guarantees: a question that the server could not answer is StoreUnavailable; one that broke its
connection is asked a second time on a new one (a read, or a transaction that was not committed), so
that a server that was restarted a while ago is not noticed by who asks next. At most so many
connections, made when they are needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from habar.errors import HabarError, StoreFault, StoreUnavailable
from habar.store.postgres.connection import (
    Address,
    Connection,
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
        async with self._places:
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

        Where the connection breaks at the commit itself, StoreUnavailable may be wrong: nobody
        knows; so it is not tried again.
        """
        async with self._places:
            for number in range(_TRIES):
                connection = await self._take()
                try:
                    return await self._transact(connection, work)
                except Exception as error:
                    if may_be_repeated(error) and number + 1 < _TRIES:
                        continue
                    if is_unavailable(error):
                        raise StoreUnavailable(
                            f"the store cannot write: {name_of(error)}"
                        ) from error
                    if isinstance(error, HabarError):
                        raise
                    raise StoreFault(name_of(error)) from error
        raise StoreUnavailable("the store cannot write")

    async def _transact(
        self, connection: Connection, work: Callable[[Connection], Awaitable[Result]]
    ) -> Result:
        try:
            async with connection.transaction():
                answer = await work(connection)
        except Exception as error:
            self._give(connection, error)
            raise
        except BaseException:
            connection.terminate()
            raise
        self._give(connection, None)
        return answer

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
