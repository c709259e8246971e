"""Routes and number ranges as staff make them, and the test that tells which way a message takes.

Guarantees: what could not be obeyed is refused before anything is written (InvalidValue says what
is wrong); every change is audited under the actor. Operators and accounts are named, not numbered.
Knows no engine, and of operators' settings only what `served` reads of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from habar.admin.money import format_money, parse_money
from habar.admin.ported import msisdn_of
from habar.admin.senders import check_sender
from habar.admin.settings import LAST_PRIORITY
from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.numbers import Networks, Ported, is_prefix
from habar.model.route import Kind, Operator, Prefer, Route, Routes, Target, Traffic
from habar.store.books import Books
from habar.store.network import Network, OperatorRow, Range

Served = Callable[[Sequence[OperatorRow]], Iterable[Operator]]
"""Which rows are operators that are served, and whether they send and give receipts: what is read
of their settings. Disabled ones are among them: they are out, and their routes know them."""

_Choice = TypeVar("_Choice", bound=Enum)

_NETWORK = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_SHORTEST_RANGE = 2
_LARGEST_NUMBER = 1_000_000
"""Of a step and a weight."""
UNKNOWN_NETWORK = "unknown"
"""How staff name the traffic to numbers of which no network is known."""


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route in words, each as `Routing.add_route` takes it; "" is no condition."""

    id: int
    position: int
    account: str
    sender: str
    network: str
    prefix: str
    kind: str
    priority: str
    prefer: str
    targets: str


class Routing:
    """Staff's hand on routes and ranges. `actor` stands in the audit; `now` is UTC milliseconds."""

    def __init__(
        self,
        network: Network,
        books: Books,
        *,
        served: Served,
        actor: str,
        now: Callable[[], int],
    ) -> None:
        self._network = network
        self._books = books
        self._served = served
        self._actor = actor
        self._now = now

    async def add_route(
        self,
        targets: str,
        *,
        account: str | None = None,
        sender: str | None = None,
        network: str | None = None,
        prefix: str | None = None,
        kind: str | None = None,
        priority: int | None = None,
        prefer: str = Prefer.STEP.value,
        position: int | None = None,
    ) -> int:
        """Make a route; its id. At `position` (1 is asked first), else after all others.

        `targets` is as `kcell:step=1,weight=70,cost=4.50; beeline:step=2`. Raises InvalidValue,
        and NotFound for an account or an operator that is not there.
        """
        if sender is not None:
            check_sender(sender)
        if prefix is not None and not is_prefix(prefix):
            raise InvalidValue(f"{prefix!r} is no beginning of a number: 1 to 11 digits from 7 on")
        if priority is not None and not 0 <= priority <= LAST_PRIORITY:
            raise InvalidValue(f"a priority is a number from 0 to {LAST_PRIORITY}")
        if position is not None and position < 1:
            raise InvalidValue("a position is a number from 1 on")
        route = Route(
            0,
            position or 0,
            parse_targets(targets, await self._network.operators()),
            await self._account_of(account),
            sender,
            await self._network_of(network),
            prefix,
            None if kind is None else _member(Kind, kind),
            priority,
            _member(Prefer, prefer),
        )
        return await self._network.add_route(route, actor=self._actor, now=self._now())

    async def routes(self) -> list[RouteView]:
        """All of them in the order in which they are asked."""
        operator = _names(await self._network.operators())
        account = await self._accounts()
        return [_view(route, operator, account) for route in await self._network.routes()]

    async def remove_route(self, route_id: int) -> None:
        """Take it out; the messages that took it go on. Raises NotFound."""
        await self._network.remove_route(route_id, actor=self._actor, now=self._now())

    async def ranges(self) -> list[Range]:
        """All of them, by prefix."""
        return await self._network.ranges()

    async def add_range(self, prefix: str, network: str) -> None:
        """Give a range to a network, which may be a new one. Raises InvalidValue, Conflict."""
        if not is_prefix(prefix) or len(prefix) < _SHORTEST_RANGE:
            raise InvalidValue(f"{prefix!r} is no range: 2 to 11 digits, the first a 7, as 7701")
        if not _NETWORK.fullmatch(network) or network == UNKNOWN_NETWORK:
            raise InvalidValue(
                f"{network!r} is no name of a network: small Latin letters, digits and hyphens"
            )
        for known in await self._network.ranges():
            if known.prefix == prefix:
                raise Conflict(f"{prefix} is {known.network}'s already: remove it first")
        await self._network.put_range(prefix, network, actor=self._actor, now=self._now())

    async def remove_range(self, prefix: str) -> None:
        """Forget it. Raises NotFound."""
        await self._network.remove_range(prefix, actor=self._actor, now=self._now())

    async def test(
        self,
        account: str,
        to: str,
        sender: str | None = None,
        *,
        flash: bool = False,
        down: frozenset[int] = frozenset(),
    ) -> list[str]:
        """The way that a message would take now, line by line.

        `sender` None is the account's own; operators in `down` count as out, beside those that are
        disabled. Raises InvalidValue for the number, NotFound for the account.
        """
        known = (await self._books.account(account)).credentials.account
        msisdn = msisdn_of(to)
        sender = sender or known.default_sender
        operators = await self._network.operators()
        routes = await self._routes_for(msisdn, operators, down)
        kind = Kind.FLASH if flash else Kind.TEXT
        lines = routes.explain(
            Traffic(msisdn, sender, known.id, kind, known.priority),
            operator=_names(operators),
            account=await self._accounts(),
            money=format_money,
        )
        if sender not in known.senders:
            lines.append(f"but {sender} is none of {account}'s senders: it would be refused")
        return lines

    async def _routes_for(
        self, msisdn: int, operators: Sequence[OperatorRow], down: frozenset[int]
    ) -> Routes:
        """The routes as the gateway has them, but with this one ported number of all."""
        rows = await self._network.ported(msisdn - 1, 1)
        ported = Ported.of(row for row in rows if row.msisdn == msisdn)
        networks = Networks(await self._network.ranges(), ported)
        out = down.union(row.id for row in operators if not row.enabled)
        return Routes(self._served(operators), await self._network.routes(), networks, out)

    async def _accounts(self) -> Callable[[int], str]:
        accounts = (row.credentials.account for row in await self._books.accounts())
        names = {account.id: account.login for account in accounts}
        return lambda account_id: names.get(account_id, f"number {account_id}")

    async def _account_of(self, login: str | None) -> int | None:
        if login is None:
            return None
        return (await self._books.account(login)).credentials.account.id

    async def _network_of(self, name: str | None) -> str | None:
        if name is None:
            return None
        if name == UNKNOWN_NETWORK:
            return ""
        known = {one.network for one in await self._network.ranges()}
        if name not in known:
            raise InvalidValue(
                f"no range is of a network {name!r}: {', '.join(sorted(known))}, or"
                f" {UNKNOWN_NETWORK} for numbers of none"
            )
        return name


def parse_targets(text: str, operators: Iterable[OperatorRow]) -> tuple[Target, ...]:
    """Targets as staff write them. Raises InvalidValue, NotFound."""
    ids = {row.name: row.id for row in operators if row.settings is not None}
    targets = [_target(piece.strip(), ids) for piece in text.split(";") if piece.strip()]
    if not targets:
        raise InvalidValue("a route needs at least one operator")
    if len({target.operator_id for target in targets}) < len(targets):
        raise InvalidValue("an operator stands twice among the targets")
    return tuple(targets)


def format_targets(route: Route, operator: Callable[[int], str]) -> str:
    """The targets as `parse_targets` reads them, the first asked first."""
    ordered = sorted(route.targets, key=lambda target: (route.group_of(target), target.step))
    return "; ".join(
        f"{operator(one.operator_id)}:step={one.step},weight={one.weight},"
        f"cost={format_money(one.cost)}"
        for one in ordered
    )


def _target(piece: str, ids: dict[str, int]) -> Target:
    name, _, rest = piece.partition(":")
    operator_id = ids.get(name.strip())
    if operator_id is None:
        raise NotFound(f"there is no operator {name.strip()!r}")
    values: dict[str, int] = {}
    for setting in rest.split(",") if rest.strip() else ():
        key, equals, value = (part.strip() for part in setting.partition("="))
        if key not in {"step", "weight", "cost"} or not equals or key in values:
            raise InvalidValue(
                f"{setting.strip()!r} of {name.strip()}: step, weight and cost are set, each once,"
                " as weight=70"
            )
        values[key] = _cost(value) if key == "cost" else _whole(key, value)
    return Target(operator_id, **values)


def _cost(text: str) -> int:
    cost = parse_money(text)
    if cost < 0:
        raise InvalidValue("a cost is not below nothing")
    return cost


def _whole(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_NUMBER)):
        number = int(text)
        if 1 <= number <= _LARGEST_NUMBER:
            return number
    raise InvalidValue(f"{text!r} is no {name}: a number from 1 to {_LARGEST_NUMBER}")


def _member(kind: type[_Choice], name: str) -> _Choice:
    found = kind.__members__.get(name.upper())
    if found is None:
        known = " or ".join(member.lower() for member in kind.__members__)
        raise InvalidValue(f"{name!r} is not {known}")
    return found


def _view(route: Route, operator: Callable[[int], str], account: Callable[[int], str]) -> RouteView:
    return RouteView(
        route.id,
        route.position,
        "" if route.account_id is None else account(route.account_id),
        route.sender or "",
        "" if route.network is None else route.network or UNKNOWN_NETWORK,
        route.prefix or "",
        "" if route.kind is None else Kind(route.kind).name.lower(),
        "" if route.priority is None else str(route.priority),
        route.prefer.value,
        format_targets(route, operator),
    )


def _names(operators: Iterable[OperatorRow]) -> Callable[[int], str]:
    names = {row.id: row.name for row in operators}
    return lambda operator_id: names.get(operator_id, f"number {operator_id}")
