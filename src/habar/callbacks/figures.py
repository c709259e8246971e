"""What /metrics tells of the calls to customers' web services."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Seconds; the last bucket has no bound."""


class Figures:
    """Counters since the process began."""

    def __init__(self) -> None:
        self.calls = Counter[str]({"done": 0, "failed": 0, "given_up": 0})
        """Tries by what came of them."""
        self.kinds = Counter[str]({"state": 0, "inbound": 0})
        """Tries by what was told."""
        self.seconds = 0.0
        """Of all calls together."""
        self.buckets = [0] * (len(BOUNDS) + 1)
        """Calls by how long they took, each in the first bucket that holds it."""
        self.refused_addresses = 0
        """Calls that the guard did not let out."""
        self.replies = 0
        """Answers given to the submit door."""
        self.no_replies = 0
        """Answers that could not go back, as staff can read."""
        self.store_failures = 0
        """Questions that the store could not answer."""
        self.swept = 0
        """Obligations given up because their time was over."""

    def called(self, seconds: float) -> None:
        """Count a call over HTTP."""
        self.seconds += seconds
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
