"""The gateway's figures, as Prometheus reads them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from habar import __version__
from habar.app.metrics import LANE_COUNTERS, LANE_GAUGES, STATES, TOTALS, Collector
from habar.app.node import ThisNode
from habar.dispatch import LaneCounters
from habar.errors import Refusal
from habar.operators import LinkCounters
from habar.store.nodes import Node
from habar.store.readings import Counts
from habar.submit.tally import Tally


def lane(name: str, **counters: int) -> Any:
    return SimpleNamespace(
        settings=SimpleNamespace(name=name),
        counters=LaneCounters(sent=5, expired=2, **counters),
        links=SimpleNamespace(
            counters=LinkCounters(binds=3), up=True, window_used=7, held=4, bound=2
        ),
        ready=11,
        unsettled=13,
    )


def node(*, alive: bool = True, draining: bool = False) -> Node:
    return Node(1, "x", ("front",), "3", 0, None, alive, draining, claimed=0, binds=0)


@pytest.fixture
def parts() -> Any:
    """The parts as far as figures are read from them."""
    return SimpleNamespace(
        store=SimpleNamespace(
            journal=SimpleNamespace(healthy=True, backlog=4, commits=9), holds=True
        ),
        node=ThisNode("here"),
        nodes=[node(), node(), node(draining=True), node(alive=False)],
        queue=Counts(waiting=100, claimed=20, unmatched_receipts=3),
        directory=["one", "two"],
        door=SimpleNamespace(tally=Tally()),
        dispatcher=SimpleNamespace(lanes={1: lane("kcell"), 2: lane("beeline")}),
        housekeeping=SimpleNamespace(expired=1),
        retention=SimpleNamespace(messages=14, texts=15, failures=16),
        receipts=SimpleNamespace(receipts=8, unmatched=2, unreadable=1, refused=0),
    )


def scrape(parts: Any) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(Collector(parts))
    lines = generate_latest(registry).decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


def test_figures_are_read_from_the_parts(parts: Any) -> None:
    parts.door.tally.accepted = 40
    parts.door.tally.parts = 55
    parts.door.tally.refused[Refusal.SENDER] = 6
    figures = scrape(parts)
    assert figures["habar_messages_accepted_total"] == 40
    assert figures["habar_parts_accepted_total"] == 55
    assert figures['habar_messages_refused_total{reason="sender"}'] == 6
    assert figures["habar_queue_waiting"] == 100
    assert figures["habar_queue_in_hand"] == 20
    assert figures["habar_receipts_kept"] == 3
    assert figures["habar_store_backlog"] == 4
    assert figures["habar_store_commits_total"] == 9
    assert figures["habar_store_healthy"] == 1
    assert figures["habar_accounts"] == 2
    assert figures[f'habar_build_info{{node="here",version="{__version__}"}}'] == 1
    assert figures["habar_node_lease_held"] == 1
    assert figures['habar_nodes{state="up"}'] == 2
    assert figures['habar_nodes{state="draining"}'] == 1
    assert figures['habar_nodes{state="gone"}'] == 1
    assert figures["habar_messages_expired_total"] == 1 + 2 + 2
    assert figures["habar_messages_tidied_total"] == 14
    assert figures["habar_texts_tidied_total"] == 15
    assert figures["habar_tidy_failures_total"] == 16
    for operator in ("kcell", "beeline"):
        label = f'{{operator="{operator}"}}'
        assert figures["habar_submit_sm_total" + label] == 5
        assert figures["habar_link_binds_total" + label] == 3
        assert figures["habar_binds_held" + label] == 4
        assert figures["habar_binds_up" + label] == 2
        assert figures["habar_link_up" + label] == 1
        assert figures["habar_link_window_used" + label] == 7
        assert figures["habar_dispatch_ready" + label] == 11
        assert figures["habar_dispatch_unsettled" + label] == 13


def test_every_reason_a_message_may_be_refused_for_is_there_from_the_start(parts: Any) -> None:
    reasons = {name for name in scrape(parts) if name.startswith("habar_messages_refused_total")}
    assert reasons == {
        f'habar_messages_refused_total{{reason="{reason.name.lower()}"}}'
        for reason in set(Refusal) - {Refusal.TOO_LATE}
    }


def test_a_figure_follows_its_part(parts: Any) -> None:
    """Nothing is kept from one scrape to the next."""
    before = scrape(parts)
    parts.store.journal.healthy = False
    parts.queue = Counts(0, 0, 0)
    parts.dispatcher.lanes[1].links.up = False
    parts.store.holds = False
    parts.nodes = []
    after = scrape(parts)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {
        "habar_store_healthy",
        "habar_queue_waiting",
        "habar_queue_in_hand",
        "habar_receipts_kept",
        'habar_link_up{operator="kcell"}',
        "habar_node_lease_held",
        'habar_nodes{state="up"}',
        'habar_nodes{state="draining"}',
        'habar_nodes{state="gone"}',
    }


def test_every_figure_of_the_tables_is_shown_with_its_help(parts: Any) -> None:
    registry = CollectorRegistry()
    registry.register(Collector(parts))
    helped = {family.name: family.documentation for family in registry.collect()}
    for table in (LANE_COUNTERS, LANE_GAUGES, TOTALS, STATES):
        for name, (text, _) in table.items():
            assert helped[name] == text
