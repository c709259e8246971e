"""The engines under contract, and a desk from which a test uses one.

A further engine joins by a class like SqliteEngine and its name in ENGINES; no test changes.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from habar.model.account import AccountKind
from habar.model.message import Outcome, Protocol, Ref, Submission
from habar.model.status import MessageState
from habar.store.books import NewAccount
from habar.store.events import (
    Boarded,
    Claim,
    Finished,
    Held,
    PartAccepted,
    Postponed,
    ReceiptSeen,
    Released,
)
from habar.store.port import Event, Question
from habar.store.sqlite import SqliteStore

from .postgres_engine import PostgresEngine

NOW = 1_790_000_000_000
HOUR = 3_600_000
BALANCE = 100_000
PRICE = 1_000


class SqliteEngine:
    """SQLite in a folder of its own, and the ways in which it may come to grief."""

    several_nodes = False
    """An engine that says True has `open_node` and `lapse` too: see watching.py."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "habar.db"
        self._open: list[SqliteStore] = []

    def new(self) -> SqliteStore:
        return SqliteStore(self._path)

    async def open(self, now: int = NOW) -> SqliteStore:
        store = self.new()
        await store.open(now)
        self._open.append(store)
        return store

    async def beside(self) -> SqliteStore:
        """What another process sees, as a command does."""
        store = self.new()
        await store.open_books()
        self._open.append(store)
        return store

    def die(self, store: SqliteStore) -> None:
        """The process is gone: nothing is said goodbye to."""
        assert store._parts is not None
        parts, store._parts = store._parts, None
        parts.threads.shutdown()
        parts.reads.close()
        parts.writer.close()
        if parts.lock is not None:
            os.close(parts.lock)

    def fill_disk(self, store: SqliteStore) -> None:
        connection = store._open.writer.connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def make_room(self, store: SqliteStore) -> None:
        store._open.writer.connection.execute("PRAGMA max_page_count = 1000000000")

    def break_sync(self, store: SqliteStore) -> None:
        """Every sync fails, as SQLite tells it: it has rolled back."""

        def commit() -> None:
            store._open.writer.connection.execute("ROLLBACK")
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error

        store._open.writer.commit = commit  # type: ignore[method-assign]

    def mend_sync(self, store: SqliteStore) -> None:
        del store._open.writer.commit

    async def well_again(self, store: SqliteStore) -> None:
        """Wait for a commit after failures."""
        while not store.journal.healthy:
            await store.journal._turned.wait()

    async def tried_again(self, store: SqliteStore, times: int) -> None:
        """Wait until so many tries have failed."""
        while store.journal._failures < times:
            await store.journal._turned.wait()

    def hold(self) -> Callable[[], None]:
        """Another process writes and does not come to an end; call the result to end it."""
        other = sqlite3.connect(self._path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        def let_go() -> None:
            other.execute("ROLLBACK")
            other.close()

        return let_go

    def slow_disk(self, store: SqliteStore) -> None:
        """Commits are made as on a disk whose sync is slow."""
        pace = store.journal._pace
        pace._slow, pace._probe_at = True, float("inf")

    def ledger(self, account_id: int) -> list[tuple[str, int, int, int, int]]:
        """(kind, amount, first message, last message, messages) in order."""
        reader = sqlite3.connect(self._path)
        try:
            return reader.execute(
                "SELECT kind, amount, first_message_id, last_message_id, messages FROM ledger"
                " WHERE account_id = ? ORDER BY id",
                (account_id,),
            ).fetchall()
        finally:
            reader.close()

    def audit(self) -> list[tuple[str, str, str, str]]:
        reader = sqlite3.connect(self._path)
        try:
            return reader.execute(
                "SELECT actor, action, subject, detail FROM audit ORDER BY id"
            ).fetchall()
        finally:
            reader.close()

    def set_in_doubt(self, operator_id: int, word: str) -> None:
        """What the operator's settings say of what was in the window when all broke off."""
        writer = sqlite3.connect(self._path, isolation_level=None)
        writer.execute("UPDATE operator SET in_doubt = ? WHERE id = ?", (word, operator_id))
        writer.close()

    def forget_awaiting(self, message_id: int) -> None:
        """A message that was sent by a version that awaited receipts for ever."""
        writer = sqlite3.connect(self._path, isolation_level=None)
        writer.execute("UPDATE message SET next_at = due_at WHERE id = ?", (message_id,))
        writer.close()

    def change(self, *statements: str) -> None:
        """Somebody writes rows as they are."""
        writer = sqlite3.connect(self._path, isolation_level=None)
        for statement in statements:
            writer.execute(statement)
        writer.close()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database says."""
        reader = sqlite3.connect(self._path)
        try:
            return reader.execute(statement).fetchall()
        finally:
            reader.close()

    def child(self) -> list[str]:
        """The command of a process that submits without end and tells the ids it was answered."""
        return [sys.executable, str(Path(__file__).parent / "child.py"), "sqlite", str(self._path)]

    async def close(self) -> None:
        for store in self._open:
            if store._parts is not None:
                await store.close()


ENGINES = {"sqlite": SqliteEngine, "postgresql": PostgresEngine}
SHARED = [name for name, engine in ENGINES.items() if engine.several_nodes]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every engine is asked; for what needs several nodes, only those that permit them."""
    if "engine" in metafunc.fixturenames:
        names = SHARED if "pair" in metafunc.fixturenames else [*ENGINES]
        metafunc.parametrize("engine", names, indirect=True)


class Desk:
    """A store whose journal can be awaited, with an account and an operator."""

    def __init__(self, store: Any, account: int, operator: int) -> None:
        self.store = store
        self.account = account
        self.operator = operator

    def message(self, customer_id: int | None = None, **changes: Any) -> Submission:
        values: dict[str, Any] = {
            "account_id": self.account,
            "customer_id": customer_id,
            "protocol": Protocol.XML,
            "sender": "TEXT_MSG",
            "recipient": 77771234567,
            "text": "Привет",
            "data_coding": 8,
            "message_type": 0,
            "parts": 1,
            "priority": 1,
            "created_at": NOW,
            "due_at": NOW,
            "expires_at": None,
            "operator_id": self.operator,
            "price": PRICE,
        }
        return Submission(**{**values, **changes})

    def submitted(self, *submissions: Submission) -> asyncio.Future[Any]:
        """Submit; the answer is awaited by whoever wants it."""
        answer = asyncio.get_running_loop().create_future()
        self.store.journal.submit(submissions, answer.set_result)
        return answer

    def recorded(self, event: Event) -> asyncio.Future[int | None]:
        answer = asyncio.get_running_loop().create_future()
        self.store.journal.record(event, answer.set_result)
        return answer

    def asked(self, question: Question) -> asyncio.Future[Any]:
        answer = asyncio.get_running_loop().create_future()
        self.store.journal.ask(question, answer.set_result)
        return answer

    async def submit(self, *submissions: Submission) -> list[Outcome]:
        answer = await self.submitted(*submissions)
        assert isinstance(answer, list), answer
        return answer

    async def new(self, **changes: Any) -> int:
        """The id of a message that was accepted."""
        [outcome] = await self.submit(self.message(**changes))
        assert outcome.refusal is None
        return outcome.message_id

    async def claim(self, limit: int = 100, now: int = NOW, priority: int = 1) -> list[Any]:
        answer = await self.asked(Claim(self.operator, priority, self.account, limit, now))
        assert isinstance(answer, list), answer
        return answer

    async def claimed(self, **changes: Any) -> int:
        """The id of a message that is in the dispatcher's hands."""
        return await self.new(stage=1, **changes)

    def accept(
        self,
        message_id: int,
        name: str,
        part: int = 1,
        *,
        last: bool = True,
        at: int = NOW + 1000,
        awaited_until: int | None = None,
    ) -> asyncio.Future[int | None]:
        return self.recorded(
            PartAccepted(
                message_id, part, self.operator, name, at, last=last, awaited_until=awaited_until
            )
        )

    def receipt(
        self,
        *names: str,
        state: MessageState = MessageState.DELIVERED,
        error: str = "",
        at: int = NOW + 5000,
        whole: bool = False,
    ) -> asyncio.Future[int | None]:
        raw = "id:" + "".join(names)
        return self.recorded(
            ReceiptSeen(self.operator, names, state, error, None, at, raw, whole=whole)
        )

    def postpone(self, message_id: int, due_at: int, **changes: Any) -> asyncio.Future[int | None]:
        return self.recorded(Postponed(message_id, due_at, "ESME_RTHROTTLED", NOW + 1, **changes))

    def finish(
        self, message_id: int, state: MessageState, *, refund: bool = True, at: int = NOW + 9
    ) -> asyncio.Future[int | None]:
        return self.recorded(Finished(message_id, state, "ESME_RINVDSTADR", at, refund=refund))

    def release(self, *message_ids: int, uncertain: bool = False) -> asyncio.Future[int | None]:
        return self.recorded(Released(message_ids, uncertain=uncertain, at=NOW + 7))

    def board(self, *message_ids: int) -> asyncio.Future[int | None]:
        return self.recorded(Boarded(message_ids, at=NOW + 2))

    def hold(self, *message_ids: int, at: int = NOW + 8) -> asyncio.Future[int | None]:
        return self.recorded(Held(message_ids, "no answer", at))

    async def held(self, *, at: int = NOW + 8, **changes: Any) -> int:
        """The id of a message of which nobody knows whether the operator has it."""
        message = await self.claimed(**changes)
        assert await self.board(message) == message
        assert await self.hold(message, at=at) == message
        return message

    async def stage(self, message_id: int) -> int:
        return int((await self.story(message_id)).submission.stage)

    async def story(self, message_id: int) -> Any:
        story = await self.store.story(message_id)
        assert story is not None
        return story

    async def state(self, message_id: int) -> int | None:
        """What the customer is told."""
        return await self.told(Ref(None, message_id))

    async def told(self, ref: Ref, now: int = NOW) -> int | None:
        [status] = await self.store.statuses(self.account, [ref], now)
        return None if status is None else int(status.state)

    async def funds(self, login: str = "shop") -> Any:
        return (await self.store.books.account(login)).funds

    async def balanced(self, login: str = "shop") -> bool:
        """The promise about money."""
        return bool((await self.funds(login)).balance == await self.store.books.ledger_sum(login))

    async def all_recorded(self, events: Sequence[Event]) -> list[int | None]:
        return list(await asyncio.gather(*[self.recorded(event) for event in events]))


async def furnish(store: Any) -> Desk:
    """The account `shop` with a balance, the test account `demo`, an operator."""
    books = store.books
    account = await books.add_account(
        NewAccount("shop", AccountKind.FULL, "hash", balance=BALANCE, part_price=PRICE),
        actor="test",
        now=NOW,
    )
    await books.add_account(NewAccount("demo", AccountKind.TEST, "hash"), actor="test", now=NOW)
    return Desk(store, account, await books.ensure_operator("kcell"))


@pytest.fixture
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    engine: Any
    if request.param == "sqlite":
        engine = SqliteEngine(tmp_path)
    else:
        engine = await PostgresEngine.make(request.getfixturevalue("postgres"), tmp_path)
    yield engine
    await engine.close()


@pytest.fixture
async def desk(engine: Any) -> Desk:
    return await furnish(await engine.open())


@pytest.fixture
async def pair(engine: Any, desk: Desk) -> tuple[Desk, Desk]:
    """Two nodes on one database; the first is `desk`."""
    return desk, Desk(await engine.open_node("second"), desk.account, desk.operator)


@pytest.fixture
def again(engine: Any) -> Callable[[Desk], Any]:
    """Take over a desk's database after its death."""

    async def again(desk: Desk, now: int = NOW + HOUR) -> Desk:
        engine.die(desk.store)
        return Desk(await engine.open(now), desk.account, desk.operator)

    return again
