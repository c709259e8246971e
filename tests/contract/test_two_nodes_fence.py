"""A run whose lease was over and that others have ended: it changes nothing, and begins anew."""

from __future__ import annotations

import asyncio
from typing import Any

from habar.errors import HabarError
from habar.store.events import Claim, Postponed

from .watching import Links, given_up, run_ids, run_of, until

NOW = 1_790_000_000_000


async def test_a_run_that_was_ended_cannot_touch_what_it_had(engine: Any, pair: Any) -> None:
    one, other = pair
    held = [await one.claimed() for _ in range(3)]
    await given_up(engine, one, other)
    assert [out.message_id for out in await other.claim()] == held
    before = [await other.story(message) for message in held]
    late = [one.postpone(held[0], NOW + 500), one.release(held[1])]
    late.append(one.release(held[2], uncertain=True))
    late += [one.board(*held), one.hold(*held)]
    assert await asyncio.gather(*late) == [None] * 5
    assert [await other.story(message) for message in held] == before
    assert [await other.release(message) for message in held] == held


async def test_what_waits_again_is_not_the_former_holders_to_put_off(
    engine: Any, pair: Any
) -> None:
    one, other = pair
    message = await one.claimed()
    await given_up(engine, one, other)
    assert await one.recorded(Postponed(message, NOW + 500, "ESME_RTHROTTLED", NOW)) is None
    [again] = await other.claim()
    assert (again.message_id, again.attempts, again.repeats) == (message, 0, 1)


async def test_what_a_run_had_boarded_is_held_when_it_is_ended(engine: Any, pair: Any) -> None:
    one, other = pair
    message = await one.claimed()
    await one.board(message)
    await given_up(engine, one, other)
    assert await one.release(message) is None
    assert await one.postpone(message, NOW) is None
    assert [held.message_id for held in await other.store.held(None, 10)] == [message]
    await one.accept(message, "late")
    assert await other.receipt("late") == message
    assert await other.stage(message) == 3


async def test_a_run_that_was_ended_is_told_and_begins_anew(engine: Any, pair: Any) -> None:
    one, other = pair
    links, others = Links(one.store), Links(other.store)
    before = await run_of(one, other)
    await one.claimed()
    await given_up(engine, one, other)
    await links.until(lambda: links.lost_runs)

    async def anew() -> bool:
        alive = await run_ids(other.store)
        return len(alive) == 2 and before not in alive and one.store.holds

    await until(anew)
    message = await one.claimed()
    assert [node.claimed for node in await other.store.nodes() if node.alive and node.claimed] == [
        1
    ]
    assert await one.release(message) == message
    assert (links.lost_runs, others.lost_runs) == (1, 0)


async def test_a_write_tells_a_run_that_it_was_ended(engine: Any, pair: Any) -> None:
    one, other = pair
    links = Links(one.store)
    message = await one.claimed()
    await given_up(engine, one, other)
    assert await one.release(message) is None
    assert links.lost_runs == 1


async def test_what_the_operator_said_to_a_run_that_was_ended_is_recorded(
    engine: Any, pair: Any
) -> None:
    one, other = pair
    message = await one.claimed()
    await given_up(engine, one, other)
    await one.accept(message, "late")
    assert await other.receipt("late") == message
    [part] = (await other.story(message)).parts
    assert part.operator_message_id == "late"


async def test_what_a_run_that_was_ended_takes_or_stores_is_nobody_elses(
    engine: Any, pair: Any
) -> None:
    one, other = pair
    waiting = [await other.new() for _ in range(4)]
    await given_up(engine, one, other)
    claim = one.asked(Claim(one.operator, 1, one.account, 2, NOW))
    stored = one.submitted(one.message(stage=1))
    taken, outcomes = await asyncio.gather(claim, stored)
    mine = set() if isinstance(taken, HabarError) else {out.message_id for out in taken}
    kept = not isinstance(outcomes, HabarError)
    theirs = {out.message_id for out in await other.claim()}
    assert theirs == set(waiting) - mine
    funds = await other.funds()
    assert funds.balance == 100_000 - 1_000 * (len(waiting) + kept)
    assert (await other.store.counts()).claimed == len(waiting) + kept
    assert await other.balanced()
