"""An hour of misery with call-backs: hosts that come and go, a gateway that dies.

Receipts come in any order, and so do the parts of what subscribers write.

Guarantees: what happens hangs on the seed and the size alone. When all is said every fault ends,
and the gateway is given time to settle what is left.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from habar.callbacks import CallerSettings
from habar.model.retry import RetryPlan

from .bench import Bench
from .judge import Judge
from .phones import Said, say
from .station import host_of_account, url_of

ACCOUNTS = 4
SETTINGS = CallerSettings(
    per_host=4,
    total=8,
    retry=RetryPlan(10_000, 120_000, 900_000),
    host_pauses=RetryPlan(1_000, 60_000),
)
MOODS = ("down", "fails", "garbage", "breaks", "slow")
EVERY = 240.0
"""Seconds between two moods of one kind at one host, on average."""
LASTS = 40.0
"""Seconds, on average."""
LONG_AWAY = 1_500.0
"""Once a host is down for longer than obligations live."""
SETTLED_WITHIN = 4 * 3_600.0
"""Seconds after which what has not settled never will."""
DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
MISERIES = {*MOODS, "disk", "kill -9", "restart", "clock jump", "long away"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to say of a run."""

    findings: list[str]
    faults: Counter[str]
    calls: int
    visits: int
    lives: int
    given_up: int
    answered: int
    incomplete: int
    digest: int
    most_in_hand: int


class Hour:
    """One run: so many messages and half as many of subscribers, over so many seconds."""

    def __init__(self, folder: Path, *, seed: int, messages: int, seconds: float) -> None:
        self.bench = Bench(folder, seed=seed, accounts=ACCOUNTS, settings=SETTINGS)
        self.done: Counter[str] = Counter()
        self.most_in_hand = 0
        self._seconds = seconds
        self._messages = messages
        self._seeds = Random(f"{seed}/calls")
        self._all_said: list[Said] = []
        self._urls: dict[int, str] = {}
        self._jumped = 0
        self._moving = asyncio.Lock()

    def run(self) -> Outcome:
        """All of it, from an empty database to the judgement."""
        bench = self.bench
        bench.run(lambda _: self._run())
        judge = Judge(
            bench.path,
            bench.hosts,
            self._all_said,
            self._told(),
            settings=SETTINGS,
            lives=bench.lives,
            jumped_ms=self._jumped,
        )
        findings = judge.judge()
        if self.most_in_hand > 2 * SETTINGS.total + ACCOUNTS:
            findings.append(f"{self.most_in_hand} obligations in hand")
        return Outcome(
            findings,
            self.done,
            len(judge._calls),
            len(bench.hosts.visits),
            bench.lives,
            judge.given_up,
            judge.answered,
            judge.incomplete,
            hash(tuple((v.event, v.began, v.ended, v.said_yes) for v in bench.hosts.visits)),
            self.most_in_hand,
        )

    async def _run(self) -> None:
        bench, seeds = self.bench, self._seeds
        random = Random(seeds.random())
        self._all_said = [say(random, n, ACCOUNTS) for n in range(1, self._messages // 2 + 1)]
        faults = [asyncio.ensure_future(one) for one in self._faults()]
        await asyncio.gather(
            bench.phones.work(self._all_said, self._seconds),
            self._send(Random(seeds.random())),
        )
        async with self._moving:  # no life is half begun or half ended
            for task in faults:
                task.cancel()
        await asyncio.wait(faults)
        bench.disk.fault = 0
        for mood in bench.hosts.moods.values():
            mood.down = mood.fails = mood.garbage = mood.breaks = False
            mood.seconds = 0.01
        await bench.settle(SETTLED_WITHIN)

    async def _send(self, random: Random) -> None:
        for number in range(1, self._messages + 1):
            await asyncio.sleep(random.expovariate(self._messages / self._seconds))
            account = random.randrange(ACCOUNTS)
            self.bench.send(account, number, random.choice(("", url_of(account, "own"))))

    def _told(self) -> dict[int, str]:
        """Who is to be told of which message."""
        own = dict(self.bench.rows("SELECT message_id, url FROM message_report"))
        default = "SELECT message.id, report_url FROM message JOIN account"
        default += " ON account.id = account_id WHERE reports = 2"
        return {**dict(self.bench.rows(default)), **own}

    # --- Faults --------------------------------------------------------------------------------
    def _faults(self) -> list[Coroutine[Any, Any, None]]:
        hosts = sorted({host_of_account(number) for number in range(ACCOUNTS)})
        seeds = self._seeds
        faults = [
            self._moods(host, kind, Random(seeds.random())) for host in hosts for kind in MOODS
        ]
        faults += [
            work(Random(seeds.random()))
            for work in (self._deaths, self._bad_disk, self._jumps, self._long_away)
        ]
        return [*faults, self._watch()]

    async def _moods(self, host: str, kind: str, random: Random) -> None:
        mood = self.bench.hosts.moods[host]
        while True:
            await asyncio.sleep(random.expovariate(1 / EVERY))
            self.done[kind] += 1
            self._set(mood, kind, random.choice((0.5, 9.0, 12.0, 31.0)))
            await asyncio.sleep(random.expovariate(1 / LASTS))
            self._set(mood, kind, 0.01, on=False)

    def _set(self, mood: Any, kind: str, seconds: float, *, on: bool = True) -> None:
        if kind == "slow":
            mood.seconds = seconds
        else:
            setattr(mood, kind, on)

    async def _long_away(self, random: Random) -> None:
        """The last customer's host is gone for longer than anything is tried."""
        await asyncio.sleep(random.uniform(10.0, self._seconds / 4))
        self.done["long away"] += 1
        mood = self.bench.hosts.moods[host_of_account(ACCOUNTS - 1)]
        until = self.bench.loop.time() + LONG_AWAY
        while self.bench.loop.time() < until:
            mood.down = True
            await asyncio.sleep(5.0)
        mood.down = False

    async def _deaths(self, random: Random) -> None:
        """kill -9, more often than an orderly restart."""
        while True:
            await asyncio.sleep(random.uniform(20.0, 160.0))
            dies = random.random() < 0.8
            self.done["kill -9" if dies else "restart"] += 1
            if dies:
                await self._midst(random.randrange(1, 400))
            async with self._moving:
                station = self.bench.up
                assert station is not None
                if dies:
                    station.kill()
                else:
                    await station.stop()
                await asyncio.sleep(random.uniform(0.1, 5.0))
                await self.bench.begin()

    async def _midst(self, turns: int) -> None:
        """Wait until work is half done somewhere."""
        reached = self.bench.loop.create_future()
        self.bench.loop.in_the_midst(turns, lambda: reached.done() or reached.set_result(None))
        await reached

    async def _bad_disk(self, random: Random) -> None:
        while True:
            await asyncio.sleep(random.expovariate(1 / 100.0))
            self.done["disk"] += 1
            self.bench.disk.fault = random.choice(DISK)
            try:
                await asyncio.sleep(random.expovariate(1 / 3.0))
            finally:
                self.bench.disk.fault = 0

    async def _jumps(self, random: Random) -> None:
        while True:
            await asyncio.sleep(random.expovariate(1 / 400.0))
            self.done["clock jump"] += 1
            ms = random.choice((-1, 1)) * random.randrange(100, 20_000)
            self._jumped += abs(ms)
            self.bench.wall.jump(ms)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            station = self.bench.up
            if station is not None:
                self.most_in_hand = max(self.most_in_hand, station.caller.in_hand)
