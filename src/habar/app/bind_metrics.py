"""Each bind's figures for Prometheus, read from the links' reports when asked.

Guarantees: every figure that a report has is here, by operator and bind (the number of its slot);
what is not known yet is left out. The reports themselves are `operators.report`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from habar.dispatch import Lane
from habar.operators import LinkReport

BIND_GAUGES: dict[str, tuple[str, Callable[[LinkReport], float | None]]] = {
    "habar_bind_up": ("Whether it is bound.", lambda x: float(x.state == "up")),
    "habar_bind_since_seconds": (
        "Since when it is in its state, as Unix time.",
        lambda x: x.since_ms / 1000,
    ),
    "habar_bind_window": ("submit_sm that may be unanswered.", lambda x: x.window),
    "habar_bind_window_used": ("submit_sm that are unanswered.", lambda x: x.window_used),
    "habar_bind_pdus_per_second": (
        "submit_sm a second over the last ten.",
        lambda x: x.pdus_per_second,
    ),
    "habar_bind_round_trip_seconds": (
        "From a submit_sm to its answer, a moving mean.",
        lambda x: None if x.round_trip_ms is None else x.round_trip_ms / 1000,
    ),
    "habar_bind_receipts_per_minute": (
        "Receipts over the last minute.",
        lambda x: x.receipts_per_minute,
    ),
    "habar_bind_delivered_ratio": (
        "Of the receipts that told an end, those that said delivered.",
        lambda x: x.delivered_share,
    ),
}
BIND_ERRORS = "habar_bind_errors"
"""By the name of the command_status."""
BIND_INFO = "habar_bind_info"
"""1, with what else there is to say as labels."""
BIND_LAST_ERROR = "habar_bind_last_error_seconds"
"""When, as Unix time; the error is a label."""
_LABELS = ["operator", "bind"]


def bind_families(lanes: Iterable[Lane]) -> Iterator[Metric]:
    """All families, with a line for each bind of this node."""
    reports = [
        ([lane.settings.name, str(number)], report)
        for lane in lanes
        for number, report in lane.links.reports().items()
    ]
    for name, (text, figure) in BIND_GAUGES.items():
        gauge = GaugeMetricFamily(name, text, labels=_LABELS)
        for labels, report in reports:
            value = figure(report)
            if value is not None:
                gauge.add_metric(labels, value)
        yield gauge
    info = GaugeMetricFamily(
        BIND_INFO, "What bind it is.", labels=[*_LABELS, "kind", "address", "state"]
    )
    errors = CounterMetricFamily(
        BIND_ERRORS, "Answers that were errors, by command_status.", labels=[*_LABELS, "error"]
    )
    last = GaugeMetricFamily(
        BIND_LAST_ERROR, "When the link fell or could not be made.", labels=[*_LABELS, "error"]
    )
    for labels, report in reports:
        info.add_metric([*labels, report.kind, report.address, report.state], 1)
        for error, number in report.errors.items():
            errors.add_metric([*labels, error], number)
        if report.last_error_at is not None:
            last.add_metric([*labels, report.last_error], report.last_error_at / 1000)
    yield from (info, errors, last)
