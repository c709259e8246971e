"""When a message that met a passing error is tried again.

Pauses double from the first to the last and are spread by a quarter, so that messages put off
together do not come back together. The random number is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """Growing pauses, in milliseconds."""

    first: int = 2_000
    last: int = 600_000
    give_up_after: int = 48 * 3_600_000
    """A message older than this, counted from when it was due, expires unsent."""

    def pause(self, attempts: int, spread: float) -> int:
        """Milliseconds to wait after the `attempts`-th failure (from 1); `spread` in [0, 1)."""
        grown = min(self.last, self.first * 2 ** min(attempts - 1, 32))
        return int(grown * (0.75 + spread / 2))

    def most_attempts(self, ms: int) -> int:
        """How often at most one message is tried in a span of so many milliseconds.

        The bound is kept by a message whose first attempt begins the span and whose pauses are
        all as short as they may be: one attempt, and one more after each pause that fits.
        """
        attempts = 1
        while (pause := self.pause(attempts, 0.0)) <= ms:
            ms -= pause
            attempts += 1
            if pause == self.pause(attempts, 0.0):  # they grow no more
                return attempts + ms // max(pause, 1)
        return attempts
