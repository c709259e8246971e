"""The routes in memory, as the database has them, so that no message reads them from there.

Guarantees:
- A look-up sees one whole view, the old or the new one; a failed reload leaves the old one.
- A change of operators, ranges or routes is seen at the next `refresh_if_changed` (each second).
- Ported numbers, which may be millions, are read anew only when their version has stood still from
  one call to the next: an import in many steps is seen once, as a whole, at its end.

Knows no engine and no settings of operators: `served` says which of them are served.
"""

from __future__ import annotations

from habar.model.numbers import Ported
from habar.model.route import Routes
from habar.store.network import Network, OperatorRow
from habar.store.routing import Plan, Served, read_plan, read_ported


class RouteBook:
    """Keeps `routes` as the database has it."""

    def __init__(self, network: Network, served: Served) -> None:
        self._network = network
        self._served = served
        self._version: int | None = None
        self._ported_version: int | None = None
        self._ported_seen: int | None = None
        self._plan = Plan([], [], [])
        self._ported = Ported()
        self._down: frozenset[int] = frozenset()
        self.routes = Routes(())

    async def load(self) -> None:
        """Read all anew. Raises what the store raises; the old view then stays."""
        # The versions first: a change that comes between the two reads is then seen once more.
        version, ported_version = await self._versions()
        plan, ported = await read_plan(self._network), await read_ported(self._network)
        self._take(plan, ported)
        self._version, self._ported_version = version, ported_version

    async def refresh_if_changed(self) -> bool:
        """Read what has another version; whether `routes` is another one now.

        Raises what the store raises. To be called by one task, each second.
        """
        version, ported_version = await self._versions()
        settled = ported_version == self._ported_seen
        self._ported_seen = ported_version
        ported_is_old = settled and ported_version != self._ported_version
        if version == self._version and not ported_is_old:
            return False
        plan = self._plan if version == self._version else await read_plan(self._network)
        ported = await read_ported(self._network) if ported_is_old else self._ported
        self._take(plan, ported)
        self._version = version
        if ported_is_old:
            self._ported_version = ported_version
        return True

    @property
    def operators(self) -> list[OperatorRow]:
        """All that there are, as they were last read."""
        return self._plan.operators

    @property
    def ported_count(self) -> int:
        """How many ported numbers are in memory."""
        return len(self._ported)

    def mark_down(self, down: frozenset[int]) -> Routes:
        """Let operators whose links are down be out too, beside those that are disabled."""
        if down != self._down:
            self._down = down
            self.routes = self.routes.without(self._plan.disabled | down)
        return self.routes

    async def _versions(self) -> tuple[int, int]:
        return await self._network.version(), await self._network.ported_version()

    def _take(self, plan: Plan, ported: Ported) -> None:
        self.routes = plan.routes_over(ported, self._served, self._down)
        self._plan, self._ported = plan, ported
