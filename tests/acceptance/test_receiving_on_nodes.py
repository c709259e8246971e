"""Two nodes on one PostgreSQL: one for customers, the other for operators and web services."""

from __future__ import annotations

from pathlib import Path

import pytest

from habar.simulator import Simulator

from ..examples.programs import NO_PHP, php
from ..postgres.server import Server
from .cluster import Cluster, configuration, node_at
from .conftest import BALANCE, PRICE, SHOP
from .customer import ask, states
from .gateway import Gateway
from .receiving import LOOPBACK, Desk, Form, told
from .smsc import PASSWORD, Arrivals
from .smsc_process import SUBSCRIBER
from .waiting import eventually

ROLES = {"door": "front", "engine": "dispatch,callbacks"}


@pytest.fixture
async def cluster(
    postgres: Server,
    operator: tuple[Simulator, Arrivals],
    tmp_path: Path,
    installations: list[Gateway],
) -> Cluster:
    def make(name: str, section: str) -> Gateway:
        text = configuration(section, operator[0].port, window=10, binds=1, password=PASSWORD)
        text += LOOPBACK + "\n[inbound]\nstop_words = true\n"
        words = ("--roles", ROLES[name])
        node = node_at(tmp_path, name, text, (PASSWORD, SHOP.password), words=words)
        installations.append(node)
        return node

    cluster = await Cluster.make(postgres, make, list(ROLES))
    await cluster.furnish(SHOP, BALANCE, PRICE)
    return cluster


@NO_PHP
@pytest.mark.rule("inbox.stop-words", "http.callback-order")
async def test_what_one_node_hears_the_other_obeys(
    cluster: Cluster, operator: tuple[Simulator, Arrivals], tmp_path: Path
) -> None:
    simulator, arrivals = operator
    door, engine = cluster.nodes
    (tmp_path / "php").mkdir()
    await cluster.start()
    form = Form(door.port, SHOP)
    with php("state.php", tmp_path / "php") as page:
        # A state is told by the node that calls, of a message that came to the other.
        url = f"http://127.0.0.1:{page.port}/state.php?token=a-long-word"
        sent = await form.send("Hello", SUBSCRIBER, reporturl=url)
        calls = await told(page, sent, 2)
    assert [call["status"] for call in calls] == ["deliveredtonetwork", "deliveredtohandset"]
    assert await states(door.port, SHOP, [sent]) == {sent: 102}

    # A short code that staff add beside one node is obeyed by the one that receives.
    desk = Desk(engine, "--config", "habar.toml")
    await desk.route("add", "8785", "--account", "shop", "--reply", "Thank you")
    simulator.deliver(SUBSCRIBER, "8785", "Hi", transaction="12345")
    await eventually(lambda: "Thank you" in arrivals.links)

    # Who says STOP to one node gets nothing by the other.
    simulator.deliver(SUBSCRIBER, "8785", "STOP")

    async def refused() -> bool:
        rows = (await ask(door.port, SHOP.message("x", SUBSCRIBER))).rows
        return [row.code for row in rows] == [203]

    await eventually(refused)
    simulator.deliver(SUBSCRIBER, "8785", "START")
    await eventually(lambda: accepted(door))
    replies = [one.source for one in simulator.received if one.text == "Thank you"]
    assert replies == ["8785#12345"]
    assert await cluster.stop() == [0, 0]


async def accepted(door: Gateway) -> bool:
    return (await ask(door.port, SHOP.message("x", SUBSCRIBER))).rows[0].code == 106
