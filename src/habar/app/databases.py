"""What is done with whole databases beside the gateway: migrate, status, check, copy.

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
from habar.config.database import MASK, faults_of, masked
from habar.errors import InvalidValue
from habar.store.copied import BATCH, Copied, Watch
from habar.store.inspection import Report, Status
from habar.store.sqlite import checking as sqlite_checking
from habar.store.sqlite.migrate import newest
from habar.store.sqlite.source import source as sqlite_source
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

    @property
    def setting(self) -> str:
        """What `[database] url` is to be."""
        return ""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A database on a server."""

    url: str = field(repr=False)

    @property
    def shown(self) -> str:
        """Where it is, for people: no password."""
        return masked(self.url)

    @property
    def setting(self) -> str:
        """What `[database] url` is to be; the password belongs elsewhere."""
        return self.shown.replace(f":{MASK}@", "@", 1)


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


async def copy(source: Database, target: Database, watch: Watch, *, batch: int = BATCH) -> Copied:
    """Move an installation; the same words again go on with what was broken off.

    Raises InvalidValue for engines that it cannot be moved between, and NotFound, AlreadyOpen,
    Conflict, SchemaMismatch, StoreUnavailable, StoreFault.
    """
    if not isinstance(source, SqliteFile) or not isinstance(target, PostgresServer):
        raise InvalidValue(
            f"only from SQLite to PostgreSQL can an installation be copied, not from"
            f" {source.shown} to {target.shown}"
        )
    from habar.store.postgres.copying import copy_from

    with sqlite_source(source.path) as opened:
        async with _visiting(target) as connection:
            return await copy_from(connection, opened, watch, batch=batch)


@asynccontextmanager
async def _visiting(database: PostgresServer) -> AsyncIterator[Connection]:
    from habar.store.postgres.connection import Address
    from habar.store.postgres.visiting import visiting

    async with visiting(Address(database.url)) as connection:
        yield connection
