"""store/sqlite/retention.py: a round costs the same however many rows there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from habar.store.retention import Keep, Tidied
from habar.store.sqlite.batch import Chore
from habar.store.sqlite.retention import Retention
from habar.store.sqlite.sql import QUERIES
from habar.store.tidying import CHUNK

FEW, MANY = 1_000, 30_000
ALL_OLD = MANY + 1


class Counting:
    """Looks and chores on one connection, with what they cost in steps of SQLite's machine."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.steps = 0
        self.rows: list[int] = []
        connection.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.steps += 1
        return 0

    async def aside(self, question: Callable[[sqlite3.Connection], Any]) -> Any:
        return question(self.connection)

    async def run(self, chore: Chore, rows: int) -> Any:
        self.rows.append(rows)
        return chore(self.connection)


def fill(connection: sqlite3.Connection, count: int, stage: int = 3) -> None:
    """Messages with a part each; message n was created and had ended at the moment n."""
    rows = [
        (n, 1, n, 1, "S", 1, "text", 0, 0, 1, 1, n, n, None, 1, stage, 102, 0, 0, 0, 0, n)
        for n in range(1, count + 1)
    ]
    connection.execute("BEGIN")
    connection.executemany(QUERIES["insert_message"], rows)
    connection.execute("UPDATE message SET completed_at = created_at")
    parts = [(row[0], 1, 1, row[0], str(row[0]), row[0]) for row in rows]
    connection.executemany(QUERIES["insert_part"], parts)
    connection.executemany(QUERIES["insert_ref"], [(1, row[0], row[0]) for row in rows])
    connection.execute("COMMIT")


def made(connection: sqlite3.Connection) -> tuple[Retention, Counting]:
    counting = Counting(connection)
    return Retention(counting, counting.run), counting  # type: ignore[arg-type]


async def whole_pass(retention: Retention, keep: Keep) -> Tidied:
    messages = texts = 0
    more = True
    while more:
        did = await retention.tidy(keep, 10 * CHUNK)
        messages, texts, more = messages + did.messages, texts + did.texts, did.more
    return Tidied(messages, texts, more=False)


@pytest.mark.parametrize("stage", [0, 2, 3])
@pytest.mark.parametrize("keep", [Keep(ALL_OLD, None), Keep(None, ALL_OLD)])
async def test_a_round_is_as_cheap_on_a_large_table(
    connection: sqlite3.Connection, keep: Keep, stage: int
) -> None:
    steps = []
    for count in (FEW, MANY):
        connection.execute("DELETE FROM message")
        connection.execute("DELETE FROM part")
        connection.execute("DELETE FROM text_kept")
        connection.execute(QUERIES["set_texts_tidied"], (0,))
        fill(connection, count, stage)
        retention, counting = made(connection)
        assert (await retention.tidy(keep, 2 * CHUNK)).more
        steps.append(counting.steps)
        connection.set_progress_handler(None, 0)
    assert steps[0] > CHUNK
    assert steps[1] == pytest.approx(steps[0], rel=0.05)


async def test_texts_that_went_are_not_looked_at_again(connection: sqlite3.Connection) -> None:
    fill(connection, MANY)
    retention, counting = made(connection)
    keep = Keep(None, MANY - 10)
    assert (await whole_pass(retention, keep)).texts == MANY - 11
    connection.set_progress_handler(None, 0)
    anew, counting = made(connection)  # as after a restart
    assert await anew.tidy(keep, CHUNK) == Tidied(0, 0, more=False)
    assert counting.steps < 20 * CHUNK


async def test_no_transaction_has_more_rows_than_the_others_can_wait_for(
    connection: sqlite3.Connection,
) -> None:
    fill(connection, FEW)
    retention, counting = made(connection)
    did = await whole_pass(retention, Keep(FEW // 2, ALL_OLD))
    assert did == Tidied(FEW // 2 - 1, FEW // 2 + 1, more=False)
    assert max(counting.rows) == CHUNK


async def test_where_nothing_has_ended_nothing_is_written(connection: sqlite3.Connection) -> None:
    fill(connection, FEW, stage=0)
    retention, counting = made(connection)
    assert await whole_pass(retention, Keep(ALL_OLD, None)) == Tidied(0, 0, more=False)
    assert counting.rows == []


async def test_with_a_message_goes_all_that_hangs_on_it(connection: sqlite3.Connection) -> None:
    fill(connection, 3)
    connection.execute("INSERT INTO text_kept VALUES (1), (2), (3)")
    retention, _ = made(connection)
    assert (await retention.tidy(Keep(3, None), CHUNK)).messages == 2
    for table in ("message", "part", "customer_ref", "text_kept"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,), table


async def test_a_row_from_the_future_holds_back_only_itself(connection: sqlite3.Connection) -> None:
    fill(connection, FEW)
    connection.execute(
        "UPDATE message SET created_at = ?, completed_at = ? WHERE id = 5", (10**6,) * 2
    )
    retention, _ = made(connection)
    assert await whole_pass(retention, Keep(None, ALL_OLD)) == Tidied(0, FEW - 1, more=False)
    assert await whole_pass(retention, Keep(ALL_OLD, None)) == Tidied(FEW - 1, 0, more=False)
    assert await whole_pass(retention, Keep(None, 10**6 + 1)) == Tidied(0, 1, more=False)


async def test_what_changed_between_look_and_write_is_judged_again(
    connection: sqlite3.Connection,
) -> None:
    fill(connection, 2)
    counting = Counting(connection)

    async def run(chore: Chore, rows: int) -> Any:
        connection.execute(
            QUERIES["settle_message"], (102, ALL_OLD, 1)
        )  # a receipt bettered its end
        return chore(connection)

    retention = Retention(counting, run)  # type: ignore[arg-type]
    assert (await retention.tidy(Keep(10, None), CHUNK)).messages == 1
    assert connection.execute("SELECT id FROM message").fetchall() == [(1,)]
