"""Shares by the recipient's number."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.model.shares import in_order, point_of

HUNDRED_THOUSAND = range(77_011_000_000, 77_011_100_000)


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
    first = Counter(in_order(point_of(number), weighted)[0] for number in numbers)
    for one, weight in weighted:
        assert abs(first[one] / 100_000 - weight / sum(weights)) < 0.01


def test_those_that_remain_share_by_weight_too():
    weighted = [("a", 70), ("b", 20), ("c", 10)]
    orders = [in_order(point_of(number), weighted) for number in HUNDRED_THOUSAND]
    second = Counter(order[1] for order in orders if order[0] == "a")
    assert abs(second["b"] / second.total() - 20 / 30) < 0.01


def test_a_change_of_weights_moves_only_what_it_must():
    def first(number, a, b):
        return in_order(point_of(number), [("a", a), ("b", b)])[0]

    moved = sum(first(n, 70, 30) != first(n, 60, 40) for n in HUNDRED_THOUSAND)
    assert abs(moved / 100_000 - 0.1) < 0.01


@given(
    st.integers(0, 2**64 - 1),
    st.lists(st.integers(1, 10**6), max_size=8).map(lambda weights: list(enumerate(weights))),
)
def test_all_are_in_the_order_once(point, weighted):
    assert sorted(in_order(point, weighted)) == [one for one, _ in weighted]
