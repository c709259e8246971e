"""Three nodes on one PostgreSQL: what was answered 106 reaches the operator, whatever happens.

A node is killed, a node is stopped for longer than its lease and continued, the database is
restarted without a shutdown: again and again, with customers at every node. Nothing that was
accepted is lost, nothing goes out twice but what was in the open window of a link that was lost,
and the money adds up.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from habar.simulator import Simulator

from ..postgres.server import Server
from .cluster import Cluster, Surge, configuration, node_at
from .conftest import BALANCE, PRICE, SHOP
from .customer import Customer, Load, states
from .gateway import HABAR, Gateway
from .ledger import hold_money, in_the_queue, stories
from .smsc import PASSWORD, Arrivals
from .test_nothing_is_lost import all_arrived, sms_ids_of
from .test_texts import wall_clock
from .waiting import eventually

WINDOW = 10
BINDS = 2
"""Fewer than nodes: what one of them accepts, another one sends."""
WRONG = "node-c"
"""Its machine's clock is an hour ahead, in every test here."""
NAMES = ("node-a", "node-b", WRONG)
SECRETS = (PASSWORD, SHOP.password)
AHEAD = (sys.executable, str(Path(__file__).parent / "hour_ahead.py"))


@pytest.fixture
async def cluster(
    own_postgres: Server,
    operator: tuple[Simulator, Arrivals],
    tmp_path: Path,
    installations: list[Gateway],
) -> Cluster:
    def make(name: str, section: str) -> Gateway:
        text = configuration(
            section, operator[0].port, window=WINDOW, binds=BINDS, password=PASSWORD
        )
        program = AHEAD if name == WRONG else HABAR
        node = node_at(tmp_path, name, text, SECRETS, program=program)
        installations.append(node)
        return node

    cluster = await Cluster.make(own_postgres, make, NAMES)
    await cluster.furnish(SHOP, BALANCE, PRICE)
    return cluster


async def test_whatever_happens_to_nodes_and_database(
    cluster: Cluster, operator: tuple[Simulator, Arrivals], rounds: int, dice: random.Random
) -> None:
    _, arrivals = operator
    load = Load(SHOP)
    await cluster.start()
    mishaps = cluster.mishaps
    async with Surge(load, cluster.nodes, lambda: len(arrivals.links)):
        for number in range(rounds):
            await load.reach(load.answers + dice.randint(50, 300))
            await mishaps[number % len(mishaps)](dice)
        await load.reach(load.answers + 200)
    await cluster.start()
    await all_arrived(arrivals, load.accepted)
    await eventually(lambda: is_empty(cluster), 120)
    await all_delivered(cluster, load)
    await twice_only_from_a_lost_window(cluster, arrivals)
    await hold_money(cluster.place, SHOP.name, BALANCE, PRICE, len(arrivals.links))
    assert all("retry-after" in answer.headers for answer in load.put_off)
    assert {answer.status for answer in load.put_off} <= {503}
    assert load.unanswered, "no kill met a request under way: the load was too small"
    assert await cluster.stop() == [0, 0, 0]


async def test_the_databases_clock_rules(
    cluster: Cluster, operator: tuple[Simulator, Arrivals]
) -> None:
    """A node whose clock is an hour ahead keeps schedules, ends and leases like the others."""
    simulator, _ = operator
    await cluster.start()
    wrong = cluster.nodes[NAMES.index(WRONG)]
    now = int(time.time())
    due = now + 3
    async with Customer(wrong.port) as customer:
        later = await customer.post(SHOP.message("later", date_beg=wall_clock(due)))
        wanted = await customer.post(SHOP.message("wanted", date_end=wall_clock(now + 1800)))
        past = await customer.post(SHOP.message("past", date_end=wall_clock(now - 60)))
    assert [answer.rows[0].code for answer in (later, wanted, past)] == [100, 106, 106]
    await simulator.wait_for(2, 30)
    first, second = simulator.received
    assert (first.text, second.text) == ("wanted", "later")
    assert second.received_ms >= due * 1000
    ids = [answer.rows[0].sms_id for answer in (later, wanted, past)]
    for node in cluster.nodes:
        await eventually(lambda node=node: told(node, ids, [102, 102, 103]))
    [story] = await stories(cluster.place, ids[:1])
    assert abs(story.submission.created_at - now * 1000) < 600_000
    listed = await cluster.nodes[0].command("node", "list", "--config", "habar.toml")
    assert listed.out.count(" up ") == len(NAMES), listed
    assert not any("taken for dead" in node.log() for node in cluster.nodes)


async def told(node: Gateway, ids: Sequence[int], codes: Sequence[int]) -> bool:
    found = await states(node.port, SHOP, ids)
    return [found[sms_id] for sms_id in ids] == list(codes)


async def is_empty(cluster: Cluster) -> bool:
    return await in_the_queue(cluster.place) == 0


async def all_delivered(cluster: Cluster, load: Load) -> None:
    """Each accepted message ends at 102, whichever node is asked."""
    ids = list(load.accepted.values())

    async def is_over(node: Gateway) -> bool:
        told = set((await states(node.port, SHOP, ids)).values())
        assert told <= {102, 106}, told
        return told == {102}

    for node in cluster.nodes:
        await eventually(lambda node=node: is_over(node), 120)


async def twice_only_from_a_lost_window(cluster: Cluster, arrivals: Arrivals) -> None:
    for link, count in arrivals.repeated_by_link().items():
        assert count <= WINDOW, f"{count} messages of link {link} came again"
    twice = await sms_ids_of(cluster.nodes[0], arrivals.repeated)
    for story, links in zip(
        await stories(cluster.place, twice), arrivals.repeated.values(), strict=True
    ):
        assert story.repeats >= len(links) - 1, story
        assert story.uncertain_at is not None, story
