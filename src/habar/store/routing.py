"""What routing stands on, read from the store: operators, ranges, routes and the ported numbers.

Guarantees: ported numbers are read in slices, so that the event loop breathes between them; memory
is the packed table's, 5 octets a number, and one slice's. What is written meanwhile may be read or
not: the versions, asked before, tell afterwards whether to read again. Knows no engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

from habar.model.numbers import HIGHEST, LOWEST, Networks, Ported, PortedBuilder
from habar.model.route import Operator, Route, Routes
from habar.store.network import Network, OperatorRow, Range

SLICE = 5_000
"""Ported numbers at a time: a few milliseconds."""

Served = Callable[[Iterable[OperatorRow]], Iterable[Operator]]
"""Which rows are operators that are served, and whether they send and give receipts: what is read
of their settings. Disabled ones are among them: they are out, and their routes know them."""


class Plan(NamedTuple):
    """All but the ported numbers."""

    operators: list[OperatorRow]
    ranges: list[Range]
    routes: list[Route]

    @property
    def disabled(self) -> frozenset[int]:
        """Ids of operators that staff have switched off, or that are known by name only."""
        return frozenset(row.id for row in self.operators if not row.enabled)

    def routes_over(
        self, ported: Ported, served: Served, down: frozenset[int] = frozenset()
    ) -> Routes:
        """The routes as messages take them; `down` are out beside those that are disabled."""
        networks = Networks(self.ranges, ported)
        return Routes(served(self.operators), self.routes, networks, self.disabled | down)


async def read_plan(network: Network) -> Plan:
    """Operators, ranges and routes. Raises what the store raises."""
    return Plan(await network.operators(), await network.ranges(), await network.routes())


async def read_ported(network: Network, progress: Callable[[int], None] | None = None) -> Ported:
    """All ported numbers; `progress` is told how many have been read.

    Numbers that cannot be a recipient are passed over. Raises what the store raises, and ValueError
    where there are more than 256 networks.
    """
    builder = PortedBuilder()
    after, count = LOWEST - 1, 0
    while rows := await network.ported(after, SLICE):
        after = rows[-1].msisdn
        builder.add(row for row in rows if row.msisdn <= HIGHEST)
        count += len(rows)
        if progress is not None:
            progress(count)
        await asyncio.sleep(0)
    return builder.build()
