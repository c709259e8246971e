"""Where a commit is waited for: in the loop where the disk is quick, in a thread where it is slow.

A quick sync is cheaper in the loop than the way to a thread and back; a slow one would hold up
everybody else. In a thread a measure would tell how busy the loop is (it waits for the
interpreter's lock), so while commits go to the thread one a second is made in the loop, to see
whether the disk has recovered. Knows no clock: times are arguments, in seconds.
"""

from __future__ import annotations

from collections import deque
from statistics import median

SLOW = 0.001
"""Median sync above which commits move to a thread."""
QUICK = 0.0006
"""Median below which they come back."""
PROBE_EVERY = 1.0
PER_ROW = 0.5e-6
"""What a row adds to a commit besides the sync; measured."""
_ENOUGH = 5
_PROBES = 3


class Pace:
    """The recent commits on one disk that were made in the loop."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=31)
        self._slow = False
        self._probe_at = 0.0

    @property
    def slow(self) -> bool:
        """Whether commits go to a thread at present."""
        return self._slow

    def in_loop(self, now: float) -> bool:
        """Whether the commit that begins `now` is to be made in the loop."""
        return not self._slow or now >= self._probe_at

    def note(self, seconds: float, rows: int, now: float) -> None:
        """A commit of that many rows, made in the loop, took so long."""
        self._probe_at = now + PROBE_EVERY
        self._recent.append(seconds - rows * PER_ROW)
        if len(self._recent) < (_PROBES if self._slow else _ENOUGH):
            return
        middle = median(self._recent)
        if self._slow:
            self._change(slow=middle >= QUICK)
        elif middle > SLOW:
            self._change(slow=True)

    def _change(self, *, slow: bool) -> None:
        self._slow = slow
        self._recent.clear()
