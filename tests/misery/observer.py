"""Looks again and again whether a link stands idle while messages wait for it.

Guarantees: a link that is up and has room by window and pace, while due messages wait for its
operator in memory or in the queue, must send something within `BOUND` seconds; where it does not,
that is written down. After a person's decision, of which the gateway is told nothing, the store's
`hints_last_ms` come to it. What waits for an operator that is out and could go elsewhere must be
gone from its queue as soon. For a while after a jump of the wall clock nothing is said: what is due
by it was not due before; nor while the disk refuses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from habar.dispatch import Lane
from habar.errors import StoreUnavailable

from .gateway import PATIENCE, Gateway, Wall
from .loop import VirtualLoop

EVERY = 0.5
BOUND = 2.0
"""Seconds. The supply asks again a second after a store could not answer."""
PARTING = PATIENCE + 2.0
"""Seconds until an operator's windows are empty, its links unbound, and the rest is given back."""
GRACE = 37.0
"""Seconds for which hints may be trusted after the longest jump (`Store.hints_last_ms`)."""


@dataclass(slots=True)
class _Seen:
    """Of one link: what was done, and since when it has done nothing though it could."""

    progress: int = -1
    since: float | None = None
    told: bool = False


class Observer:
    """`idle` are the findings: (operator, virtual seconds).

    `decided_at` says by operator when a person has decided last.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        wall: Wall,
        gateway: Callable[[], Gateway | None],
        decided_at: Mapping[int, float],
    ) -> None:
        self.idle: list[tuple[str, float]] = []
        self.stranded: list[tuple[int, float]] = []
        """Operators that were out and kept what could have gone elsewhere, and when."""
        self.moved = 0
        """Messages that went elsewhere because an operator was out."""
        self.looks = 0
        """At open lanes for which messages waited, whether they had room or not."""
        self._loop = loop
        self._wall = wall
        self._gateway = gateway
        self._decided_at = decided_at
        self._out_since: dict[int, float] = {}
        self._could_since: dict[int, float] = {}
        """Since when another operator would take some of it: that one may be back just now."""
        self._moved: dict[int, int] = {}
        self._seen: dict[tuple[int, int, int], _Seen] = {}

    async def work(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(EVERY)
            gateway = self._gateway()
            if gateway is None:
                continue
            with suppress(StoreUnavailable):  # it dies while we look
                for lane in list(gateway.dispatcher.lanes.values()):
                    await self._look(gateway, lane)
                await self._look_who_is_out(gateway)

    async def _look_who_is_out(self, gateway: Gateway) -> None:
        self._moved[gateway.number] = gateway.watch.mover.moved
        self.moved = sum(self._moved.values())
        now, out = self._loop.time(), gateway.watch.out
        trusted = not self._excused(gateway)
        self._out_since = {
            one: self._out_since.get(one, now) if trusted else now for one in sorted(out)
        }
        could: dict[int, float] = {}
        for one, since in self._out_since.items():
            known = max(since + PARTING, self._decided_at.get(one, since))
            if now > known and await self._could_go(gateway, one):
                could[one] = self._could_since.get(one, now)
                if now - could[one] > BOUND:
                    self.stranded.append((one, now))
        self._could_since = could

    async def _could_go(self, gateway: Gateway, operator_id: int) -> bool:
        """Whether something has waited there for a while that another operator would take."""
        before = self._wall.now_ms() - int(BOUND * 1000)
        queued = await gateway.store.queued(operator_id, None, 20, before)
        ways = gateway.dispatcher
        return any(ways.elsewhere(one.message, operator_id) != operator_id for one in queued)

    def _excused(self, gateway: Gateway) -> bool:
        jumped = self._wall.jumped_at
        lately = jumped > 0 and self._loop.time() - jumped < GRACE
        return lately or not gateway.store.journal.healthy

    async def _look(self, gateway: Gateway, lane: Lane) -> None:
        has_work = lane.open and await self._has_work(gateway, lane)
        self.looks += has_work
        for link in lane.links._used:
            seen = self._seen.setdefault((gateway.number, lane.settings.id, link.number), _Seen())
            progress = link.counters.submitted + lane.counters.expired
            moved, seen.progress = progress != seen.progress, progress
            able = link.room > lane.unsettled
            self._judge(gateway, lane, seen, idles=has_work and not moved and able)

    def _judge(self, gateway: Gateway, lane: Lane, seen: _Seen, *, idles: bool) -> None:
        now = self._loop.time()
        if self._excused(gateway) or not idles:
            seen.since, seen.told = None, False
        elif seen.since is None:
            seen.since = now
        elif now - seen.since > self._bound(gateway, lane.settings.id) and not seen.told:
            seen.told = True
            self.idle.append((lane.settings.name, now))

    def _bound(self, gateway: Gateway, operator_id: int) -> float:
        decided = self._loop.time() - self._decided_at.get(operator_id, -1e9)
        hints = gateway.store.hints_last_ms / 1000
        return BOUND + hints if decided <= BOUND + hints else BOUND

    async def _has_work(self, gateway: Gateway, lane: Lane) -> bool:
        if lane.ready:
            return True
        rows = await gateway.store.waiting(lane.settings.id)
        return any(row.due_at <= self._wall.now_ms() for row in rows)
