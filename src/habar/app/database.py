"""The one place that names a database engine.

Guarantees: which database an installation has is decided here alone (`Place`), for the gateway and
for staff's commands alike; what is shown of one has no password in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from habar.app.node import ThisNode
from habar.config import ALL_ROLES, DatabaseSettings, Role, Settings
from habar.errors import NotFound
from habar.store.port import Store
from habar.store.sqlite import SqliteStore

FILE = "habar.db"


@dataclass(frozen=True, slots=True)
class Place:
    """An installation's database, and as whom it is opened."""

    data: Path
    """Folder for the SQLite file and what else a node keeps of its own."""
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    node: str = ""
    """Empty: the machine's name."""
    roles: tuple[Role, ...] = ALL_ROLES

    @classmethod
    def of(cls, settings: Settings, node: ThisNode | None = None) -> Self:
        """The database of these settings, opened by this node (staff's commands are none)."""
        name = node.name if node else settings.gateway.node
        roles = node.roles if node else ALL_ROLES
        return cls(Path(settings.gateway.data), settings.database, name, roles)

    @property
    def shown(self) -> str:
        """Where it is, for people: no password."""
        return self.database.shown or str(self.data)


async def open_store(place: Place) -> tuple[Store, int]:
    """Open the gateway's database; the SQLite file is made if need be.

    The store, and how many messages an earlier run had in hand when it died. Raises OSError where
    the folder cannot be made, and what `Store.open` raises.
    """
    _make(place.data)
    store = _engine(place)
    return store, await store.open()


@asynccontextmanager
async def books_of(place: Place, *, make: bool = False) -> AsyncIterator[Store]:
    """The database of an installation for staff's commands, beside the gateway or without it.

    A SQLite file that is not there is made if `make`, else NotFound is raised.
    """
    if not place.database.url:
        path = place.data / FILE
        if make:
            _make(place.data)
        elif not _exists(path):
            raise NotFound(
                f"there is no gateway's database at {path}; --config or --data says where"
            )
    store = _engine(place)
    await store.open_books()
    try:
        yield store
    finally:
        await store.close()


class _Engine(Store, Protocol):
    """A store that can be opened for staff's commands too."""

    async def open_books(self) -> None:
        """Open the books, and what can be read, without beginning a run."""


def _engine(place: Place) -> _Engine:
    database = place.database
    if not database.url:
        return SqliteStore(place.data / FILE, node=place.node)
    from habar.store.postgres import (
        Address,
        PostgresStore,
        Who,
    )  # its driver is for those who use it

    return PostgresStore(
        Address(database.url),
        Who(place.node, tuple(place.roles), database.lease_seconds),
        place.data,
        connections=database.connections,
        notify=database.notify,
    )


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _exists(path: Path) -> bool:
    return path.exists()
