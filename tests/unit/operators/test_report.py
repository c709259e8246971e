"""operators/report.py: sums, rates, round trips, and how they are written down."""

from __future__ import annotations

import json

import pytest

from habar.model.status import MessageState
from habar.operators import NO_ANSWER, LinkCounters, LinkReport
from habar.operators.report import Meter
from habar.wire.smpp import CommandStatus


def test_what_another_link_has_counted_is_added() -> None:
    one, other = LinkCounters(binds=1), LinkCounters(binds=2, receipts=3)
    one.error(CommandStatus.ESME_RTHROTTLED)
    other.error(CommandStatus.ESME_RTHROTTLED)
    other.error(NO_ANSWER)
    one.add(other)
    assert (one.binds, one.receipts) == (3, 3)
    assert one.errors == {CommandStatus.ESME_RTHROTTLED: 2, NO_ANSWER: 1}
    assert other.errors.total() == 2, "the other is as it was"


def test_kinds_of_errors_are_bounded() -> None:
    counters = LinkCounters()
    for status in range(1000, 2000):
        counters.error(status)
    assert len(counters.errors) == 101
    assert counters.errors[0xFF] == 900
    counters.error(1000)
    assert counters.errors[1000] == 2


def test_only_ends_are_counted_into_the_delivered_share() -> None:
    counters = LinkCounters()
    for state in MessageState:
        counters.receipt(state)
    assert counters.receipts == len(MessageState)
    assert (counters.ends, counters.ends_delivered) == (6, 1)


def test_the_first_round_trip_is_the_mean_and_later_ones_move_it() -> None:
    meter = Meter(0.0)
    meter.timed(0.8)
    assert meter.round_trip == 0.8
    meter.timed(0.0)
    assert meter.round_trip == pytest.approx(0.7)


def test_rates_are_of_the_last_seconds_and_the_last_minute() -> None:
    meter = Meter(0.0)
    for second in range(1, 301):
        meter.sample(float(second), second * (5 if second <= 200 else 0) or 1000, second * 2)
    per_second, per_minute = meter.rates(300.0, 1000, 600)
    assert (per_second, per_minute) == (0.0, 120.0)
    assert meter.rates(300.0, 1050, 600)[0] == pytest.approx(5.0)


def test_a_young_link_has_the_rate_of_its_life_and_no_less_than_a_second_of_it() -> None:
    meter = Meter(0.0)
    assert meter.rates(0.1, 7, 0)[0] == 7.0
    assert meter.rates(4.0, 8, 2) == (2.0, 30.0)


def test_what_is_idle_for_long_comes_to_nothing() -> None:
    meter = Meter(0.0)
    meter.sample(1.0, 100, 100)
    assert meter.rates(3600.0, 100, 100) == (0.0, 0.0)


def test_samples_are_bounded() -> None:
    meter = Meter(0.0)
    for second in range(10_000):
        meter.sample(float(second), second, second)
    assert len(meter._samples) < 100


def test_a_report_is_a_json_object_with_its_names() -> None:
    report = LinkReport(
        kind="transceiver",
        address="smsc.example:2775",
        state="up",
        since_ms=1,
        window=10,
        window_used=3,
        pdus_per_second=1.5,
        errors={"ESME_RTHROTTLED": 2},
        last_error="",
        last_error_at=None,
        round_trip_ms=12.5,
        receipts_per_minute=6.0,
        delivered_share=0.5,
    )
    written = json.loads(report.as_json())
    assert written == {
        "kind": "transceiver",
        "address": "smsc.example:2775",
        "state": "up",
        "since_ms": 1,
        "window": 10,
        "window_used": 3,
        "pdus_per_second": 1.5,
        "errors": {"ESME_RTHROTTLED": 2},
        "last_error": "",
        "last_error_at": None,
        "round_trip_ms": 12.5,
        "receipts_per_minute": 6.0,
        "delivered_share": 0.5,
    }
