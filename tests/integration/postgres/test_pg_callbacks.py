"""What customers are owed of messages in partitions: of those made later, and of days that go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.model.status import MessageState
from habar.store.callbacks import CallFilter, CallStage, StateReport
from habar.store.postgres import dropping
from habar.store.retention import Keep

from ...contract.calling import claim, end, give_up, own, tried, words
from ...contract.conftest import Desk
from ...contract.postgres_engine import Aside, PostgresEngine
from ...contract.watching import until
from .conftest import DAY, NOW, Days

KEEP = Keep(NOW - 10 * DAY, None)


async def sent(desk: Desk, ago: int, name: str) -> int:
    """A message of so many days ago that was delivered at once."""
    at = NOW - ago * DAY
    message = await own(desk, created_at=at, due_at=at, price=0)
    await desk.accept(message, name, at=at)
    await desk.receipt(name, at=at + 1)
    return message


async def test_partitions_that_are_made_later_have_the_trigger(desk: Desk, days: Days) -> None:
    for number in range(3):
        message = await sent(desk, 0, f"m{number}")
        assert [state for state, _ in await words(desk, message)] == [101, 102]
        days.pass_by(1)
    assert len(days.spans()) == 3


async def test_a_day_that_is_dropped_takes_along_what_was_told_of_it(
    desk: Desk, days: Days, engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropping, "TOLD", 2)
    gone = [await sent(desk, 30, f"old {n}") for n in range(5)]
    days.pass_by(30)
    others = [await sent(desk, 0, f"new {n}") for n in range(2)]
    for _ in range(2):
        calls = await claim(desk, now=NOW + DAY)
        await desk.all_recorded([tried(one.id, at=NOW) for one in calls if one.id != 1])
    while (await desk.store.tidy(KEEP, 500)).more:
        pass
    assert len(days.spans()) == 1
    told = engine.rows("SELECT message_id FROM message_report ORDER BY 1")
    assert told == [(message,) for message in others]
    left = await desk.store.callbacks.listed(CallFilter())
    assert {row.subject for row in left} == {gone[0], *others}, "the first word is in hand still"
    assert await end(desk, 1) == 1
    assert await claim(desk, now=NOW + DAY) == []
    assert {
        row.stage for row in await desk.store.callbacks.listed(CallFilter(subject=gone[0]))
    } == {
        CallStage.DONE,
        CallStage.GIVEN_UP,
    }


async def test_who_changes_a_message_waits_while_a_word_on_it_is_called_again(
    desk: Desk, engine: PostgresEngine
) -> None:
    """So that the new word is blocked behind the one that is called again."""
    message = await own(desk)
    await desk.accept(message, "1")
    [call] = await claim(desk, now=NOW + DAY)
    await end(desk, call.id)
    other = Aside(engine.url)
    other.execute("BEGIN")
    other.fetch("SELECT id FROM message WHERE id = $1 FOR UPDATE", message)
    again: asyncio.Task[Any] = asyncio.create_task(
        desk.store.callbacks.replay([call.id], actor="ann", now=NOW)
    )
    await waits_for_a_lock(engine)
    other.execute(
        "UPDATE message SET stage = 3, state = 102, completed_at = 9 WHERE id = $1", message
    )
    other.execute("COMMIT")
    other.close()
    assert await again == [call.id]
    assert await words(desk, message) == [(101, CallStage.WAITING), (102, CallStage.BLOCKED)]


async def test_a_word_made_while_another_node_ends_the_one_before_is_found_by_the_sweep(
    desk: Desk, engine: PostgresEngine
) -> None:
    message = await own(desk)
    await desk.accept(message, "1")
    [call] = await claim(desk, now=NOW + DAY)
    other = Aside(engine.url)
    other.execute("BEGIN")
    other.execute(
        "UPDATE message SET stage = 3, state = 102, completed_at = 9 WHERE id = $1", message
    )
    assert await end(desk, call.id) == call.id
    other.execute("COMMIT")
    other.close()
    assert await words(desk, message) == [(101, CallStage.DONE), (102, CallStage.BLOCKED)]
    assert await claim(desk, now=NOW + DAY) == []
    assert await give_up(desk, before=0, now=NOW + DAY) == 0
    [call] = await claim(desk, now=NOW + DAY)
    assert isinstance(call.event, StateReport)
    assert call.event.state == MessageState.DELIVERED


async def waits_for_a_lock(engine: PostgresEngine) -> None:
    question = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

    async def waits() -> bool:
        return engine.rows(question) != []

    await until(waits)
