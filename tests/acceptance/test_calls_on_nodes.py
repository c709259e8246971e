"""Several nodes on one PostgreSQL receive and call: each thing is done once, whoever does it.

A node that dies with calls under way leaves them to the others after its lease; a database that is
restarted holds up everything and loses nothing.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from habar.app.database import books_of
from habar.simulator import Settings, Simulator
from habar.store.callbacks import CallKind, CallRow, CallStage

from ..postgres.server import Server
from .cluster import Cluster, configuration, node_at
from .conftest import BALANCE, PRICE, SHOP
from .customer import Customer, Load, ask
from .gateway import PATIENCE, Gateway
from .service import Asked, Service
from .smsc import PASSWORD, Arrivals
from .test_calls_and_kills import CALLS_LOOPBACK, SHORT_CODE, all_done, calls, inbox, own
from .test_operators_on_nodes import seen
from .waiting import eventually

COUNT = 20
FEW = 12
"""Calls that one node may make at once to one host."""
RUNNING = "habar_calls_running"
PARTS = "habar_subscribers_parts_total"
LONG = "This is a long story of one of many subscribers. " * 8


class Once:
    """Watches that no message is in two calls at once, whoever makes them."""

    def __init__(self) -> None:
        self.twice: list[Asked] = []
        self.most = 0
        self._under_way: Counter[tuple[str, str]] = Counter()

    def begin(self, asked: Asked) -> None:
        if self._under_way[asked.subject]:
            self.twice.append(asked)
        self._under_way[asked.subject] += 1
        self.most = max(self.most, self._under_way.total())

    def end(self, asked: Asked) -> None:
        self._under_way[asked.subject] -= 1


@pytest.fixture
def arrivals() -> Arrivals:
    return Arrivals()


@pytest.fixture
async def simulator(arrivals: Arrivals) -> AsyncIterator[Simulator]:
    """An SMSC that has few deliveries under way on one link, so that all links have some."""
    settings = Settings(
        port=0, passwords={"habar": PASSWORD}, receipt_delay=0.1, retry_delay=0.1, window=2
    )
    async with Simulator(settings, on_message=arrivals) as simulator:
        yield simulator


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with Service() as service:
        yield service


@pytest.fixture
def cluster_of(
    own_postgres: Server,
    simulator: Simulator,
    service: Service,
    tmp_path: Path,
    installations: list[Gateway],
) -> Callable[..., object]:
    """Makes nodes by name and roles, whose customer wants to be told everything."""

    async def make(nodes: dict[str, str]) -> Cluster:
        def one(name: str, section: str) -> Gateway:
            text = configuration(section, simulator.port, window=10, binds=2, password=PASSWORD)
            words = ("--roles", nodes[name]) if nodes[name] else ()
            secrets = (PASSWORD, SHOP.password)
            node = node_at(tmp_path, name, text + CALLS_LOOPBACK, secrets, words=words)
            installations.append(node)
            return node

        cluster = await Cluster.make(own_postgres, one, list(nodes))
        await cluster.furnish(SHOP, BALANCE, PRICE)
        async with books_of(cluster.place) as store:
            now = time.time_ns() // 1_000_000
            account = (await store.books.account(SHOP.name)).credentials.account
            account = replace(account, report_url=service.url("state"))
            await store.books.change_account(account, actor="test", now=now)
        await own(cluster.place, service.url("inbound"))
        return cluster

    return make


async def each_has_a_link(cluster: Cluster, simulator: Simulator) -> None:
    """Not both the one that was there first."""
    names = {(node.environment["HABAR_GATEWAY_NODE"], "operator") for node in cluster.nodes}
    await eventually(lambda: seen(cluster, names))
    await simulator.wait_for(lambda sim: sim.receivers == len(names), PATIENCE)


async def send(nodes: Sequence[Gateway], load: Load) -> None:
    for node in nodes:
        load.count(await ask(node.port, load.next_document(COUNT)), COUNT)


async def figure(node: Gateway, name: str) -> float:
    async with Customer(node.port) as customer:
        return await customer.figure(name)


def hold_order(service: Service, rows: Sequence[CallRow]) -> None:
    """Each was told; of one message what came first was told first, whoever told it."""
    first: dict[int, int] = {}
    for place, one in enumerate(service.answered):
        first.setdefault(one.event, place)
    assert set(first) == {row.id for row in rows}
    subjects: dict[tuple[CallKind, int], list[int]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id):
        subjects[row.kind, row.subject].append(first[row.id])
    for places in subjects.values():
        assert places == sorted(places)


async def test_parts_that_come_over_both_nodes_are_joined_once(
    cluster_of, simulator: Simulator, service: Service
) -> None:
    cluster = await cluster_of({"node-a": "", "node-b": ""})
    await cluster.start()
    await each_has_a_link(cluster, simulator)
    texts = {f"7777000{number:04d}": f"{number} {LONG}" for number in range(COUNT)}
    for sender, text in texts.items():
        simulator.deliver(sender, SHORT_CODE, text, order=(3, 1, 1, 2))
    await eventually(lambda: all_done(cluster.place, COUNT))
    rows = await inbox(cluster.place)
    assert {row.sender: row.text for row in rows} == texts
    assert len(rows) == COUNT
    assert all(row.parts == 3 and not row.missing for row in rows)
    assert {one.values["msgdata"] for one in service.asked} == set(texts.values())
    assert len({one.event for one in service.asked}) == COUNT
    each = [await figure(node, PARTS) for node in cluster.nodes]
    assert min(each) > 0, "one node had them all"
    assert sum(each) == 3 * COUNT
    assert await cluster.stop() == [0, 0]


async def test_a_node_dies_with_calls_under_way(
    cluster_of, simulator: Simulator, service: Service
) -> None:
    cluster = await cluster_of({"node-a": "", "node-b": ""})
    dead, living = cluster.nodes
    once, load = Once(), Load(SHOP)
    gate = _Gate(once)
    service.before = gate.wait
    await cluster.start()
    await send(cluster.nodes, load)
    await eventually(lambda: figure_is(dead, RUNNING))
    await eventually(lambda: figure_is(living, RUNNING))
    await dead.kill()
    gate.open()
    await eventually(lambda: all_done(cluster.place, 2 * 2 * COUNT))
    rows = await calls(cluster.place)
    assert len(rows) == 2 * 2 * COUNT, "an operator has it, and it was delivered"
    hold_order(service, rows)
    assert once.twice == []
    assert once.most > 1
    assert (await living.stop()).code == 0


async def figure_is(node: Gateway, name: str) -> bool:
    return await figure(node, name) > 0


class _Gate:
    """Requests wait until it is open; while it is shut whoever hung up is not there any more."""

    def __init__(self, once: Once) -> None:
        self._once = once
        self._open = asyncio.Event()

    def open(self) -> None:
        self._open.set()

    async def wait(self, asked: Asked) -> None:
        self._once.begin(asked)
        try:
            await self._open.wait()
        finally:
            self._once.end(asked)


@pytest.mark.torture
async def test_a_node_that_was_frozen_with_calls_under_way_answers_nobody_again(
    cluster_of, simulator: Simulator, service: Service, arrivals: Arrivals
) -> None:
    """It goes on as if nothing had been, with answers to calls that are another's by now."""
    cluster = await cluster_of({"node-a": "", "node-b": ""})
    gate = _Gate(Once())
    service.before = gate.wait
    await cluster.start()
    await each_has_a_link(cluster, simulator)
    for number in range(FEW):
        simulator.deliver(f"7777000{number:04d}", SHORT_CODE, f"{number}")
    await eventually(lambda: len(service.asked) == FEW)
    running = [(await figure(node, RUNNING), node) for node in cluster.nodes]
    (_, other), (here, frozen) = sorted(running, key=lambda one: one[0])
    frozen.freeze()
    await eventually(lambda: figure_of(other, RUNNING, FEW))
    gate.open()
    await eventually(lambda: all_done(cluster.place, FEW))
    frozen.thaw()
    await eventually(lambda: not arrivals.missing(f"re {number}" for number in range(FEW)))
    assert await cluster.stop() == [0, 0]
    assert arrivals.repeated == {}
    assert {row.note for row in await inbox(cluster.place)} == {""}
    asked = [one.event for one in service.asked if one.subject[0] == "inbound"]
    assert len(asked) == FEW + here, "what the frozen one had asked was asked again"
    assert len(set(asked)) == FEW


async def figure_of(node: Gateway, name: str, value: float) -> bool:
    return await figure(node, name) == value


async def test_calls_are_made_by_the_node_that_is_there_for_it(
    cluster_of, simulator: Simulator, service: Service
) -> None:
    cluster = await cluster_of({"node-a": "front,dispatch", "node-b": "callbacks"})
    works, tells = cluster.nodes
    load = Load(SHOP)
    await works.start()
    await send([works], load)
    simulator.deliver("77771234567", SHORT_CODE, "hello")
    await eventually(lambda: owed(cluster, 2 * COUNT + 1))
    assert service.asked == []
    await tells.start()
    await eventually(lambda: all_done(cluster.place, 2 * COUNT + 1))
    rows = await calls(cluster.place)
    assert sum(row.kind is CallKind.INBOUND for row in rows) == 1
    hold_order(service, rows)
    assert await cluster.stop() == [0, 0]


async def owed(cluster: Cluster, count: int) -> bool:
    rows = await calls(cluster.place)
    return len(rows) == count and not any(row.stage is CallStage.DONE for row in rows)


async def test_the_database_is_restarted_with_calls_under_way(
    cluster_of, simulator: Simulator, service: Service
) -> None:
    """What was answered meanwhile is called again, or written down: none is forgotten."""
    cluster = await cluster_of({"node-a": "", "node-b": ""})
    once, load, dice = Once(), Load(SHOP), random.Random(1)
    gate = _Gate(once)
    service.before = gate.wait
    await cluster.start()
    await send(cluster.nodes, load)
    await eventually(lambda: figure_is(cluster.nodes[0], RUNNING))
    restarting = asyncio.create_task(cluster.restart_database(dice))
    gate.open()
    await restarting
    await eventually(lambda: all_done(cluster.place, 2 * 2 * COUNT))
    rows = await calls(cluster.place)
    assert len(rows) == 2 * 2 * COUNT
    hold_order(service, rows)
    assert once.twice == []
    assert await cluster.stop() == [0, 0]
    assert all(node.log().count("\n") < 200 for node in cluster.nodes), "no storm in the log"
