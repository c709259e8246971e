"""The rate limit: how many parts an account may submit in a second (spec/xml.md, code 207).

A token bucket an account, holding one second's worth. A message longer than the whole bucket may
go when the bucket is full, and leaves a debt. In memory: a restart gives everybody a full bucket.
As large as the number of accounts that have a limit. Knows no clock: seconds are an argument.
"""

from __future__ import annotations


class RateLimits:
    """Buckets by account id."""

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: dict[int, tuple[float, float]] = {}

    def take(self, account_id: int, limit: int, parts: int, now: float) -> bool:
        """Take `parts` of `limit` a second at `now` (seconds); False: not now, nothing taken."""
        level, at = self._buckets.get(account_id, (float(limit), now))
        level = min(float(limit), level + (now - at) * limit)
        if level < min(parts, limit):
            return False
        self._buckets[account_id] = (level - parts, now)
        return True

    def give_back(self, account_id: int, parts: int) -> None:
        """The store refused what was taken for: a refused message uses nothing up."""
        bucket = self._buckets.get(account_id)
        if bucket is not None:
            self._buckets[account_id] = (bucket[0] + parts, bucket[1])
