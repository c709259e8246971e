"""What is done with whole databases beside the gateway: migrate, status, check.

Guarantees: names the engines, so that nobody else has to; the URL of a database is in no error and
no repr, and `shown` has no password in it. What is written where is the engines' affair.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from habar.app.database import FILE
from habar.config import Settings
from habar.config.database import faults_of, masked
from habar.errors import InvalidValue
from habar.store.inspection import Report, Status
from habar.store.sqlite import checking as sqlite_checking
from habar.store.sqlite.migrate import newest
from habar.store.sqlite.upgrade import upgrade

if TYPE_CHECKING:
    from habar.store.postgres.connection import Connection

_SQLITE = "sqlite:"


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A database file."""

    path: Path

    @property
    def shown(self) -> str:
        """Where it is, for people."""
        return f"{_SQLITE}{self.path}"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A database on a server."""

    url: str = field(repr=False)

    @property
    def shown(self) -> str:
        """Where it is, for people: no password."""
        return masked(self.url)


Database = SqliteFile | PostgresServer


def configured(settings: Settings) -> Database:
    """The database of an installation."""
    url = settings.database.url
    return PostgresServer(url) if url else SqliteFile(Path(settings.gateway.data) / FILE)


def named(words: str) -> Database:
    """The database that a person names: `postgresql://…`, `sqlite:PATH`, or a data folder.

    Raises InvalidValue, in words without any of a URL.
    """
    if words.startswith(_SQLITE):
        path = Path(words.removeprefix(_SQLITE))
        return SqliteFile(path / FILE if path.is_dir() else path)
    if ":" not in words:
        return SqliteFile(Path(words) / FILE)
    if faults := list(faults_of(words)):
        raise InvalidValue(f"the database's URL: {faults[0]}; or sqlite:PATH, or a data folder")
    return PostgresServer(words)


async def migrate(database: Database, taken: Callable[[int], None]) -> int:
    """Bring the schema to this version's and tell each step taken; the schema that it has then.

    Raises NotFound, SchemaMismatch, AlreadyOpen, StoreUnavailable.
    """
    if isinstance(database, SqliteFile):
        for number in upgrade(database.path):
            taken(number)
        return newest()
    from habar.store.postgres import migrate as engine  # the engine is paid for when it is used

    async with _visiting(database) as connection:
        await engine.migrate(connection, lambda step: taken(step.number))
        await engine.check(connection)
        return (await engine.schema_of(connection)).version


async def status(database: Database) -> Status:
    """What there is. Raises NotFound, SchemaMismatch, StoreUnavailable."""
    if isinstance(database, SqliteFile):
        return sqlite_checking.status(database.path)
    from habar.store.postgres import checking

    async with _visiting(database) as connection:
        return await checking.status(connection)


async def check(database: Database) -> Report:
    """Every broken promise. Raises NotFound, SchemaMismatch, StoreUnavailable."""
    if isinstance(database, SqliteFile):
        return sqlite_checking.check(database.path)
    from habar.store.postgres import checking

    async with _visiting(database) as connection:
        return await checking.check_promises(connection)


@asynccontextmanager
async def _visiting(database: PostgresServer) -> AsyncIterator[Connection]:
    from habar.store.postgres.connection import Address
    from habar.store.postgres.visiting import visiting

    async with visiting(Address(database.url)) as connection:
        yield connection
