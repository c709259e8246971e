"""Gives up what was tried for too long, however seldom its host lets it be tried.

Guarantees: small batches, one at a time; a store that is away is asked again at the next round.
Nothing is given up in the first minutes: where all was down for longer than things are tried, what
was owed is called once at least (a try that fails gives up by itself).
"""

from __future__ import annotations

from habar.callbacks.figures import Figures
from habar.errors import HabarError
from habar.operators import Clock, Timer
from habar.store.callbacks import GiveUpCalls
from habar.store.port import Journal

_EVERY = 1.0
_BATCH = 500
_GRACE_MS = 600_000
"""As long as a host that fails is left in peace at most."""


class Sweep:
    """A round every second; a full batch is followed by the next one at once."""

    def __init__(
        self, journal: Journal, clock: Clock, give_up_after: int, figures: Figures
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._give_up_after = give_up_after
        self._figures = figures
        self._timer: Timer | None = None
        self._running = False
        self._from = 0
        """When it begins to give up."""

    def start(self) -> None:
        """Begin, with a round at once."""
        self._running = True
        self._from = self._clock.now_ms() + _GRACE_MS
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
        before = now - self._give_up_after if now >= self._from else 0
        self._journal.ask(GiveUpCalls(before, _BATCH, now), self._given_up)

    def _given_up(self, answer: int | HabarError) -> None:
        pause = _EVERY
        if isinstance(answer, HabarError):
            self._figures.store_failures += 1
        else:
            self._figures.swept += answer
            pause = 0.0 if answer >= _BATCH else _EVERY
        if self._running:
            self._timer = self._clock.call_later(pause, self._round)
