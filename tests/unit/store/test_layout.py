"""Ids that were given elsewhere, laid into spans."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from habar.store.copied import FirstOfDay
from habar.store.postgres.ids import LARGEST, SMALLEST
from habar.store.postgres.layout import Span, laid_out

TODAY = 20_000


def test_nothing_is_laid_out_where_there_is_nothing() -> None:
    assert laid_out([], 1, TODAY) == []


def test_a_day_a_span_and_room_at_the_end() -> None:
    days = [FirstOfDay(10, 1), FirstOfDay(12, 700), FirstOfDay(11, 300)]
    assert laid_out(days, 1001, TODAY) == [
        Span(1, 300, 10),
        Span(300, 700, 11),
        Span(700, 1001 + SMALLEST, 12),
    ]


def test_what_was_deleted_before_the_first_needs_no_span() -> None:
    assert laid_out([FirstOfDay(10, 501)], 502, TODAY) == [Span(501, 502 + SMALLEST, 10)]


def test_a_day_whose_first_message_came_late_begins_with_the_next() -> None:
    """Day 11's first id stands behind day 12's: no span of its own can hold it."""
    days = [FirstOfDay(10, 1), FirstOfDay(12, 50), FirstOfDay(11, 60)]
    assert [span.day for span in laid_out(days, 100, TODAY)] == [10, 12]


def test_no_day_is_later_than_today() -> None:
    days = [FirstOfDay(10, 1), FirstOfDay(TODAY + 900, 50), FirstOfDay(11, 60)]
    assert [(s.first_id, s.day) for s in laid_out(days, 100, TODAY)] == [(1, 10), (50, TODAY)]


def test_a_day_of_very_many_has_several_spans() -> None:
    spans = laid_out([FirstOfDay(10, 1), FirstOfDay(11, 2 * LARGEST + 5)], 2 * LARGEST + 9, TODAY)
    assert [(span.first_id, span.day) for span in spans] == [
        (1, 10),
        (LARGEST + 1, 10),
        (2 * LARGEST + 1, 10),
        (2 * LARGEST + 5, 11),
    ]


MESSAGES = st.lists(st.integers(0, 30), min_size=1, max_size=200)


@given(MESSAGES, st.integers(1, 10_000), st.integers(0, 40))
def test_each_id_is_in_one_span_and_no_span_is_of_an_earlier_day(
    created: list[int], first: int, today: int
) -> None:
    messages = dict(enumerate(created, first))
    days: dict[int, int] = {}
    for number, day in messages.items():
        days.setdefault(day, number)
    next_id = first + len(messages)
    spans = laid_out([FirstOfDay(*one) for one in days.items()], next_id, today)
    assert spans[0].first_id == first
    assert spans[-1].end_id == next_id + SMALLEST
    for one, following in pairwise(spans):
        assert one.end_id == following.first_id
        assert one.day < following.day
    for number, day in messages.items():
        [span] = [span for span in spans if span.first_id <= number < span.end_id]
        assert min(day, today) <= span.day <= today
