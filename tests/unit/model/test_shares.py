"""Shares by the recipient's number."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.model.shares import Shares, point_of

HUNDRED_THOUSAND = range(77_011_000_000, 77_011_100_000)


def in_order(point, weighted):
    return list(Shares(weighted).in_order(point))


def first_of(point, weighted):
    return next(Shares(weighted).in_order(point))


@pytest.mark.parametrize(
    ("number", "point"),
    [
        # The published values of SplitMix64: the first that the seeds 0 and 1234567 give.
        (0, 16294208416658607535),
        (1234567, 6457827717110365317),
    ],
)
def test_the_point_is_that_of_the_written_function(number, point):
    assert point_of(number) == point


@pytest.mark.parametrize("step", [1, 2, 10, 1000, 7919])
@pytest.mark.parametrize("weights", [(70, 30), (1, 1, 1), (5, 3, 2), (98, 1, 1)])
def test_each_gets_its_share_within_a_hundredth(weights, step):
    weighted = list(enumerate(weights))
    numbers = range(77_000_000_000, 77_000_000_000 + 100_000 * step, step)
    first = Counter(first_of(point_of(number), weighted) for number in numbers)
    for one, weight in weighted:
        assert abs(first[one] / 100_000 - weight / sum(weights)) < 0.01


def test_those_that_remain_share_by_weight_too():
    weighted = [("a", 70), ("b", 20), ("c", 10)]
    orders = [in_order(point_of(number), weighted) for number in HUNDRED_THOUSAND]
    second = Counter(order[1] for order in orders if order[0] == "a")
    assert abs(second["b"] / second.total() - 20 / 30) < 0.01


def test_a_change_of_weights_moves_only_what_it_must():
    def first(number, a, b):
        return first_of(point_of(number), [("a", a), ("b", b)])

    moved = sum(first(n, 70, 30) != first(n, 60, 40) for n in HUNDRED_THOUSAND)
    assert abs(moved / 100_000 - 0.1) < 0.01


@given(
    st.integers(0, 2**64 - 1),
    st.lists(st.integers(1, 10**6), max_size=8).map(lambda weights: list(enumerate(weights))),
)
def test_all_are_in_the_order_once(point, weighted):
    assert sorted(in_order(point, weighted)) == [one for one, _ in weighted]


def test_the_order_is_one_for_ever():
    """What it was in the first release: a subscriber's way does not change by an upgrade."""
    weighted = [("a", 5), ("b", 3), ("c", 2), ("d", 1)]
    orders = [
        "".join(in_order(point_of(n), weighted)) for n in range(77_010_000_000, 77_010_000_008)
    ]
    assert orders == ["abcd", "cdab", "abcd", "acbd", "acbd", "cabd", "bacd", "bacd"]


@pytest.mark.parametrize("point", [0, 2**64 - 1])
def test_the_ends_of_the_line(point):
    weighted = [("a", 3), ("b", 1), ("c", 2)]
    assert "".join(in_order(point, weighted)) == ("abc" if point == 0 else "cba")
