"""Places that all accounts share: for calls under way, and for obligations in memory.

Guarantees: an account has at most as many as are free then. So no account ever has all, however
many hosts it has called and however slow they are; one that comes new finds some. Pure.
"""

from __future__ import annotations

from collections import Counter


class Shares:
    """So many places, by the account that has them."""

    def __init__(self, places: int) -> None:
        self.taken = 0
        """More than there are, where accounts without any were given their first."""
        self._places = places
        self._by_account = Counter[int]()

    def of(self, account_id: int) -> int:
        """How many it has."""
        return self._by_account[account_id]

    def free(self, account_id: int) -> int:
        """How many more it may have, if all its hosts together take no other's."""
        free = self._places - self.taken
        return max(0, (free - self._by_account[account_id] + 1) // 2)

    def take(self, account_id: int, count: int = 1) -> None:
        """It has so many more, whether they are free or not."""
        self.taken += count
        self._by_account[account_id] += count

    def give_back(self, account_id: int, count: int = 1) -> None:
        """It has so many fewer."""
        self.taken -= count
        self._by_account[account_id] -= count
        if not self._by_account[account_id]:
            del self._by_account[account_id]
