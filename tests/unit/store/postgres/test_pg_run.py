"""For how long a node relies on its lease, by the clock that does not jump."""

from __future__ import annotations

from typing import Any

import pytest

from habar.store.postgres.node import Clock, Fenced, Run, Who

LEASE = 10.0


class Database:
    """Answers a moment later than it was asked."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.fenced = False

    async def fetchrow(self, *_: Any) -> tuple[int, int]:
        self.now += 1.0
        return 7, 5_000

    async def fetchval(self, *_: Any) -> int | None:
        self.now += 1.0
        return None if self.fenced else 6_000


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Any:
    database = Database()
    monkeypatch.setattr("time.monotonic", lambda: database.now)
    return database


@pytest.fixture
def run() -> Run:
    return Run(Who("first", (), LEASE), "home", Clock())


async def test_nothing_is_held_before_the_commit(database: Any, run: Run) -> None:
    await run.begin(database, 0, 0)
    assert not run.holds
    run.hold()
    assert run.holds


async def test_it_is_held_from_the_asking_on_and_let_go_of_well_before_the_end(
    database: Any, run: Run
) -> None:
    asked_at = database.now
    await run.begin(database, 0, 0)
    run.hold()
    database.now = asked_at + LEASE * 0.55
    assert run.holds
    database.now = asked_at + LEASE * 0.65
    assert not run.holds


async def test_a_commit_whose_answer_came_late_renews_from_its_asking(
    database: Any, run: Run
) -> None:
    await run.begin(database, 0, 0)
    run.hold()
    await run.renew(database)
    database.now += LEASE
    run.renewed()
    assert run.batch == 1
    assert not run.holds


async def test_a_run_that_was_ended_holds_nothing_at_once(database: Any, run: Run) -> None:
    await run.begin(database, 0, 0)
    run.hold()
    database.fenced = True
    with pytest.raises(Fenced):
        await run.renew(database)
    assert not run.holds
