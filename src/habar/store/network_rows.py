"""Rows of operators and routes, what may be written of them, and what the audit says of it.

Pure: knows no engine. Guarantees: no value of a setting is in a word that it makes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from habar.errors import InvalidValue
from habar.model.route import Kind, Prefer, Route, Target
from habar.store.network import MOST_PORTED, OperatorRow, Ported

_OWN = 9
"""A route's own columns."""


def operator_row(row: Sequence[Any]) -> OperatorRow:
    """`row`: id, name, enabled, settings, changed_at."""
    return OperatorRow(row[0], row[1], bool(row[2]), row[3], row[4])


def changed_names(name: str, before: str | None, after: str) -> list[str]:
    """Which settings of operator `name` are others now; all of them where there were none.

    Raises InvalidValue.
    """
    old = {} if before is None else _read(name, before)
    new = _read(name, after)
    absent = object()
    return [
        setting
        for setting in sorted(old.keys() | new.keys())
        if old.get(setting, absent) != new.get(setting, absent)
    ]


def _read(name: str, settings: str) -> dict[str, Any]:
    try:
        found = json.loads(settings)
    except ValueError:  # its words would have a piece of the settings in them
        found = None
    if not isinstance(found, dict):
        raise InvalidValue(f"the settings of operator {name} are no JSON object")
    return found


def routes_of(rows: Iterable[Sequence[Any]]) -> list[Route]:
    """Routes in the order of `rows`, a row for each of a route's targets.

    A row: id, position, account_id, sender, network, prefix, kind, priority, prefer; operator_id,
    step, weight, cost.
    """
    return [
        _route(own, tuple(Target(*row[_OWN:]) for row in of))
        for own, of in groupby(rows, key=lambda row: tuple(row[:_OWN]))
    ]


def _route(own: Sequence[Any], targets: tuple[Target, ...]) -> Route:
    route_id, position, account_id, sender, network, prefix, kind, priority, prefer = own
    return Route(
        route_id,
        position,
        targets,
        account_id,
        sender,
        network,
        prefix,
        None if kind is None else Kind(kind),
        priority,
        Prefer(prefer),
    )


def route_values(route: Route) -> tuple[Any, ...]:
    """The columns of `route` from account_id to prefer."""
    kind = None if route.kind is None else int(route.kind)
    conditions = (route.account_id, route.sender, route.network, route.prefix, kind)
    return (*conditions, route.priority, route.prefer.value)


def route_words(route: Route) -> str:
    """All that a route says, for the audit."""
    conditions = {
        "account": route.account_id,
        "sender": route.sender,
        "network": route.network,
        "prefix": route.prefix,
        "kind": None if route.kind is None else route.kind.name.lower(),
        "priority": route.priority,
    }
    words = [f"position {route.position}"]
    words += [f"{name} {value}" for name, value in conditions.items() if value is not None]
    words.append(f"prefer {route.prefer.value}")
    words += [
        f"operator {one.operator_id} step {one.step} weight {one.weight} cost {one.cost}"
        for one in route.targets
    ]
    return "; ".join(words)


def place_of(route: Route, count: int) -> int:
    """Where a route comes to stand among so many others."""
    return route.position if 1 <= route.position <= count else count + 1


def check_route(route: Route) -> None:
    """Raise InvalidValue for a route that leads nowhere, or to an operator twice."""
    operators = [target.operator_id for target in route.targets]
    if not operators:
        raise InvalidValue("a route needs an operator")
    if len({*operators}) < len(operators):
        raise InvalidValue("a route names an operator twice")
    if any(one.step < 1 or one.weight < 1 or one.cost < 0 for one in route.targets):
        raise InvalidValue("of a route's operators step and weight are at least 1, cost 0")
    if route.prefix is not None:
        _check_prefix(route.prefix)


def check_range(prefix: str, network: str) -> None:
    """Raise InvalidValue for what is no beginning of a number, or no network's name."""
    _check_prefix(prefix)
    if not network:
        raise InvalidValue("a range needs the name of a network")


def _check_prefix(prefix: str) -> None:
    if not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 15):  # E.164
        raise InvalidValue(f"{prefix!r} is not how a number begins: 1 to 15 digits")


def ported_in_order(rows: Sequence[Ported]) -> list[tuple[int, str]]:
    """The last word on each number, in order. Raises InvalidValue for more than MOST_PORTED."""
    if len(rows) > MOST_PORTED:
        raise InvalidValue(f"more than {MOST_PORTED} numbers at a time")
    return sorted(dict(rows).items())
