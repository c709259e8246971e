"""A commit whose answer was lost: what is told is what happened, and nothing happens twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.errors import StoreUnavailable
from habar.model.status import MessageState, Stage
from habar.store.events import Claim

from ...contract.watching import PATIENCE, Links, given_up, until
from .site import NOW, Node, Site, own_tasks

BALANCE, PRICE = 100_000, 1_000


@pytest.fixture
async def node(site: Site) -> Node:
    return await site.node()


def in_one_batch(node: Node, sent: int, refused: int) -> list[asyncio.Future[Any]]:
    """Two messages, a claim, a part, a refusal, and no awaiting between them."""
    return [
        node.submitted(node.message(7), node.message(8, stage=1)),
        node.asked(Claim(node.operator, 1, node.account, 1, NOW)),
        node.accept(sent, "op-1"),
        node.finish(refused, MessageState.REJECTED),
    ]


async def rows(site: Site) -> dict[str, int]:
    """How many there are of what must not be there twice."""
    tables = ("message", "part", "ledger", "customer_ref")
    return {name: site.aside.fetch(f"SELECT count(*) FROM {name}")[0][0] for name in tables}


async def three(node: Node) -> tuple[int, int, int]:
    """A message that waits, one that is being sent, one that will be refused."""
    return await node.new(), await node.claimed(), await node.claimed()


# --- It happened ----------------------------------------------------------------------------------
async def test_what_was_committed_is_told_though_its_answer_was_lost(
    site: Site, node: Node
) -> None:
    waiting, sent, refused = await three(node)
    before = await rows(site)
    node.way.cut_after("COMMIT")
    outcomes, taken, accepted, ended = await asyncio.gather(*in_one_batch(node, sent, refused))
    assert node.way.sprung.is_set()
    assert [one.refusal for one in outcomes] == [None, None]
    assert [out.message_id for out in taken] == [waiting]
    assert (accepted, ended) == (sent, refused)
    after = await rows(site)
    assert {name: after[name] - before[name] for name in after} == {
        "message": 2,
        "part": 1,
        "ledger": 2,  # a charge and a refund
        "customer_ref": 2,
    }
    assert (await node.funds()).balance == BALANCE - 4 * PRICE
    assert await node.balanced()
    assert node.store.journal.healthy
    assert node.store.journal.backlog == 0


async def test_what_is_given_out_by_a_commit_in_doubt_is_its_claimers(
    site: Site, node: Node
) -> None:
    other = await site.node("second")
    waiting = await node.new()
    node.way.cut_after("COMMIT")
    [mine] = await node.claim()
    assert mine.message_id == waiting
    assert await other.claim() == []
    assert await other.release(waiting) is None
    assert await node.release(waiting) == waiting


async def test_ids_are_not_given_again_after_a_commit_in_doubt(node: Node) -> None:
    node.way.cut_after("COMMIT")
    ids = [await node.new() for _ in range(5)]
    assert len(set(ids)) == 5
    assert (await node.store.counts()).waiting == 5


@pytest.mark.parametrize("happened", [True, False])
async def test_a_receipt_in_doubt_counts_once(node: Node, happened: bool) -> None:
    message = await node.claimed(parts=2)
    await node.accept(message, "op-1", last=False)
    await node.accept(message, "op-2", part=2)
    (node.way.cut_after if happened else node.way.cut_before)("COMMIT")
    assert await node.receipt("op-1") == message
    assert node.way.sprung.is_set()
    assert await node.receipt("op-2") == message
    story = await node.story(message)
    assert [part.receipts for part in story.parts] == [1, 1]
    assert story.submission.state == MessageState.DELIVERED


async def test_a_commit_that_is_under_way_still_is_waited_for(site: Site, node: Node) -> None:
    """The connection is gone, and the server has yet to hear of the COMMIT."""
    for number in range(1, 11):
        node.way.cut_after("COMMIT", answered=False)
        answer = await node.submitted(node.message(number))
        await site.well_again(node.store)
        told = 0 if isinstance(answer, StoreUnavailable) else 1
        found = site.aside.fetch("SELECT count(*) FROM message WHERE customer_id = $1", number)
        assert found == [(told,)]
    assert await node.balanced()


async def test_a_commit_that_comes_late_is_not_taken_for_none(site: Site) -> None:
    node = await site.node(idle_ms=0, lock_ms=0)
    node.way.delay("COMMIT")
    answer = node.submitted(node.message(7))
    await node.way.sprung.wait()

    async def waited_for() -> bool:
        rows = site.aside.fetch(
            "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        return any("SELECT batch" in row[0] for row in rows)

    await until(waited_for)
    assert not answer.done()
    node.way.let_through()
    [outcome] = await answer
    assert outcome.refusal is None
    assert (await node.store.counts()).waiting == 1


async def test_one_doubt_after_another(site: Site, node: Node) -> None:
    told = []
    for number, happened in enumerate([True, False, True, True, False, False], 1):
        (node.way.cut_after if happened else node.way.cut_before)("COMMIT")
        told.append(isinstance(await node.submitted(node.message(number)), list))
        await site.well_again(node.store)
    assert told == [True, False, True, True, False, False]
    assert (await node.store.counts()).waiting == 3
    assert await node.balanced()


# --- It did not -----------------------------------------------------------------------------------
async def test_what_was_not_committed_has_not_happened(site: Site, node: Node) -> None:
    waiting, sent, refused = await three(node)
    before = await rows(site)
    node.way.cut_before("COMMIT")
    outcomes, taken, accepted, ended = await asyncio.gather(*in_one_batch(node, sent, refused))
    assert node.way.sprung.is_set()
    assert isinstance(outcomes, StoreUnavailable)
    assert isinstance(taken, StoreUnavailable)
    assert (accepted, ended) == (sent, refused)
    after = await rows(site)
    assert {name: after[name] - before[name] for name in after} == {
        "message": 0,
        "part": 1,
        "ledger": 1,  # the refund
        "customer_ref": 0,
    }
    assert (await node.funds()).balance == BALANCE - 2 * PRICE
    assert await node.balanced()
    assert (await node.story(waiting)).submission.stage == Stage.WAITING
    assert node.store.journal.backlog == 0
    assert [one.refusal for one in await node.submit(node.message(7), node.message(8))] == [
        None
    ] * 2


@pytest.mark.parametrize("happened", [True, False])
async def test_nobody_is_left_hanging_while_the_server_is_away(
    site: Site, node: Node, happened: bool
) -> None:
    _, sent, refused = await three(node)
    (node.way.cut_after if happened else node.way.cut_before)("COMMIT", then=node.way.refuse)
    given = in_one_batch(node, sent, refused)
    await node.way.sprung.wait()
    await site.tried_again(node.store, 1)
    later = [node.submitted(node.message(9)), node.asked(Claim(1, 1, 1, 1, 1))]
    assert all(isinstance(answer, StoreUnavailable) for answer in await asyncio.gather(*later))
    receipt = node.receipt("op-1")
    await site.tried_again(node.store, 3)
    assert not node.store.journal.healthy
    assert not any(answer.done() for answer in [*given, receipt])
    node.way.admit()
    outcomes, taken, accepted, ended = await asyncio.gather(*given)
    assert isinstance(outcomes, list) is isinstance(taken, list) is happened
    assert (accepted, ended, await receipt) == (sent, refused, sent)
    await site.well_again(node.store)
    assert node.store.journal.backlog == 0
    assert (await node.story(sent)).parts[0].receipts == 1
    assert (await rows(site))["message"] == 3 + 2 * happened
    assert (await node.funds()).balance == BALANCE - PRICE * (2 + 2 * happened)
    assert await node.balanced()


async def test_who_waits_for_the_next_commit_is_told_at_once(site: Site, node: Node) -> None:
    message = await node.claimed()
    node.way.hang_at("COMMIT")
    first = node.submitted(node.message(7))
    await node.way.sprung.wait()
    second, accepted = node.submitted(node.message(8)), node.accept(message, "op-1")
    node.way.cut()
    async with asyncio.timeout(PATIENCE):
        assert isinstance(await second, StoreUnavailable)
    assert not first.done()
    assert not accepted.done()
    assert not node.store.journal.healthy
    node.way.go_on()
    assert isinstance(await first, StoreUnavailable)
    assert await accepted == message
    assert (await node.store.counts()).waiting == 0


# --- Others have ended the run meanwhile ----------------------------------------------------------
@pytest.mark.parametrize("happened", [True, False])
async def test_what_is_told_is_true_though_the_run_was_ended_meanwhile(
    site: Site, node: Node, happened: bool
) -> None:
    other = await site.node("second")
    links = Links(node.store)
    waiting, sent, refused = await three(node)
    (node.way.cut_after if happened else node.way.cut_before)("COMMIT", then=node.way.refuse)
    given = in_one_batch(node, sent, refused)
    await node.way.sprung.wait()
    await given_up(site, node, other)
    node.way.admit()
    outcomes, taken, accepted, ended = await asyncio.gather(*given)
    assert isinstance(outcomes, list) is isinstance(taken, list) is happened
    await node.accept(sent, "op-2", part=2)  # whatever it writes next tells it
    assert links.lost_runs == 1
    assert accepted == sent
    # A refusal that was not written in time is no word of this run's any more.
    assert ended == (refused if happened else None)
    theirs = {out.message_id for out in await other.claim()}
    stored = {one.message_id for one in outcomes} if happened else {refused}
    assert theirs == {waiting, *stored}
    assert await node.release(waiting) is None
    assert (await node.funds()).balance == BALANCE - PRICE * (4 if happened else 3)
    assert await node.balanced()


# --- We are closing -------------------------------------------------------------------------------
@pytest.mark.parametrize("happened", [True, False])
async def test_a_close_does_not_wait_for_ever(site: Site, node: Node, happened: bool) -> None:
    message = await node.claimed()
    await node.accept(message, "op-1")
    (node.way.cut_after if happened else node.way.cut_before)("COMMIT", then=node.way.refuse)
    told: list[Any] = []
    node.store.journal.submit([node.message(7)], told.append)
    receipt = node.receipt("op-1")
    await node.way.sprung.wait()
    await node.store.close()
    [answer] = told
    assert isinstance(answer, StoreUnavailable)
    assert "not known" in str(answer)
    assert not receipt.done()
    assert own_tasks() == []
    again = await site.node()
    [outcome] = await again.submit(again.message(7))
    assert (outcome.refusal is None) is not happened
    assert await again.balanced()


@pytest.mark.parametrize("happened", [True, False])
async def test_a_receipt_in_doubt_at_the_end_counts_at_most_once(
    site: Site, node: Node, happened: bool
) -> None:
    message = await node.claimed()
    await node.accept(message, "op-1")
    (node.way.cut_after if happened else node.way.cut_before)("COMMIT", then=node.way.refuse)
    node.receipt("op-1")
    await node.way.sprung.wait()
    await node.store.close()
    again = await site.node()
    assert (await again.story(message)).parts[0].receipts == happened


async def test_a_stop_in_doubt_is_taken_for_a_death(
    site: Site, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await node.claimed()
    journal = node.store.journal
    leave = journal._leave_in_doubt

    def leave_and_come_back() -> None:
        leave()
        node.way.admit()  # too late: but the end of the run could be written

    monkeypatch.setattr(journal, "_leave_in_doubt", leave_and_come_back)
    node.way.cut_before("COMMIT", then=node.way.refuse)
    node.accept(held, "op-1")
    await node.way.sprung.wait()
    await node.store.close()
    again = await site.node()
    assert [(out.message_id, out.repeats) for out in await again.claim()] == [(held, 1)]


@pytest.mark.parametrize("happened", [True, False])
async def test_a_close_tells_the_truth_where_the_server_comes_back(
    site: Site, node: Node, happened: bool
) -> None:
    message = await node.claimed()
    (node.way.cut_after if happened else node.way.cut_before)("COMMIT", then=node.way.hang)
    answer, accepted = node.submitted(node.message(7)), node.accept(message, "op-1")
    await node.way.sprung.wait()
    await site.tried_again(node.store, 1)
    journal = node.store.journal
    closing = asyncio.create_task(node.store.close())

    async def begun() -> bool:
        return bool(journal._closing)

    await until(begun)
    node.way.go_on()
    await closing
    assert isinstance(answer.result(), list) is happened
    assert accepted.result() == message
    again = await site.node()
    assert (await again.store.counts()).waiting == happened
    assert (await again.story(message)).submission.stage == Stage.SENT
