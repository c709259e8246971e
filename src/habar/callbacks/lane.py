"""One host's turn: what may be claimed for it and what may be begun, decided without I/O.

Guarantees:
- No more calls at a time than the host may have, one on trial, none in a pause.
- What is shared by all hosts of an account (places for calls, places in memory) is never taken
  whole by some: a host may have at most as much as is still free for the account (shares.py). So
  the places are spread over however many hosts are slow, a host that comes new finds some, and a
  host alone has all that it may.
- In hand is at most what can be called now and as much again, and twice that of what was called and
  is not on disk yet, also while the store is away; and one at least, where any may be had.
Knows no store, no HTTP and no clock.
"""

from __future__ import annotations

from collections import deque

from habar.callbacks.health import Health
from habar.store.callbacks import Call

NEVER = 1 << 62


class Lane:
    """A host with work."""

    __slots__ = (
        "_per_host",
        "account_id",
        "asked",
        "due_at",
        "health",
        "host",
        "ready",
        "running",
        "starving",
        "unsettled",
    )

    def __init__(self, host: str, health: Health, per_host: int) -> None:
        self.host = host
        self.account_id = 0
        """Whose the next call to it is."""
        self.health = health
        self.ready: deque[Call] = deque()
        """Claimed, not begun."""
        self.running = 0
        self.asked = 0
        """Calls that the store was asked for and has not given yet."""
        self.unsettled = 0
        """Ended, and not yet on disk."""
        self.starving = False
        """It waits for places in memory, which other hosts of the account have."""
        self.due_at = NEVER
        """When there is something to claim."""
        self._per_host = per_host

    @property
    def in_hand(self) -> int:
        """Places in memory that it takes."""
        return len(self.ready) + self.running + self.asked + self.unsettled

    def may_act(self, now: int) -> bool:
        """Whether there is anything to do for it."""
        return (self.due_at <= now or bool(self.ready)) and self.health.room(1, now) > 0

    def wants_a_place(self, now: int) -> bool:
        """Whether it could begin a call if there were a place for one."""
        if not self.ready or not self.health.room(1, now):
            return False
        # On trial, what was begun before the pause is no matter.
        return self.health.ill or self.running < self._per_host

    def next(self, now: int, free: int) -> Call | None:
        """The call to begin now, of so many free places; the lane counts it as running."""
        if not self.wants_a_place(now):
            return None
        if self.health.ill:
            if free <= 0:
                return None
            self.health.trying = True
        elif self.running >= free:
            return None
        self.running += 1
        return self.ready.popleft()

    def wanted(self, now: int, free: int) -> int:
        """How many to ask the store for, of so many free places in memory; 0: nothing."""
        if self.asked or self.due_at > now:
            return 0
        if self.health.ill:
            return 0 if self.ready else self.health.room(1, now)
        if len(self.ready) > self._per_host // 2:
            return 0
        in_hand = self.in_hand
        most = min(
            2 * self._per_host - len(self.ready) - self.running,
            4 * self._per_host - in_hand,
            (free - in_hand) // 2,
        )
        return max(0 if in_hand else 1, most)

    def given(self, calls: list[Call], now: int) -> None:
        """The store's answer to the last question."""
        self.due_at = now if len(calls) == self.asked else NEVER
        self.asked = 0
        self.ready.extend(calls)

    def put_down(self) -> list[Call]:
        """Everything that was not begun: it is in hand no more."""
        calls = list(self.ready)
        self.ready.clear()
        return calls
