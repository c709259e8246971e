"""PostgreSQL under contract: a database of its own for each test, and how it may come to grief."""

from __future__ import annotations

import asyncio
import math
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Self

import asyncpg

from habar.store.postgres import PostgresStore
from habar.store.postgres.connection import Address
from habar.store.postgres.migrate import migrate
from habar.store.postgres.node import Run, Who

from ..postgres.server import Server

PATIENCE = 60.0
LEASE = 10.0
LOCK_MS = 1_000
ROLES = ("front", "dispatch")
NO_ROOM = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END
$$;
CREATE TRIGGER no_room BEFORE UPDATE ON node EXECUTE FUNCTION no_room();
"""


class Aside:
    """A connection in a thread of its own, for those who cannot await."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection = self._run(asyncpg.connect(url, timeout=PATIENCE))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def fetch(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._run(self._connection.fetch(statement, *values))]

    def execute(self, statement: str, *values: Any) -> None:
        self._run(self._connection.execute(statement, *values))

    def close(self) -> None:
        self._run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


class PostgresEngine:
    """A fresh database on the tests' server."""

    several_nodes = True

    def __init__(self, server: Server, name: str, folder: Path) -> None:
        self.url = server.url(name)
        self._server = server
        self._name = name
        self._folder = folder
        self._open: list[PostgresStore] = []
        self._dead: dict[PostgresStore, Run] = {}
        self._aside: Aside | None = None

    @classmethod
    async def make(cls, server: Server, folder: Path) -> Self:
        return cls(server, await server.create_database(await _template(server)), folder)

    @property
    def aside(self) -> Aside:
        if self._aside is None:
            self._aside = Aside(self.url)
        return self._aside

    # --- Stores ----------------------------------------------------------------------------------
    def new(self, name: str = "first") -> PostgresStore:
        who = Who(name, ROLES, LEASE)
        store = PostgresStore(Address(self.url, lock_ms=LOCK_MS), who, self._folder)
        self._open.append(store)
        return store

    async def open(self, now: int = 1_790_000_000_000) -> PostgresStore:
        return await self.open_node("first", now)

    async def open_node(self, name: str, now: int = 1_790_000_000_000) -> PostgresStore:
        store = self.new(name)
        await store.open(now)
        # As a node that has been up for long: it may take others for dead.
        store._node.run._held_since = -math.inf
        return store

    async def beside(self) -> PostgresStore:
        """What another process sees, as a command does."""
        store = self.new()
        await store.open_books()
        return store

    async def lapse(self, store: PostgresStore) -> None:
        """The lease has run out by the database's clock, and the store has not noticed."""
        run = self._dead.get(store) or store._node.run
        self.aside.execute("UPDATE node SET lease_until = 0 WHERE id = $1", run.id)

    def die(self, store: PostgresStore) -> None:
        """The process is gone: nothing is said goodbye to."""
        parts, node = store._open, store._node
        self._dead[store] = node.run
        for timer in (node.journal._beats, node.journal._retry, node.journal._receipt_timer):
            if timer is not None:
                timer.cancel()
        for task in (node.rounds, node.journal._task, node.hints._listening, node.hints._telling):
            if task is not None:
                task.cancel()
        node.writer.drop()
        for connection in parts.pool._free:
            connection.terminate()
        node.home.leave()
        store._parts = None

    async def close(self) -> None:
        for store in self._open:
            if store._parts is not None:
                await store.close()
        if self._aside is not None:
            self._aside.close()
        await self._server.drop_database(self._name)

    # --- Grief -----------------------------------------------------------------------------------
    def fill_disk(self, store: PostgresStore) -> None:
        self.aside.execute(NO_ROOM)

    def make_room(self, store: PostgresStore) -> None:
        self.aside.execute("DROP TRIGGER no_room ON node; DROP FUNCTION no_room()")

    def break_sync(self, store: PostgresStore) -> None:
        """Every sync fails: the server ends, and the transaction with it."""
        writer = store._node.writer

        async def commit(connection: Any, first: int) -> None:
            await connection.execute("ROLLBACK")
            writer.ids.restore(first)
            raise asyncpg.PostgresIOError("could not fsync")

        writer._commit = commit  # type: ignore[method-assign]

    def mend_sync(self, store: PostgresStore) -> None:
        del store._node.writer._commit

    async def well_again(self, store: PostgresStore) -> None:
        """Wait for a commit after failures."""
        async with asyncio.timeout(PATIENCE):
            while not store.journal.healthy:
                await store.journal._turned.wait()

    async def tried_again(self, store: PostgresStore, times: int) -> None:
        """Wait until so many tries have failed."""
        async with asyncio.timeout(PATIENCE):
            while store.journal._failures < times:
                await store.journal._turned.wait()

    def hold(self) -> Callable[[], None]:
        """Somebody has the node's row locked and does not come to an end; call to end it."""
        other = Aside(self.url)
        other.execute("BEGIN")
        other.fetch("SELECT id FROM node FOR UPDATE")

        def let_go() -> None:
            other.execute("ROLLBACK")
            other.close()

        return let_go

    def slow_disk(self, store: PostgresStore) -> None:
        """Nothing to be done: every commit is waited for outside the loop."""

    # --- What is seen ----------------------------------------------------------------------------
    def ledger(self, account_id: int) -> list[tuple[Any, ...]]:
        """(kind, amount, first message, last message, messages) in order."""
        return self.aside.fetch(
            "SELECT kind, amount, first_message_id, last_message_id, messages FROM ledger"
            " WHERE account_id = $1 ORDER BY id",
            account_id,
        )

    def audit(self) -> list[tuple[Any, ...]]:
        return self.aside.fetch("SELECT actor, action, subject, detail FROM audit ORDER BY id")

    def set_in_doubt(self, operator_id: int, word: str) -> None:
        """What the operator's settings say of what was in the window when all broke off."""
        self.aside.execute("UPDATE operator SET in_doubt = $1 WHERE id = $2", word, operator_id)

    def forget_awaiting(self, message_id: int) -> None:
        """A message that was sent by a version that awaited receipts for ever."""
        self.aside.execute("UPDATE message SET next_at = due_at WHERE id = $1", message_id)

    def change(self, *statements: str) -> None:
        """Somebody writes rows as they are."""
        for statement in statements:
            self.aside.execute(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database says."""
        return self.aside.fetch(statement)

    def child(self) -> list[str]:
        """The command of a process that submits without end and tells the ids it was answered."""
        script = Path(__file__).parent / "child.py"
        return [sys.executable, str(script), "postgresql", self.url, str(self._folder)]


_TEMPLATES: dict[int, str] = {}


async def _template(server: Server) -> str:
    """A database with the schema, made once for each server."""
    if id(server) not in _TEMPLATES:
        name = await server.create_database()
        connection = await asyncpg.connect(server.url(name), timeout=PATIENCE)
        await migrate(connection)
        await connection.close()
        _TEMPLATES[id(server)] = name
    return _TEMPLATES[id(server)]
