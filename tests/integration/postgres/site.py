"""Nodes that reach their PostgreSQL by ways that a test can cut."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

from habar.store.postgres import PostgresStore
from habar.store.postgres.connection import Address
from habar.store.postgres.node import Who

from ...contract.conftest import NOW, Desk, furnish
from ...contract.postgres_engine import ROLES, PostgresEngine
from ...postgres.proxy import Proxy
from ...postgres.server import Server

LONG = 600.0
"""Seconds of a lease that is not renewed behind a test's back."""


class Node(Desk):
    """A node, its way to the server, and what can be asked of it."""

    def __init__(self, store: Any, account: int, operator: int, way: Proxy) -> None:
        super().__init__(store, account, operator)
        self.way = way


class Site(PostgresEngine):
    """A database and its nodes."""

    def __init__(self, server: Server, name: str, folder: Path) -> None:
        super().__init__(server, name, folder)
        self.server = server
        self.tcp_url = server.url(name, tcp=True)
        self._ways: list[Proxy] = []
        self._furnished: Desk | None = None

    async def node(
        self, name: str = "first", *, lease: float = LONG, notify: bool = True, **limits: Any
    ) -> Node:
        """A node that is open. `limits` are those of an Address."""
        way = await Proxy(self.server.port).__aenter__()
        self._ways.append(way)
        address = Address(way.url(self.tcp_url), **{"lock_ms": 2_000, **limits})
        store = PostgresStore(address, Who(name, ROLES, lease), self._folder, notify=notify)
        self._open.append(store)
        await store.open(NOW)
        store._node.run._held_since = -math.inf  # as one that has been up for long
        if self._furnished is None:
            self._furnished = await furnish(store)
        return Node(store, self._furnished.account, self._furnished.operator, way)

    async def raw(self, **limits: Any) -> Any:
        """A connection such as a node makes."""
        return await Address(self.url, **limits).connect()

    async def close_way(self, way: Proxy) -> None:
        """Nobody listens there any more."""
        self._ways.remove(way)
        await way.__aexit__()

    async def close(self) -> None:
        for way in self._ways:
            way.go_on()
            way.admit()
        await super().close()
        for way in self._ways:
            await way.__aexit__()


def own_tasks() -> list[str]:
    """The tasks that run code of the store's or of its driver's."""
    names = [repr(task) for task in asyncio.all_tasks()]
    return [name for name in names if "/habar/" in name or "/asyncpg/" in name]
