"""What the port promises of nodes, as far as one node alone can show it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from habar import __version__
from habar.model.account import AccountKind
from habar.store.books import NewAccount
from habar.store.events import Claim
from habar.store.nodes import Hint, Node, Slot, Slots

from .watching import Links

NOW = 1_790_000_000_000
HOUR = 3_600_000


async def this_node(store: Any) -> Node:
    [node] = [node for node in await store.nodes() if node.alive]
    assert isinstance(node, Node)
    return node


async def test_two_claimers_never_get_one_message(desk: Any) -> None:
    accounts = [
        await desk.store.books.add_account(
            NewAccount(f"customer-{n}", AccountKind.FULL, "hash"), actor="test", now=NOW
        )
        for n in range(3)
    ]
    queues = [(priority, account) for priority in (0, 1, 2) for account in accounts]
    outcomes = await desk.submit(
        *[
            desk.message(account_id=account, priority=priority, price=0)
            for priority, account in queues
            for _ in range(30)
        ]
    )
    given: list[int] = []

    async def claimer(limit: int, *, backwards: bool) -> None:
        left = queues[::-1] if backwards else queues[:]
        while left:
            for priority, account in left[:]:
                claim = Claim(desk.operator, priority, account, limit, NOW)
                messages = await desk.asked(claim)
                assert all((m.account_id, m.priority) == (account, priority) for m in messages)
                given.extend(message.message_id for message in messages)
                if not messages:
                    left.remove((priority, account))

    await asyncio.gather(claimer(7, backwards=False), claimer(4, backwards=True))
    assert len(given) == len(set(given))
    assert set(given) == {outcome.message_id for outcome in outcomes}


async def test_a_node_that_is_alone_has_all_binds(desk: Any) -> None:
    store, other = desk.store, await desk.store.books.ensure_operator("beeline")
    first = Slot(desk.operator, 1)
    assert await store.slots({desk.operator: [1]}) == Slots(frozenset({first}), frozenset())
    both = {desk.operator: [1, 2], other: [1]}
    all_of_them = frozenset({first, Slot(desk.operator, 2), Slot(other, 1)})
    for _ in range(2):
        assert await store.slots(both) == Slots(all_of_them, frozenset())


async def test_a_bind_that_was_given_back_and_nobody_took_can_be_had_again(desk: Any) -> None:
    before = await desk.store.slots({desk.operator: [1, 2]})
    await desk.store.give_back(Slot(desk.operator, 2))
    assert await desk.store.slots({desk.operator: [1, 2]}) == before


async def test_an_operator_that_permits_no_bind_gets_none(desk: Any) -> None:
    assert await desk.store.slots({desk.operator: []}) == Slots(frozenset(), frozenset())
    assert await desk.store.slots({}) == Slots(frozenset(), frozenset())


async def test_a_node_is_told_of_with_what_it_has_in_hand(desk: Any) -> None:
    await desk.submit(desk.message(), desk.message(stage=1), desk.message(stage=1))
    node = await this_node(desk.store)
    assert (node.claimed, node.binds) == (2, 0)
    assert (node.alive, node.draining) == (True, False)
    assert node.version == __version__
    assert node.name
    assert "dispatch" in node.roles
    await desk.claim()
    assert (await this_node(desk.store)).claimed == 3


async def test_a_lease_is_open_ended_or_lies_ahead(desk: Any) -> None:
    lease = (await this_node(desk.store)).lease_until
    assert lease is None or lease > desk.store.now_ms()


async def test_each_start_is_another_run(engine: Any, desk: Any) -> None:
    first = await this_node(desk.store)
    await desk.store.close()
    second = await this_node(await engine.open(NOW + HOUR))
    assert second.id > first.id
    assert second.name == first.name


async def test_what_a_run_has_claimed_is_its_own(desk: Any) -> None:
    assert desk.store.holds
    await desk.claimed()
    assert desk.store.holds


async def test_the_clock_tells_milliseconds_and_goes_on(desk: Any) -> None:
    first = desk.store.now_ms()
    await desk.new()
    assert first <= desk.store.now_ms()
    assert abs(first - time.time_ns() // 1_000_000) < HOUR


async def test_a_node_does_not_hear_itself(desk: Any) -> None:
    links = Links(desk.store)
    for _ in range(3):
        message = await desk.new()
        desk.store.tell(Hint(desk.operator, 1, desk.account, NOW))
        assert (await desk.story(message)).submission.stage == 0
        await desk.store.nodes()
    assert (links.hints, links.lost_runs) == ([], 0)


async def test_a_node_that_drains_keeps_what_it_has_in_hand(desk: Any) -> None:
    message = await desk.claimed()
    await desk.store.announce_drain()
    assert await desk.accept(message, "1") == message
    assert (await this_node(desk.store)).claimed == 0


async def test_binds_are_had_by_their_numbers_whatever_these_are(desk: Any) -> None:
    wanted = {desk.operator: [1, 1001, 1002]}
    held = frozenset(Slot(desk.operator, number) for number in (1, 1001, 1002))
    assert await desk.store.slots(wanted) == Slots(held, frozenset())
