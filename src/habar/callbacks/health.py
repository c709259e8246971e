"""Whether a host may be called: one that fails again and again is left in peace, longer each time.

| state | calls at a time | it leaves the state when |
|---|---|---|
| well | all that there is room for | so many calls in a row fail: paused |
| paused | none | the pause is over: on trial |
| on trial | one | it answers: well; it does not: paused, for longer |

Guarantees: calls that were under way when a pause began make it no longer; any answer ends it. Of
however many hosts that fail, those are remembered that failed last; of the others what was written
down. Pure: the time and the chance are arguments.
"""

from __future__ import annotations

from habar.model.retry import RetryPlan
from habar.store.callbacks import HostQueue

_REMEMBERED = 10_000
"""Hosts that fail."""


class Health:
    """What is known of one host."""

    __slots__ = ("_limit", "_plan", "failures", "paused_until", "trying")

    def __init__(
        self, plan: RetryPlan, limit: int, *, failures: int = 0, paused_until: int = 0
    ) -> None:
        """`limit`: failures in a row that it takes; the rest as it was written down."""
        self.failures = failures
        self.paused_until = paused_until
        self.trying = False
        """The one call of a trial is under way."""
        self._plan = plan
        self._limit = limit

    @property
    def ill(self) -> bool:
        """Whether it is paused or on trial."""
        return self.failures >= self._limit

    def room(self, most: int, now: int) -> int:
        """How many calls may be begun now, of so many at most."""
        if not self.ill:
            return most
        return 0 if self.trying or now < self.paused_until else min(most, 1)

    def answered(self) -> bool:
        """It has answered; whether that is news to be written down."""
        news = self.failures > 0 and (self.ill or self.paused_until > 0)
        self.failures = self.paused_until = 0
        return news

    def failed(self, now: int, spread: float, *, trial: bool) -> bool:
        """It has failed; whether that is news to be written down. `trial`: in the one call."""
        if self.ill and not trial:
            return False
        self.failures += 1
        if not self.ill:
            return False
        self.paused_until = now + self._plan.pause(self.failures - self._limit + 1, spread)
        return True


class Healths:
    """What is known of all hosts."""

    def __init__(self, plan: RetryPlan, limit: int) -> None:
        """As for `Health`."""
        self._plan = plan
        self._limit = limit
        self._failing: dict[str, Health] = {}

    def of(self, queue: HostQueue) -> Health:
        """As it is remembered, else as it was written down."""
        return self._failing.get(queue.host) or Health(
            self._plan, self._limit, failures=queue.failures, paused_until=queue.paused_until
        )

    def changed(self, host: str, health: Health) -> None:
        """Remember it, or forget it where it is well."""
        self._failing.pop(host, None)
        if health.failures:
            self._failing[host] = health
            if len(self._failing) > _REMEMBERED:
                del self._failing[next(iter(self._failing))]

    @property
    def ill(self) -> int:
        """How many are paused or on trial."""
        return sum(health.ill for health in self._failing.values())
