"""How fast an operator is sent to: a token bucket in PDUs whose rate follows what is taken.

All of a process's links to one operator share one. A process that has a share of the operator's
sending binds only has that share of the limit, too.

Guarantees:
- Over any stretch of time at most `limit` PDUs a second go, and one and a tenth of a second's worth
  more; of both a process has its share, but may always send one PDU that it has saved up, so that
  several processes which were idle may send one each at the same moment.
- Each time that the operator says "slower" the rate falls to nine tenths of what it took in the
  last second, by a tenth at least and by half at most. What was on its way by then says it once
  (`deaf`: a round trip and a half, 0.2 seconds at least). Where there was no rate yet, it begins
  from what was taken. It never falls under FLOOR (nor under the limit, where that is less).
- After each of these comes a rest of FIRST_REST, which doubles up to LAST_REST while nothing is
  taken in between. No storm follows: after a rest the bucket holds one PDU at most, and after a
  time without a link its burst, a tenth of a second's worth and one.
- As PDUs are taken the rate grows: by doubling to nine tenths of what is known to be taken in a
  second (all the way where that is not known: less than a second was seen), then by a hundredth of
  it in a second, and after PATIENT seconds by steps that double every STRIDE. After FULL_AFTER
  seconds without "slower" it is the limit again, or none. A second here is a second's worth of the
  rate that was taken, SLOWEST PDUs at least: so full speed is back after a minute of full traffic
  from SLOWEST PDUs a second on, and after ten minutes at the worst from FLOOR.
- Against an SMSC that takes so many PDUs a second, over 85 in a hundred of these go through and
  under three in a hundred are sent in vain (property tests, from 10 PDUs a second on).

Where there is no limit and nobody says "slower", nothing is reckoned but what is taken. Pure: `now`
is monotonic seconds, an argument.
"""

from __future__ import annotations

import math

FLOOR = 0.5
"""PDUs a second: however often the operator says "slower"."""
FIRST_REST = 0.1
LAST_REST = 1.0
"""Seconds."""
PATIENT = 12.0
STRIDE = 3.0
FULL_AFTER = 60.0
SLOWEST = 5.0

_BEGIN = 10.0
"""PDUs a second, where the operator throttles and has taken nothing by which to tell."""
_CUT, _MOST_CUT = 0.9, 0.5
_STEP = 0.01
_DEAF = 0.2
_LONGEST_ROUND = 2.0
_UNLIMITED = 1 << 30
_BOUNDLESS = 100_000.0
"""PDUs a second: at such a rate nothing is held back, where there is no limit."""


class Pace:
    """One operator's, in one process."""

    __slots__ = (
        "_burst",
        "_deaf_until",
        "_floor",
        "_known",
        "_limit",
        "_part",
        "_rate",
        "_rest",
        "_resting_until",
        "_smooth",
        "_taken",
        "_then",
        "_tokens",
        "round_trip",
    )

    def __init__(self, limit: int, now: float) -> None:
        self.round_trip = 0.0
        """Seconds from a PDU to its answer, as measured; 0.0: not known yet."""
        self._limit = limit
        self._part = 1.0
        self._taken = _Measure(now)
        self._known = math.inf
        """What the operator is known to take in a second; inf: not known."""
        self._smooth = FULL_AFTER
        """Seconds' worth taken since the last "slower"."""
        self._rest = 0.0
        self._resting_until = self._deaf_until = now
        self._rate = self._full
        """PDUs a second; inf: as many as there are."""
        self._floor = self._burst = self._tokens = 0.0
        self._resize()
        self._tokens = self._burst
        self._then = now

    # --- What is permitted -----------------------------------------------------------------------
    def share(self, part: float, now: float) -> None:
        """From now on this much of the limit is ours: more than 0.0, at most 1.0."""
        self._fill(now)
        known = part / self._part
        self._part = part
        if self._smooth < FULL_AFTER:
            self._known *= known
            self._rate = min(self._full, self._rate * known)
        else:
            self._rate = self._full
        self._resize()

    def permit(self, limit: int, now: float) -> None:
        """From now on this is the limit over all processes; 0: none."""
        self._fill(now)
        if self._rate == math.inf:
            self._tokens = math.inf  # nothing was reckoned; it is cut down to the burst
        self._limit = limit
        self._rate = self._full if self._smooth >= FULL_AFTER else min(self._full, self._rate)
        self._resize()

    @property
    def rate(self) -> float:
        """PDUs a second that may go now; inf where nothing holds them back."""
        return self._rate

    # --- Sending ---------------------------------------------------------------------------------
    def room(self, now: float) -> int:
        """How many PDUs may go now."""
        if now < self._resting_until:
            return 0
        if self._rate == math.inf:
            return _UNLIMITED
        self._fill(now)
        return max(0, int(self._tokens))

    def sent(self) -> None:
        """One PDU has gone."""
        self._tokens -= 1

    def wait(self, now: float) -> float:
        """Seconds until `room` is one at least; 0.0 where it is already."""
        resting = max(0.0, self._resting_until - now)
        if self._rate == math.inf:
            return resting
        self._fill(now)
        since = max(now, self._then)
        return max(resting, since - now + (1.0 - self._tokens) / self._rate)

    # --- What the operator says ------------------------------------------------------------------
    def taken(self, count: int, now: float) -> None:
        """So many PDUs were taken."""
        self._taken.add(count, now)
        if self._rate != math.inf and self._smooth < FULL_AFTER:
            self._rest = 0.0
            self._grow(count, now)

    def throttled(self, now: float) -> None:
        """The operator said "slower". What was on its way already then says it once."""
        if now < self._deaf_until:
            return
        taken = self._taken.in_a_second(now)
        if self._rate == math.inf:
            self._rate = taken or _BEGIN
            self._tokens, self._then = 1.0, now
        self._fill(now)
        known = taken >= FLOOR and self._taken.is_whole(now)
        self._known = taken if known else math.inf
        self._rate = max(self._floor, self._rate * _MOST_CUT, min(self._rate, taken) * _CUT)
        self._smooth = 0.0
        self._rest = min(LAST_REST, self._rest * 2) if self._rest else FIRST_REST
        self._resting_until = now + self._rest
        round_trip = min(_LONGEST_ROUND, self.round_trip * 1.5)
        self._deaf_until = now + max(self._rest, round_trip, _DEAF)
        self._resize()
        self._tokens = min(1.0, self._tokens + self._rest * self._rate)
        self._then = self._resting_until

    # --- Reckoning -------------------------------------------------------------------------------
    @property
    def _full(self) -> float:
        return self._limit * self._part if self._limit else math.inf

    def _grow(self, count: int, now: float) -> None:
        self._fill(now)
        seconds = count / max(self._rate, SLOWEST)
        self._smooth += seconds
        if self._smooth >= FULL_AFTER or self._rate >= _BOUNDLESS:
            self._smooth, self._rate = FULL_AFTER, self._full
        elif self._rate < self._known * _CUT:
            # Not beyond what is known: from there on it is felt for.
            self._rate = min(self._full, self._known * _CUT, self._rate * (1.0 + seconds))
        else:
            strides = max(0.0, self._smooth - PATIENT) / STRIDE
            step = self._known * _STEP * 2.0**strides
            self._rate = min(self._full, self._rate + step * seconds)
        self._resize()

    def _resize(self) -> None:
        self._floor = min(FLOOR, self._full)
        rate = self._rate
        # A share of a burst, and yet one PDU at least, or nothing would ever go.
        whole = 0.0 if rate == math.inf else rate / 10 + self._part
        self._burst = max(1.0, whole)
        self._tokens = min(self._burst, self._tokens)

    def _fill(self, now: float) -> None:
        if now > self._then:
            if self._rate != math.inf:
                saved = self._tokens + (now - self._then) * self._rate
                self._tokens = min(self._burst, saved)
            self._then = now


class _Measure:
    """How many in the last second, over all of it: the last two periods of a second, weighed."""

    __slots__ = ("_before", "_begin", "_busy_since", "_count")

    def __init__(self, now: float) -> None:
        self._begin = self._busy_since = now
        self._count = self._before = 0

    def add(self, count: int, now: float) -> None:
        if now - self._begin >= 1.0:
            self._turn(now)
        if not (self._count or self._before):
            self._busy_since = now
        self._count += count

    def in_a_second(self, now: float) -> float:
        if now - self._begin >= 1.0:
            self._turn(now)
        return self._count + self._before * (1.0 - (now - self._begin))

    def is_whole(self, now: float) -> bool:
        """Whether there was something all that second: after a pause it tells too little."""
        return now - self._busy_since >= 1.0

    def _turn(self, now: float) -> None:
        periods = int(now - self._begin)
        self._before = self._count if periods == 1 else 0
        self._count = 0
        self._begin += periods
