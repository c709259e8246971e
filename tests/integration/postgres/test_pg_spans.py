"""Which span of ids a message's id is from: that of its day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ...contract.conftest import Desk, furnish
from ...contract.postgres_engine import PostgresEngine
from ...postgres.server import Server


@pytest.fixture
async def engine(postgres: Server, tmp_path: Path) -> AsyncIterator[PostgresEngine]:
    engine = await PostgresEngine.make(postgres, tmp_path)
    yield engine
    await engine.close()


@pytest.fixture
async def desk(engine: PostgresEngine) -> Desk:
    return await furnish(await engine.open())


def span_of(engine: PostgresEngine, message: int) -> tuple[Any, ...]:
    """First id and day of the span that the message is in."""
    [span] = engine.aside.fetch(
        "SELECT first_id, day FROM span WHERE first_id <= $1 AND end_id > $1", message
    )
    return span


async def test_a_new_day_begins_a_new_span_also_for_one_that_has_ids_left(
    engine: PostgresEngine, desk: Desk
) -> None:
    yesterday = [await desk.new(), await desk.new()]
    assert yesterday[1] == yesterday[0] + 1
    [(first, today)] = engine.aside.fetch("SELECT first_id, day FROM span")
    engine.aside.execute("UPDATE span SET day = day - 1")
    engine.aside.execute("UPDATE sequence SET day = day - 1 WHERE name = 'message'")
    desk.store._node.writer.ids._day -= 1
    new = await desk.new()
    assert span_of(engine, yesterday[1]) == (first, today - 1)
    assert span_of(engine, new) == (new, today)
    assert await desk.new() == new + 1


async def test_a_database_whose_clock_was_ahead_goes_on_with_its_newest_span(
    engine: PostgresEngine, desk: Desk
) -> None:
    """The day of ids does not go back; and no block is drawn for each message because of that."""
    before = await desk.new()
    engine.aside.execute("UPDATE span SET day = day + 9")
    engine.aside.execute("UPDATE sequence SET day = day + 9 WHERE name = 'message'")
    ids = desk.store._node.writer.ids
    ids._end = ids._next
    messages = [await desk.new() for _ in range(3)]
    assert messages == [messages[0], messages[0] + 1, messages[0] + 2]
    assert span_of(engine, messages[2]) == span_of(engine, before)
