"""The listener's own figures: plain integers on the hot path, Prometheus families when asked.

Does not know: messages, accounts; those are counted where they are handled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class HttpStats:
    """What the listener counts; only ever changed in the loop's thread."""

    __slots__ = ("accepted", "answers", "faults", "handshake_failures", "refused", "timeouts")

    def __init__(self) -> None:
        self.accepted = 0
        self.refused = 0
        """Connections over the limit."""
        self.handshake_failures = 0
        self.timeouts = 0
        self.faults = 0
        """Endpoints that raised."""
        self.answers = [0] * 6
        """Answers by the first digit of their status."""


class HttpCollector(Collector):
    """Shows an HttpStats to Prometheus; `open_connections` is asked at each scrape."""

    def __init__(self, stats: HttpStats, open_connections: Callable[[], int]) -> None:
        self._stats = stats
        self._open = open_connections

    def collect(self) -> Iterable[Metric]:
        """Give all families."""
        stats = self._stats
        answers = CounterMetricFamily(
            "habar_http_requests", "HTTP requests answered, by status class.", labels=["status"]
        )
        for digit in range(2, 6):
            answers.add_metric([f"{digit}xx"], stats.answers[digit])
        yield answers
        yield GaugeMetricFamily(
            "habar_http_connections_open", "Open HTTP connections.", self._open()
        )
        for name, text, value in (
            ("connections", "HTTP connections accepted.", stats.accepted),
            ("connections_refused", "HTTP connections over the limit.", stats.refused),
            ("handshake_failures", "TLS handshakes that failed.", stats.handshake_failures),
            ("timeouts", "HTTP connections that ran into a time-out.", stats.timeouts),
            ("faults", "HTTP requests whose endpoint raised.", stats.faults),
        ):
            yield CounterMetricFamily(f"habar_http_{name}", text, value)
