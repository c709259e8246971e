"""Which span of ids a message's id is from: that of its day."""

from __future__ import annotations

from typing import Any

from ...contract.conftest import Desk
from ...contract.postgres_engine import PostgresEngine
from .conftest import Days


def span_of(engine: PostgresEngine, message: int) -> tuple[Any, ...]:
    """First id and day of the span that the message is in."""
    [span] = engine.aside.fetch(
        "SELECT first_id, day FROM span WHERE first_id <= $1 AND end_id > $1", message
    )
    return span


async def test_a_new_day_begins_a_new_span_also_for_one_that_has_ids_left(
    engine: PostgresEngine, desk: Desk, days: Days
) -> None:
    yesterday = [await desk.new(), await desk.new()]
    assert yesterday[1] == yesterday[0] + 1
    first, today = span_of(engine, yesterday[0])
    days.pass_by(1)
    new = await desk.new()
    assert span_of(engine, yesterday[1]) == (first, today - 1)
    assert span_of(engine, new) == (new, today)
    assert await desk.new() == new + 1


async def test_who_has_nothing_to_send_on_a_day_makes_no_span_for_it(
    desk: Desk, days: Days
) -> None:
    message = await desk.claimed()
    before = days.spans()
    days.pass_by(1)
    await desk.accept(message, "A1")
    assert days.spans() == before


async def test_a_database_whose_clock_was_ahead_goes_on_with_its_newest_span(
    engine: PostgresEngine, desk: Desk, days: Days
) -> None:
    """The day of ids does not go back; and no block is drawn for each message because of that."""
    before = await desk.new()
    days.pass_by(-9)
    ids = desk.store._node.writer.ids
    ids._end = ids._next
    messages = [await desk.new() for _ in range(3)]
    assert messages == [messages[0], messages[0] + 1, messages[0] + 2]
    assert span_of(engine, messages[2]) == span_of(engine, before)
