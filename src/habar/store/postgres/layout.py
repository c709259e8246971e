"""Lays message ids that were given elsewhere into spans, as if they had been given here.

Guarantees: each id is in exactly one span, the spans follow each other without a gap, and the last
one leaves room to go on. A span begins where the first message of a later day than all before it
stands, so that no message is in a span of an earlier day than its own: what came a moment late, or
while a clock was ahead, is kept a little longer than it must be, never shorter. Days are at most
`today`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from habar.store.copied import FirstOfDay
from habar.store.postgres.ids import LARGEST, SMALLEST


class Span(NamedTuple):
    """Ids from `first_id` up to, not including, `end_id`."""

    first_id: int
    end_id: int
    day: int


def laid_out(days: Iterable[FirstOfDay], next_id: int, today: int) -> list[Span]:
    """The spans for messages of these days, where ids go on at `next_id`."""
    starts: list[FirstOfDay] = []
    for one in sorted(days, key=lambda one: (one.first_id, one.day)):
        day = min(one.day, today)
        if not starts or day > starts[-1].day:
            starts.append(FirstOfDay(day, one.first_id))
    if not starts:
        return []
    ends = [*(one.first_id for one in starts[1:]), next_id + SMALLEST]
    return [
        Span(first, min(first + LARGEST, end), start.day)
        for start, end in zip(starts, ends, strict=True)
        for first in range(start.first_id, end, LARGEST)
    ]
