"""One life of a gateway as far as it receives and calls: on a real SQLite file, in virtual time.

Guarantees: wired as `habar.app.receiving` wires it; there are no links: what operators bring is
given to `deliver`, what goes out is taken by a Carrier (carrier.py). A kill leaves the file as it
is at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context
from pathlib import Path
from random import Random
from typing import Any

from habar.app.network import NetworkView
from habar.callbacks import Caller, CallerSettings
from habar.config import InboundSettings, OperatorSettings
from habar.inbound import Inbound, Joiner, Receipts, Rules, Subscribers
from habar.model.account import Account, AccountKind
from habar.model.message import Outgoing, Protocol
from habar.store.books import NewAccount
from habar.store.inbox import CallMethod, Rule
from habar.store.sqlite import SqliteStore
from habar.submit.door import Door
from habar.wire.smpp import Pdu

from ..gateway import Disk, Wall
from ..loop import Process, VirtualLoop
from ..staff import put
from .hosts import Hosts

JOIN_MINUTES = 5.0
OPENING = 10**12
OPERATOR_ID = 1


class NobodyAhead:
    """The dispatcher as the door sees it, where all goes by the queue."""

    def reserve(self, operator_id: int, account_id: int, priority: int) -> bool:
        return False

    def release(self, operator_id: int, account_id: int, priority: int) -> None:
        raise AssertionError("nothing was reserved")

    def take(self, operator_id: int, message: Outgoing) -> None:
        raise AssertionError("nothing was reserved")

    def waiting(self, operator_id: int, account_id: int, priority: int, due_at: int) -> None:
        """The carrier looks by itself."""

    def withdraw(self, message_id: int) -> bool:
        return False


def host_of_account(account: int) -> str:
    """Where an account's web services are; the first two share a host."""
    return "shared.kz:80" if account < 2 else f"customer{account}.kz:80"


def url_of(account: int, what: str) -> str:
    """A web service of an account."""
    return f"http://{host_of_account(account)}/{account}/{what}"


def short_code(account: int) -> str:
    """The account's."""
    return f"{8700 + account}"


async def found(path: Path, now: int, accounts: int) -> list[Account]:
    """Make an installation: accounts with a default URL and a short code, one operator."""
    store = SqliteStore(path)
    await store.open_books()
    made = []
    for number in range(accounts):
        login = f"account{number}"
        new = NewAccount(login, AccountKind.FULL, "hash", balance=OPENING, part_price=1)
        account_id = await store.books.add_account(new, actor="test", now=now)
        url = url_of(number, "default") if number % 2 else ""
        account = Account(account_id, login, AccountKind.FULL, part_price=1, report_url=url)
        await store.books.change_account(account, actor="test", now=now)
        made.append(account)
        await store.inbox.add_rule(
            Rule(
                short_code(number),
                account_id,
                method=(CallMethod.GET, CallMethod.POST)[number % 2],
                url=url_of(number, "inbound"),
                userin="svc",
                passwordin=f"password {number}",
            ),
            actor="test",
            now=now,
        )
    operator = OperatorSettings(
        name="operator", host="operator", port=2775, system_id="habar", password="secret"
    )
    assert await put(store, operator, now) == OPERATOR_ID
    await store.close()
    return made


class Station:
    """From `start` to `stop` or `kill`."""

    def __init__(
        self,
        loop: VirtualLoop,
        wall: Wall,
        path: Path,
        disk: Disk,
        hosts: Hosts,
        accounts: Sequence[Account],
        *,
        settings: CallerSettings,
        random: Random,
        number: int = 1,
    ) -> None:
        self.number = number
        self.process = Process(f"station {number}")
        self.up = False
        self.store = SqliteStore(path)
        self._loop = loop
        self._wall = wall
        self._disk = disk
        self._hosts = hosts
        self._accounts = {account.id: account for account in accounts}
        self._settings = settings
        self._random = random

    async def start(self) -> None:
        """Open the store and begin to join and to call."""
        await self.process.run(self._loop.create_task, self._start())

    async def _start(self) -> None:
        clock, store = self._wall, self.store
        await store.open(clock.now_ms())
        self._disk.bear(store)
        network = self.network = NetworkView(store, (), now=clock.now_ms)
        await network.begin()
        rules = Rules()
        await rules.follow(store.inbox)
        self.receipts = Receipts(store.journal, clock.now_ms)
        self.subscribers = Subscribers(
            store.journal, rules, InboundSettings(), clock.now_ms, owed=self._owed
        )
        self.take = Inbound(self.receipts, self.subscribers).deliver
        self.joiner = Joiner(
            store.journal,
            self.subscribers,
            network.operator,
            join_minutes=JOIN_MINUTES,
            clock=clock,
        )
        self.door = Door(
            store.journal,
            NobodyAhead(),
            network.routes,
            now=clock.now_ms,
            monotonic=self._loop.time,
        )
        self.caller = Caller(
            store,
            self.door,
            self._accounts.get,
            self._settings,
            clock=clock,
            client=self._hosts.client(self.number),
            spread=self._random.random,
        )
        self.joiner.start()
        await self.caller.start()
        self.up = True

    def _owed(self) -> None:
        self.caller.wake()

    async def stop(self) -> None:
        """Stop in order."""
        self.up = False
        await self.process.run(self._loop.create_task, self._stop())

    async def _stop(self) -> None:
        self.joiner.stop()
        await self.caller.stop(5.0)
        self.door.drain()
        await self.store.close()

    def kill(self) -> None:
        """kill -9: whatever is not on disk is lost."""
        self.up = False
        self._loop.kill(self.process)
        parts = self.store._parts
        if parts is not None:
            self.store._release(parts.lock)

    # --- What comes from outside -------------------------------------------------------------
    def submit(
        self,
        account: Account,
        drafts: Sequence[tuple[Any, ...]],
        done: Callable[[Any], None],
        report_urls: Sequence[str] = (),
    ) -> None:
        """A customer sends a package."""
        told = self._unless_dead(done)
        self.process.run(self.door.submit, account, Protocol.XML, drafts, told, report_urls)

    def deliver(self, pdu: Pdu, ack: Callable[[int], None]) -> None:
        """The operator sends a deliver_sm."""
        operator = self.network.operator(OPERATOR_ID)
        assert operator is not None
        self.process.run(self.take, operator, pdu, self._unless_dead(ack))

    def record(self, event: Any, done: Callable[[Any], None]) -> None:
        """Something happened with a message."""
        self.process.run(self.store.journal.record, event, self._unless_dead(done))

    def ask(self, question: Any, done: Callable[[Any], None]) -> None:
        """Of the journal."""
        self.process.run(self.store.journal.ask, question, self._unless_dead(done))

    def _unless_dead(self, done: Callable[[Any], None]) -> Callable[[Any], None]:
        """What the other side does then is its own doing: it goes on when this process dies."""

        def told(answer: Any) -> None:
            if not self.process.dead:
                Context().run(done, answer)

        return told
