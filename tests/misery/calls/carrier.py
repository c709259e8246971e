"""The operator: takes what waits for it, and tells in any order what has become of it.

Guarantees: takes each message that the gateway gives out, under a name of its own each time; a
receipt that was not acknowledged comes again. What it says of a message hangs on the seed alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from habar.errors import StoreUnavailable
from habar.model.message import Outgoing
from habar.model.status import MessageState
from habar.store.events import Claim, PartAccepted, ReceiptSeen

from ..gateway import Wall
from .insistent import Insistent
from .station import OPERATOR_ID, Station

_DELIVERED, _FAILED = MessageState.DELIVERED, MessageState.UNDELIVERABLE
COURSES = ((_DELIVERED,), (_DELIVERED,), (_FAILED,), (_FAILED, _DELIVERED), (_DELIVERED, _FAILED))
"""What it tells of a message; most say it once, some say it better or worse."""


class Carrier:
    """`work` until nothing waits."""

    def __init__(
        self,
        wall: Wall,
        station: Callable[[], Station | None],
        random: Random,
        *,
        within: float = 30.0,
        every: float = 0.7,
    ) -> None:
        """`within`: seconds until all has been told of a message; `every`: between two looks."""
        self.taken = 0
        self.receipts = Insistent(station, every)
        self._wall = wall
        self._station = station
        self._random = random
        self._within = within
        self._every = every
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> bool:
        """Whether it has told everything."""
        return not self._telling and not self.receipts.open

    async def work(self) -> None:
        """For ever."""
        again = asyncio.ensure_future(self.receipts.work())
        try:
            while True:
                await asyncio.sleep(self._every)
                station = self._station()
                if station is not None:
                    await self._take_from(station)
        finally:
            again.cancel()

    async def _take_from(self, station: Station) -> None:
        try:
            waiting = await station.store.waiting(OPERATOR_ID)
        except StoreUnavailable:  # it dies while we look
            return
        now = self._wall.now_ms()
        for row in waiting:
            if row.due_at <= now:
                claim = Claim(OPERATOR_ID, row.priority, row.account_id, 50, now)
                station.ask(claim, lambda given: self._take(station, given))

    def _take(self, station: Station, given: object) -> None:
        if isinstance(given, list):
            for message in given:
                self._accept(station, message)

    def _accept(self, station: Station, message: Outgoing) -> None:
        self.taken += 1
        name = f"{self.taken:X}"
        now = self._wall.now_ms()
        accepted = PartAccepted(message.message_id, 1, OPERATOR_ID, name, now, last=True)
        station.record(accepted, lambda _: None)
        states = list(self._random.choice(COURSES))
        self._random.shuffle(states)
        for state in states:
            task = asyncio.ensure_future(self._tell(name, state))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell(self, name: str, state: MessageState) -> None:
        await asyncio.sleep(self._random.uniform(0.0, self._within))

        def give(station: Station, done: Callable[[object], None]) -> None:
            now = self._wall.now_ms()
            station.record(ReceiptSeen(OPERATOR_ID, (name,), state, "", None, now, name), done)

        self.receipts.add(give)
