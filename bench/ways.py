"""The routes of a case with many operators, and which operator each message goes to by them.

Guarantees: what is told here is what the gateway does, for both decide by the same routes. Knows
nothing of sinks and loads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

from bench.packages import SENDER, Prefix, recipient
from habar.app.database import Place, books_of
from habar.config import load, to_json
from habar.model.route import Kind, Operator, Route, Routes, Target, Traffic

_ACTOR = "bench"
_PRIORITY = 2


def routes_of(ids: Iterable[int], sick: Iterable[int]) -> list[Route]:
    """Recipients of Prefix.NEIGHBOUR are shared by all alike, all others by the healthy ones.

    `sick`: their places among the `ids`.
    """
    every, spared = tuple(ids), frozenset(sick)
    healthy = [one for place, one in enumerate(every) if place not in spared]
    return [
        Route(0, 1, tuple(map(Target, every)), prefix=Prefix.NEIGHBOUR),
        Route(0, 2, tuple(map(Target, healthy))),
    ]


class Ways:
    """Where messages go."""

    def __init__(self, ids: Iterable[int], sick: Iterable[int]) -> None:
        self._ids = tuple(ids)
        operators = [Operator(one, str(one)) for one in self._ids]
        self._routes = Routes(operators, routes_of(self._ids, sick))

    def counts(self, prefix: str, numbers: Iterable[int]) -> list[int]:
        """How many of these messages go to each operator."""
        counts = dict.fromkeys(self._ids, 0)
        for number in numbers:
            to = int(recipient(prefix, number))
            operator, _ = self._routes.choose(Traffic(to, SENDER, 0, Kind.TEXT, _PRIORITY))
            counts[operator.id] += 1
        return list(counts.values())


def lay(settings: Path, sick: Iterable[int]) -> Ways:
    """Write the routes over the operators of a habar.toml into its database."""
    return asyncio.run(_lay(settings, tuple(sick)))


async def _lay(path: Path, sick: tuple[int, ...]) -> Ways:
    settings, now = load(path), time.time_ns() // 1_000_000
    async with books_of(Place.of(settings), make=True) as store:
        ids = [
            await store.network.put_operator(
                one.name, to_json(one), in_doubt=one.in_doubt, actor=_ACTOR, now=now
            )
            for one in settings.operators
        ]
        for route in routes_of(ids, sick):
            await store.network.add_route(route, actor=_ACTOR, now=now)
    return Ways(ids, sick)
