"""A hundred thousand words are owed to a host that is dead, and one to a host that lives.

On SQLite in virtual time, on PostgreSQL with short pauses; HABAR_MISERY_OWED says how many.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from habar.callbacks import Caller, CallerSettings
from habar.model.account import Account, AccountKind
from habar.model.message import Reports, Submission
from habar.model.retry import RetryPlan
from habar.model.status import MessageState, Stage
from habar.operators import SystemClock
from habar.store.books import NewAccount
from habar.store.events import Finished, PartAccepted
from habar.store.sqlite import SqliteStore

from ...contract.postgres_engine import PostgresEngine
from ..gateway import Disk, Wall
from ..loop import VirtualLoop
from .hosts import Hosts

OWED = int(os.environ.get("HABAR_MISERY_OWED", "3000"))
SETTINGS = CallerSettings(
    retry=RetryPlan(50, 200), host_pauses=RetryPlan(20, 400), per_host=16, total=64
)
"""Short pauses, so that nobody waits for them on a real clock."""
DEAD, LIVING = "http://dead.kz/cb", "http://living.kz/cb"
SLICE = 1_000
FEW = 40
"""Tries of the dead host while one word goes to the living one."""


class Crowd:
    """A store with a caller on it, and what is owed."""

    def __init__(
        self,
        store: Any,
        account: Account,
        operator: int,
        clock: Any,
        settings: CallerSettings = SETTINGS,
    ) -> None:
        self.hosts = Hosts(answers=lambda _: "")
        self.most_in_hand = 0
        self.store = store
        self.accounts = {account.id: account}
        self._account = account
        self._operator = operator
        self.settings = settings
        self._clock = clock
        self._names = 0
        self._yes = 0
        self._wanted = 0
        self._reached = asyncio.Event()
        for host in ("dead.kz", "living.kz"):
            self.hosts.moods[host].seconds = 0.0
        self.caller = Caller(
            store,
            NoDoor(),
            self.accounts.get,
            settings,
            clock=clock,
            client=self,
            spread=Random(1).random,
        )

    # --- As `habar.callbacks.Client` -----------------------------------------------------------
    async def call(self, request: Any, seconds: float) -> Any:
        answer = await self.hosts.client(1).call(request, seconds)
        self.most_in_hand = max(self.most_in_hand, self.caller.in_hand)
        self._yes += not answer.error
        if self._yes >= self._wanted:
            self._reached.set()
        return answer

    async def close(self) -> None:
        """There is nothing."""

    # --- What the test does --------------------------------------------------------------------
    async def owe(self, url: str, messages: int, account: int = 0) -> None:
        """Two words a message: an operator has it, and it was delivered."""
        await self.owe_all([url] * messages, account)

    async def owe_all(self, urls: Sequence[str], account: int = 0) -> None:
        """Of a message to each; the first account's, if no other is told."""
        account = account or self._account.id
        for at in range(0, len(urls), SLICE):
            some = urls[at : at + SLICE]
            size, now = len(some), self._clock.now_ms()
            outcomes = await self._told(
                self.store.journal.submit, [self._message(url, account, now) for url in some]
            )
            names = range(self._names, self._names + size)
            self._names += size
            accepted = [
                PartAccepted(outcome.message_id, 1, self._operator, f"{name:X}", now, last=True)
                for outcome, name in zip(outcomes, names, strict=True)
            ]
            ended = [
                Finished(o.message_id, MessageState.DELIVERED, "", now, refund=False)
                for o in outcomes
            ]
            await asyncio.gather(*[self._told(self.store.journal.record, e) for e in accepted])
            await asyncio.gather(*[self._told(self.store.journal.record, e) for e in ended])

    def _message(self, url: str, account: int, now: int) -> Submission:
        return Submission(
            account,
            None,
            1,
            "TEXT_MSG",
            77771234567,
            "x",
            0,
            0,
            1,
            1,
            now,
            now,
            None,
            self._operator,
            stage=Stage.CLAIMED,
            reports=Reports.OWN,
            report_url=url,
            report_host=url.rpartition("/")[0] + ":80",
        )

    async def _told(self, give: Callable[..., None], what: Any) -> Any:
        answer = asyncio.get_running_loop().create_future()
        give(what, answer.set_result)
        return await answer

    async def heard(self, yes: int) -> None:
        """Wait until so many calls were answered yes."""
        self._wanted = yes
        if self._yes < yes:
            self._reached.clear()
            await self._reached.wait()

    async def run(self) -> None:
        """The dead, the living, and the dead alive."""
        hosts, messages = self.hosts, OWED // 2
        hosts.moods["dead.kz"].down = True
        await self.owe(DEAD, messages)
        await self.caller.start()
        for number in range(1, 6):
            before = len(hosts.to("dead.kz"))
            await self.owe(LIVING, 1)
            self.caller.wake()
            await self.heard(2 * number)
            assert len(hosts.to("dead.kz")) - before <= FEW, "the living one waits for the dead"
        assert self.most_in_hand <= 2 * SETTINGS.total
        hosts.moods["dead.kz"].down = False
        await self.heard(10 + 2 * messages)
        await self.caller.stop(60.0)
        self.hold(messages + 5)

    def hold(self, messages: int) -> None:
        """Each word once, the two of a message in their order, no more in hand than permitted."""
        yes = Counter(visit.event for visit in self.hosts.visits if visit.said_yes)
        assert len(yes) == 2 * messages
        assert set(yes.values()) == {1}
        words: dict[str, list[str]] = {}
        for visit in self.hosts.visits:
            if visit.said_yes:
                words.setdefault(visit.asked["messageid"], []).append(visit.asked["status"])
        assert len(words) == messages
        assert {tuple(told) for told in words.values()} == {
            ("deliveredtonetwork", "deliveredtohandset")
        }
        assert self.most_in_hand <= 2 * SETTINGS.total + 2
        assert max(self.hosts.most.values()) <= SETTINGS.per_host


class NoDoor:
    """Nobody is answered here."""

    def reply(self, account: Account, reply: Any, done: Any) -> None:
        raise AssertionError


async def furnished(store: Any, now: int) -> tuple[Account, int]:
    account = await opened(store, "shop", now)
    return account, await store.books.ensure_operator("kcell")


async def opened(store: Any, login: str, now: int) -> Account:
    new = NewAccount(login, AccountKind.FULL, "hash", balance=0)
    number = await store.books.add_account(new, actor="test", now=now)
    return Account(number, login, AccountKind.FULL)


def test_a_dead_host_beside_a_living_one_on_sqlite(tmp_path: Path) -> None:
    loop = VirtualLoop()
    wall = Wall(loop)

    async def work() -> None:
        store = SqliteStore(tmp_path / "habar.db")
        await store.open(wall.now_ms())
        Disk(Random(1)).bear(store)
        crowd = Crowd(store, *await furnished(store, wall.now_ms()), wall)
        await crowd.run()
        await store.close()

    loop.spend(work())
    assert loop.faults == []


def test_a_living_host_waits_for_silent_ones_no_longer_than_these_have_to_answer(
    tmp_path: Path,
) -> None:
    """Fifty hosts take every call and say nothing; each has as many places as it can get."""
    loop = VirtualLoop()
    wall = Wall(loop)
    settings = CallerSettings()

    async def work() -> list[float]:
        store = SqliteStore(tmp_path / "habar.db")
        await store.open(wall.now_ms())
        Disk(Random(1)).bear(store)
        crowd = Crowd(store, *await furnished(store, wall.now_ms()), wall, settings)
        for number in range(50):
            crowd.hosts.moods[f"silent{number}.kz"].seconds = 3_600.0
            await crowd.owe(f"http://silent{number}.kz/cb", 20)
        await crowd.caller.start()
        waits = []
        for number in range(1, 13):
            began = loop.time()
            await crowd.owe(LIVING, 1)
            crowd.caller.wake()
            await crowd.heard(2 * number)
            waits.append(loop.time() - began)
            await asyncio.sleep(5.0)
        await crowd.caller.stop(0.0)
        await store.close()
        assert crowd.most_in_hand <= 2 * settings.total + 51
        return waits

    waits = sorted(loop.spend(work()))
    assert waits[-1] <= settings.state_seconds
    assert waits[len(waits) // 2] <= 1.0, "most of the time there is a place for it"


async def neighbourly(crowd: Crowd, now: Callable[[], float]) -> list[float]:
    """One account owes a word to each of very many hosts that say nothing: how long another waits.

    The hosts' names are the account's own, each message has another one.
    """
    neighbour = await opened(crowd.store, "neighbour", 1)
    crowd.accounts[neighbour.id] = neighbour
    urls = [f"http://a{number}.evil.kz/cb" for number in range(OWED)]
    for url in urls:
        crowd.hosts.moods[url.split("/")[2]].seconds = 3_600.0
    await crowd.owe_all(urls)
    await crowd.caller.start()
    waits = []
    for number in range(1, 9):
        began = now()
        await crowd.owe(LIVING, 1, neighbour.id)
        crowd.caller.wake()
        await crowd.heard(2 * number)
        waits.append(now() - began)
        assert crowd.caller.running <= crowd.settings.total // 2 + 2
        assert crowd.caller.hosts <= crowd.settings.total + 2
        await asyncio.sleep(3.0)
    await crowd.caller.stop(0.0)
    assert crowd.most_in_hand <= crowd.settings.total + 2
    return waits


def test_a_neighbour_does_not_wait_for_one_who_has_ever_other_slow_hosts(tmp_path: Path) -> None:
    loop = VirtualLoop()
    wall = Wall(loop)

    async def work() -> list[float]:
        store = SqliteStore(tmp_path / "habar.db")
        await store.open(wall.now_ms())
        Disk(Random(1)).bear(store)
        furniture = await furnished(store, wall.now_ms())
        crowd = Crowd(store, *furniture, wall, CallerSettings(total=32))
        waits = await neighbourly(crowd, loop.time)
        await store.close()
        return waits

    assert max(loop.spend(work())) <= 1.0
    assert loop.faults == []


async def test_a_dead_host_beside_a_living_one_on_postgresql(postgres: Any, tmp_path: Path) -> None:
    clock = SystemClock()
    engine = await PostgresEngine.make(postgres, tmp_path)
    store = await engine.open(clock.now_ms())
    crowd = Crowd(store, *await furnished(store, clock.now_ms()), clock)
    await crowd.run()
    await engine.close()
