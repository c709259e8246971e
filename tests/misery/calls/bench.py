"""A station with its customers and its operator on a virtual loop: every test here begins with it.

Guarantees: nothing depends on real time. `settled` means that nothing is owed any more, nothing is
on its way, and no part waits for others.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from habar.callbacks import CallerSettings
from habar.model.account import Account
from habar.model.message import Outcome
from habar.store.callbacks import CallStage

from ..gateway import Disk, Wall
from ..loop import VirtualLoop
from .carrier import Carrier
from .hosts import Hosts
from .insistent import Insistent
from .phones import Phones
from .station import Station, found

OPEN = (CallStage.WAITING, CallStage.CLAIMED, CallStage.BLOCKED)


class Bench:
    """`run` makes the installation, does the work and ends everything."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 1,
        accounts: int = 3,
        settings: CallerSettings | None = None,
        within: float = 30.0,
        every: float = 0.7,
    ) -> None:
        self.seed = seed
        self.path = folder / "habar.db"
        self.loop = VirtualLoop()
        self.wall = Wall(self.loop)
        self.disk = Disk(Random(f"{seed}/disk"))
        self.hosts = Hosts()
        self.settings = settings or CallerSettings()
        self.station: Station | None = None
        self.lives = 0
        self.accounts: list[Account] = []
        self._number_of_accounts = accounts
        self._chance = Random(f"{seed}/station")
        self.carrier = Carrier(
            self.wall, lambda: self.up, Random(f"{seed}/carrier"), within=within, every=every
        )
        self.customers = Insistent(lambda: self.up, every)
        self.phones = Phones(lambda: self.up, Random(f"{seed}/phones"))
        self.outcomes: list[Outcome] = []

    def run(self, work: Callable[[Bench], Awaitable[Any]]) -> Any:
        """Do the work in virtual time, with a station that is up."""

        async def all_of_it() -> Any:
            self.accounts = await found(self.path, self.wall.now_ms(), self._number_of_accounts)
            await self.begin()
            tasks = [asyncio.ensure_future(w) for w in (self.carrier.work(), self.customers.work())]
            result = await work(self)
            for task in tasks:
                task.cancel()
            if self.up is not None:
                await self.up.stop()
            return result

        result = self.loop.spend(all_of_it())
        assert [fault for fault in self.loop.faults if not _of_the_dead(fault)] == []
        return result

    @property
    def up(self) -> Station | None:
        """The station, if it runs."""
        return self.station if self.station is not None and self.station.up else None

    # --- Lives -----------------------------------------------------------------------------------
    async def begin(self) -> None:
        """A new life."""
        self.lives += 1
        self.station = Station(
            self.loop,
            self.wall,
            self.path,
            self.disk,
            self.hosts,
            self.accounts,
            settings=self.settings,
            random=self._chance,
            number=self.lives,
        )
        await self.station.start()

    async def die(self, seconds: float = 1.0) -> None:
        """kill -9, and a new life so many seconds later."""
        assert self.up is not None
        self.up.kill()
        await asyncio.sleep(seconds)
        await self.begin()

    # --- Work ------------------------------------------------------------------------------------
    def send(self, account: int, customer_id: int, url: str = "", text: str = "Hello") -> None:
        """A customer sends a message; it comes again until it is answered."""
        recipient = str(77_010_000_000 + customer_id)
        draft = (customer_id, recipient, None, None, None, None, text)

        def give(station: Station, done: Callable[[Any], None]) -> None:
            station.submit(self.accounts[account], [draft], done, [url])

        self.customers.add(give, self.outcomes.extend)

    # --- What is seen ----------------------------------------------------------------------------
    def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the file."""
        with closing(sqlite3.connect(self.path)) as database:
            return database.execute(question, values).fetchall()

    @property
    def owed(self) -> int:
        """Obligations that are open."""
        [(count,)] = self.rows("SELECT count(*) FROM callback WHERE stage IN (0, 1, 4)")
        return int(count)

    def unsettled(self) -> dict[str, int]:
        """What is not done yet."""
        [(waiting,)] = self.rows("SELECT count(*) FROM message WHERE stage < 2")
        [(parts,)] = self.rows("SELECT count(*) FROM inbound_segment WHERE NOT joined")
        left = {
            "packages": self.customers.open,
            "deliveries": self.phones.outbox.open,
            "receipts": 0 if self.carrier.idle else self.carrier.receipts.open or 1,
            "obligations": self.owed,
            "messages": int(waiting),
            "parts": int(parts),
        }
        return {what: count for what, count in left.items() if count}

    async def settle(self, seconds: float = 4 * 3_600.0, every: float = 5.0) -> None:
        """Wait until nothing is left to do; it is told what is where that does not come."""
        last = self.loop.time() + seconds
        while left := self.unsettled():
            assert self.loop.time() < last, f"this is never done: {left}"
            await asyncio.sleep(every)


def _of_the_dead(fault: dict[str, Any]) -> bool:
    """A commit that the disk refused, of a gateway that was killed before it heard of it."""
    return "made by the simulation" in str(fault.get("exception"))


def tries_in_order(hosts: Hosts) -> list[str]:
    """Findings: of one subject a later event called before the earlier was over, or two at once."""
    findings = []
    by_subject: dict[tuple[str, int], list[Any]] = {}
    for visit in hosts.visits:
        by_subject.setdefault(visit.subject, []).append(visit)
    for subject, visits in by_subject.items():
        for before, after in pairwise(visits):
            if after.event < before.event:
                findings.append(f"{subject}: {after.event} was called after {before.event}")
            over = before.ended is not None and before.ended <= after.began
            if before.life == after.life and not over:
                findings.append(f"{subject}: two calls at once, {before.event} {after.event}")
    return findings
