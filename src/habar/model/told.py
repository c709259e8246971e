"""A decision of routing in lines: which network, which route and why, who shares, who is out.

Guarantees: tells what `Routes` decides and decides nothing itself. Names come by arguments. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from habar.model.traffic import Kind, Prefer, Route, Target, Traffic

if TYPE_CHECKING:
    from habar.model.route import Routes

_Named = Callable[[int], str]


class _Words(NamedTuple):
    operator: _Named
    account: _Named
    money: _Named

    def value(self, condition: str, value: object) -> str:
        """A condition's value as staff write it."""
        if isinstance(value, int) and condition == "account":
            return self.account(value)
        if isinstance(value, int) and condition == "kind":
            return Kind(value).name.lower()
        return str(value) or "not known"


def explain(
    routes: Routes, traffic: Traffic, *, operator: _Named, account: _Named, money: _Named
) -> list[str]:
    """The decision line by line; `Routes.explain`."""
    words = _Words(operator, account, money)
    network, why = routes.networks.told(traffic.recipient)
    return [
        f"number {traffic.recipient}: network {network or 'not known'}, {why}",
        _traffic(traffic, words),
        *_routes(routes, traffic, network, words),
        *_order(routes, traffic, words),
        _result(routes, traffic, words),
    ]


def _traffic(traffic: Traffic, words: _Words) -> str:
    account, kind = words.account(traffic.account_id), words.value("kind", traffic.kind)
    return (
        f"traffic: account {account}, sender {traffic.sender}, {kind}, priority {traffic.priority}"
    )


def _routes(routes: Routes, traffic: Traffic, network: str, words: _Words) -> Iterator[str]:
    taken = routes.plan(traffic).route_id
    for at, route in enumerate(routes.routes, 1):
        conditions = list(route.conditions(traffic, network))
        missed = [condition for condition in conditions if condition[1] != condition[2]]
        name = f"route {route.id}"
        if missed:
            said = (
                f"{what} is {words.value(what, given)}, not {words.value(what, wanted)}"
                for what, wanted, given in missed
            )
            yield f"{name}: no: {'; '.join(said)}"
            continue
        held = [f"{what} is {words.value(what, wanted)}" for what, wanted, _ in conditions]
        why = "; ".join(held) or "it takes everything"
        if route.id != taken:
            yield f"{name}: yes: {why}; but none of its operators can send"
            yield from _unusable(routes, route, words)
            continue
        yield f"{name}: yes: {why}"
        yield from _targets(routes, route, traffic, words)
        if rest := len(routes.routes) - at:
            yield f"not asked: {rest} more route{'s' if rest > 1 else ''}"
        return
    yield "default: no route takes it, so all operators that send, in the order of their ids"


def _targets(routes: Routes, route: Route, traffic: Traffic, words: _Words) -> Iterator[str]:
    if route.prefer is Prefer.COST:
        yield "  prefers cost: the cheapest first, whatever its step"
    order = [operator.id for operator in routes.plan(traffic).operators]
    targets = {target.operator_id: target for target in route.targets}
    for group in routes.groups_of(route):
        members = [targets[operator.id] for operator, _ in group]
        whole = sum(target.weight for target in members)
        first = min(members, key=lambda target: order.index(target.operator_id))
        for target in members:
            share = f"weight {target.weight} of {whole} ({100 * target.weight / whole:.4g} %)"
            here = ": this number is here" if len(members) > 1 and target is first else ""
            yield f"{_target(target, words)}, {share}{_out(routes, target.operator_id)}{here}"
    yield from _unusable(routes, route, words)


def _unusable(routes: Routes, route: Route, words: _Words) -> Iterator[str]:
    served = {operator.id: operator for operator in routes.operators}
    for target in sorted(route.targets, key=route.group_of):
        known = served.get(target.operator_id)
        if known is None:
            yield f"{_target(target, words)}: skipped, it is not served"
        elif not known.sends:
            yield f"{_target(target, words)}: skipped, its binds only receive"


def _target(target: Target, words: _Words) -> str:
    name = words.operator(target.operator_id)
    return f"  step {target.step}: {name}, cost {words.money(target.cost)} a part"


def _order(routes: Routes, traffic: Traffic, words: _Words) -> Iterator[str]:
    names = [
        f"{words.operator(operator.id)}{' (out)' if operator.id in routes.out else ''}"
        for operator in routes.plan(traffic).operators
    ]
    if names:
        again = ", then from the first again" if len(names) > 1 else ""
        yield f"order: {', '.join(names)}{again}"


def _result(routes: Routes, traffic: Traffic, words: _Words) -> str:
    if not routes.operators:
        return "result: refused, no operator is served"
    operator, route_id = routes.choose(traffic)
    by = f"route {route_id}" if route_id else "the default"
    waits = ", though it is out: so are all" if operator.id in routes.out else ""
    return f"result: {words.operator(operator.id)} by {by}{waits}"


def _out(routes: Routes, operator_id: int) -> str:
    return ", out" if operator_id in routes.out else ""
