"""An operator's SMSC on a real socket, a link to it, and all that receives, on a real store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from habar.config import InboundSettings
from habar.inbound import Inbound, Joiner, Receipts, Rules, Subscribers
from habar.model.account import AccountKind
from habar.operators import Bundle, OperatorSettings, SystemClock
from habar.simulator import Settings, Simulator
from habar.store.books import NewAccount
from habar.store.inbox import CallMethod, Received, Rule
from habar.store.sqlite import SqliteStore
from habar.wire.smpp import CommandId, Pdu, Response, Unmatched, encode, make_pdu
from habar.wire.smpp import Received as Asked

from ..gateway import WatchedStore
from ..operators.conftest import SOON, Peer, Smsc

RULES = [
    Rule("8785", 1, method=CallMethod.GET, url="http://shop.example/sms", id=1),
    Rule("8785", 2, "pizza", CallMethod.POST, "https://pizza.example/", id=2),
    Rule("1414", 3, "taxi", CallMethod.AUTO, reply="A car is on its way", id=3),
]


class Clock:
    """The loop's timers; the time of day stands still until the test moves it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000_000

    def now_ms(self) -> int:
        return self.now

    def call_later(self, delay: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay, call)


class Site:
    """A gateway as subscribers see it."""

    def __init__(self, path: Path, port: int, settings: InboundSettings, **operator: Any) -> None:
        self.clock = Clock()
        self._path = path
        self._port = port
        self._settings = settings
        self._operator = {"reconnect_first": 0.01, "reconnect_last": 0.02} | operator
        self._opened = SqliteStore(path)

    async def begin(self) -> None:
        await self._opened.open(self.clock.now)
        store = self.store = WatchedStore(self._opened)
        await furnish(self._opened)
        journal: Any = store.journal
        rules = Rules()
        await rules.follow(self._opened.inbox)
        self.subscribers = Subscribers(journal, rules, self._settings, self.clock.now_ms)
        inbound = Inbound(Receipts(journal, self.clock.now_ms), self.subscribers)
        self.operator = OperatorSettings(
            await self._opened.books.ensure_operator("op"),
            "op",
            "127.0.0.1",
            self._port,
            "habar",
            "habar",
            **self._operator,
        )
        by_id = {self.operator.id: self.operator}
        self.joiner = Joiner(journal, self.subscribers, by_id.get, clock=self.clock, every=0.01)
        self.bundle = Bundle(
            self.operator,
            on_results=lambda results: None,
            on_deliver=partial(inbound.deliver, self.operator),
            on_up=store.journal.rung.set,
            on_down=lambda tokens: None,
            clock=SystemClock(),
        )
        self.joiner.start()
        for number in self.operator.slots():
            self.bundle.open(number)
        await self.when(lambda: self.bundle.bound)

    async def when(self, true: Callable[[], object]) -> None:
        rung = self.store.journal.rung
        async with asyncio.timeout(SOON):
            while not true():
                rung.clear()
                await rung.wait()

    @property
    def messages(self) -> list[Received]:
        """Whole messages that are on disk, in their order."""
        return [event for event in self.store.journal.events if isinstance(event, Received)]

    async def received(self, count: int = 1) -> list[Received]:
        """So many messages, as soon as they are there; the store has these and no other."""
        await self.when(lambda: len(self.messages) >= count)
        rows = await self._opened.inbox.messages()
        assert [(row.sender, row.short_code, row.text) for row in reversed(rows)] == [
            (message.sender, message.short_code, message.text) for message in self.messages
        ]
        return self.messages

    def lock_file(self) -> sqlite3.Connection:
        """Take the database away, as a command that hangs in a transaction would."""
        thief = sqlite3.connect(self._path, isolation_level=None)
        thief.execute("BEGIN IMMEDIATE")
        return thief

    async def end(self) -> None:
        self.joiner.stop()
        self.bundle.abandon_all("the test is over")
        await self._opened.close()


async def furnish(store: SqliteStore) -> None:
    """The accounts that own the rules, and these."""
    for login in ("shop", "pizza", "taxi"):
        new = NewAccount(login, AccountKind.FULL, "hash")
        await store.books.add_account(new, actor="test", now=0)
    for rule in RULES:
        await store.inbox.add_rule(rule, actor="test", now=0)


class Answering(Peer):
    """A connection that keeps the answers to what the SMSC delivered."""

    def data_received(self, data: bytes) -> None:
        for event in self.smpp.receive_data(data, 0.0):
            if isinstance(event, Asked):
                self.smsc.on_request(self, event.pdu)
            elif isinstance(event, Response | Unmatched):
                self.smsc.answers.append(event.pdu)  # type: ignore[attr-defined]
        self.flush()
        self.smsc.changed.set()


class Scripted(Smsc):
    """An SMSC that delivers what the test writes."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Pdu] = []

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Answering(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def deliver(
        self,
        text: bytes = b"",
        *,
        command: CommandId = CommandId.DELIVER_SM,
        sender: bytes = b"77771234567",
        code: bytes = b"8785",
        **fields: Any,
    ) -> None:
        """Write one PDU on the newest connection."""
        if command is CommandId.DELIVER_SM:
            fields["short_message"] = text
        pdu = make_pdu(command, source_addr=sender, destination_addr=code, **fields)
        self.peers[-1].smpp.send_request(pdu, None, 0.0)
        self.peers[-1].flush()

    def ask_amiss(self) -> None:
        """Write what a client cannot be asked: its refusal comes after all answers before it."""
        self.peers[-1].transport.write(encode(make_pdu(CommandId.QUERY_SM).numbered(1000)))

    async def answered(self, count: int) -> list[Pdu]:
        """So many answers, as soon as they are there."""
        async with asyncio.timeout(SOON):
            while len(self.answers) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.answers


@pytest.fixture
async def smsc() -> AsyncIterator[Scripted]:
    made = Scripted()
    await made.listen()
    yield made
    made.close()


@pytest.fixture
async def make_site(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """`await make_site(port, alphabet=…)`: a gateway with a link to that SMSC."""
    sites: list[Site] = []

    async def make(port: int, settings: InboundSettings | None = None, **operator: Any) -> Site:
        path = tmp_path / f"{len(sites)}.db"
        sites.append(Site(path, port, settings or InboundSettings(), **operator))
        await sites[-1].begin()
        return sites[-1]

    yield make
    for site in sites:
        await site.end()


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Settings(port=0, retry_delay=0.05)) as made:
        yield made


def part(number: int, total: int, text: bytes, reference: int = 42) -> bytes:
    """A user data field with an 8-bit concatenation header."""
    return bytes((5, 0, 3, reference, total, number)) + text
