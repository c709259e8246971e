"""The one place that names a database engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from habar.errors import NotFound
from habar.operators.clock import SystemClock
from habar.store.port import Store
from habar.store.sqlite import SqliteStore

FILE = "habar.db"


async def open_store(data: Path) -> tuple[Store, int]:
    """Open the gateway's database in a data folder, made if need be.

    The store, and how many messages an earlier run had in hand when it died. Raises OSError where
    the folder cannot be made, and what `Store.open` raises.
    """
    _make(data)
    store = SqliteStore(data / FILE)
    return store, await store.open(SystemClock().now_ms())


@asynccontextmanager
async def books_of(data: Path, *, make: bool = False) -> AsyncIterator[Store]:
    """The database of an installation for staff's commands, beside the gateway or without it.

    Where there is none it is made if `make`, else NotFound is raised.
    """
    path = data / FILE
    if make:
        _make(data)
    elif not _exists(path):
        raise NotFound(f"there is no gateway's database at {path}; --config or --data says where")
    store = SqliteStore(path)
    await store.open_books()
    try:
        yield store
    finally:
        await store.close()


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _exists(path: Path) -> bool:
    return path.exists()
