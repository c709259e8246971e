"""A process to be killed: submits batch after batch and tells each id that it was answered."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from habar.errors import HabarError
from habar.model.message import Outcome, Submission
from habar.store.port import Store
from habar.store.postgres import PostgresStore
from habar.store.postgres.connection import Address
from habar.store.postgres.node import Who
from habar.store.sqlite import SqliteStore

NOW = 1_790_000_000_000


def store_of(engine: str, place: str, folder: str = "") -> Store:
    if engine == "sqlite":
        return SqliteStore(place)
    return PostgresStore(Address(place), Who("first", ("front", "dispatch"), 10.0), Path(folder))


async def main(*words: str) -> None:
    store = store_of(*words)
    await store.open(NOW)
    account = (await store.books.account("shop")).credentials.account.id
    await asyncio.gather(*[customer(store, account, size) for size in (1, 2, 7, 40)])


async def customer(store: Store, account: int, size: int) -> None:
    message = Submission(
        account, None, 1, "TEXT_MSG", 77771234567, "x", 0, 0, 1, 1, NOW, NOW, None, 1
    )
    while True:
        answer: asyncio.Future[list[Outcome] | HabarError] = asyncio.Future()
        store.journal.submit([message._replace(text=str(size))] * size, answer.set_result)
        outcomes = await answer
        assert isinstance(outcomes, list)
        told = " ".join(f"{outcome.message_id}:{size}" for outcome in outcomes)
        sys.stdout.write(told + "\n")
        sys.stdout.flush()


asyncio.run(main(*sys.argv[1:]))
