"""A node's run and its ids in trouble: nothing is this run's that is another's."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from habar.errors import NotFound, StoreUnavailable
from habar.model.status import MessageState, Stage
from habar.store.events import PartAccepted

from ...contract.watching import Links, given_up, run_ids, until
from .site import NOW, Node, Site

BALANCE = 100_000


@pytest.fixture
async def node(site: Site) -> Node:
    return await site.node()


# --- Ids ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("happened", [True, False])
async def test_ids_whose_drawing_was_not_committed_are_not_used(
    site: Site, node: Node, happened: bool
) -> None:
    other = await site.node("second")
    many = [node.message(price=0)] * 600
    given = [one.message_id for one in await node.submit(*many)]
    (node.way.cut_after if happened else node.way.cut_before)("COMMIT;")
    assert isinstance(await node.submitted(*many), StoreUnavailable)
    assert node.way.sprung.is_set()
    await site.well_again(node.store)
    for desk in (other, node, other, node):
        outcomes = await desk.submit(*many)
        assert {one.refusal for one in outcomes} == {None}
        given += [one.message_id for one in outcomes]
    assert len(set(given)) == len(given) == 3000
    assert (await node.store.counts()).waiting == 3000


async def test_what_is_left_of_yesterdays_ids_is_left(site: Site, node: Node) -> None:
    before = await node.new()
    site.aside.execute("UPDATE sequence SET day = day - 1 WHERE name = 'message'")
    site.aside.execute("UPDATE span SET day = day - 1")
    node.store._node.writer.ids._day -= 1
    after = [await node.new(), await node.new()]
    assert before < after[0] == after[1] - 1
    days = site.aside.fetch(
        "SELECT count(DISTINCT day), count(*) FROM span JOIN unnest($1::bigint[]) AS given (id)"
        " ON id >= first_id AND id < end_id",
        [before, *after],
    )
    assert days == [(2, 3)]


async def test_ids_of_a_batch_that_was_refused_are_free(site: Site, node: Node) -> None:
    first = await node.new()
    poison = node.message(text="\udc80")
    given = await asyncio.gather(
        node.submitted(node.message(), node.message()),
        node.submitted(poison),
        node.submitted(node.message()),
    )
    ids = [one.message_id for outcomes in given for one in outcomes if one.refusal is None]
    assert ids == [first + 1, first + 2, first + 3]


# --- The end of a run -----------------------------------------------------------------------------
async def test_what_is_recorded_while_the_run_is_let_go_of_is_about_the_old_one(
    site: Site, node: Node
) -> None:
    other = await site.node("second")
    messages = [await node.claimed() for _ in range(3)]
    late: list[asyncio.Future[Any]] = []

    class Dispatcher(Links):
        def lost(self) -> None:
            late.append(node.finish(messages[0], MessageState.REJECTED))
            late.append(node.release(messages[1]))
            late.append(node.accept(messages[2], "op-1"))
            super().lost()

    links = Dispatcher(node.store)
    await given_up(site, node, other)
    assert {out.message_id for out in await other.claim()} == set(messages)
    assert await node.release(messages[1]) is None
    assert links.lost_runs == 1
    assert await asyncio.gather(*late) == [None, None, messages[2]]
    assert node.store.journal.backlog == 0
    stages = [(await other.story(one)).submission.stage for one in messages]
    assert stages == [Stage.CLAIMED, Stage.CLAIMED, Stage.SENT]
    assert (await other.funds()).balance == BALANCE - 3_000


async def test_a_run_that_was_ended_records_what_operators_said_before_it_closes(
    site: Site, node: Node
) -> None:
    other = await site.node("second")
    message = await node.claimed()
    await given_up(site, node, other)
    accepted = node.accept(message, "op-1")
    receipt = node.receipt("op-1")
    await node.store.close()
    assert (accepted.result(), receipt.result()) == (message, message)
    story = await other.story(message)
    assert story.parts[0].receipts == 1
    assert story.submission.state == MessageState.DELIVERED
    assert len(await run_ids(other.store)) == 1


async def test_a_receipt_is_recorded_though_the_run_was_ended(site: Site, node: Node) -> None:
    other = await site.node("second")
    links = Links(node.store)
    message = await node.claimed()
    await node.accept(message, "op-1")
    await given_up(site, node, other)
    assert await node.receipt("op-1") == message
    assert links.lost_runs == 1
    assert (await other.story(message)).parts[0].receipts == 1


async def test_a_refusal_comes_too_late_when_the_run_was_ended(site: Site, node: Node) -> None:
    other = await site.node("second")
    message = await node.claimed()
    await given_up(site, node, other)
    assert await node.finish(message, MessageState.REJECTED) is None
    assert [out.message_id for out in await other.claim()] == [message]
    assert (await other.funds()).balance == BALANCE - 1_000


async def test_a_node_that_cannot_renew_its_lease_relies_on_nothing(site: Site) -> None:
    node = await site.node(lease=0.5)
    links = Links(node.store)
    assert node.store.holds
    node.way.refuse()
    node.way.cut()

    async def unsure() -> bool:
        return not node.store.holds

    await until(unsure)
    await links.until(lambda: links.lost_runs)  # it lets go of the operators by itself
    node.way.admit()
    await site.well_again(node.store)

    async def sure() -> bool:
        return bool(node.store.holds)

    await until(sure)
    message = await node.claimed()
    assert await node.release(message) == message


async def test_a_lease_is_renewed_where_nothing_is_written(site: Site) -> None:
    node = await site.node(lease=1.0)
    other = await site.node("second")
    [first] = [one for one in await other.store.nodes() if one.name == "first"]

    async def renewed() -> bool:
        [one] = [one for one in await other.store.nodes() if one.name == "first"]
        assert one.id == first.id
        return bool(one.lease_until > first.lease_until)

    await until(renewed)
    assert node.store.holds


async def test_the_others_are_not_taken_for_dead_by_who_was_away_itself(
    site: Site, node: Node
) -> None:
    other = await site.node("second")
    node.store._node.run.was_away()
    await site.lapse(other.store)
    await node.store.slots({node.operator: [1]})
    assert len(site.aside.fetch("SELECT 1 FROM node WHERE ended_at IS NULL")) == 2


# --- Commits --------------------------------------------------------------------------------------
async def test_a_commit_that_the_server_answers_by_a_rollback_is_none(
    site: Site, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = node.store._node.writer._batch
    whole = type(batch).together

    async def spoiled(connection: Any, writes: Any) -> None:
        await whole(batch, connection, writes)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.execute("SELECT 1 / 0")

    monkeypatch.setattr(batch, "together", spoiled)
    assert isinstance(await node.submitted(node.message(7)), StoreUnavailable)
    monkeypatch.undo()
    await site.well_again(node.store)
    [outcome] = await node.submit(node.message(7))
    assert outcome.refusal is None
    assert (await node.funds()).balance == BALANCE - 1_000


async def test_a_chore_that_the_schema_forbids_harms_no_neighbour(node: Node) -> None:
    async def chore(connection: Any) -> None:
        await connection.execute("DELETE FROM elsewhere")

    given = node.submitted(node.message())
    with pytest.raises(Exception, match="UndefinedTableError"):
        await node.store.journal.run(chore)
    assert (await given)[0].refusal is None
    assert node.store.journal.healthy


async def test_what_the_server_itself_refuses_harms_no_neighbour(node: Node) -> None:
    message = await node.claimed()
    nowhere = PartAccepted(1 << 40, 1, node.operator, "7", NOW, last=True)  # no day has such an id
    given = [node.recorded(nowhere), node.accept(message, "6"), node.submitted(node.message())]
    nothing, accepted, [outcome] = await asyncio.gather(*given)
    assert (nothing, accepted, outcome.message_id) == (None, message, message + 1)
    assert node.store.journal.healthy


async def test_nothing_is_left_of_a_chore_that_failed(node: Node) -> None:
    async def chore(connection: Any) -> None:
        await connection.execute("UPDATE account SET balance = 0")
        raise NotFound("it")

    given = node.submitted(node.message())
    with pytest.raises(NotFound):
        await node.store.journal.run(chore)
    assert (await given)[0].refusal is None
    assert (await node.funds()).balance == BALANCE - 1_000


async def test_what_is_put_off_again_and_again_keeps_its_order(node: Node) -> None:
    message = await node.claimed()
    first, second = node.postpone(message, NOW + 5), node.postpone(message, NOW + 9)
    assert await asyncio.gather(first, second) == [message, None]
    assert (await node.claim(now=NOW + 5))[0].attempts == 1
