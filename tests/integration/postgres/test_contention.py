"""Transactions that stand in each other's way: waited for, repeated, and nobody is told of it."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from habar.errors import StoreUnavailable
from habar.model.status import MessageState
from habar.store.events import PartAccepted, ReceiptSeen
from habar.store.postgres.sql import QUERIES

from ...contract.watching import until
from .site import NOW, Node, Site

BALANCE = 100_000
LOSES = """
CREATE SEQUENCE lost;
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('lost') <= 3 THEN
        RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '%s';
    END IF;
    RETURN NULL;
END
$$;
CREATE %s TRIGGER lose AFTER INSERT ON ledger %s FOR EACH ROW EXECUTE FUNCTION lose();
"""


@pytest.fixture
async def node(site: Site) -> Node:
    return await site.node()


async def waits(site: Site, what: str) -> None:
    """Until somebody waits for a lock in a statement with these words."""

    async def waiting() -> bool:
        rows = site.aside.fetch(
            "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        return any(what in row[0] for row in rows)

    await until(waiting)


async def test_the_locks_of_a_node_that_was_stopped_are_waited_out(site: Site, node: Node) -> None:
    stopped = await site.raw(idle_ms=500)
    await stopped.execute("BEGIN")
    await stopped.fetch(QUERIES["funds"], [node.account])
    answers = [node.submitted(node.message(n)) for n in range(1, 4)]
    await waits(site, "FROM account")
    assert [[one.refusal for one in answer] for answer in await asyncio.gather(*answers)] == [
        [None]
    ] * 3
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await stopped.execute("COMMIT")
    stopped.terminate()
    assert (await node.funds()).balance == BALANCE - 3_000
    assert await node.balanced()


async def test_a_lock_that_is_not_let_go_of_is_given_up(site: Site) -> None:
    node = await site.node(lock_ms=200)
    holder = await site.raw(idle_ms=0)
    await holder.execute("BEGIN")
    await holder.fetch(QUERIES["funds"], [node.account])
    assert isinstance(await node.submitted(node.message(7)), StoreUnavailable)
    await holder.execute("ROLLBACK")
    holder.terminate()
    await site.well_again(node.store)
    [outcome] = await node.submit(node.message(7))
    assert outcome.refusal is None


async def test_limits_of_a_session_are_set(site: Site) -> None:
    session = await site.raw(lock_ms=1_001, idle_ms=1_002, statement_ms=1_003)
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout")
    told = [await session.fetchval("SELECT current_setting($1)", name) for name in names]
    session.terminate()
    assert told == ["1001ms", "1002ms", "1003ms"]


async def test_a_deadlock_is_told_to_nobody(site: Site, node: Node) -> None:
    message = await node.claimed()
    other = await asyncpg.connect(site.server.url(site._name, role="postgres"))
    await other.execute("SET deadlock_timeout = '1h'")  # the node finds it
    await other.execute("BEGIN")
    await other.execute("UPDATE message SET repeats = repeats WHERE id = $1", message)
    given = node.submitted(node.message(7)), node.finish(message, MessageState.REJECTED)
    await waits(site, "UPDATE message SET stage = 3")
    await other.execute("UPDATE account SET balance = balance WHERE id = $1", node.account)
    await other.execute("COMMIT")
    [outcome], ended = await asyncio.gather(*given)
    await other.close()
    assert (outcome.refusal, ended) == (None, message)
    assert node.store.journal.healthy
    assert (await node.funds()).balance == BALANCE - 1_000
    assert await node.balanced()

    async def counted() -> bool:
        [row] = site.aside.fetch(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        return bool(row[0])

    await until(counted)


@pytest.mark.parametrize("state", ["40001", "40P01"])
@pytest.mark.parametrize("at_commit", [False, True])
@pytest.mark.parametrize("poisoned", [False, True])
async def test_a_transaction_that_lost_is_done_again(
    site: Site, node: Node, state: str, at_commit: bool, poisoned: bool
) -> None:
    before = await node.new()
    kind = ("CONSTRAINT", "DEFERRABLE INITIALLY DEFERRED") if at_commit else ("", "")
    site.aside.execute(LOSES % (state, *kind))
    given = [node.submitted(node.message(n)) for n in (7, 8)]
    if poisoned:  # the batch is done again one by one
        node.recorded(PartAccepted(1 << 64, 1, 1, "8", 5, last=True))
    answers = await asyncio.gather(*given)
    assert [outcome.message_id for [outcome] in answers] == [before + 1, before + 2]
    assert node.store.journal.healthy
    assert site.aside.fetch("SELECT last_value > 3 FROM lost") == [(True,)]
    assert (await node.funds()).balance == BALANCE - 3_000
    assert await node.balanced()


async def test_staffs_transaction_that_lost_is_done_again(site: Site, node: Node) -> None:
    site.aside.execute(LOSES % ("40001", "", ""))
    assert await node.store.books.top_up("shop", 5, "", actor="ann", now=NOW) == BALANCE + 5
    assert await node.balanced()


async def test_staffs_transaction_that_takes_too_long_is_not_done_again(site: Site) -> None:
    node = await site.node(statement_ms=300)
    await asyncio.gather(*[node.store.nodes() for _ in range(4)])  # connections that are not new
    site.aside.execute(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;"
        "CREATE TRIGGER dawdle AFTER INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION dawdle();"
    )
    node.way.statements.clear()
    with pytest.raises(StoreUnavailable, match="cannot write: QueryCanceledError"):
        await node.store.books.top_up("shop", 5, "", actor="ann", now=NOW)
    assert node.way.statements.count(QUERIES["insert_entry"]) == 1
    assert (await node.funds()).balance == BALANCE


@pytest.mark.parametrize("poisoned", [False, True])
async def test_a_missing_table_is_no_reason_to_throw_away_what_operators_said(
    site: Site, node: Node, poisoned: bool
) -> None:
    """Nor to tell customers that their messages are at fault."""
    messages = [await node.claimed() for _ in range(2)]
    await node.accept(messages[0], "op-1")
    site.aside.execute("ALTER TABLE part RENAME TO lent")
    receipt, accepted = node.receipt("op-1"), node.accept(messages[1], "op-2")
    if poisoned:  # the batch is done one by one for it
        node.submitted(node.message(text="\udc80"))
    await site.tried_again(node.store, 2)
    assert isinstance(await node.submitted(node.message()), StoreUnavailable)
    assert not receipt.done()
    assert not accepted.done()
    site.aside.execute("ALTER TABLE lent RENAME TO part")
    assert await asyncio.gather(receipt, accepted) == messages
    assert await node.state(messages[0]) == MessageState.DELIVERED


async def test_parts_that_come_while_a_message_is_waited_for_are_seen(
    site: Site, node: Node
) -> None:
    """Receipts of the two parts of a message reach two nodes in the same moment."""
    message = await node.claimed(parts=2)
    await node.accept(message, "op-1", last=False)
    other = await site.raw()
    await other.execute("BEGIN")
    await other.fetch("SELECT id FROM message WHERE id = $1 FOR UPDATE", message)
    told = node.receipt("op-1")
    await waits(site, "FOR UPDATE OF message")
    await other.execute(
        "INSERT INTO part (message_id, part, operator_id, operator_message_id, sent_at, state)"
        " VALUES ($1, 2, $2, '', 1, $3)",
        message,
        node.operator,
        MessageState.DELIVERED,
    )
    await other.execute("COMMIT")
    other.terminate()
    assert await told == message
    assert (await node.story(message)).submission.state == MessageState.DELIVERED


async def test_receipts_of_one_part_at_two_nodes_are_both_counted(site: Site, node: Node) -> None:
    other = await site.node("second")
    message = await node.claimed()
    await node.accept(message, "op-1")
    receipts = [
        desk.recorded(
            ReceiptSeen(node.operator, ("op-1",), MessageState.ENROUTE, "", None, NOW, "")
        )
        for desk in (node, other)
        for _ in range(64)
    ]
    assert set(await asyncio.gather(*receipts)) == {message}
    holder: Any = (await node.story(message)).parts[0]
    assert holder.receipts == 128
