"""When the journal writes: at the end of a turn, or as long as records keep coming."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from habar.store.sqlite.journal import MOST, SqliteJournal
from habar.store.writes import Write

EVENT: Any = object()


class PaperWriter:
    """Takes everything and notes how it came."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.steps: list[str] = []
        self.due = False
        self.failing = False

    def write(self, writes: Sequence[Write], rows: int) -> None:
        if self.failing:
            error = sqlite3.OperationalError()
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        self.batches.append(rows)
        self.steps.append("write")

    def commit(self) -> None:
        self.steps.append("commit")

    def probe(self) -> None:
        self.steps.append("probe")

    def recover(self, error: BaseException) -> None:
        self.steps.append("recover")

    @property
    def checkpoint_due(self) -> bool:
        return self.due

    def backfill(self) -> None:
        self.due = False
        self.steps.append("backfill")

    def finish_checkpoint(self) -> None:
        self.steps.append("finish")


@pytest.fixture
def writer() -> PaperWriter:
    return PaperWriter()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
async def journal(writer: PaperWriter, threads: ThreadPoolExecutor) -> SqliteJournal:
    return SqliteJournal(writer, threads)  # type: ignore[arg-type]


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_submission_is_written_at_the_end_of_its_turn(
    journal: SqliteJournal, writer: PaperWriter
) -> None:
    journal.submit([EVENT], lambda _: None)
    journal.submit([EVENT, EVENT], lambda _: None)
    assert writer.batches == []
    await turns(1)
    assert writer.batches == [3]


async def test_records_wait_while_each_turn_brings_more(
    journal: SqliteJournal, writer: PaperWriter
) -> None:
    for _ in range(5):
        journal.record(EVENT)
        await turns(1)
    assert writer.batches == []
    await turns(3)
    assert writer.batches == [5]


async def test_records_that_are_hurried_wait_for_no_more(
    journal: SqliteJournal, writer: PaperWriter
) -> None:
    journal.hurry()
    await turns(3)
    assert writer.batches == [], "there was nothing"
    journal.record(EVENT)
    journal.record(EVENT)
    journal.hurry()
    assert writer.batches == []
    await turns(1)
    assert writer.batches == [2]


async def test_a_submission_takes_waiting_records_along(
    journal: SqliteJournal, writer: PaperWriter
) -> None:
    journal.record(EVENT)
    journal.submit([EVENT], lambda _: None)
    await turns(1)
    assert writer.batches == [2]
    await turns(5)
    assert writer.batches == [2]


async def test_records_that_never_cease_are_written_all_the_same(
    journal: SqliteJournal, writer: PaperWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    now = [loop.time()]
    monkeypatch.setattr(loop, "time", lambda: now[0])
    for _ in range(9):
        journal.record(EVENT)
        await turns(1)
        now[0] += 0.001
    assert writer.batches
    assert writer.batches[0] <= 7


async def test_a_transaction_has_at_most_so_many_rows(
    journal: SqliteJournal, writer: PaperWriter
) -> None:
    for _ in range(5):
        journal.submit([EVENT] * (MOST // 2), lambda _: None)
    journal.submit([EVENT] * (MOST * 2), lambda _: None)
    await turns(10)
    assert writer.batches == [MOST, MOST, MOST // 2, MOST * 2]


async def test_with_a_slow_disk_the_loop_gathers_while_the_commit_is_made(
    journal: SqliteJournal, writer: PaperWriter
) -> None:
    journal._pace._slow, journal._pace._probe_at = True, float("inf")
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    journal.submit([EVENT], lambda _: None)
    await turns(1)
    journal.submit([EVENT, EVENT], lambda _: None)
    journal.submit([EVENT], answered.set_result)
    assert writer.batches == [1]
    await answered
    assert writer.batches == [1, 3]
    assert writer.steps == ["write", "commit"] * 2


async def test_a_checkpoint_ends_between_two_commits(
    journal: SqliteJournal, writer: PaperWriter
) -> None:
    writer.due = True
    journal.submit([EVENT], lambda _: None)
    await turns(1)
    for _ in range(3):
        journal.submit([EVENT], lambda _: None)
        await turns(1)
    assert await journal.drain()
    assert writer.steps.count("backfill") == writer.steps.count("finish") == 1
    assert writer.steps.count("write") == writer.steps.count("commit") == 4
    finish = writer.steps.index("finish")
    assert writer.steps[finish - 1] != "write"


async def test_a_checkpoint_that_fails_stops_nothing(
    journal: SqliteJournal, writer: PaperWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        writer.due = False
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(writer, "backfill", fail)
    writer.due = True
    journal.submit([EVENT], lambda _: None)
    await turns(1)
    journal.submit([EVENT], lambda _: None)
    assert await journal.drain()
    assert writer.batches == [1, 1]
    assert journal.healthy


async def test_tries_again_with_growing_pauses(
    journal: SqliteJournal, writer: PaperWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    pauses: list[float] = []

    def at_once(pause: float, call: Callable[[], None]) -> asyncio.Handle:
        pauses.append(pause)
        return loop.call_soon(call)

    monkeypatch.setattr(loop, "call_later", at_once)
    writer.failing = True
    journal.record(EVENT)
    while len(pauses) < 8:
        await turns(1)
    writer.failing = False
    await turns(5)
    assert pauses[:8] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]
    assert writer.batches == [1]
    assert journal.healthy


async def test_a_chore_counts_as_the_rows_that_it_changes(
    journal: SqliteJournal, writer: PaperWriter
) -> None:
    chore = asyncio.ensure_future(journal.run(lambda _: None, MOST - 1))
    await turns(1)
    journal.submit([EVENT, EVENT], lambda _: None)
    assert journal.backlog == MOST + 1
    await chore
    await turns(2)
    assert writer.batches == [MOST - 1, 2]
    assert journal.backlog == 0
