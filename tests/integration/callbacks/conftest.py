"""Customers' hosts on loopback sockets: each says what the test wants, octet by octet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from habar.callbacks.client import Client
from habar.callbacks.guard import Guard
from habar.callbacks.outside import OutsideClient

PATIENCE = 30
"""Seconds."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


class Visit:
    """One request, as it came, and the way to answer it."""

    def __init__(
        self, raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.raw = raw
        self.reader = reader
        self.writer = writer

    @property
    def line(self) -> str:
        return self.raw.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        head = self.raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {
            name.lower(): value.strip() for name, _, value in (one.partition(":") for one in head)
        }

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


class Host:
    """A customer's host."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.connections = 0
        self.answer: bytes | Callable[[Visit], Awaitable[None]] = OK
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, *, port: int = 0, **how) -> Host:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, **how)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cb"

    async def stop(self) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        self.connections += 1
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                raw = await reader.readuntil(b"\r\n\r\n")
                visit = Visit(raw, reader, writer)
                visit.raw += await reader.readexactly(int(visit.headers.get("content-length", 0)))
                self.visits.append(visit)
                if callable(self.answer):
                    await self.answer(visit)
                else:
                    writer.write(self.answer)
                await writer.drain()
        self._open.discard(writer)
        writer.close()


class Silent:
    """A host that says nothing until it is told to."""

    def __init__(self, host):
        self.host = host
        self.asked = asyncio.Semaphore(0)
        self.speak = asyncio.Event()
        host.answer = self

    async def __call__(self, visit):
        self.asked.release()
        await self.speak.wait()
        visit.writer.write(OK)

    async def until_asked(self, times):
        async with asyncio.timeout(PATIENCE):
            for _ in range(times):
                await self.asked.acquire()


@pytest.fixture
async def host():
    made = await Host().start()
    yield made
    await made.stop()


def own(*allowed):
    """Calls are made in this process."""
    return Client(Guard(allowed))


def outside(*allowed):
    """Calls are made by a process of their own."""
    return OutsideClient(allowed)


@pytest.fixture(params=[own, outside])
def who_calls(request):
    """Makes a client to which so many networks are allowed."""
    return request.param


@pytest.fixture
async def client(who_calls):
    made = who_calls("127.0.0.0/8")
    yield made
    await made.close()


@pytest.fixture
async def strict(who_calls):
    """One with no network allowed."""
    made = who_calls()
    yield made
    await made.close()
