"""Two nodes on one database share the queue, the money and the ids, and know of each other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.errors import Refusal
from habar.model.account import AccountKind
from habar.model.status import MessageState, Stage
from habar.store.books import NewAccount
from habar.store.events import Claim, ClaimHeld, EndAwaited
from habar.store.nodes import Hint

from .watching import PATIENCE, Links, given_up, run_of

NOW = 1_790_000_000_000
INT32 = 2**31 - 1


# --- The queue ------------------------------------------------------------------------------------
async def test_what_one_node_stores_another_is_given(pair: Any) -> None:
    one, other = pair
    message = await one.new()
    assert [w.account_id for w in await other.store.waiting(other.operator)] == [one.account]
    assert [out.message_id for out in await other.claim()] == [message]
    assert await one.claim() == []
    assert await other.accept(message, "1") == message
    assert await one.receipt("1") == message
    assert await other.state(message) == MessageState.DELIVERED


async def test_two_nodes_never_get_one_message(pair: Any) -> None:
    one, _ = pair
    accounts = [
        await one.store.books.add_account(
            NewAccount(f"customer-{n}", AccountKind.FULL, "hash"), actor="test", now=NOW
        )
        for n in range(3)
    ]
    queues = [(priority, account) for priority in (0, 1) for account in accounts]
    outcomes = await one.submit(
        *[
            one.message(account_id=account, priority=priority, price=0)
            for priority, account in queues
            for _ in range(50)
        ]
    )
    given: list[int] = []

    async def claimer(desk: Any, limit: int, *, backwards: bool) -> None:
        """Until every queue is empty: what another's open transaction holds may be passed over."""
        while (await desk.store.counts()).waiting:
            for priority, account in queues[::-1] if backwards else queues:
                claim = Claim(desk.operator, priority, account, limit, NOW)
                given.extend(out.message_id for out in await desk.asked(claim))

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(
            *[claimer(desk, 7, backwards=False) for desk in pair],
            *[claimer(desk, 4, backwards=True) for desk in pair],
        )
    assert len(given) == len(set(given))
    assert set(given) == {outcome.message_id for outcome in outcomes}


async def test_what_another_node_has_in_hand_is_left_to_it(pair: Any) -> None:
    one, other = pair
    message = await other.claimed()
    before = await other.story(message)
    late = [one.postpone(message, NOW + 5), one.release(message)]
    late.append(one.release(message, uncertain=True))
    assert await asyncio.gather(*late) == [None] * 3
    assert await other.story(message) == before
    assert await other.release(message) == message


async def test_a_nodes_clean_end_leaves_its_messages_without_doubt(pair: Any) -> None:
    one, other = pair
    message = await one.claimed()
    await one.store.close()
    assert [(out.message_id, out.repeats) for out in await other.claim()] == [(message, 0)]
    assert (await other.story(message)).uncertain_at is None


async def test_a_start_takes_nothing_from_a_node_that_lives(engine: Any, pair: Any) -> None:
    one, other = pair
    held = [await one.claimed(), await other.claimed()]
    third = await engine.open_node("third")
    assert (await third.counts()).claimed == len(held)
    assert await one.release(held[0]) == held[0]
    assert await other.release(held[1]) == held[1]


async def test_a_dead_nodes_messages_come_back_with_a_doubt(engine: Any, pair: Any) -> None:
    one, other = pair
    waiting, held, sent = await one.new(), await one.claimed(), await one.claimed()
    await one.accept(sent, "1")
    engine.die(one.store)
    assert [out.message_id for out in await other.claim()] == [waiting]
    await given_up(engine, one, other)
    [again] = await other.claim()
    assert (again.message_id, again.repeats) == (held, 1)
    story = await other.story(held)
    assert (story.repeats, story.uncertain_at is None) == (1, False)
    assert (await other.story(sent)).submission.stage == Stage.SENT
    assert (await other.story(waiting)).repeats == 0
    assert await other.balanced()


@pytest.mark.parametrize(("word", "repeats"), [("resend", 1), ("hold", 0)])
async def test_of_a_dead_nodes_messages_those_are_held_that_may_be_at_the_operators(
    engine: Any, pair: Any, word: str, repeats: int
) -> None:
    one, other = pair
    engine.set_in_doubt(one.operator, word)
    boarded, claimed, held = await one.claimed(), await one.claimed(), await one.held()
    await one.board(boarded)
    engine.die(one.store)
    await given_up(engine, one, other)
    assert [(o.message_id, o.repeats) for o in await other.claim()] == [(claimed, repeats)]
    assert {h.message_id for h in await other.store.held(None, 10)} == {boarded, held}
    assert [(await other.story(n)).repeats for n in (boarded, held)] == [1, 1]


async def test_what_an_older_node_left_boarded_is_held_at_the_next_start(
    engine: Any, pair: Any
) -> None:
    one, other = pair
    message = await one.claimed()
    await one.board(message)
    run = await run_of(one, other)
    engine.die(one.store)
    engine.aside.execute("UPDATE node SET ended_at = lease_until WHERE id = $1", run)
    assert await other.stage(message) == Stage.BOARDED
    await engine.open_node("third")
    assert await other.stage(message) == Stage.HELD


async def test_nodes_share_what_is_to_be_asked_about(pair: Any) -> None:
    one, other = pair
    held = [await one.held() for _ in range(20)]
    question = ClaimHeld(one.operator, 10, NOW + 99)
    given = await asyncio.gather(one.asked(question), other.asked(question))
    found = [out.message_id for outs in given for out in outs]
    while more := await one.asked(question):
        found += [out.message_id for out in more]
    assert sorted(found) == held


async def test_nodes_end_what_is_awaited_no_more_once(pair: Any) -> None:
    one, other = pair
    ids = [await one.claimed() for _ in range(20)]
    await asyncio.gather(*[one.accept(n, f"n{n}", awaited_until=NOW + 5000) for n in ids])
    question = EndAwaited(NOW + 5000, 15)
    ended = await asyncio.gather(*[desk.asked(question) for desk in (one, other, one, other)])
    assert sorted(number for numbers in ended for number in numbers) == ids


async def test_a_living_lease_is_not_taken(engine: Any, pair: Any) -> None:
    one, other = pair
    held = await one.claimed()
    links = Links(one.store)
    for _ in range(5):
        await other.store.slots({other.operator: [1, 2]})
        assert await other.claim() == []
    assert await one.release(held) == held
    assert links.lost_runs == 0


# --- What they know of each other -----------------------------------------------------------------
async def test_nodes_see_the_same_by_name(engine: Any, pair: Any) -> None:
    one, other = pair
    await engine.open_node("third")
    await one.claimed()
    seen, by_other = await one.store.nodes(), await other.store.nodes()
    assert [(n.id, n.name, n.claimed) for n in seen] == [
        (n.id, n.name, n.claimed) for n in by_other
    ]
    assert [node.name for node in seen] == sorted(node.name for node in seen)
    assert {node.name for node in seen} > {"second", "third"}
    assert len({node.id for node in seen}) == 3
    assert sum(node.claimed for node in seen) == 1
    assert all(node.alive and node.lease_until > one.store.now_ms() for node in seen)


async def test_a_node_that_ended_is_seen_as_ended(pair: Any) -> None:
    one, other = pair
    await other.store.close()
    assert [node.name != "second" for node in await one.store.nodes() if node.alive] == [True]


async def test_a_hint_reaches_the_other_node(pair: Any) -> None:
    one, other = pair
    mine, theirs = Links(one.store), Links(other.store)
    hints = [Hint(one.operator, priority, one.account, NOW + priority) for priority in range(3)]
    for hint in hints:
        one.store.tell(hint)
    await theirs.until(lambda: set(hints) <= set(theirs.hints))
    back = Hint(other.operator, 1, other.account, NOW)
    other.store.tell(back)
    await mine.until(lambda: mine.hints)
    assert set(mine.hints) == {back}
    assert set(theirs.hints) == set(hints)


async def test_a_change_of_an_account_is_noticed(pair: Any) -> None:
    one, other = pair
    version = await other.store.books.version()
    await one.store.books.add_sender("shop", "SHOP", actor="ann", now=NOW)
    assert await other.store.books.version() != version
    assert "SHOP" in (await other.store.books.account("shop")).credentials.account.senders


# --- Ids and money --------------------------------------------------------------------------------
async def test_ids_are_drawn_once(pair: Any) -> None:
    answers = [desk.submitted(*[desk.message(price=0)] * 40) for desk in pair for _ in range(20)]
    ids = [outcome.message_id for answer in await asyncio.gather(*answers) for outcome in answer]
    assert len(set(ids)) == 2 * 20 * 40
    assert min(ids) > 0
    assert max(ids) <= INT32


async def test_one_customers_id_is_used_once_over_all_nodes(pair: Any) -> None:
    one, other = pair
    for customer_id in range(1, 21):
        given = one.submitted(one.message(customer_id)), other.submitted(other.message(customer_id))
        refusals = [outcome.refusal for [outcome] in await asyncio.gather(*given)]
        assert sorted(refusals, key=str) == sorted([None, Refusal.DUPLICATE_ID], key=str)
    assert (await one.funds()).balance == 100_000 - 20 * 1_000
    assert await other.balanced()


async def test_fifty_submitters_at_two_nodes_use_up_the_balance_exactly(pair: Any) -> None:
    async def submitter(desk: Any) -> list[Any]:
        outcomes = await desk.submit(desk.message())
        return [*outcomes, *await desk.submit(desk.message(), desk.message())]

    answers = await asyncio.gather(*[submitter(pair[n % 2]) for n in range(50)])
    refusals = [outcome.refusal for outcomes in answers for outcome in outcomes]
    assert (refusals.count(None), refusals.count(Refusal.BALANCE)) == (100, 50)
    one, other = pair
    assert (await one.funds()).balance == await other.store.books.ledger_sum("shop") == 0


async def test_allowance_and_daily_limit_count_over_two_nodes(pair: Any) -> None:
    one, _ = pair
    demo = (await one.store.books.account("demo")).credentials.account.id
    tested = {"account_id": demo, "price": 0}
    limited = {"price": 0, "day": 739_000, "daily_limit": 33}

    async def submitter(desk: Any) -> list[Any]:
        first = await desk.submit(desk.message(**tested))
        return [*first, *await desk.submit(desk.message(**limited))]

    answers = await asyncio.gather(*[submitter(pair[n % 2]) for n in range(50)])
    assert [first.refusal for first, _ in answers].count(None) == 20
    assert [second.refusal for _, second in answers].count(None) == 33
    assert (await one.funds("demo")).allowance == 0
    assert (await one.funds()).day_used == 33


async def test_a_refund_is_given_once_over_all_nodes(pair: Any) -> None:
    one, other = pair
    messages = [await one.claimed() for _ in range(10)]
    told = [desk.finish(m, MessageState.REJECTED) for m in messages for desk in pair]
    changed = [message for message in await asyncio.gather(*told) if message is not None]
    assert sorted(changed) == messages
    assert (await other.funds()).balance == 100_000
    assert await one.balanced()
