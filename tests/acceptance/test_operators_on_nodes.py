"""Two nodes on one PostgreSQL: an operator that staff add, lose and disable while both run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from habar.admin.links import read_binds
from habar.app.database import books_of
from habar.config import effective, to_json
from habar.model.status import MessageState
from habar.simulator import Simulator

from ..postgres.server import Server
from .cluster import Cluster, configuration, node_at
from .conftest import BALANCE, PRICE, SHOP
from .customer import Load, ask, states
from .gateway import PATIENCE, Gateway
from .smsc import PASSWORD, Arrivals, smsc
from .waiting import eventually

FAILS_OVER = 'when_down = "fail-over"\nfail_over_seconds = 1.0\n'
COUNT = 40
NAMES = ("node-a", "node-b")


@pytest.fixture
async def cluster(
    own_postgres: Server,
    operator: tuple[Simulator, Arrivals],
    tmp_path: Path,
    installations: list[Gateway],
) -> Cluster:
    def make(name: str, section: str) -> Gateway:
        text = configuration(section, operator[0].port, window=10, binds=2, password=PASSWORD)
        node = node_at(tmp_path, name, text + FAILS_OVER, (PASSWORD, SHOP.password))
        installations.append(node)
        return node

    cluster = await Cluster.make(own_postgres, make, NAMES)
    await cluster.furnish(SHOP, BALANCE, PRICE)
    return cluster


async def add(cluster: Cluster, name: str, port: int) -> None:
    """As `habar operator add` does."""
    settings = effective(
        {
            "name": name,
            "host": "127.0.0.1",
            "port": port,
            "system_id": "habar",
            "password": PASSWORD,
            "binds": "2 transceiver",
        }
    )
    async with books_of(cluster.place) as store:
        await store.network.put_operator(
            name, to_json(settings), in_doubt="resend", actor="test", now=now()
        )


async def enable(cluster: Cluster, name: str, *, enabled: bool) -> None:
    async with books_of(cluster.place) as store:
        await store.network.enable_operator(name, enabled, actor="test", now=now())


def now() -> int:
    return time.time_ns() // 1_000_000


async def send(cluster: Cluster, load: Load) -> dict[str, int]:
    """A package at each node, all accepted: the new texts, and by which ids they are known."""
    before = set(load.accepted)
    for node in cluster.nodes:
        load.count(await ask(node.port, load.next_document(COUNT)), COUNT)
    return {text: sms_id for text, sms_id in load.accepted.items() if text not in before}


async def all_delivered(node: Gateway, sent: dict[str, int]) -> bool:
    told = await states(node.port, SHOP, list(sent.values()))
    return set(told.values()) == {int(MessageState.DELIVERED)}


async def reported(cluster: Cluster) -> set[tuple[str, str]]:
    """Which nodes say that they have a link up to which operators."""
    async with books_of(cluster.place) as store:
        names = {row.id: row.name for row in await store.network.operators()}
        binds = await read_binds(store, now())
    return {(bind.node, names[bind.operator_id]) for bind in binds if bind.up}


async def test_an_operator_is_added_lost_and_disabled_while_two_nodes_run(
    cluster: Cluster, operator: tuple[Simulator, Arrivals]
) -> None:
    first, at_first = operator
    at_second = Arrivals()
    load = Load(SHOP)
    async with smsc(at_second) as second:
        await cluster.start()
        await add(cluster, "second", second.port)
        everybody = {(node, name) for node in NAMES for name in ("operator", "second")}
        await eventually(lambda: seen(cluster, everybody))
        assert (len(first.sessions), len(second.sessions)) == (2, 2)

        sent = await send(cluster, load)
        await eventually(lambda: all_delivered(cluster.nodes[0], sent))
        assert not at_first.missing(sent), "the first one is asked as long as it is there"

        await first.close()
        lost = await send(cluster, load)
        for node in cluster.nodes:
            await eventually(lambda node=node: all_delivered(node, lost))
        assert not at_second.missing(lost.keys() - at_first.links.keys())

        await enable(cluster, "second", enabled=False)
        await second.wait_for(lambda sim: not sim.sessions, PATIENCE)
        await enable(cluster, "second", enabled=True)
        await second.wait_for(lambda sim: len(sim.sessions) == 2, PATIENCE)
        again = await send(cluster, load)
        await eventually(lambda: all_delivered(cluster.nodes[1], again))
        assert not at_second.missing(again)
        assert await cluster.stop() == [0, 0]
    texts = [*at_first.links, *at_second.links]
    assert len(texts) == len(set(texts)) == len(load.accepted), "each went out once, to one of them"


async def seen(cluster: Cluster, wanted: set[tuple[str, str]]) -> bool:
    return await reported(cluster) == wanted
