"""What there is to tell Prometheus of the calls of customers' web services.

Guarantees: read from the caller's plain numbers when asked; a node that calls nobody has none of
these. What is owed over all nodes is `app.metrics`' to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric

from habar.callbacks import BOUNDS, Caller, OutsideClient

CALLS = "habar_calls"
"""By what came of them."""
CALLS_OF = "habar_calls_of"
"""By what was told."""
CALL_SECONDS = "habar_call_seconds"
"""A histogram."""
CALL_PROCESSES = "habar_call_processes"
"""Those that only call, and are ready to."""
CALL_RESTARTS = "habar_call_processes_replaced"
CALL_COUNTERS: dict[str, tuple[str, Callable[[Caller], int]]] = {
    "habar_calls_forbidden": (
        "Calls not made because the address is not public.",
        lambda x: x.figures.refused_addresses,
    ),
    "habar_replies": ("Answers to subscribers given to the door.", lambda x: x.figures.replies),
    "habar_replies_refused": (
        "Answers of web services that could not go to the subscriber.",
        lambda x: x.figures.no_replies,
    ),
    "habar_calls_expired": (
        "Obligations given up because their time was over.",
        lambda x: x.figures.swept,
    ),
    "habar_calls_store_failures": (
        "Questions about calls that the store could not answer.",
        lambda x: x.figures.store_failures,
    ),
}
CALL_GAUGES: dict[str, tuple[str, Callable[[Caller], int]]] = {
    "habar_calls_running": ("Calls under way.", lambda x: x.running),
    "habar_calls_in_hand": ("Obligations in memory.", lambda x: x.in_hand),
    "habar_call_hosts": ("Hosts for which something is in memory.", lambda x: x.hosts),
    "habar_call_hosts_paused": (
        "Hosts that were seen to fail and are left in peace.",
        lambda x: x.paused_hosts,
    ),
}


def call_families(caller: Caller | None, outside: OutsideClient | None) -> Iterator[Metric]:
    """All families."""
    if caller is None:
        return
    figures = caller.figures
    by_end = CounterMetricFamily(CALLS, "Tries, by what came of them.", labels=["outcome"])
    for outcome, number in figures.calls.items():
        by_end.add_metric([outcome], number)
    yield by_end
    by_kind = CounterMetricFamily(CALLS_OF, "Tries, by what was told.", labels=["kind"])
    for kind, number in figures.kinds.items():
        by_kind.add_metric([kind], number)
    yield by_kind
    seconds = HistogramMetricFamily(CALL_SECONDS, "How long calls took.")
    names = [*(str(bound) for bound in BOUNDS), "+Inf"]
    seconds.add_metric(
        [], list(zip(names, accumulate(figures.buckets), strict=True)), figures.seconds
    )
    yield seconds
    for name, (text, total) in CALL_COUNTERS.items():
        yield CounterMetricFamily(name, text, total(caller))
    for name, (text, state) in CALL_GAUGES.items():
        yield GaugeMetricFamily(name, text, state(caller))
    if outside is not None:
        yield GaugeMetricFamily(CALL_PROCESSES, "Processes ready to make calls.", outside.alive)
        yield CounterMetricFamily(
            CALL_RESTARTS, "Processes for calls that ended or hung.", outside.restarts
        )
