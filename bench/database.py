"""Where a case's messages are kept: a fresh database each, copied from one made beforehand.

Guarantees: every database has the schema and the same two accounts; those of a PostgreSQL are
dropped after their case, and a server that is started here is gone afterwards. No password is
shown. Knows nothing of cases.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from sqlite3 import sqlite_version
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg
from tests.postgres.server import Server, ServerFailed, why_not

from bench.processes import BenchError
from habar.admin.accounts import Accounts
from habar.app.database import FILE, Place, books_of
from habar.config import DatabaseSettings
from habar.config.database import faults_of, masked
from habar.model.account import AccountKind
from habar.store.postgres.connection import told
from habar.store.postgres.migrate import migrate

MEASURED, NEIGHBOUR = "bench", "neighbour"
PASSWORD = "bench-password"
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
"""Of the PostgreSQL that is started here; all else as it comes, fsync above all."""
_BALANCE = 100_000_000  # tiyn
_TOLD = ("fsync", "synchronous_commit", "shared_buffers", "max_wal_size")
_CONNECT = 10.0  # s
_STATEMENT = 60.0  # s


class Engine(StrEnum):
    """What can be measured."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for."""

    engine: Engine = Engine.SQLITE
    nodes: int = 1
    callers: int = 0
    """Gateways beside them that only call web services."""
    url: str = field(default="", repr=False)
    """A PostgreSQL that is there already, by a role that may make databases; empty: our own."""

    def fault(self) -> str:
        """Why it cannot be, empty where it can; without any of the URL."""
        if self.engine is Engine.SQLITE:
            if self.nodes > 1 or self.callers:
                return "several nodes need --database postgresql"
            return "--url is for --database postgresql" if self.url else ""
        return f"--url: {fault}" if self.url and (fault := next(faults_of(self.url), "")) else ""


class Database(Protocol):
    """An engine, for the whole run."""

    facts: dict[str, str]
    """What the first line tells of it."""
    pid: int
    """The first of its own processes; 0 where it has none or they are not on this machine."""

    def fresh(self, nodes: Sequence[Path]) -> AbstractContextManager[str]:
        """A new database for the nodes of these folders; what their habar.toml says of it."""


@contextmanager
def opened(choice: Choice, folder: Path) -> Iterator[Database]:
    """The engine of one's choice; `folder`: where it may write."""
    if choice.engine is Engine.SQLITE:
        yield Sqlite(folder / "template")
    elif choice.url:
        with _words():
            database = Postgresql(Elsewhere(choice.url))
        with database.templated():
            yield database
    else:
        if (reason := why_not()) is not None:
            raise BenchError(reason)
        with Server(settings=SETTINGS, place=folder.parent) as server:
            database = Postgresql(server, server.pid)
            with database.templated():
                yield database


@contextmanager
def _words() -> Iterator[None]:
    """What a server refuses, said without its URL."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ServerFailed) as error:
        raise BenchError(f"PostgreSQL: {told(error)}") from error


async def _furnish(place: Place) -> None:
    """Give an empty installation its accounts; full, without a price."""
    async with books_of(place, make=True) as store:
        accounts = Accounts(store.books, actor="bench", now=lambda: time.time_ns() // 1_000_000)
        for login in (MEASURED, NEIGHBOUR):
            await accounts.add(
                login,
                PASSWORD,
                kind=AccountKind.FULL,
                balance=_BALANCE,
                settings={"part_price": "0"},
            )


class Sqlite:
    """A folder that is copied."""

    pid = 0

    def __init__(self, template: Path) -> None:
        self.facts = {"database": f"SQLite {sqlite_version}"}
        self._template = template
        asyncio.run(_furnish(Place(template)))

    @contextmanager
    def fresh(self, nodes: Sequence[Path]) -> Iterator[str]:
        """See Database; for one node, whose folder takes it along when it goes."""
        (node,) = nodes
        (node / "data").mkdir(mode=0o700)
        shutil.copy2(self._template / FILE, node / "data" / FILE)
        yield ""


class Host(Protocol):
    """A server on which databases are made and dropped."""

    async def create_database(self, template: str = "template1") -> str:
        """The name of a new one."""

    async def drop_database(self, name: str) -> None:
        """Remove it, whoever is connected."""

    async def administer(self, statement: str) -> list[Any]:
        """Do a statement outside any of them; its rows."""

    def url(self, database: str) -> str:
        """How to reach one."""


class Postgresql:
    """A template database that is copied."""

    def __init__(self, host: Host, pid: int = 0) -> None:
        self.pid = pid
        self._host = host
        self._template = ""
        self.facts = asyncio.run(self._facts())

    async def _facts(self) -> dict[str, str]:
        rows = await self._host.administer(
            "SELECT name, current_setting(name) FROM pg_settings"
            f" WHERE name IN {('server_version', *_TOLD)}"
        )
        found = dict(rows)
        told = ", ".join(f"{name} {found[name]}" for name in _TOLD if name in found)
        return {"database": f"PostgreSQL {found['server_version']} ({told})"}

    @contextmanager
    def templated(self) -> Iterator[None]:
        """Make the template, and drop it at the end."""
        with self._made("template1") as self._template:
            asyncio.run(self._fill(self._host.url(self._template)))
            yield

    async def _fill(self, url: str) -> None:
        connection = await asyncpg.connect(url, timeout=_CONNECT)
        try:
            await migrate(connection)
        finally:
            await connection.close(timeout=_CONNECT)
        await _furnish(Place(Path(), DatabaseSettings(url=url)))

    @contextmanager
    def fresh(self, nodes: Sequence[Path]) -> Iterator[str]:  # noqa: ARG002 - nothing is in them
        """See Database."""
        with self._made(self._template) as name:
            yield f'[database]\nurl = "{self._host.url(name)}"\n'

    @contextmanager
    def _made(self, template: str) -> Iterator[str]:
        with _words():
            name = asyncio.run(self._host.create_database(template))
        try:
            yield name
        finally:
            with _words():
                asyncio.run(self._host.drop_database(name))


class Elsewhere:
    """A server that somebody else runs: nothing but databases of ours is made and dropped there."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = itertools.count(1)

    def __repr__(self) -> str:
        return f"Elsewhere({masked(self._url)})"

    def url(self, database: str) -> str:
        """See Host."""
        parts = urlsplit(self._url)
        asked = [pair for pair in parse_qsl(parts.query) if pair[0] not in ("dbname", "database")]
        return parts._replace(path=f"/{database}", query=urlencode(asked)).geturl()

    async def create_database(self, template: str = "template1") -> str:
        """See Host."""
        name = f"habar_bench_{os.getpid()}_{next(self._numbers)}"
        await self.administer(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def drop_database(self, name: str) -> None:
        """See Host."""
        await self.administer(f"DROP DATABASE {name} WITH (FORCE)")

    async def administer(self, statement: str) -> list[Any]:
        """See Host; in the database that the URL names."""
        connection = await asyncpg.connect(self._url, timeout=_CONNECT)
        try:
            return list(await connection.fetch(statement, timeout=_STATEMENT))
        finally:
            await connection.close(timeout=_CONNECT)
