"""The binds that an operator permits, shared out over the nodes: never one bind to two of them."""

from __future__ import annotations

from typing import Any

import pytest

from habar.store.nodes import Slot, Slots

from .watching import Links, given_up, run_of


@pytest.mark.parametrize("binds", [1, 2, 3])
@pytest.mark.parametrize("nodes", [1, 2, 3])
async def test_binds_are_shared_out(engine: Any, pair: Any, nodes: int, binds: int) -> None:
    one, other = pair
    wanted = {one.operator: range(1, binds + 1)}
    await other.store.close()
    known: dict[Any, Slots] = {}
    await ask_for_binds(one.store, wanted, known)
    assert len(known[one.store].held) == binds
    stores = [one.store, *[await engine.open_node(f"newcomer-{n}") for n in range(1, nodes)]]
    for _ in range(4):
        for store in stores:
            await ask_for_binds(store, wanted, known)
    held = [known[store].held for store in stores]
    assert frozenset().union(*held) == {Slot(one.operator, n) for n in range(1, binds + 1)}
    assert max(map(len, held)) <= -(-binds // nodes)
    assert not any(known[store].surplus for store in stores)


async def ask_for_binds(store: Any, wanted: dict[int, Any], known: dict[Any, Slots]) -> None:
    """As a dispatcher does: what is too much is emptied and given back. Never two have one bind."""
    known[store] = slots = await store.slots(wanted)
    assert not slots.held & slots.surplus
    all_of_them = [slot for its in known.values() for slot in its.held | its.surplus]
    assert len(all_of_them) == len(set(all_of_them))
    for slot in slots.surplus:
        await store.give_back(slot)
    known[store] = Slots(slots.held, frozenset())


async def test_a_dead_nodes_binds_are_free(engine: Any, pair: Any) -> None:
    one, other = pair
    wanted = {one.operator: [1, 2]}
    await one.store.slots(wanted)
    engine.die(one.store)
    assert len((await other.store.slots(wanted)).held) == 1
    await given_up(engine, one, other)
    assert len((await other.store.slots(wanted)).held) == 2


async def test_a_bind_is_not_anothers_to_give_back(pair: Any) -> None:
    one, other = pair
    wanted = {one.operator: [1]}
    held = (await one.store.slots(wanted)).held
    for slot in held:
        await other.store.give_back(slot)
    assert (await other.store.slots(wanted)).held == frozenset()
    assert (await one.store.slots(wanted)).held == held == {Slot(one.operator, 1)}


async def test_a_run_that_was_ended_has_no_bind(engine: Any, pair: Any) -> None:
    one, other = pair
    wanted = {one.operator: [1]}
    links = Links(one.store)
    assert len((await one.store.slots(wanted)).held) == 1
    await given_up(engine, one, other)
    assert len((await other.store.slots(wanted)).held) == 1
    await links.until(lambda: links.lost_runs)
    await one.new()
    assert await one.store.slots(wanted) == Slots(frozenset(), frozenset())
    await one.store.give_back(Slot(one.operator, 1))
    assert len((await other.store.slots(wanted)).held) == 1


async def test_a_node_that_drains_wants_no_bind(pair: Any) -> None:
    one, other = pair
    wanted = {one.operator: [1, 2]}
    await one.store.slots(wanted)
    await one.store.announce_drain()
    run = await run_of(one, other)
    assert {node.id: node.draining for node in await other.store.nodes() if node.alive}[run]
    known: dict[Any, Slots] = {}
    for _ in range(3):
        for store in (one.store, other.store):
            await ask_for_binds(store, wanted, known)
    assert known[one.store].held == frozenset()
    assert len(known[other.store].held) == 2


async def test_the_binds_of_a_node_are_told(pair: Any) -> None:
    one, other = pair
    await one.store.slots({one.operator: [1, 2, 3]})
    run = await run_of(one, other)
    binds = {node.id: node.binds for node in await other.store.nodes() if node.alive}
    assert binds.pop(run) == 2
    assert list(binds.values()) == [0]


async def test_each_node_gets_binds_of_each_group(pair: Any) -> None:
    """Numbers with the same thousands are a group: transmitters, say, and receivers."""
    one, other = pair
    wanted = {one.operator: [1, 2, 1001, 1002, 2001]}
    known: dict[Any, Slots] = {}
    for _ in range(3):
        for store in (one.store, other.store):
            await ask_for_binds(store, wanted, known)
    held = [{slot.number for slot in known[store].held} for store in (one.store, other.store)]
    assert held[0] | held[1] == {1, 2, 1001, 1002, 2001}
    for numbers in held:
        assert len(numbers & {1, 2}) == len(numbers & {1001, 1002}) == 1


async def test_binds_that_nobody_wants_any_more_are_surplus(pair: Any) -> None:
    one, _ = pair
    first = await one.store.slots({one.operator: [1, 2]})
    (had,) = first.held
    now = await one.store.slots({one.operator: [1001]})
    assert now == Slots(frozenset({Slot(one.operator, 1001)}), frozenset({had}))
    await one.store.give_back(had)
    assert (await one.store.slots({one.operator: [1001]})).surplus == frozenset()
