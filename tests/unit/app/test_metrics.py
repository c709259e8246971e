"""The gateway's figures, as Prometheus reads them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from habar import __version__
from habar.app.metrics import LANE_COUNTERS, LANE_GAUGES, STATES, TOTALS, Collector
from habar.app.node import ThisNode
from habar.callbacks import Figures
from habar.dispatch import LaneCounters
from habar.errors import Refusal
from habar.operators import LinkCounters, LinkReport
from habar.store.callbacks import CallCounts
from habar.store.inbox import InboxCounts
from habar.store.nodes import Node
from habar.store.readings import Counts
from habar.submit.tally import Tally

REPORT = LinkReport(
    kind="transmitter",
    address="smsc:2775",
    state="up",
    since_ms=1_790_000_000_500,
    window=10,
    window_used=4,
    pdus_per_second=2.5,
    errors={"ESME_RTHROTTLED": 6},
    last_error="bind refused: ESME_RINVPASWD",
    last_error_at=1_780_000_000_000,
    round_trip_ms=80.0,
    receipts_per_minute=30.0,
    delivered_share=0.75,
)
NOTHING_YET: dict[str, Any] = {
    "kind": "receiver",
    "state": "down",
    "errors": {},
    "last_error": "",
    "last_error_at": None,
    "round_trip_ms": None,
    "delivered_share": None,
}


def lane(name: str, **counters: int) -> Any:
    return SimpleNamespace(
        settings=SimpleNamespace(name=name),
        counters=LaneCounters(sent=5, expired=2, **counters),
        links=SimpleNamespace(
            counters=LinkCounters(binds=3),
            up=True,
            window_used=7,
            held=4,
            bound=2,
            reports=lambda: {1: REPORT, 1001: replace(REPORT, **NOTHING_YET)},
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
        queue=Counts(waiting=100, claimed=20, unmatched_receipts=3, held=5),
        directory=["one", "two"],
        door=SimpleNamespace(tally=Tally()),
        dispatcher=SimpleNamespace(lanes={1: lane("kcell"), 2: lane("beeline")}),
        housekeeping=SimpleNamespace(expired=1, unreported=21),
        watch=SimpleNamespace(mover=SimpleNamespace(moved=22), out=frozenset({1})),
        retention=SimpleNamespace(messages=14, texts=15, failures=16, callbacks=17, inbound=18),
        receiving=SimpleNamespace(
            receipts=SimpleNamespace(receipts=8, unmatched=2, unreadable=1),
            subscribers=SimpleNamespace(
                received=9, parts=6, repeated=1, incomplete=1, unrouted=2, unreadable=0
            ),
            inbox=InboxCounts(unrouted=3, waiting=4, undelivered=5, segments=6),
            owed=CallCounts(waiting=7, given_up=8, hosts_paused=9),
            caller=None,
            outside=None,
        ),
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
    assert figures["habar_subscribers_messages_tidied_total"] == 18
    assert figures["habar_callbacks_tidied_total"] == 17
    assert figures["habar_messages_unreported_total"] == 21
    assert figures["habar_messages_failed_over_total"] == 22
    assert figures["habar_messages_held"] == 5
    assert figures["habar_operators_out"] == 1
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


def test_what_is_owed_to_customers_is_told_by_every_node(parts: Any) -> None:
    figures = scrape(parts)
    assert figures["habar_inbox_unrouted"] == 3
    assert figures["habar_inbox_waiting"] == 4
    assert figures["habar_inbox_undelivered"] == 5
    assert figures["habar_inbox_parts_waiting"] == 6
    assert figures["habar_callbacks_owed"] == 7
    assert figures["habar_callbacks_given_up"] == 8
    assert figures["habar_callbacks_hosts_paused"] == 9
    assert not any(name.startswith("habar_call_") for name in figures), "this node calls nobody"


def test_a_node_that_calls_tells_how_it_goes(parts: Any) -> None:
    figures = Figures()
    figures.calls["done"] += 3
    figures.kinds["inbound"] += 3
    for seconds in (0.005, 0.2, 60.0):
        figures.called(seconds)
    figures.refused_addresses, figures.replies, figures.no_replies, figures.swept = 1, 2, 3, 4
    parts.receiving.caller = SimpleNamespace(
        figures=figures, running=5, in_hand=6, hosts=7, paused_hosts=8
    )
    told = scrape(parts)
    assert told['habar_calls_total{outcome="done"}'] == 3
    assert told['habar_calls_total{outcome="given_up"}'] == 0
    assert told['habar_calls_of_total{kind="inbound"}'] == 3
    assert told['habar_call_seconds_bucket{le="0.01"}'] == 1
    assert told['habar_call_seconds_bucket{le="0.3"}'] == 2
    assert told['habar_call_seconds_bucket{le="30.0"}'] == 2
    assert told["habar_call_seconds_count"] == 3
    assert told["habar_call_seconds_sum"] == 60.205
    assert told["habar_calls_forbidden_total"] == 1
    assert told["habar_replies_total"] == 2
    assert told["habar_replies_refused_total"] == 3
    assert told["habar_calls_expired_total"] == 4
    assert told["habar_calls_running"] == 5
    assert told["habar_calls_in_hand"] == 6
    assert told["habar_call_hosts"] == 7
    assert told["habar_call_hosts_paused"] == 8


def test_a_bind_tells_all_that_its_report_says(parts: Any) -> None:
    figures = scrape(parts)
    bind = {
        name.removesuffix('{bind="1",operator="kcell"}'): value
        for name, value in figures.items()
        if name.endswith('{bind="1",operator="kcell"}')
    }
    assert bind == {
        "habar_bind_up": 1,
        "habar_bind_since_seconds": 1_790_000_000.5,
        "habar_bind_window": 10,
        "habar_bind_window_used": 4,
        "habar_bind_pdus_per_second": 2.5,
        "habar_bind_round_trip_seconds": 0.08,
        "habar_bind_receipts_per_minute": 30,
        "habar_bind_delivered_ratio": 0.75,
    }
    one = 'bind="1",error='
    errors = f'habar_bind_errors_total{{{one}"ESME_RTHROTTLED",operator="kcell"}}'
    last = f'habar_bind_last_error_seconds{{{one}"{REPORT.last_error}",operator="kcell"}}'
    info = 'address="smsc:2775",bind="1",kind="transmitter",operator="kcell",state="up"'
    assert (figures[errors], figures[last]) == (6, 1_780_000_000)
    assert figures[f"habar_bind_info{{{info}}}"] == 1


def test_what_a_bind_has_not_met_yet_is_left_out(parts: Any) -> None:
    names = {name.partition("{")[0] for name in scrape(parts) if 'bind="1001"' in name}
    assert "habar_bind_up" in names
    assert not names & {
        "habar_bind_round_trip_seconds",
        "habar_bind_delivered_ratio",
        "habar_bind_errors_total",
        "habar_bind_last_error_seconds",
    }


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
        "habar_messages_held",
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
