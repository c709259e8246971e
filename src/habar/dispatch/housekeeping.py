"""Ends the messages that have waited too long, for the operator or for its receipt.

Unsent: `date_end` is past, or nothing helped for days: EXPIRED. Sent: the time in which the
operator reports is over: UNKNOWN.

Guarantees: small batches, one at a time, so that a million expired messages hold nobody up; a
store that cannot write is asked again at the next round. Knows no operators.
"""

from __future__ import annotations

from habar.errors import HabarError
from habar.model.retry import RetryPlan
from habar.operators import Clock, SystemClock, Timer
from habar.store.events import EndAwaited, ExpireWaiting
from habar.store.port import Journal

_DEFAULT_RETRY = RetryPlan()


class Housekeeping:
    """A round every so many seconds; a full batch is followed by the next one at once."""

    def __init__(
        self,
        journal: Journal,
        *,
        retry: RetryPlan = _DEFAULT_RETRY,
        clock: Clock | None = None,
        every: float = 5.0,
        batch: int = 500,
    ) -> None:
        self.expired = 0
        """Messages that ended unsent since the process began."""
        self.unreported = 0
        """Messages that ended without a receipt."""
        self.failures = 0
        """Rounds that the store could not do."""
        self._journal = journal
        self._retry = retry
        self._clock = clock or SystemClock()
        self._every = every
        self._batch = batch
        self._running = False
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin, with a round at once."""
        self._running = True
        self._round()

    def stop(self) -> None:
        """End after the round that is under way, if one is."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _round(self) -> None:
        self._timer = None
        now = self._clock.now_ms()
        question = ExpireWaiting(now, now - self._retry.give_up_after, self._batch)
        self._journal.ask(question, self._expired)

    def _expired(self, answer: list[int] | HabarError) -> None:
        if isinstance(answer, HabarError):
            self._failed()
            return
        self.expired += len(answer)
        question = EndAwaited(self._clock.now_ms(), self._batch)
        self._journal.ask(question, lambda value: self._ended(value, len(answer)))

    def _ended(self, answer: list[int] | HabarError, expired: int) -> None:
        if isinstance(answer, HabarError):
            self._failed()
            return
        self.unreported += len(answer)
        self._next(0.0 if max(expired, len(answer)) >= self._batch else self._every)

    def _failed(self) -> None:
        self.failures += 1
        self._next(self._every)

    def _next(self, pause: float) -> None:
        if self._running:
            self._timer = self._clock.call_later(pause, self._round)
