"""store/postgres/spans.py: which spans may go whole, and what goes by rows from the others."""

from __future__ import annotations

import pytest

from habar.store.postgres.ids import DAY
from habar.store.postgres.spans import PATIENCE_DAYS, Span

TODAY = 20_000
NOW = TODAY * DAY + 5_000


def span(day: int, *, newest: bool = False) -> Span:
    return Span(1, 10_001, day, 0, newest, NOW)


@pytest.mark.parametrize(
    ("day", "newest", "over"),
    [
        (TODAY, True, False),
        (TODAY, False, False),
        (TODAY - 1, False, False),
        (TODAY - 2, False, True),
        (TODAY - 2, True, False),
        (TODAY - 400, True, False),
    ],
)
def test_a_span_is_over_when_no_node_can_use_it(day: int, newest: bool, over: bool) -> None:
    assert span(day, newest=newest).is_over == over
    assert span(day, newest=newest).may_be_old(NOW + DAY) == over


def test_it_may_be_old_when_its_whole_day_is() -> None:
    day = TODAY - 30
    assert not span(day).may_be_old((day + 1) * DAY - 1)
    assert span(day).may_be_old((day + 1) * DAY)


@pytest.mark.parametrize(
    ("day", "newest", "before", "rows_before"),
    [
        # The days in which it may still go whole: only what is older than the span itself.
        (TODAY - 30, False, (TODAY - 30) * DAY + 7, (TODAY - 30) * DAY),
        (TODAY - 30, False, (TODAY - 30 + PATIENCE_DAYS) * DAY - 1, (TODAY - 30) * DAY),
        (TODAY - 30, False, (TODAY - 40) * DAY, (TODAY - 40) * DAY),
        # After them, exactly what was asked for.
        *[(TODAY - 30, False, (TODAY - 30 + n) * DAY, (TODAY - 30 + n) * DAY) for n in (3, 9)],
        # It cannot go whole while ids are drawn from it.
        (TODAY - 30, True, (TODAY - 30) * DAY + 7, (TODAY - 30) * DAY + 7),
        # Who asks for less than a day is not told to wait for whole days.
        (TODAY - 1, False, NOW - DAY, (TODAY - 1) * DAY),
        (TODAY - 1, False, NOW - DAY + 1, NOW - DAY + 1),
        (TODAY, False, NOW + DAY, NOW + DAY),
    ],
)
def test_rows_that_go_one_by_one(day: int, newest: bool, before: int, rows_before: int) -> None:
    assert span(day, newest=newest).rows_before(before) == rows_before
