"""Two rigs: links and an SMSC that answers as the test says; and a whole gateway (site.py)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from habar.model.retry import RetryPlan
from habar.model.status import MessageState
from habar.operators import Bundle, Link, LinkState, OperatorSettings, SystemClock
from habar.simulator import Settings
from habar.wire.smpp import Connection, Pdu, Received, Role, SubmitResult, encode_submit_body

from ..gateway import SkippingClock
from . import site as sites

SOON = 10.0
"""Seconds until a test gives up waiting: far longer than anything here takes."""
BODY = encode_submit_body(b"SHOP", b"77010000001", b"Hi")


class Peer(asyncio.Protocol):
    """One connection with the SMSC."""

    def __init__(self, smsc: Smsc) -> None:
        self.smsc = smsc
        self.smpp = Connection(Role.SMSC, 0.0)
        self.requests: list[Pdu] = []
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.smsc.peers.append(self)
        self.smsc.changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.smsc.changed.set()

    def data_received(self, data: bytes) -> None:
        if self.smsc.silent:
            return
        for event in self.smpp.receive_data(data, 0.0):
            if isinstance(event, Received):
                self.requests.append(event.pdu)
                self.smsc.on_request(self, event.pdu)
        self.flush()
        self.smsc.changed.set()

    def answer(self, pdu: Pdu, status: int = 0, **fields: Any) -> None:
        self.smpp.send_response(pdu, status, **fields)
        self.flush()

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    def flush(self) -> None:
        self.transport.write(self.smpp.bytes_to_send())


class Smsc:
    """Accepts binds and takes messages, unless the test says otherwise."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.changed = asyncio.Event()
        self.silent = False
        self.on_request: Callable[[Peer, Pdu], None] = self.take
        self.port = 0
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Peer(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for peer in self.peers:
            peer.transport.abort()

    @staticmethod
    def take(peer: Peer, pdu: Pdu) -> None:
        name = "system_id" if "system_id" in pdu.fields else "message_id"
        peer.answer(pdu, 0, **{name: b"%d" % pdu.sequence_number})

    @property
    def requests(self) -> list[Pdu]:
        return [pdu for peer in self.peers for pdu in peer.requests]


class Rig:
    """The bundle, what it told, and a bell that rings whenever anything has happened."""

    def __init__(self, smsc: Smsc, **changes: Any) -> None:
        plain: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": smsc.port,
            "system_id": "habar",
            "password": "secret",
            "reconnect_first": 0.01,
            "reconnect_last": 0.02,
        }
        self.smsc = smsc
        self.settings = OperatorSettings(1, "op", **(plain | changes))
        self.results: list[SubmitResult] = []
        self.delivered: list[Pdu] = []
        self.lost: list[object] = []
        self.says: MessageState | None = None
        self.bundle = Bundle(
            self.settings,
            on_results=self._results,
            on_deliver=self._deliver,
            on_up=smsc.changed.set,
            on_down=self._down,
            clock=SystemClock(),
        )

    def _results(self, results: Any) -> None:
        self.results.extend(results)
        self.smsc.changed.set()

    def _deliver(self, pdu: Pdu, ack: Callable[[int], None]) -> MessageState | None:
        self.delivered.append(pdu)
        ack(0)
        self.smsc.changed.set()
        return self.says

    def _down(self, tokens: tuple[object, ...]) -> None:
        self.lost.extend(tokens)
        self.smsc.changed.set()

    def open(self) -> None:
        for number in self.settings.slots():
            self.bundle.open(number)
            self._ring_for(self.bundle._links[number])

    def _ring_for(self, link: Link) -> None:
        """Nobody is told of a receiver that is up."""
        enter = link._enter

        def enter_and_ring(state: LinkState) -> None:
            enter(state)
            self.smsc.changed.set()

        setattr(link, "_enter", enter_and_ring)  # noqa: B010 - a method, to mypy

    async def up(self) -> None:
        self.open()
        await self.when(lambda: self.bundle.bound == len(self.settings.slots()))

    async def when(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(SOON):
            while not true():
                self.smsc.changed.clear()
                if not true():
                    await self.smsc.changed.wait()

    def send(self, *tokens: object) -> None:
        for token in tokens:
            self.bundle.send(BODY, token)
        self.bundle.flush()


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    made = Smsc()
    await made.listen()
    yield made
    made.close()


@pytest.fixture
async def make_rig(smsc: Smsc) -> AsyncIterator[Callable[..., Rig]]:
    rigs: list[Rig] = []

    def make(**changes: Any) -> Rig:
        rigs.append(Rig(smsc, **changes))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.bundle.abandon_all("the test is over")


# --- A whole gateway (site.py) -------------------------------------------------------------------
@pytest.fixture
async def make_smsc() -> AsyncIterator[Callable[..., Any]]:
    """Start simulated SMSCs: `await make_smsc(faults=…, receipt_delay=…)`, as `Settings` has it."""
    async with AsyncExitStack() as closing:

        async def make(*, tls: ssl.SSLContext | None = None, **settings: Any) -> sites.Smsc:
            plain = {"port": 0, "receipt_delay": 0.0, "retry_delay": 0.05}
            smsc = sites.Smsc(Settings(**(plain | settings)), tls=tls)
            return await closing.enter_async_context(smsc)

        yield make


@pytest.fixture
async def make_site(tmp_path: Path, make_smsc: object) -> AsyncIterator[Callable[..., Any]]:
    """Start gateways: `await make_site(a=smsc.operator(window=5), …)`, and wait for their links."""
    made: list[sites.Site] = []

    async def make(
        *, path: Path | None = None, retry: RetryPlan | None = None, ahead: int = 1000, **who: Any
    ) -> sites.Site:
        site = sites.Site(path or tmp_path / "habar.db", SkippingClock(), who)
        await site.start(retry=retry or RetryPlan(first=30, last=100), ahead=ahead)
        made.append(site)
        await site.up()
        return site

    yield make
    for site in made:
        await site.stop()
