"""A gateway of a few lines that answers what a test wrote down, and both clients before it."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from habar_client import AsyncClient, Client

_LENGTH = re.compile(rb"^content-length: *(\d+)\r?$", re.IGNORECASE | re.MULTILINE)

_TLS = 0x16
"""The first octet of a connection that begins with TLS."""

Act = Callable[[socket.socket], None]
"""What the gateway does with the connection, in place of an answer; then it closes it."""


class ScriptedGateway:
    """Answers each request with the next of `script`: the octets of an answer, or an act."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.script: list[bytes | Act] = []
        self.requests: list[tuple[str, bytes]] = []
        """Head and body of each."""
        self.connections = 0
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def answers(self, *script: bytes | Act) -> None:
        self.script += script

    @staticmethod
    def http(body: bytes | str, status: int = 200, *headers: str) -> bytes:
        """An answer of HTTP."""
        octets = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(octets)}", *headers, "", ""]
        return "\r\n".join(lines).encode() + octets

    def package(self, inside: str) -> bytes:
        """An answer of the protocol's."""
        return self.http(f'<?xml version="1.0" encoding="utf-8" ?>\n<package>{inside}</package>\n')

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            self._open.append(connection)
            with connection:
                while self._exchange(connection):
                    pass

    def _exchange(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return False
            data += more
            if data[0] == _TLS:
                connection.sendall(self.http("", 400))
                return False
        head, _, body = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        while length and len(body) < int(length[1]):
            body += connection.recv(65536)
        self.requests.append((head.decode("latin-1"), body))
        answer = self.script.pop(0)
        if callable(answer):
            answer(connection)
            return False
        connection.sendall(answer)
        return b"connection: close" not in answer.lower()


class Shell:
    """Either client behind one synchronous face: each call makes a client, uses and closes it."""

    def __init__(self, kind: type[Client | AsyncClient], url: str) -> None:
        self.kind = kind
        self.url = url

    def call(self, method: str, *arguments: Any, settings: Any = None, **named: Any) -> Any:
        """The method's result; of an iterator the list of what it gave."""

        def use(client: Any) -> Any:
            return getattr(client, method)(*arguments, **named)

        return self.use(use, **(settings or {}))

    def use(self, use: Callable[[Any], Any], **settings: Any) -> Any:
        settings = {"login": "demo", "password": "s3cret", "url": self.url} | settings
        if self.kind is Client:
            with Client(**settings) as client:
                result = use(client)
                return list(result) if isinstance(result, Iterator) else result
        return asyncio.run(self._use(use, settings))

    async def _use(self, use: Callable[[Any], Any], settings: Any) -> Any:
        async with AsyncClient(**settings) as client:
            result = use(client)
            if hasattr(result, "__anext__"):
                return [item async for item in result]
            return await result


@pytest.fixture
def plain() -> Iterator[ScriptedGateway]:
    gateway = ScriptedGateway()
    yield gateway
    gateway.close()


@pytest.fixture
def gateway(plain: ScriptedGateway) -> ScriptedGateway:
    return plain


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def shell(kind: Any, gateway: ScriptedGateway) -> Shell:
    return Shell(kind, gateway.url)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of no length: what they are is the unit tests' matter."""
    monkeypatch.setattr("habar_client.exchange._FIRST_PAUSE", 0.0)
    monkeypatch.setattr("habar_client.poll._FIRST_PAUSE", 0.0)
