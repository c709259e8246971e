"""Which operator a message goes to, and which one comes after it where that one fails.

Guarantees:
- Every message has an operator where there is any. The first route in order whose conditions all
  hold and that names a usable operator decides, else the default: all that send, by their ids.
- The same traffic goes the same way in every process: what is shared by weight is shared by the
  recipient's number (`shares`).
- `explain` tells the very decision that `choose` takes: both walk the same lines.
- Frozen: a change makes new Routes. What is remembered of earlier decisions is bounded.

The decision is taken when a message is accepted. Pure: knows no link, no settings, no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from habar.errors import NoOperator
from habar.model.numbers import Networks, Prefixes
from habar.model.shares import Shares, point_of
from habar.model.told import explain
from habar.model.traffic import Kind, Operator, Plan, Prefer, Route, Target, Traffic

__all__ = ["Kind", "Operator", "Plan", "Prefer", "Route", "Routes", "Target", "Traffic"]

_REMEMBERED = 10_000
"""Decisions kept; over it they are forgotten at once, and taken anew."""


_Group = tuple[tuple[Operator, int], ...]
"""Operators that share by weight."""


class _Way:
    """What some traffic comes to, but for the recipient's place in the shares."""

    __slots__ = ("_groups", "choice", "route_id")

    def __init__(self, route_id: int, groups: tuple[_Group, ...], out: frozenset[int]) -> None:
        self.route_id = route_id
        self._groups = tuple(map(Shares, groups))
        operator = _only_choice(groups, out)
        self.choice = None if operator is None else (operator, route_id)
        """The operator where the number does not matter."""

    def operators(self, recipient: int) -> Iterator[Operator]:
        """In order of preference for this number."""
        point = point_of(recipient)
        for group in self._groups:
            yield from group.in_order(point)


class Routes:
    """The routes over the operators that are served."""

    __slots__ = (
        "_accounts", "_by_id", "_by_network", "_by_prefix", "_default", "_networks", "_operators",
        "_out", "_routes", "_senders", "_ways",
    )  # fmt: skip

    def __init__(
        self,
        operators: Iterable[Operator],
        routes: Iterable[Route] = (),
        networks: Networks | None = None,
        out: frozenset[int] = frozenset(),
    ) -> None:
        """`out`: ids of operators that take nothing now."""
        self._operators = tuple(sorted(operators, key=lambda operator: operator.id))
        self._by_id = {operator.id: operator for operator in self._operators}
        self._routes = tuple(sorted(routes, key=lambda route: (route.position, route.id)))
        self._networks = networks or Networks()
        # What no route asks for is not looked at, and makes no decision a new one to remember.
        self._senders = {route.sender for route in self._routes}
        self._accounts = {route.account_id for route in self._routes}
        self._by_network = any(route.network is not None for route in self._routes)
        prefixes = {route.prefix for route in self._routes if route.prefix is not None}
        self._by_prefix = Prefixes((prefix, prefix) for prefix in prefixes)
        self._set_out(out)

    def without(self, out: frozenset[int]) -> Routes:
        """The same routes while other operators are out."""
        twin = object.__new__(Routes)
        for name in Routes.__slots__:
            setattr(twin, name, getattr(self, name))
        twin._set_out(out)
        return twin

    @property
    def operators(self) -> tuple[Operator, ...]:
        """All that are served, by id."""
        return self._operators

    @property
    def routes(self) -> tuple[Route, ...]:
        """In the order in which they are asked."""
        return self._routes

    @property
    def networks(self) -> Networks:
        """The numbering plan they stand on."""
        return self._networks

    @property
    def out(self) -> frozenset[int]:
        """Ids of operators that take nothing now."""
        return self._out

    def plan(self, traffic: Traffic) -> Plan:
        """Every operator for this message in order of preference, those that are out too."""
        way = self._way(traffic)
        return Plan(way.route_id, tuple(way.operators(traffic.recipient)))

    def choose(self, traffic: Traffic) -> tuple[Operator, int]:
        """The operator and the route's id: the first of the plan that is not out.

        The first of all where all are out. Raises NoOperator.
        """
        way = self._way(traffic)
        if way.choice is not None:
            return way.choice
        first: Operator | None = None
        for operator in way.operators(traffic.recipient):
            if operator.id not in self._out:
                return operator, way.route_id
            first = first or operator
        if first is None:
            raise NoOperator("no operator is served")
        return first, way.route_id

    def next_after(self, traffic: Traffic, operator_id: int) -> Operator:
        """The next of the plan in cyclic order that is not out; the same one if there is none.

        An operator that is not of the plan (any more) is followed by the plan's first.
        Raises NoOperator.
        """
        _, order = self.plan(traffic)
        ids = [operator.id for operator in order]
        at = ids.index(operator_id) if operator_id in ids else -1
        for operator in (*order[at + 1 :], *order[: max(at, 0)]):
            if operator.id not in self._out:
                return operator
        if not order:
            raise NoOperator("no operator is served")
        return order[max(at, 0)]

    def explain(
        self,
        traffic: Traffic,
        *,
        operator: Callable[[int], str] = str,
        account: Callable[[int], str] = str,
        money: Callable[[int], str] = str,
    ) -> list[str]:
        """The decision in lines for staff.

        `operator` and `account` name those of an id, also such as are not served; `money` writes
        tiyn.
        """
        return explain(self, traffic, operator=operator, account=account, money=money)

    def _set_out(self, out: frozenset[int]) -> None:
        self._out = out
        self._ways: dict[tuple[object, ...], _Way] = {}
        self._default = _Way(0, _steps_of_all(self._operators), out)

    def _way(self, traffic: Traffic) -> _Way:
        if not self._routes:
            return self._default
        recipient, sender, account_id, kind, priority = traffic
        key = (
            self._networks.of(recipient) if self._by_network else None,
            self._by_prefix.of(recipient),
            sender if sender in self._senders else None,
            account_id if account_id in self._accounts else None,
            kind,
            priority,
        )
        way = self._ways.get(key)
        if way is None:
            if len(self._ways) >= _REMEMBERED:
                self._ways.clear()
            way = self._ways[key] = self._decide(traffic, key[0] or "")
        return way

    def _decide(self, traffic: Traffic, network: str) -> _Way:
        for route in self._routes:
            if route.takes(traffic, network) and (groups := self.groups_of(route)):
                return _Way(route.id, groups, self._out)
        return self._default

    def groups_of(self, route: Route) -> tuple[_Group, ...]:
        """The route's usable operators, those together that share by weight, the first first."""
        groups: dict[int, list[tuple[Operator, int]]] = {}
        for target in sorted(route.targets):
            operator = self._by_id.get(target.operator_id)
            if operator is not None and operator.sends:
                groups.setdefault(route.group_of(target), []).append((operator, target.weight))
        return tuple(tuple(groups[group]) for group in sorted(groups))


def _steps_of_all(operators: tuple[Operator, ...]) -> tuple[_Group, ...]:
    """The default: one after the other; those that send, if any does."""
    sending = [operator for operator in operators if operator.sends]
    return tuple(((operator, 1),) for operator in sending or operators)


def _only_choice(groups: tuple[_Group, ...], out: frozenset[int]) -> Operator | None:
    """The operator that is chosen whatever the number, if it can be told."""
    for group in groups:
        able = [operator for operator, _ in group if operator.id not in out]
        if able:
            return able[0] if len(able) == 1 else None
    return groups[0][0][0] if groups and len(groups[0]) == 1 else None
