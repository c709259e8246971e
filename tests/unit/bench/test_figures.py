"""Percentiles, rates, medians, targets."""

import pytest
from bench.figures import Target, latency, medians, percentile, rate


class TestPercentile:
    @pytest.mark.parametrize(
        ("share", "expected"),
        [(0.0, 1), (0.01, 1), (0.5, 50), (0.505, 51), (0.99, 99), (1.0, 100)],
    )
    def test_is_the_nearest_rank(self, share: float, expected: int) -> None:
        assert percentile(list(range(100, 0, -1)), share) == expected

    def test_of_one_is_that_one(self) -> None:
        assert percentile([7.5], 0.5) == percentile([7.5], 0.99) == 7.5

    def test_of_none_is_nothing(self) -> None:
        assert percentile([], 0.99) == 0.0


def test_latency_is_told_in_milliseconds() -> None:
    spans = latency("answered", [3_000_000, 1_000_000, 2_000_000])
    assert spans == {"answered_p50_ms": 2.0, "answered_p99_ms": 3.0, "answered_max_ms": 3.0}


class TestRate:
    def test_counts_by_the_second(self) -> None:
        assert rate(500, 1_000_000_000, 1_250_000_000) == 2000.0

    def test_without_time_there_is_none(self) -> None:
        assert rate(500, 9, 9) == rate(0, 9, 0) == 0.0


class TestMedians:
    def test_a_figure_is_the_median_of_its_runs(self) -> None:
        runs = [{"a": 1.0, "b": 5.0}, {"a": 9.0, "b": 7.0}, {"a": 2.0}]
        assert medians(runs) == {"a": 2.0, "b": 6.0}

    def test_of_no_run_there_is_nothing(self) -> None:
        assert medians([]) == {}


class TestTarget:
    @pytest.mark.parametrize(("value", "met"), [(24_999.0, False), (25_000.0, True)])
    def test_at_least(self, value: float, met: bool) -> None:
        target = Target("rate", "fast", at_least=25_000)
        assert target.met({"rate": value}) is met
        assert target.ratio({"rate": value}) == value / 25_000

    @pytest.mark.parametrize(("value", "met"), [(4.999, True), (5.0, False)])
    def test_below(self, value: float, met: bool) -> None:
        target = Target("p99", "soon", below=5)
        assert target.met({"p99": value}) is met

    @pytest.mark.parametrize("target", [Target("rate", "words"), Target("other", "x", below=1)])
    def test_without_bound_or_figure_nothing_is_said(self, target: Target) -> None:
        assert target.met({"rate": 3.0}) is None
        assert target.ratio({"rate": 3.0}) is None
