"""/healthz, /readyz and /metrics of a whole gateway."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from habar.app import gateway as parts
from habar.app.gateway import Gateway
from habar.config import ListenerSettings, Settings
from habar.simulator import Simulator
from habar.store.nodes import Node

from .conftest import PATIENCE, codes, configuration, eventually, get, message, post, running

FIGURE = re.compile(r"^(\w+(?:\{[^}]*\})?) (\S+)$", re.MULTILINE)


async def figures(gateway: Gateway) -> dict[str, float]:
    status, text = await get(gateway.addresses[0].port, "/metrics")
    assert status == 200
    return {name: float(value) for name, value in FIGURE.findall(text)}


async def test_staffs_paths_are_on_listeners_with_ops_only(settings: Settings) -> None:
    listeners = (ListenerSettings(port=0, ops=True), ListenerSettings(port=0))
    async with running(msgspec.structs.replace(settings, listeners=listeners)) as gateway:
        for_staff, for_customers = gateway.addresses
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await get(for_staff.port, path))[0] == 200
            assert (await get(for_customers.port, path))[0] == 404
        assert codes(await post(gateway, message())) == [106]


async def test_an_operator_that_is_down_is_no_reason_to_be_unready(tmp_path: Path) -> None:
    async with running(configuration(tmp_path / "data", 1)) as gateway:
        status, body = await get(gateway.addresses[0].port, "/readyz")
        told = json.loads(body)
        assert (status, told["ready"], told["reasons"]) == (200, True, {})
        assert codes(await post(gateway, message())) == [106]
        assert (await figures(gateway))['habar_link_up{operator="operator"}'] == 0


async def test_a_store_that_cannot_write_is_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(settings) as gateway:
        monkeypatch.setattr(type(gateway.store.journal), "healthy", False)
        port = gateway.addresses[0].port
        status, body = await get(port, "/readyz")
        assert (status, json.loads(body)["reasons"]) == (503, {"store": "the store cannot write"})
        assert (await get(port, "/healthz"))[0] == 200
        assert (await figures(gateway))["habar_store_healthy"] == 0


async def test_a_lease_that_has_run_out_is_another(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(settings) as gateway:
        assert (await figures(gateway))["habar_node_lease_held"] == 1
        monkeypatch.setattr(type(gateway.store), "holds", False)
        status, body = await get(gateway.addresses[0].port, "/readyz")
        assert (status, json.loads(body)["reasons"]) == (
            503,
            {"store": "the lease on the database has run out"},
        )
        assert (await figures(gateway))["habar_node_lease_held"] == 0


async def test_the_nodes_are_told_and_decide_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def node(name: str, *roles: str, alive: bool = True, draining: bool = False) -> Node:
        return Node(1, name, roles, "3", 0, None, alive, draining, claimed=0, binds=0)

    nodes = [
        node("a", "front", "dispatch"),
        node("b", "front", alive=False),
        node("c", "dispatch", draining=True),
    ]
    looked = 0

    async def look(_store: object) -> list[Node]:
        nonlocal looked
        looked += 1
        return nodes

    async with running(settings) as gateway:
        await eventually(lambda: gateway.nodes)
        (itself,) = gateway.nodes
        assert (itself.name, itself.alive) == ("here", True)
    monkeypatch.setattr(type(gateway.store), "nodes", look)
    async with running(settings) as gateway:
        await eventually(lambda: gateway.nodes)
        before = looked
        status, body = await get(gateway.addresses[0].port, "/readyz")
        shown = await figures(gateway)
        assert looked == before  # no question to the database for a request
    assert (status, json.loads(body)) == (
        200,
        {
            "ready": True,
            "reasons": {},
            "nodes": [
                {"name": "a", "alive": True, "draining": False, "roles": ["front", "dispatch"]},
                {"name": "b", "alive": False, "draining": False, "roles": ["front"]},
                {"name": "c", "alive": True, "draining": True, "roles": ["dispatch"]},
            ],
        },
    )
    assert [shown[f'habar_nodes{{state="{s}"}}'] for s in ("up", "draining", "gone")] == [1, 1, 1]


async def test_figures_follow_a_message(settings: Settings, smsc: Simulator) -> None:
    async with running(settings) as gateway:
        await smsc.wait_for(lambda simulator: simulator.sessions, PATIENCE)
        before = await figures(gateway)
        assert before["habar_messages_accepted_total"] == 0
        await post(gateway, message("x" * 200))
        await post(gateway, message(recipient="87771234567"))
        await smsc.wait_for(lambda simulator: simulator.counts.receipts_acknowledged == 2, PATIENCE)
        after = await figures(gateway)
    assert after["habar_messages_accepted_total"] == 1
    assert after["habar_parts_accepted_total"] == 2
    assert after['habar_messages_refused_total{reason="recipient"}'] == 1
    assert after['habar_submit_sm_total{operator="operator"}'] == 2
    assert after['habar_link_up{operator="operator"}'] == 1
    assert after["habar_receipts_total"] == 2
    assert after["habar_store_commits_total"] > before["habar_store_commits_total"]
    assert after["habar_accounts"] == 1
    assert after["process_resident_memory_bytes"] > 0
    assert after['habar_http_requests_total{status="2xx"}'] >= 3


async def test_the_queue_is_counted_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "COUNT_SECONDS", 0.01)
    async with running(configuration(tmp_path / "data", 1)) as gateway:
        for _ in range(3):
            await post(gateway, message())
        await eventually(lambda: gateway.queue.waiting == 3)
        assert (await figures(gateway))["habar_queue_waiting"] == 3


async def test_a_scrape_asks_no_database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(settings) as gateway:
        await figures(gateway)

        async def asked(_store: object) -> None:
            raise AssertionError("a scrape has asked the database")

        monkeypatch.setattr(type(gateway.store), "counts", asked)
        assert (await figures(gateway))["habar_queue_waiting"] == 0
