"""What the door has answered, counted in plain integers for /metrics.

Guarantees: every message that was judged is counted once, by what its customer is told. Changed in
the loop's thread only.
"""

from __future__ import annotations

from collections.abc import Iterable

from habar.errors import Refusal
from habar.model.message import Outcome


class Tally:
    """Counts since the process began."""

    __slots__ = ("accepted", "parts", "refused", "repeated", "turned_away")

    def __init__(self) -> None:
        self.accepted = 0
        """Messages stored; one that came too late (EXPIRED at once) too."""
        self.parts = 0
        """Their parts."""
        self.repeated = 0
        """Repeats that were given the first message's answer (`compat.duplicate_id`)."""
        self.refused = dict.fromkeys(Refusal, 0)
        """FAULT: could not be stored; the customer was asked to come again, or told 200."""
        self.turned_away = 0
        """Packages not looked at: the gateway stops, or too much waits to be written."""

    def count(self, outcomes: Iterable[Outcome]) -> None:
        """Count what became of some messages."""
        for _, parts, _, refusal, repeat in outcomes:
            if refusal is not None:
                self.refused[refusal] += 1
            elif repeat:
                self.repeated += 1
            else:
                self.accepted += 1
                self.parts += parts
