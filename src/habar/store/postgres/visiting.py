"""A command's connection, for work that may take hours: no limits, and errors in words for people.

Guarantees: what was committed is on the server's disk; no error repeats a value or a password.
Plans as the server makes them: a command reads whole tables.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from habar.errors import StoreFault, StoreUnavailable
from habar.store.postgres.connection import Address, Connection, is_unavailable, name_of

_CLOSE_SECONDS = 2.0


@asynccontextmanager
async def visiting(address: Address) -> AsyncIterator[Connection]:
    """A connection to do long work on. Raises StoreUnavailable, StoreFault."""
    connection = await address.connect_for_long()
    try:
        yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, EOFError) as error:
        if is_unavailable(error):
            raise StoreUnavailable(f"the database went away: {name_of(error)}") from error
        raise StoreFault(f"the database refused: {name_of(error)}") from error
    finally:
        await _leave(connection)


async def _leave(connection: Connection) -> None:
    try:
        await connection.close(timeout=_CLOSE_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        connection.terminate()  # it is being thrown away; what it did not commit is undone
