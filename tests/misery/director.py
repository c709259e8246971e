"""Makes the misery: which fault befalls whom, when and for how long.

Guarantees: everything is drawn from the seed; faults of one kind at one operator do not overlap, of
different kinds they do; with `stop` every fault ends, so that what is left can be settled.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from .gateway import Disk, Wall
from .loop import VirtualLoop
from .network import Line, Network
from .smsc import Smsc

MOODS = ("throttles", "full", "fails", "nacks", "silent", "late", "refuses_binds")
WEATHERS = ("refuses", "swallows")
BLOWS = ("reset", "vanish", "unbind", "cut")
DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
EVERY = 150.0
"""Seconds between two faults of one kind at one operator, on average."""
LASTS = 8.0
"""Seconds, on average."""
AWAY_EVERY = 900.0
AWAY_FOR = (60.0, 240.0)
"""Seconds for which an operator is not there at all."""


class Director:
    """See the module's docstring. `die` and `restart` are the gateway's."""

    def __init__(
        self,
        loop: VirtualLoop,
        network: Network,
        wall: Wall,
        disk: Disk,
        smscs: Sequence[Smsc],
        random: Random,
        *,
        die: Callable[[], Awaitable[None]],
        restart: Callable[[], Awaitable[None]],
    ) -> None:
        self.done: Counter[str] = Counter()
        """How often each fault befell anybody."""
        self.refusals: list[tuple[float, float]] = []
        """From when to when the disk refused."""
        self._loop = loop
        self._network = network
        self._wall = wall
        self._disk = disk
        self._smscs = smscs
        self._seeds = random
        self._die = die
        self._restart = restart
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin."""
        for smsc in self._smscs:
            for kind in (*MOODS, *WEATHERS):
                self._begin(self._episodes(smsc, kind, Random(self._seeds.random())))
            self._begin(self._blows(smsc, Random(self._seeds.random())))
            self._begin(self._absences(smsc, Random(self._seeds.random())))
        self._begin(self._bad_disk(Random(self._seeds.random())))
        self._begin(self._deaths(Random(self._seeds.random())))
        self._begin(self._jumps(Random(self._seeds.random())))

    def _begin(self, work: Awaitable[None]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    async def stop(self) -> None:
        """No fault any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        for smsc in self._smscs:
            for kind in (*MOODS, *WEATHERS):
                self._set(smsc, kind, on=False)
            self._network.weather_at(smsc.address).away = False

    def _set(self, smsc: Smsc, kind: str, *, on: bool) -> None:
        weather = self._network.weather_at(smsc.address)
        setattr(smsc.mood if kind in MOODS else weather, kind, on)
        self._network.trace.note("fault", smsc.name, kind, on)

    async def _episodes(self, smsc: Smsc, kind: str, random: Random) -> None:
        while True:
            await asyncio.sleep(random.expovariate(1 / EVERY))
            self.done[kind] += 1
            self._set(smsc, kind, on=True)
            await asyncio.sleep(random.expovariate(1 / LASTS))
            self._set(smsc, kind, on=False)

    async def _blows(self, smsc: Smsc, random: Random) -> None:
        """What befalls the lines that stand."""
        while True:
            await asyncio.sleep(random.expovariate(2 / EVERY))
            kind = random.choice(BLOWS)
            self.done[kind] += 1
            if kind == "unbind":
                for link in smsc.links():
                    link.unbind()
                continue
            lines = self._network.lines(smsc.address)
            for line in random.sample(lines, random.randrange(len(lines) + 1)):
                if line.over_at is None:
                    _strike(line, kind)

    async def _absences(self, smsc: Smsc, random: Random) -> None:
        """The operator is not there for minutes."""
        weather = self._network.weather_at(smsc.address)
        while True:
            await asyncio.sleep(random.expovariate(1 / AWAY_EVERY))
            self.done["away"] += 1
            self._network.trace.note("away", smsc.name)
            weather.away = True
            for line in self._network.lines(smsc.address):
                line.reset()
            await asyncio.sleep(random.uniform(*AWAY_FOR))
            weather.away = False

    async def _bad_disk(self, random: Random) -> None:
        """No commit is made for a while."""
        while True:
            await asyncio.sleep(random.expovariate(1 / EVERY))
            self.done["disk"] += 1
            began, self._disk.fault = self._loop.time(), random.choice(DISK)
            self._network.trace.note("disk", self._disk.fault)
            try:
                await asyncio.sleep(random.expovariate(1 / LASTS))
            finally:
                self._disk.fault = 0
                self.refusals.append((began, self._loop.time()))

    async def _deaths(self, random: Random) -> None:
        """kill -9, more often than an orderly restart."""
        while True:
            await asyncio.sleep(random.uniform(0.3, 1.2) * EVERY)
            dies = random.random() < 0.7
            self.done["kill -9" if dies else "restart"] += 1
            if dies:
                await self._midst(random.randrange(1, 200))
            await (self._die if dies else self._restart)()

    async def _midst(self, turns: int) -> None:
        """Wait until work is half done somewhere."""
        reached = self._loop.create_future()
        self._loop.in_the_midst(turns, lambda: reached.done() or reached.set_result(None))
        await reached

    async def _jumps(self, random: Random) -> None:
        """Somebody corrects the machine's clock."""
        while True:
            await asyncio.sleep(random.expovariate(0.5 / EVERY))
            self.done["clock jump"] += 1
            ms = random.choice((-1, 1)) * random.randrange(100, 30_000)
            self._network.trace.note("jump", ms)
            self._wall.jump(ms)


def _strike(line: Line, kind: str) -> None:
    if kind == "reset":
        line.reset()
    elif kind == "vanish":
        line.vanish()
    else:
        line.cut_short = True
