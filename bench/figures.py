"""What is done with measurements: percentiles, medians of repeated runs, a target met or missed.

Guarantees: pure; no input is changed. Knows nothing of processes or tables.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Figures = dict[str, float]
"""One run's measurements by name: rates a second, `_ms` milliseconds, `_mb` millions of octets."""

NS_IN_MS = 1_000_000
NS_IN_S = 1_000_000_000


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all do not exceed; 0.0 of none."""
    if not values:
        return 0.0
    rank = max(1, math.ceil(len(values) * share))
    return sorted(values)[rank - 1]


def latency(name: str, nanoseconds: Iterable[int]) -> Figures:
    """`<name>_p50_ms`, `_p99_ms` and `_max_ms` of some spans."""
    spans = sorted(span / NS_IN_MS for span in nanoseconds)
    return {
        f"{name}_p50_ms": percentile(spans, 0.5),
        f"{name}_p99_ms": percentile(spans, 0.99),
        f"{name}_max_ms": percentile(spans, 1.0),
    }


def rate(count: int, begin_ns: int, end_ns: int) -> float:
    """Events a second between two readings of a clock; 0.0 where no time passed."""
    return count * NS_IN_S / (end_ns - begin_ns) if end_ns > begin_ns else 0.0


def medians(runs: Sequence[Figures]) -> Figures:
    """Of each figure the median over the runs that have it."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: statistics.median(run[name] for run in runs if name in run) for name in names}


@dataclass(frozen=True, slots=True)
class Target:
    """What design asks of one figure; without a bound it can only be told."""

    figure: str
    words: str
    at_least: float | None = None
    below: float | None = None

    def met(self, figures: Figures) -> bool | None:
        """Whether the figure keeps the bound; None where there is nothing to compare."""
        value = figures.get(self.figure)
        if value is None:
            return None
        if self.at_least is not None:
            return value >= self.at_least
        return None if self.below is None else value < self.below

    def ratio(self, figures: Figures) -> float | None:
        """The figure as a share of its bound."""
        bound = self.below if self.at_least is None else self.at_least
        value = figures.get(self.figure)
        return value / bound if bound and value is not None else None
