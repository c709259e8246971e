"""An ESME on a real socket, and a simulated SMSC with quick receipts for it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeGuard, TypeVar, cast

import pytest

from habar.simulator import Settings, Simulator
from habar.wire.smpp import (
    BindRefused,
    Bound,
    CommandId,
    Connection,
    Event,
    Pdu,
    Received,
    Response,
    Role,
    SubmitResult,
    encode_submit_body,
    make_pdu,
)
from habar.wire.smpp import Settings as ConnectionSettings

E = TypeVar("E")
WAIT = 5.0


def _wants_answer(event: Event) -> TypeGuard[Received]:
    return isinstance(event, Received) and event.pdu.command_id != CommandId.OUTBIND


class Esme(asyncio.Protocol):
    """A customer's end: what comes is queued as events; deliver_sm are answered by `answer`."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        settings = ConnectionSettings(window=1000, enquire_link=None)
        self.connection = Connection(Role.ESME, self.loop.time(), settings)
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.lost: asyncio.Future[None] = self.loop.create_future()
        self.lost_by: Exception | None = None
        self.octets = b""
        """All that came."""
        self.answer: int | None = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.octets += data
        for event in self.connection.receive_data(data, self.loop.time()):
            if self.answer is not None and _wants_answer(event):
                self.connection.send_response(event.pdu, self.answer)
            self.events.put_nowait(event)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection.closed()
        self.lost_by = exc
        if not self.lost.done():
            self.lost.set_result(None)

    def flush(self) -> None:
        assert self.transport is not None
        data = self.connection.bytes_to_send()
        if data:
            self.transport.write(data)

    def raw(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    async def next(self, kind: type[E]) -> E:
        """Wait for the next event, which must be of this kind."""
        async with asyncio.timeout(WAIT):
            event = await self.events.get()
        assert isinstance(event, kind), event
        return event

    async def deliver(self) -> Pdu:
        return (await self.next(Received)).pdu

    def ask_bind(
        self, system_id: bytes, password: bytes, command_id: int, **fields: int | bytes
    ) -> None:
        given: dict[str, int | bytes] = {"interface_version": 0x34, **fields}
        pdu = make_pdu(command_id, tlvs=(), system_id=system_id, password=password, **given)  # type: ignore[arg-type]
        self.connection.bind(pdu, self.loop.time())
        self.flush()

    async def bind(
        self,
        system_id: bytes = b"habar",
        password: bytes = b"habar",
        command_id: int = CommandId.BIND_TRANSCEIVER,
        **fields: int | bytes,
    ) -> "Esme":
        self.ask_bind(system_id, password, command_id, **fields)
        self.bound = (await self.next(Bound)).pdu
        return self

    def send_request(self, command_id: int, **fields: int | bytes) -> None:
        pdu = make_pdu(command_id, tlvs=(), **fields)  # type: ignore[arg-type]
        self.connection.send_request(pdu, None, self.loop.time())
        self.flush()

    async def ask(self, command_id: int, **fields: int | bytes) -> Pdu:
        """Send any other request than a submit_sm, and wait for its answer."""
        self.send_request(command_id, **fields)
        return (await self.next(Response)).pdu

    async def refused(
        self, system_id: bytes, password: bytes, command_id: int = CommandId.BIND_TRANSCEIVER
    ) -> int:
        self.ask_bind(system_id, password, command_id)
        return (await self.next(BindRefused)).command_status

    def send(
        self,
        destination: str,
        text: bytes = b"Hello",
        *,
        registered_delivery: int = 1,
        esm_class: int = 0,
        data_coding: int = 0,
        tlvs: bytes = b"",
    ) -> None:
        """Send a submit_sm; its result will come as an event."""
        body = encode_submit_body(
            b"INFO_KAZ",
            destination.encode(),
            text,
            source_addr_ton=5,
            registered_delivery=registered_delivery,
            esm_class=esm_class,
            data_coding=data_coding,
            tlvs=tlvs,
        )
        self.connection.send_submit(body, destination, self.loop.time())
        self.flush()

    async def submit(
        self, destination: str, text: bytes = b"Hello", *, registered_delivery: int = 1
    ) -> SubmitResult:
        self.send(destination, text, registered_delivery=registered_delivery)
        return await self.next(SubmitResult)

    async def ask_submit(self, source: bytes, destination: bytes, text: bytes) -> SubmitResult:
        """Send a submit_sm with a source of its own, and wait for its result."""
        body = encode_submit_body(source, destination, text, source_addr_ton=3)
        self.connection.send_submit(body, None, self.loop.time())
        self.flush()
        return await self.next(SubmitResult)

    async def until_lost(self) -> None:
        async with asyncio.timeout(WAIT):
            await self.lost

    def close(self) -> None:
        assert self.transport is not None
        self.transport.close()


Connect = Callable[..., Awaitable[Esme]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Open connections of an ESME, and see them closed at the end."""
    opened: list[Esme] = []

    async def connect(simulator: Simulator, tls: ssl.SSLContext | None = None) -> Esme:
        loop = asyncio.get_running_loop()
        _, esme = await loop.create_connection(
            Esme,
            simulator.host,
            simulator.port,
            ssl=tls,
            server_hostname="localhost" if tls else None,
        )
        opened.append(esme)
        return esme

    yield connect
    for esme in opened:
        esme.close()
        await esme.until_lost()


@pytest.fixture
def esme_class() -> type[Esme]:
    """For a loop of the test's own."""
    return Esme


@pytest.fixture
async def smsc() -> AsyncIterator[Simulator]:
    """A simulator whose receipts come at once."""
    async with Simulator(Settings(port=0, receipt_delay=0.0)) as simulator:
        yield simulator


@pytest.fixture
async def esme(smsc: Simulator, connect: Connect) -> Esme:
    """A transceiver bound to `smsc`."""
    return await (await connect(smsc)).bind()
