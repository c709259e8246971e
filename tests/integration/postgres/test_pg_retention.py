"""Old days go from PostgreSQL as a whole, whatever comes between, and hold nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from habar.model.message import Ref
from habar.model.status import MessageState
from habar.store.postgres import dropping, spans
from habar.store.retention import Keep, Tidied

from ...contract.conftest import Desk
from ...contract.postgres_engine import PATIENCE, Aside, PostgresEngine
from .conftest import DAY, NOW, Days

OLD = 30
KEPT_DAYS = 10
KEEP = Keep(NOW - KEPT_DAYS * DAY, None)
NO_ROW_IS_DELETED = """
CREATE FUNCTION none_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a row is being deleted'; END $$;
CREATE TRIGGER none_deleted BEFORE DELETE ON message FOR EACH ROW EXECUTE FUNCTION none_deleted();
CREATE TRIGGER none_deleted BEFORE DELETE ON part FOR EACH ROW EXECUTE FUNCTION none_deleted();
"""


async def whole_pass(store: Any, keep: Keep = KEEP, limit: int = 500) -> Tidied:
    messages = texts = 0
    for _ in range(1000):
        did = await store.tidy(keep, limit)
        messages, texts = messages + did.messages, texts + did.texts
        if not did.more:
            return Tidied(messages, texts, more=False)
    raise AssertionError("the rounds come to no end")


async def there(desk: Desk, *messages: int) -> list[int]:
    return [message for message in messages if await desk.store.story(message) is not None]


def refs(engine: PostgresEngine) -> list[int]:
    """The messages that customers' ids name."""
    rows = engine.aside.fetch("SELECT message_id FROM customer_ref ORDER BY message_id")
    return [row[0] for row in rows]


async def until(engine: PostgresEngine, question: str) -> None:
    """Wait until the database says yes."""
    connection = await asyncpg.connect(engine.url)
    async with asyncio.timeout(PATIENCE):
        while not await connection.fetchval(question):
            pass
    await connection.close()


class TestWholeDays:
    @pytest.mark.parametrize("limit", [1, 500])
    async def test_a_day_is_dropped_and_no_row_is_deleted(
        self, engine: PostgresEngine, desk: Desk, days: Days, limit: int
    ) -> None:
        gone = [*await days.sent(OLD, 4), await days.ended(OLD, customer_id=7)]
        days.pass_by(OLD)
        today = [await desk.new(customer_id=8), *await days.sent(0, 2)]
        engine.aside.execute(NO_ROW_IS_DELETED)
        ledger = engine.ledger(desk.account)
        assert await whole_pass(desk.store, limit=limit) == Tidied(5, 0, more=False)
        assert await there(desk, *gone, *today) == today
        assert refs(engine) == today
        assert days.spans() == [today[0]]
        assert days.tables() == days.tables_of(today[0])
        assert engine.ledger(desk.account) == ledger
        assert await desk.balanced()

    async def test_after_it_ids_and_receipts_go_on(self, desk: Desk, days: Days) -> None:
        gone = await days.sent(OLD, 2)
        days.pass_by(OLD)
        kept = await days.sent(0)
        await whole_pass(desk.store)
        assert await desk.receipt(f"A{gone[0]}", at=NOW) is None
        assert await desk.receipt(f"A{kept[0]}", at=NOW) == kept[0]
        assert await desk.told(Ref(None, gone[0])) is None
        new = await desk.new(customer_id=1001)  # as gone[0] had
        assert new > kept[0]
        assert await desk.told(Ref(1001, None)) == MessageState.ACCEPTED

    async def test_only_days_that_are_old_enough_and_oldest_first(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        messages = []
        for ago, then in ((30, 10), (20, 12), (8, 8)):
            messages += await days.sent(ago)
            days.pass_by(then)
        messages += await days.sent(0)
        engine.aside.execute(NO_ROW_IS_DELETED)
        assert days.spans() == messages
        assert (await whole_pass(desk.store)).messages == 2
        assert days.spans() == messages[2:]

    async def test_the_span_that_ids_are_drawn_from_stays_however_old(
        self, desk: Desk, days: Days
    ) -> None:
        [message] = await days.sent(OLD)
        days.pass_by(OLD)
        first = days.spans()
        assert (await whole_pass(desk.store)).messages == 1
        assert await there(desk, message) == []
        assert days.spans() == first

    async def test_a_large_day_is_judged_a_few_rows_at_a_time(
        self, engine: PostgresEngine, desk: Desk, days: Days, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spans, "JUDGED", 2)
        monkeypatch.setattr(dropping, "REFS", 2)
        await days.sent(OLD, 7)
        days.pass_by(OLD)
        today = await days.sent(0)
        engine.aside.execute(NO_ROW_IS_DELETED)
        first = await desk.store.tidy(KEEP, 2)
        assert first == Tidied(0, 0, more=True)
        assert (await whole_pass(desk.store, limit=2)).messages == 7
        assert refs(engine) == today

    async def test_who_asks_for_less_in_the_middle_gets_less(
        self, desk: Desk, days: Days, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spans, "JUDGED", 2)
        messages = await days.sent(OLD, 3)
        days.pass_by(OLD + 5)
        await days.sent(0)
        assert (await desk.store.tidy(KEEP, 1)).more
        less = Keep(NOW - (OLD + 1) * DAY, None)
        assert (await whole_pass(desk.store, less)).messages == 0
        assert await there(desk, *messages) == messages
        assert (await whole_pass(desk.store)).messages == 3


class TestStragglers:
    async def test_a_day_with_one_that_waits_loses_the_others_and_goes_later(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        others = await days.sent(OLD, 4)
        waiting = await desk.claimed(
            customer_id=9, created_at=NOW - OLD * DAY, due_at=NOW - OLD * DAY
        )
        days.pass_by(OLD)
        today = await days.sent(0)
        assert await whole_pass(desk.store) == Tidied(4, 0, more=False)
        assert await there(desk, *others, waiting) == [waiting]
        assert refs(engine) == [waiting, *today]
        assert days.spans() == [others[0], *today]
        assert engine.aside.fetch(f"SELECT count(*) FROM part_{others[0]}") == [(0,)]

        await desk.finish(waiting, MessageState.REJECTED, at=NOW - 2 * DAY)
        assert (await whole_pass(desk.store)).messages == 0
        engine.aside.execute(NO_ROW_IS_DELETED)
        assert (await whole_pass(desk.store, Keep(NOW - DAY, None))).messages == 1
        assert days.spans() == today
        assert days.tables() == days.tables_of(*today)

    async def test_for_a_few_days_the_others_wait_for_it(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        """One ends a day late: nothing is deleted before it can all be dropped."""
        at = NOW - OLD * DAY
        late = await desk.claimed(created_at=at, due_at=at, price=0)
        messages = [late, *await days.sent(OLD, 3)]
        await desk.finish(late, MessageState.REJECTED, at=at + DAY)
        days.pass_by(OLD)
        today = await days.sent(0)
        engine.aside.execute(NO_ROW_IS_DELETED)
        assert (await whole_pass(desk.store, Keep(at + DAY, None))).messages == 0
        assert await there(desk, *messages) == messages
        assert (await whole_pass(desk.store, Keep(at + DAY + 1, None))).messages == 4
        assert days.spans() == today


def marked(engine: PostgresEngine, first: int) -> None:
    engine.aside.execute("DELETE FROM customer_ref")
    engine.aside.execute(
        "UPDATE span SET leaving = 3, refs_upto = end_id - 1 WHERE first_id = $1", first
    )


def first_detached(engine: PostgresEngine, first: int) -> None:
    marked(engine, first)
    engine.aside.execute(f"ALTER TABLE message DETACH PARTITION message_{first}")


def first_dropped(engine: PostgresEngine, first: int) -> None:
    first_detached(engine, first)
    engine.aside.execute(f"DROP TABLE message_{first}")


def second_detached(engine: PostgresEngine, first: int) -> None:
    first_dropped(engine, first)
    engine.aside.execute(f"ALTER TABLE part DETACH PARTITION part_{first}")


def both_dropped(engine: PostgresEngine, first: int) -> None:
    second_detached(engine, first)
    engine.aside.execute(f"DROP TABLE part_{first}")


class TestCrashes:
    @pytest.mark.parametrize(
        "crash", [marked, first_detached, first_dropped, second_detached, both_dropped]
    )
    @pytest.mark.parametrize("keep", [KEEP, Keep(None, KEEP.messages_before)])
    async def test_what_was_begun_is_finished_by_another_node(
        self,
        engine: PostgresEngine,
        desk: Desk,
        days: Days,
        crash: Callable[[PostgresEngine, int], None],
        keep: Keep,
    ) -> None:
        gone = await days.sent(OLD, 3)
        days.pass_by(OLD)
        today = await days.sent(0)
        crash(engine, gone[0])
        other = await engine.open_node("second")
        assert await whole_pass(other, keep) == Tidied(3, 0, more=False)
        assert days.spans() == today
        assert days.tables() == days.tables_of(*today)

    async def test_a_node_that_died_over_the_refs(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        gone = await days.sent(OLD, 3)
        days.pass_by(OLD)
        today = await days.sent(0)
        engine.aside.execute("UPDATE span SET leaving = 3, refs_upto = $1", gone[0])
        engine.aside.execute("UPDATE span SET leaving = NULL WHERE first_id = $1", today[0])
        engine.aside.execute("DELETE FROM customer_ref WHERE message_id = $1", gone[0])
        assert (await whole_pass(desk.store)).messages == 3
        assert refs(engine) == today

    async def test_one_who_reads_for_long_puts_it_off_and_the_detaching_is_finished_then(
        self, engine: PostgresEngine, desk: Desk, days: Days, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also what a crash in the middle of DETACH CONCURRENTLY leaves: it is pending."""
        monkeypatch.setattr(dropping, "LOCK_MS", 100)
        store = await engine.open_node("second")
        gone = await days.sent(OLD, 3)
        days.pass_by(OLD)
        today = await days.sent(0)
        backup = Aside(engine.url)
        backup.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        backup.fetch("SELECT count(*) FROM message")
        assert await whole_pass(store) == Tidied(0, 0, more=False)
        pending = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhdetachpending"
        assert engine.aside.fetch(pending) == [(f"message_{gone[0]}",)]
        assert await whole_pass(store) == Tidied(0, 0, more=False)
        days.pass_by(1)
        today.append(await desk.new())
        assert backup.fetch("SELECT count(*) FROM message") == [(4,)]
        backup.execute("COMMIT")
        backup.close()
        assert await whole_pass(store) == Tidied(3, 0, more=False)
        assert days.tables() == days.tables_of(*today)


class TestOthers:
    async def test_all_work_goes_on_while_a_day_is_being_detached(
        self, engine: PostgresEngine, desk: Desk, days: Days, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dropping, "LOCK_MS", 60_000)
        store = await engine.open_node("second")
        await days.sent(OLD, 3)
        days.pass_by(20)
        kept = await days.sent(OLD - 20, 3)
        days.pass_by(OLD - 20)
        backup = Aside(engine.url)
        backup.execute("BEGIN")
        backup.fetch("SELECT count(*) FROM message, part")
        tidying = asyncio.ensure_future(whole_pass(store))
        await until(
            engine,
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND query LIKE 'ALTER TABLE message DETACH%')",
        )
        message = await desk.new()  # a new day: a partition is attached meanwhile
        assert len(days.spans()) == 3
        assert [one.message_id for one in await desk.claim()] == [message]
        assert await desk.accept(message, "A1") == message
        assert await desk.receipt("A1") == message
        assert await desk.receipt(f"A{kept[0]}", at=NOW) == kept[0]
        assert await desk.state(message) == MessageState.DELIVERED
        assert not tidying.done()
        backup.execute("COMMIT")
        backup.close()
        assert (await tidying).messages == 3
        assert await there(desk, *kept, message) == [*kept, message]

    async def test_who_writes_without_end_is_never_refused(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        for _ in range(5):
            await days.sent(OLD, 3)
            await desk.claimed(created_at=NOW - OLD * DAY, due_at=NOW - OLD * DAY, price=0)
            days.pass_by(1)
        days.pass_by(OLD)
        await days.sent(0)
        over = asyncio.Event()

        async def write() -> list[int]:
            accepted = []
            while not over.is_set() or len(accepted) < 10:
                accepted.append(await desk.new(price=0))
                [message] = await desk.claim()
                assert await desk.accept(message.message_id, f"N{len(accepted)}", at=NOW)
            return accepted

        writing = asyncio.ensure_future(write())
        keep = Keep(KEEP.messages_before, KEEP.messages_before)
        assert (await whole_pass(desk.store, keep, limit=3)).messages == 15
        over.set()
        accepted = await writing
        assert await there(desk, *accepted) == accepted
        assert desk.store.journal.healthy

    async def test_two_nodes_at_once_do_everything_once(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        open_ = []
        for _ in range(4):
            await days.sent(OLD, 3)
            days.pass_by(1)
            await days.sent(OLD, 3)
            at = NOW - OLD * DAY
            open_.append(await desk.claimed(created_at=at, due_at=at, price=0))
            days.pass_by(1)
        days.pass_by(OLD)
        today = await days.sent(0)
        other = await engine.open_node("second")
        keep = Keep(KEEP.messages_before, NOW - 5 * DAY)
        for store in (desk.store, other):
            assert (await whole_pass(store, Keep(None, None))) == Tidied(0, 0, more=False)
        did = await asyncio.gather(
            *[whole_pass(store, keep, 5) for _ in range(3) for store in (desk.store, other)]
        )
        rest = await whole_pass(desk.store, keep)
        assert sum(one.messages for one in did) + rest.messages == 24
        assert await there(desk, *open_, *today) == [*open_, *today]
        assert refs(engine) == today
        assert len(days.spans()) == len(open_) + 1
        assert days.tables() == days.tables_of(*days.spans())
        assert desk.store.journal.healthy
        assert other.journal.healthy

    async def test_a_ref_that_another_node_has_locked_is_not_waited_for(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        whole = await days.sent(OLD, 2)
        days.pass_by(OLD)
        rows = await days.sent(OLD - 1, 2)
        other = Aside(engine.url)
        other.execute("BEGIN")
        other.fetch(
            "SELECT 1 FROM customer_ref WHERE message_id = ANY ($1::bigint[]) FOR UPDATE",
            [whole[1], rows[1]],
        )
        assert (await whole_pass(desk.store)).messages == 1
        assert await there(desk, *whole, *rows) == [*whole, rows[1]]
        other.execute("ROLLBACK")
        other.close()
        assert (await whole_pass(desk.store)).messages == 3
        assert refs(engine) == []

    async def test_a_message_that_another_node_has_locked_is_not_waited_for(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        messages = await days.sent(OLD, 3)
        other = Aside(engine.url)
        other.execute("BEGIN")
        other.fetch("SELECT 1 FROM message WHERE id = $1 FOR UPDATE", messages[1])
        assert (await whole_pass(desk.store, Keep(None, KEEP.messages_before))).texts == 2
        assert (await whole_pass(desk.store)).messages == 2
        assert await there(desk, *messages) == [messages[1]]
        assert (await desk.story(messages[1])).submission.text == "Привет"
        other.execute("ROLLBACK")
        other.close()
        assert (await whole_pass(desk.store, Keep(None, KEEP.messages_before))).texts == 1
        assert (await whole_pass(desk.store)).messages == 1
        assert engine.aside.fetch("SELECT * FROM text_kept") == []

    async def test_a_span_that_another_node_works_in_is_left_to_it(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        await days.sent(OLD, 3)
        other = Aside(engine.url)
        other.execute("BEGIN")
        other.fetch("SELECT 1 FROM span FOR UPDATE")
        assert await whole_pass(desk.store) == Tidied(0, 0, more=False)
        other.execute("ROLLBACK")
        other.close()
        assert await whole_pass(desk.store) == Tidied(3, 0, more=False)


class TestTexts:
    async def test_a_day_that_was_gone_through_is_not_looked_at_again(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        at = NOW - OLD * DAY
        open_ = await desk.claimed(created_at=at, due_at=at)
        await days.sent(OLD, 3)
        days.pass_by(OLD)
        today = await days.sent(0)
        keep = Keep(None, KEEP.messages_before)
        assert await whole_pass(desk.store, keep) == Tidied(0, 3, more=False)
        done = "SELECT first_id FROM span WHERE texts_upto < end_id - 1"
        assert engine.aside.fetch(done) == [(today[0],)]
        assert engine.aside.fetch("SELECT message_id FROM text_kept") == [(open_,)]
        await desk.finish(open_, MessageState.REJECTED, at=at + DAY)
        assert await whole_pass(desk.store, keep) == Tidied(0, 1, more=False)
        assert engine.aside.fetch("SELECT message_id FROM text_kept") == []

    async def test_with_a_day_goes_what_was_noted_of_its_texts(
        self, engine: PostgresEngine, desk: Desk, days: Days
    ) -> None:
        at = NOW - OLD * DAY
        open_ = await desk.claimed(created_at=at, due_at=at)
        days.pass_by(OLD)
        await days.sent(0)
        both = Keep(KEEP.messages_before, KEEP.messages_before)
        assert await whole_pass(desk.store, both) == Tidied(0, 0, more=False)
        assert engine.aside.fetch("SELECT message_id FROM text_kept") == [(open_,)]
        await desk.finish(open_, MessageState.REJECTED, at=at + 1)
        assert await whole_pass(desk.store, both) == Tidied(1, 0, more=False)
        assert engine.aside.fetch("SELECT message_id FROM text_kept") == []
