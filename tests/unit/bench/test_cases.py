"""Which cases there are, and which of them run."""

import pytest
from bench.cases import QUICK, USUAL, Kannel, Work, all_cases, chosen, unfit


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
        "single-16-callbacks",
        "single-16-callbacks-http",
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


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("single-16", 1300.0),
        ("subscribers-window-10", 2600.0),
        ("subscribers-window-100", 2600.0),
        ("single-16-callbacks", 6000.0),
        ("single-16-callbacks-http", 6000.0),
    ],
)
def test_kannels_rate_makes_its_target_a_bound(name: str, bound: float) -> None:
    def target(kannel: Kannel) -> float | None:
        (case,) = chosen(all_cases(QUICK, kannel), [name], million=False)
        return case.targets[0].at_least

    assert target(Kannel()) is None
    assert target(Kannel(messages=1000.0, subscribers=2000.0, receipts=3000.0)) == bound
