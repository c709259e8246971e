"""Whoever brings something to the gateway and comes again until it is answered.

Guarantees: what a gateway that died had not answered is given to the next one; what the store could
not take is given again. So an operator keeps a deliver_sm, and a careful customer a package.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

from habar.errors import HabarError

from .station import Station

_NEVER = -1

Give = Callable[[Station, Callable[[Any], None]], None]
"""Gives it to that gateway, which tells the other when it is answered."""


class Insistent:
    """Everything that is not answered. `station` gives the gateway that is up, or None."""

    def __init__(self, station: Callable[[], Station | None], every: float = 0.5) -> None:
        """`every`: seconds between two looks whether somebody else is up."""
        self._every = every
        self._station = station
        self._numbers = count()
        self._open: dict[int, tuple[Give, Callable[[Any], None], int]] = {}

    @property
    def open(self) -> int:
        """How much is not answered."""
        return len(self._open)

    def add(self, give: Give, done: Callable[[Any], None] = lambda _: None) -> None:
        """Give it now, or as soon as there is somebody; `done` is told the answer, once."""
        number = next(self._numbers)
        self._open[number] = (give, done, _NEVER)
        self._try(number)

    async def answered(self) -> None:
        """Wait until everything is."""
        while True:
            if not self._open:
                return
            await asyncio.sleep(self._every)

    async def work(self) -> None:
        """For ever: give again what is not answered."""
        while True:
            await asyncio.sleep(self._every)
            station = self._station()
            if station is not None:
                for number, (_, _, life) in list(self._open.items()):
                    if life != station.number:
                        self._try(number)

    def _try(self, number: int) -> None:
        give, done, _ = self._open[number]
        station = self._station()
        if station is None:
            return
        self._open[number] = (give, done, station.number)
        give(station, lambda answer: self._answered(number, answer))

    def _answered(self, number: int, answer: Any) -> None:
        if number not in self._open:
            return
        give, done, _ = self._open[number]
        if isinstance(answer, HabarError):
            self._open[number] = (give, done, _NEVER)
            return
        del self._open[number]
        done(answer)
