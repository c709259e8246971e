"""Which cases there are, and which of them run."""

import pytest
from bench.cases import QUICK, USUAL, Work, all_cases, chosen, unfit


def names(patterns: list[str], million: bool = False) -> list[str]:
    return [case.name for case in chosen(all_cases(QUICK), patterns, million)]


def test_names_are_unique() -> None:
    every = [case.name for case in all_cases(USUAL)]
    assert len(set(every)) == len(every)


def test_all_but_the_million_unless_it_is_wanted() -> None:
    assert names([], million=True) == [*names([]), "million"]


def test_a_pattern_chooses() -> None:
    assert names(["single-1*", "million"]) == [
        "single-1",
        "single-1-receipts",
        "single-16",
        "single-16-receipts",
        "million",
    ]


def test_a_pattern_that_names_nothing_is_told() -> None:
    with pytest.raises(ValueError, match="double"):
        names(["single-*", "double-*"])


def test_whole_requests_only() -> None:
    for case in all_cases(QUICK) + all_cases(USUAL):
        assert case.messages % case.size == 0
        assert case.messages or case.work is Work.NEIGHBOUR


def test_a_case_with_fewer_connections_than_nodes_is_unfit() -> None:
    left_out = [case.name for case in all_cases(USUAL) if unfit(case, 2)]
    assert left_out == ["single-1", "single-1-receipts"]
    assert not any(unfit(case, 1) for case in all_cases(USUAL))


def test_kannels_rate_makes_its_target_a_bound() -> None:
    def target(rate: float | None) -> float | None:
        (case,) = chosen(all_cases(QUICK, rate), ["single-16"], million=False)
        return case.targets[0].at_least

    assert target(None) is None
    assert target(1000.0) == 1300.0
