"""What is told and judged of operators, routes and numbers before an engine is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from habar.errors import InvalidValue
from habar.model.route import Kind, Prefer, Route, Target
from habar.store.network import MOST_PORTED, OperatorRow, Ported
from habar.store.network_rows import (
    changed_names,
    check_route,
    place_of,
    ported_in_order,
    route_values,
    route_words,
    routes_of,
)

ROUTE = Route(7, 2, (Target(1, 1, 3, 5), Target(2, 2)), 4, "S", "kcell", "77", Kind.TEXT, 0)


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        (None, '{"b": 1, "a": null}', ["a", "b"]),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', []),
        ('{"a": 1, "b": 2}', '{"a": 1, "c": 3}', ["b", "c"]),
        ('{"a": {"x": 1}}', '{"a": {"x": 2}}', ["a"]),
        ("{}", '{"a": null}', ["a"]),
    ],
)
def test_settings_that_differ_are_named(before: str | None, after: str, names: list[str]) -> None:
    assert changed_names("kcell", before, after) == names


def test_no_word_of_settings_that_cannot_be_read_is_told() -> None:
    with pytest.raises(InvalidValue) as caught:
        changed_names("kcell", None, '{"password": "s3cr3t"')
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_an_operators_settings_are_in_no_repr() -> None:
    row = OperatorRow(1, "kcell", True, '{"password": "s3cr3t"}', 5)
    assert "s3cr3t" not in f"{row} {row!r} {[row]}"
    assert "settings=None" in repr(row._replace(settings=None))


def test_rows_become_the_route_that_they_came_from() -> None:
    other = replace(ROUTE, id=8, position=3, kind=None, prefer=Prefer.COST, targets=(Target(9),))
    rows = [
        (route.id, route.position, *route_values(route), *target)
        for route in (ROUTE, other)
        for target in route.targets
    ]
    assert routes_of(rows) == [ROUTE, other]
    assert routes_of([]) == []


def test_a_condition_that_is_nought_or_the_first_kind_is_told() -> None:
    words = route_words(ROUTE).split("; ")
    assert words[1:7] == [
        "account 4",
        "sender S",
        "network kcell",
        "prefix 77",
        "kind text",
        "priority 0",
    ]
    assert route_words(Route(1, 1, (Target(2),))) == (
        "position 1; prefer step; operator 2 step 1 weight 1 cost 0"
    )


@pytest.mark.parametrize(
    ("position", "count", "place"),
    [(0, 0, 1), (1, 0, 1), (1, 3, 1), (3, 3, 3), (4, 3, 4), (9, 3, 4)],
)
def test_a_route_comes_to_stand_in_its_place_or_at_the_end(
    position: int, count: int, place: int
) -> None:
    assert place_of(replace(ROUTE, position=position), count) == place


def test_a_route_may_lead_to_several_operators() -> None:
    check_route(ROUTE)


def test_of_a_number_the_last_word_counts() -> None:
    rows = [Ported(5, "a"), Ported(3, "a"), Ported(5, "b")]
    assert ported_in_order(rows) == [(3, "a"), (5, "b")]
    assert ported_in_order([]) == []
    with pytest.raises(InvalidValue):
        ported_in_order([Ported(1, "a")] * (MOST_PORTED + 1))
