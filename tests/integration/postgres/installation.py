"""An embedded installation with a row of every kind, left as by a gateway that was killed."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from habar.model.account import AccountKind, DuplicateId
from habar.model.message import Outcome, Protocol, Submission
from habar.model.route import Kind, Prefer, Route, Target
from habar.model.status import MessageState
from habar.store.books import NewAccount
from habar.store.events import Finished, PartAccepted, Postponed, ReceiptSeen
from habar.store.network import BindReport, Ported
from habar.store.sqlite import SqliteStore

DAY = 86_400_000
NOW = 1_780_000_000_000
NUL = "zero \x00 and the mark \U0010ffff0 of an escape"


async def make(folder: Path, *, stopped: bool = False, more: int = 0) -> Path:
    """The file. `stopped`: the gateway was stopped in order; `more`: so many further messages."""
    path = folder / "habar.db"
    store = SqliteStore(path)
    await store.open(NOW)
    await _fill(store)
    for start in range(0, more, 500):
        texts = [f"further {number}" for number in range(start, min(start + 500, more))]
        await _submit(store, *[_message(created_at=NOW + 4 * DAY, text=text) for text in texts])
    await (store.close() if stopped else _die(store))
    return path


async def _fill(store: SqliteStore) -> None:
    books = store.books
    shop = NewAccount("shop", AccountKind.FULL, "hash", balance=1_000_000, part_price=500)
    assert await books.add_account(shop, actor="cli:a", now=NOW) == 1
    demo = NewAccount("demo", AccountKind.TEST, "hash of demo", allowance=20)
    assert await books.add_account(demo, actor="cli:a", now=NOW) == 2
    await books.top_up("shop", -4_000, "a mistake", actor="cli:a", now=NOW)
    await books.add_sender("shop", "SHOP", actor="cli:a", now=NOW)
    await books.add_key("shop", bytes(range(32)), "till", actor="cli:a", now=NOW)
    await books.add_key("shop", bytes(range(1, 33)), "web", actor="cli:a", now=NOW)
    assert await books.ensure_operator("kcell") == 1
    assert await books.ensure_operator("beeline") == 2
    await _network(store)
    await _messages(store)


async def _network(store: SqliteStore) -> None:
    """Operators, ranges that were edited, ported numbers, routes, and what a link reported."""
    network = store.network
    who: dict[str, Any] = {"actor": "cli:a", "now": NOW}
    await network.put_operator("kcell", '{"host": "smsc"}', in_doubt="resend", **who)
    await network.put_operator("beeline", '{"host": "сервер"}', in_doubt="hold", **who)
    await network.enable_operator("beeline", False, **who)
    await network.put_range("7701", "tele2", **who)
    await network.remove_range("7785", **who)
    await network.put_ported([Ported(77010000000 + n, f"n{n % 2}") for n in range(10)])
    gone = await network.add_route(Route(0, 0, (Target(1),)), **who)
    full = Route(
        0, 0, (Target(2, 1, 3, 5), Target(1, 2)), 1, "SHOP", "kcell", "7701", Kind.FLASH, 2
    )
    await network.add_route(full, **who)
    await network.add_route(Route(0, 1, (Target(1),), prefer=Prefer.COST), **who)
    await network.remove_route(gone, **who)
    await network.report_binds([BindReport("old", 1, 1, NOW, "{}")], [])


async def _messages(store: SqliteStore) -> None:
    """One message a line, of four days; the ids begin with 1."""
    await _submit(store, _message(7, text=NUL, sender="S\x00"))  # 1: waits
    await _submit(store, _message(8, parts=2, stage=1))  # 2: sent in part
    await _accepted(store, 2, 1, "name \x00 of it", last=False)
    await _submit(store, _message(9, stage=1, created_at=NOW + DAY))  # 3: delivered
    await _accepted(store, 3, 1, "4711")
    await _receipt(store, "4711")
    again = _message(9, stage=1, created_at=NOW + DAY, on_duplicate=DuplicateId.ALLOW)
    await _submit(store, again)  # 4: sent, under the same number
    await _accepted(store, 4, 1, "4712")
    await _submit(store, _message(stage=1, created_at=NOW + 2 * DAY))  # 5: paid back
    await _record(
        store, Finished(5, MessageState.REJECTED, "ESME_RINVDSTADR", NOW + 2 * DAY, refund=True)
    )
    await _submit(store, _message(12, stage=1, created_at=NOW + 2 * DAY))  # 6: put off
    await _record(store, Postponed(6, NOW + 9 * DAY, "ESME_RTHROTTLED", NOW, uncertain=True))
    await _submit(
        store, _message(13, created_at=NOW + DAY, due_at=NOW + 90 * DAY)
    )  # 7: came late, is for later
    await _submit(store, _message(7, account_id=2, created_at=NOW + 2 * DAY, price=0))  # 8
    await _submit(store, _message(21, stage=1, created_at=NOW + 3 * DAY))  # 9: in hand
    await _receipt(store, "nobody's")
    await _receipt(store, "nobody's \x00", "nor this")


def _message(customer_id: int | None = None, **changes: Any) -> Submission:
    values: dict[str, Any] = {
        "account_id": 1,
        "customer_id": customer_id,
        "protocol": Protocol.XML,
        "sender": "SHOP",
        "recipient": 77771234567,
        "text": "Сәлем",
        "data_coding": 8,
        "message_type": 0,
        "parts": 1,
        "priority": 1,
        "created_at": NOW,
        "due_at": changes.get("created_at", NOW),
        "expires_at": None,
        "operator_id": 1,
        "price": 500,
    }
    return Submission(**{**values, **changes})


async def _submit(store: Any, *messages: Submission) -> list[Outcome]:
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    store.journal.submit(messages, answer.set_result)
    outcomes: list[Outcome] = await answer
    return outcomes


async def submit_one(store: Any, text: str) -> int:
    """The id of a further message."""
    [outcome] = await _submit(store, _message(text=text, created_at=NOW + 5 * DAY))
    assert outcome.refusal is None
    return outcome.message_id


async def _record(store: SqliteStore, event: Any) -> None:
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    store.journal.record(event, done.set_result)
    store.journal.hurry()
    await done


async def _accepted(
    store: SqliteStore, message: int, part: int, name: str, *, last: bool = True
) -> None:
    await _record(store, PartAccepted(message, part, 1, name, NOW + DAY + 9, last=last))


async def _receipt(store: SqliteStore, *names: str) -> None:
    raw = f"id:{names[0]}"
    await _record(
        store, ReceiptSeen(1, names, MessageState.DELIVERED, "000", None, NOW + DAY + 99, raw)
    )


async def _die(store: SqliteStore) -> None:
    """The process is gone: nothing is said goodbye to."""
    assert store._parts is not None
    parts, store._parts = store._parts, None
    parts.threads.shutdown()
    parts.reads.close()
    parts.writer.close()
    assert parts.lock is not None
    os.close(parts.lock)


def change(path: Path, *statements: str) -> None:
    """Somebody writes into the file."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def ask(path: Path, statement: str) -> list[Any]:
    """What the file says."""
    connection = sqlite3.connect(path)
    rows = connection.execute(statement).fetchall()
    connection.close()
    return rows


class Onlooker:
    """A watch that remembers, and may be told at each step."""

    def __init__(self, step: Callable[[str], None] = lambda _: None) -> None:
        self.stages: dict[str, int] = {}
        self.rows: dict[str, int] = {}
        self._step = step
        self._now = ""

    def stage(self, words: str, total: int) -> None:
        self._now = words
        self.stages[words] = total
        self.rows[words] = 0

    def advance(self, count: int = 1) -> None:
        self.rows[self._now] += count
        self._step(self._now)
