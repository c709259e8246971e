"""Keeps the door and the dispatcher to what is so now with the operators.

Guarantees: a change of operators, routes or numbers is obeyed within about a second, on every node;
so is an operator that is out, or back: new messages pass it by, and what waits for it moves. Each
node that dispatches reports how its binds are, for staff and for the other nodes. Each of the four
is a round of its own, so that a window or a queue that is slow to empty holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from habar.app.network import NetworkView
from habar.app.node import ThisNode
from habar.dispatch import Dispatcher, Mover, Outages
from habar.model.route import Routes
from habar.operators import LinkReport
from habar.store.network import BindReport
from habar.store.port import Store

log = structlog.get_logger("habar.gateway")
REPORT_SECONDS = 5.0
"""How old the figures that staff see may be; a bind that goes or comes is told at once."""
_BELIEVED = 3 * REPORT_SECONDS
"""Seconds for which another node's report is believed."""


class OperatorWatch:
    """`follow`, `look`, `move` and `report` every second."""

    def __init__(
        self,
        store: Store,
        network: NetworkView,
        dispatcher: Dispatcher,
        node: ThisNode,
        *,
        obey: Callable[[Routes], None],
        now: Callable[[], int],
        patience: float,
    ) -> None:
        """`obey` gives the door its routes; `patience`: seconds for a window to empty."""
        self.out: frozenset[int] = frozenset()
        """Ids of the operators that are out."""
        self.mover = Mover(store, dispatcher, now)
        self._store = store
        self._network = network
        self._dispatcher = dispatcher
        self._node = node
        self._obey = obey
        self._now = now
        self._patience = patience
        self._outages = Outages()
        self._up_elsewhere: frozenset[int] = frozenset()
        self._states: dict[tuple[int, int], str] = {}
        """Of each bind, as it was told last."""
        self._told_at = 0

    async def follow(self) -> None:
        """See what has changed in the database, and obey it."""
        if not await self._network.follow():
            return
        operators = self._network.operators
        log.info(
            "operators read again",
            operators=[o.name for o in operators if o.sends],
            disabled=[o.name for o in operators if not o.sends],
            routes=len(self._network.routes.routes),
        )
        self._route()
        if self._node.dispatches:
            await self._dispatcher.apply([o for o in operators if o.sends], self._patience)

    async def look(self) -> None:
        """See who is out, and have new messages pass them by."""
        lanes = self._dispatcher.lanes
        up = dict.fromkeys(self._up_elsewhere, True)
        up |= {key: True for key, lane in lanes.items() if lane.links.up}
        operators = self._network.operators
        out = self._outages.look(operators, up, self._now())
        if out != self.out:
            names = {o.id: o.name for o in operators}
            log.warning(
                "operators are out" if out else "no operator is out",
                operators=[names[key] for key in sorted(out)],
            )
            self.out = out
            self._route()

    async def move(self) -> None:
        """Have what waits for those that are out go elsewhere, however long that takes."""
        if self._node.dispatches:
            await self.mover.move(lambda: self.out)

    async def report(self) -> None:
        """Tell how our binds are, and hear how the others' are, where it is time or one changed."""
        now = self._now()
        reports = {
            (key, number): report
            for key, lane in self._dispatcher.lanes.items()
            for number, report in lane.links.reports().items()
        }
        states = {slot: report.state for slot, report in reports.items()}
        if states == self._states and 0 <= now - self._told_at < REPORT_SECONDS * 1000:
            return
        if self._node.dispatches:
            gone = sorted(self._states.keys() - reports.keys())
            await self._store.network.report_binds(
                [
                    BindReport(self._node.name, key, number, now, report.as_json())
                    for (key, number), report in reports.items()
                ],
                [(self._node.name, key, number) for key, number in gone],
            )
        found = await self._store.network.bind_reports(now - int(_BELIEVED * 1000))
        self._up_elsewhere = frozenset(
            row.operator_id
            for row in found
            if row.node != self._node.name
            and (report := LinkReport.read(row.report)) is not None
            and report.may_send
        )
        self._states, self._told_at = states, now

    def _route(self) -> None:
        stated = self._network.routes
        routes = stated.without(self.out | stated.out)
        self._dispatcher.routes = routes
        self._obey(routes)
