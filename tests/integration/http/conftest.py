"""A listener on a free port and a client that says exactly what the test wants, on both loops."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
import trustme
import uvloop

from habar.northbound.http.listener import HttpServer
from habar.northbound.http.request import Handler, Request, Respond
from habar.northbound.http.settings import HttpSettings, ListenAddress

PATIENCE = 20  # seconds after which a test gives up; nothing is asserted about time


def pytest_asyncio_loop_factories(config, item) -> Mapping[str, Callable[[], Any]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """One connection; every wait of it ends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def answer(self, *, body: bool = True) -> Answer:
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")[:-2]
            version, status, _ = first.split(" ", 2)
            assert version == "HTTP/1.1"
            pairs = [line.split(": ", 1) for line in lines]
            headers = {name.lower(): value for name, value in pairs}
            assert len(headers) == len(pairs), "a header twice"
            length = int(headers.get("content-length", "0")) if body else 0
            return Answer(int(status), headers, await self.reader.readexactly(length))

    async def ask(self, octets: bytes) -> Answer:
        self.send(octets)
        return await self.answer()

    async def rest(self) -> bytes:
        """All that comes until the server closes; a reset is an end too."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def reset(self) -> None:
        """Hang up so that the other side is told of a reset, not of an end."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await self.writer.wait_closed()
        except (OSError, ssl.SSLError):
            return


@dataclass
class Desk:
    """An endpoint that keeps its requests; it answers at once, or when the test says so."""

    requests: list[Request] = field(default_factory=list)
    waiting: list[Respond] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    at_once: bool = True

    def __call__(self, request: Request, respond: Respond) -> None:
        self.requests.append(request)
        if self.at_once:
            echo(request, respond)
        else:
            self.waiting.append(respond)
        asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        async with self.arrived:
            self.arrived.notify_all()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE), self.arrived:
            await self.arrived.wait_for(lambda: len(self.requests) >= count)


def echo(request: Request, respond: Respond) -> None:
    body = b"%b %b %b" % (request.method, request.target, request.body)
    respond(200, [(b"Content-Type", b"text/plain")], body)


def error_body(status: int) -> bytes:
    return b"<error>%d</error>" % status


@dataclass
class Site:
    server: HttpServer
    desk: Desk
    port: int
    log: list[dict[str, Any]]
    open: Callable[..., Any]


Serve = Callable[..., Any]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture
def client_tls(authority) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(**settings)` starts a listener; it and its clients end with the test."""
    servers: list[HttpServer] = []
    clients: list[Client] = []

    async def start(
        *,
        handlers: Mapping[bytes, Handler] | None = None,
        app: Any = None,
        ops: Any = None,
        tls: ssl.SSLContext | None = None,
        registry: Any = None,
        listen: tuple[ListenAddress, ...] = (ListenAddress("127.0.0.1", 0),),
        **settings: Any,
    ) -> Site:
        desk = Desk()
        log: list[dict[str, Any]] = []
        server = HttpServer(
            HttpSettings(listen=listen, **settings),
            {b"/": desk, b"/api": desk, **(handlers or {})},
            error_body,
            app=app,
            ops=ops,
            tls=tls,
            registry=registry,
            logger=structlog.wrap_logger(None, processors=[keep_in(log)]),
        )
        servers.append(server)
        await server.start()

        async def connect(**how: Any) -> Client:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", how.pop("port", server.addresses[0].port), **how
            )
            clients.append(Client(reader, writer))
            return clients[-1]

        return Site(server, desk, server.addresses[0].port, log, connect)

    yield start
    for client in clients:
        await client.close()
    for server in servers:
        await server.close()


def keep_in(log: list[dict[str, Any]]) -> Callable[..., Any]:
    def keep(_logger: Any, _method: str, event: Any) -> Any:
        log.append(dict(event))
        raise structlog.DropEvent

    return keep
