"""An hour of misery, put together: customers, staff, a gateway that dies, operators, every fault.

Guarantees: the same seed and size give the same events, to the last octet (`Outcome.digest`). When
the last message was sent every fault ends, and the gateway is given time to settle what is left.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from habar.model.account import Account, AccountKind
from habar.model.retry import RetryPlan
from habar.model.status import Stage
from habar.store.books import NewAccount
from habar.store.sqlite import SqliteStore

from .customers import Customers, Message, packages
from .director import Director
from .gateway import Disk, Gateway, Wall
from .judge import WATCH, Judge
from .loop import VirtualLoop
from .network import Network
from .observer import Observer
from .operators import OPERATORS, Operator
from .smsc import Smsc
from .staff import Staff, lead, put
from .trace import Trace

RETRY = RetryPlan(first=2_000, last=120_000)
ACCOUNTS = 6
OPENING = 10**12
PRICE = 1_200
AFTERMATH = 4 * 3_600.0
"""Seconds after which what has not settled never will."""


STORMLESS = 0.75
"""The shortest of the shortest pauses between attempts to connect, in seconds."""
MOST_BINDS = 3
"""Of one operator."""
CHANGE = 8.0
"""Seconds in which a change of an operator has made its binds anew."""
THROTTLED = 0.03
"""So many submit_sm come too soon for each that an operator takes (`habar.operators.pace`), and at
each beginning, when nothing is known of its rate, a window's worth of all its binds: the written
bound."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to say of a run."""

    digest: str
    events: int
    findings: list[str]
    idle: list[tuple[str, float]]
    looks: int
    """How often the observer saw that messages waited for an operator."""
    stranded: list[tuple[int, float]]
    moved: int
    """Messages that went elsewhere because their operator was out."""
    cancelled: int
    """Parts that an operator forgot because it was asked to."""
    uncaught: list[object]
    faults: Counter[str]
    states: dict[str, int]
    repeated: int
    lives: int
    lasted: float
    """Virtual seconds."""


class Hour:
    """One run. `seconds`: over which so many messages are sent."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        messages: int,
        seconds: float,
    ) -> None:
        self.seed = seed
        self.loop = VirtualLoop()
        self.trace = Trace(self.loop.time)
        self.network = Network(self.loop, Random(f"{seed}/network"), self.trace)
        self.wall = Wall(self.loop)
        self.path = folder / "habar.db"
        self.disk = Disk(Random(f"{seed}/disk"))
        self.smscs = {key: self._smsc(one) for key, one in enumerate(OPERATORS, 1)}
        shares = {key: one.share for key, one in enumerate(OPERATORS, 1)}
        self.packages = packages(Random(f"{seed}/customers"), messages, seconds, shares, ACCOUNTS)
        self.gateway: Gateway | None = None
        self.lives = 0
        self._births: list[float] = []
        self._chance = Random(f"{seed}/gateway")
        self._moving = asyncio.Lock()

    def _smsc(self, operator: Operator) -> Smsc:
        return Smsc(
            operator.name,
            self.loop,
            self.network,
            (operator.settings.host, operator.settings.port),
            seed=self.seed,
            now_ms=self.wall.now_ms,
            manner=operator.manner,
        )

    def run(self) -> Outcome:
        """All of it, from an empty database to the judgement."""
        return self.loop.spend(self._run())

    async def _run(self) -> Outcome:
        accounts = await self._found()
        await self._begin_life()
        customers = Customers(self.loop, self.wall, accounts, self.packages, lambda: self.up)
        staff = Staff(
            self.loop,
            self.wall,
            self.path,
            self.smscs,
            Random(f"{self.seed}/staff"),
            self.trace,
        )
        observer = Observer(self.loop, self.wall, lambda: self.up, staff.decided_at)
        director = Director(
            self.loop,
            self.network,
            self.wall,
            self.disk,
            list(self.smscs.values()),
            Random(f"{self.seed}/director"),
            die=self._die,
            restart=self._restart,
        )
        watch = [asyncio.ensure_future(work) for work in (observer.work(), staff.decide())]
        staff.start()
        director.start()
        await customers.work()
        await director.stop()
        await staff.stop()
        async with self._moving:
            if self.up is None:
                await self._begin_life()
        await self._settle()
        for task in watch:
            task.cancel()
        assert self.gateway is not None
        await self.gateway.stop()
        judge = Judge(
            str(self.path),
            self.smscs,
            self.messages,
            retry=RETRY,
            ended_ms=self.wall.now_ms(),
            jumps=self.wall.jumps,
            refusals=director.refusals,
            resent=staff.resent,
            ended=staff.ended,
        )
        findings = judge.judge()
        findings += self._storms(staff.changed_at)
        findings += self._too_fast(staff.changed_at)
        findings += [f"refused: {message} {outcome}" for message, outcome in customers.refusals]
        for state, count in sorted(judge.states.items()):
            self.trace.note(state, count)
        return Outcome(
            digest=self.trace.digest,
            events=self.trace.count,
            findings=findings,
            idle=observer.idle,
            looks=observer.looks,
            stranded=observer.stranded,
            moved=observer.moved,
            cancelled=sum(len(smsc.book.cancelled) for smsc in self.smscs.values()),
            uncaught=list(self.loop.faults),
            faults=director.done + staff.done,
            states=dict(judge.states),
            repeated=judge.repeated,
            lives=self.lives,
            lasted=self.loop.time(),
        )

    @property
    def messages(self) -> list[Message]:
        """All of them."""
        return [message for package in self.packages for message in package.messages]

    @property
    def up(self) -> Gateway | None:
        """The gateway, if it runs."""
        return self.gateway if self.gateway is not None and self.gateway.up else None

    def _storms(self, changed_at: Mapping[str, Sequence[float]]) -> list[str]:
        """No link is tried again sooner than after the shortest pause: so many links, so many
        attempts at once, and then none for so long. Links that are made anew begin anew.
        """
        found = []
        for one in OPERATORS:
            at = self.network.attempts[one.settings.host, one.settings.port]
            for first, again in zip(at, at[MOST_BINDS:], strict=False):
                reborn = any(first <= birth <= again for birth in self._births) or any(
                    first - CHANGE <= change <= again for change in changed_at[one.name]
                )
                if again - first < STORMLESS - 1e-6 and not reborn:
                    found.append(f"a storm of connections at {one.name}, {first:.1f}")
        return found

    def _too_fast(self, changed_at: Mapping[str, Sequence[float]]) -> list[str]:
        """An operator that takes so many a second is sent few more."""
        found = []
        for operator, smsc in zip(OPERATORS, self.smscs.values(), strict=True):
            taken = sum(map(len, smsc.book.takes.values()))
            begun = self.lives + len(changed_at[operator.name])
            most = THROTTLED * taken + begun * operator.settings.window * MOST_BINDS
            if smsc.book.over_rate > most:
                found.append(f"{smsc.name}: {smsc.book.over_rate} too soon, {taken} taken")
        return found

    # --- The gateway's lives ---------------------------------------------------------------------
    async def _found(self) -> list[Account]:
        """Make the accounts and the operators."""
        store = SqliteStore(self.path)
        await store.open_books()
        accounts = []
        for number in range(ACCOUNTS):
            login = f"account{number}"
            new = NewAccount(login, AccountKind.FULL, "hash", balance=OPENING, part_price=PRICE)
            account_id = await store.books.add_account(new, actor="test", now=self.wall.now_ms())
            priority = number % 3
            accounts.append(
                Account(account_id, login, AccountKind.FULL, part_price=PRICE, priority=priority)
            )
        now = self.wall.now_ms()
        served = [key for key, one in enumerate(OPERATORS, 1) if not one.late]
        for operator_id in served:
            assert await put(store, OPERATORS[operator_id - 1].settings, now) == operator_id
        for operator_id in served:
            await lead(store, operator_id, now)
        await store.close()
        with closing(sqlite3.connect(self.path)) as database:
            database.executescript(WATCH)
        return accounts

    async def _begin_life(self) -> None:
        self.lives += 1
        self.gateway = Gateway(
            self.loop,
            self.network,
            self.wall,
            self.path,
            self.disk,
            retry=RETRY,
            random=self._chance,
            number=self.lives,
        )
        self._births.append(self.loop.time())
        await self.gateway.start()
        self.trace.note("begins", self.lives, self.gateway.recovered)

    async def _die(self) -> None:
        async with self._moving:
            if self.up is None:
                return
            self.trace.note("kill -9", self.lives)
            self.up.kill()
            await asyncio.sleep(self._chance.uniform(0.1, 5.0))
            await self._begin_life()

    async def _restart(self) -> None:
        async with self._moving:
            if self.up is None:
                return
            self.trace.note("restart", self.lives)
            await self.up.stop()
            await asyncio.sleep(self._chance.uniform(0.1, 5.0))
            await self._begin_life()

    # --- The end ---------------------------------------------------------------------------------
    async def _settle(self) -> None:
        """Wait until nothing is on its way any more."""
        last = self.loop.time() + AFTERMATH
        while self.loop.time() < last:
            await asyncio.sleep(5.0)
            if not await self._on_their_way():
                await asyncio.sleep(5.0)  # what an SMSC wrote last is on its way yet
                return

    async def _on_their_way(self) -> int:
        gateway = self.up
        assert gateway is not None
        owed = sum(smsc.owes for smsc in self.smscs.values())
        counts = await gateway.store.counts()
        waits = counts.waiting + counts.claimed + owed
        return waits or gateway.store._open.reads.here(_open)


def _open(connection: sqlite3.Connection) -> int:
    """Messages that have not ended."""
    question = "SELECT count(*) FROM message WHERE stage <> ?"
    return int(connection.execute(question, (Stage.DONE,)).fetchone()[0])
