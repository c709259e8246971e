"""How fast an operator is sent to: a token bucket in PDUs, and rests when it says "slower".

All of a process's links to one operator share one. A process that has a share of the operator's
binds only has that share of the limit, too.

Guarantees: over any stretch of time at most `limit` PDUs a second, and one and a tenth of a
second's worth more; of both a process has its share, but may always send one PDU that it has saved
up, so that several processes which were idle may send one each at the same moment. A rest grows
with each throttling that comes after the last rest was over and shrinks again as messages are
taken. Pure: `now` is monotonic seconds, an argument.
"""

from __future__ import annotations

FIRST_REST = 0.1
LAST_REST = 5.0
"""Seconds."""
_UNLIMITED = 1 << 30


class Pace:
    """One operator's, in one process."""

    __slots__ = ("_burst", "_limit", "_rate", "_rest", "_resting_until", "_then", "_tokens")

    def __init__(self, limit: int, now: float) -> None:
        self._limit = limit
        self._rate = float(limit)
        self._burst = 1.0 + limit / 10
        self._tokens = self._burst
        self._then = now
        self._rest = 0.0
        self._resting_until = now

    def share(self, part: float, now: float) -> None:
        """From now on this much of the limit is ours: more than 0.0, at most 1.0."""
        self._fill(now)
        self._rate = self._limit * part
        self._burst = max(1.0, (1.0 + self._limit / 10) * part)
        self._tokens = min(self._burst, self._tokens)

    def room(self, now: float) -> int:
        """How many PDUs may go now."""
        if now < self._resting_until:
            return 0
        if not self._limit:
            return _UNLIMITED
        self._fill(now)
        return int(self._tokens)

    def sent(self) -> None:
        """One PDU has gone."""
        self._tokens -= 1

    def wait(self, now: float) -> float:
        """Seconds until `room` is one at least; 0.0 where it is already."""
        resting = max(0.0, self._resting_until - now)
        if not self._limit:
            return resting
        self._fill(now)
        return max(resting, (1.0 - self._tokens) / self._rate)

    def throttled(self, now: float) -> None:
        """The operator said "slower". What was on its way already then says it once."""
        if now < self._resting_until:
            return
        self._rest = min(LAST_REST, self._rest * 2) if self._rest else FIRST_REST
        self._resting_until = now + self._rest

    def taken(self, now: float) -> None:
        """The operator takes messages: after the rest, the next one is shorter."""
        if self._rest and now >= self._resting_until:
            self._rest = self._rest / 2 if self._rest > FIRST_REST else 0.0

    def _fill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._then) * self._rate)
        self._then = now
