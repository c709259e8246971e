"""The database's clock rules, whatever a machine's own may say."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ...contract.watching import Links
from .site import Node, Site

HOUR_MS = 3_600_000
LEASE = 30.0


@pytest.fixture(params=[1, -1])
async def astray(
    request: pytest.FixtureRequest, site: Site, monkeypatch: pytest.MonkeyPatch
) -> tuple[Node, Node]:
    """A node, and a second one whose machine is an hour ahead or behind."""
    one = await site.node("first", lease=LEASE)
    ns, seconds = time.time_ns, time.time
    monkeypatch.setattr("time.time_ns", lambda: ns() + request.param * HOUR_MS * 1_000_000)
    monkeypatch.setattr("time.time", lambda: seconds() + request.param * HOUR_MS / 1000)
    return one, await site.node("second", lease=LEASE)


async def test_the_time_is_the_databases(site: Site, astray: Any) -> None:
    for node in (*astray, *astray):
        [row] = site.aside.fetch("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        assert abs(node.store.now_ms() - row[0]) < HOUR_MS / 2
        await node.new()


async def test_leases_are_by_the_databases_clock(astray: Any) -> None:
    one, other = astray
    links = Links(one.store), Links(other.store)
    held = await one.claimed(), await other.claimed()
    for node in astray:
        await node.store.slots({node.operator: [1, 2]})
        seen = await node.store.nodes()
        assert [n.alive for n in seen] == [True, True]
        for n in seen:
            assert n.lease_until is not None
            assert 0 < n.lease_until - node.store.now_ms() <= LEASE * 1000
        assert node.store.holds
    assert await one.release(held[0]) == held[0]
    assert await other.release(held[1]) == held[1]
    assert [one.lost_runs for one in links] == [0, 0]


async def test_ids_are_of_the_databases_day(site: Site, astray: Any) -> None:
    for node in astray:
        await node.new()
    assert site.aside.fetch(
        "SELECT count(DISTINCT day), max(day) - min(day) FROM span"
        " WHERE day <> floor(extract(epoch FROM clock_timestamp()) / 86400)"
    ) in ([(0, None)], [(1, 0)])  # midnight may have passed
