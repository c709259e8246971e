"""Which operators are out: none of their links is up anywhere, and has not been for too long.

An operator is out where its data say `fail-over` and no node has had a bound sending link to it
for `fail_over_after` seconds; one that is disabled is out at once. Guarantees: an operator is back
in at the first look that sees a link; what nobody has looked at counts as up until the first look.
Pure: `now` is an argument, in UTC milliseconds by a clock that may jump: a jump makes nobody out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from habar.operators import OperatorSettings, WhenDown

_JUMP = 30_000
"""Milliseconds between two looks that cannot be: the clock was put, or the process slept."""


class Outages:
    """Looked at every second or so."""

    def __init__(self) -> None:
        self._up_at: dict[int, int] = {}
        self._looked_at = 0

    def look(
        self, operators: Iterable[OperatorSettings], up: Mapping[int, bool], now: int
    ) -> frozenset[int]:
        """The ids of those that are out; `up` says of which ids a link is seen, on any node."""
        jumped = not 0 <= now - self._looked_at <= _JUMP
        self._looked_at = now
        out = set()
        known = {}
        for operator in operators:
            seen = up.get(operator.id, False) or jumped
            known[operator.id] = now if seen else self._up_at.get(operator.id, now)
            if not operator.sends:
                out.add(operator.id)
            elif operator.when_down is WhenDown.FAIL_OVER:
                away = now - known[operator.id]
                if away > 0 and away >= operator.fail_over_after * 1000:
                    out.add(operator.id)
        self._up_at = known
        return frozenset(out)
