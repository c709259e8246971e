"""Stores on PostgreSQL whose days can be made to pass, and nodes whose way there can be cut."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from habar.model.status import MessageState
from habar.store.events import EndAwaited

from ...contract.conftest import Desk, furnish
from ...contract.postgres_engine import PostgresEngine
from ...postgres.server import Server
from .site import Site, own_tasks

DAY = 86_400_000
NOW = time.time_ns() // 1_000_000


@pytest.fixture
async def engine(postgres: Server, tmp_path: Path) -> AsyncIterator[PostgresEngine]:
    engine = await PostgresEngine.make(postgres, tmp_path)
    yield engine
    await engine.close()


@pytest.fixture
async def desk(engine: PostgresEngine) -> Desk:
    return await furnish(await engine.open())


class Days:
    """What lies on the days before today: a span each."""

    def __init__(self, engine: PostgresEngine, desk: Desk) -> None:
        self.aside = engine.aside
        self.desk = desk
        self._sent = 0

    def pass_by(self, days: int) -> None:
        """All spans are so many days older; the next message begins a new one."""
        self.aside.execute("UPDATE span SET day = day - $1", days)
        self.aside.execute("UPDATE sequence SET day = day - $1 WHERE name = 'message'", days)
        self.desk.store._node.writer.ids._day -= days

    def spans(self) -> list[int]:
        """The first ids of all that there are."""
        return [row[0] for row in self.aside.fetch("SELECT first_id FROM span ORDER BY first_id")]

    def tables(self) -> list[str]:
        """All partitions, attached or not."""
        return [
            row[0]
            for row in self.aside.fetch(
                "SELECT relname::text FROM pg_class WHERE relkind = 'r'"
                " AND relname ~ '^(message|part)_[0-9]+$' ORDER BY relname"
            )
        ]

    def tables_of(self, *spans: int) -> list[str]:
        """As they are to be for these spans."""
        return sorted(f"{table}_{first}" for table in ("message", "part") for first in spans)

    async def sent(self, days: int, count: int = 1) -> list[int]:
        """Messages of so many days ago: taken by the operator, every other one delivered.

        The others ended when their receipts were awaited no more.
        """
        at = NOW - days * DAY
        ids = []
        for number in range(count):
            self._sent += 1
            message = await self.desk.claimed(
                customer_id=1000 + self._sent, created_at=at, due_at=at, price=0
            )
            await self.desk.accept(message, f"A{message}", at=at + 1, awaited_until=at + 2)
            if number % 2:
                await self.desk.receipt(f"A{message}", at=at + 2)
            else:
                assert await self.desk.asked(EndAwaited(at + 2, 10)) == [message]
            ids.append(message)
        return ids

    async def ended(self, days: int, **changes: Any) -> int:
        """A message of so many days ago that was refused then."""
        at = NOW - days * DAY
        message: int = await self.desk.claimed(created_at=at, due_at=at, **changes)
        await self.desk.finish(message, MessageState.REJECTED, refund=False, at=at + 1)
        return message


@pytest.fixture
def days(engine: PostgresEngine, desk: Desk) -> Days:
    return Days(engine, desk)


@pytest.fixture
async def site(postgres: Server, tmp_path: Path) -> AsyncIterator[Site]:
    async with looked_after(await Site.make(postgres, tmp_path)) as site:
        yield site


@pytest.fixture
async def own_site(own_postgres: Server, tmp_path: Path) -> AsyncIterator[Site]:
    """On a server that may be restarted."""
    async with looked_after(await Site.make(own_postgres, tmp_path)) as site:
        yield site


@asynccontextmanager
async def looked_after(site: Site) -> AsyncIterator[Site]:
    """Nothing went wrong unseen (a call-back called twice, a task that died); nothing is left."""
    unseen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
    yield site
    await site.close()
    assert own_tasks() == []
    assert unseen == []
