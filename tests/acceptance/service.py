"""A customer's web service inside the test: what it was asked, and what it answers.

Guarantees: keeps every request whole, in order; answers by a function, a subscriber with his own
words unless another is given. Knows nothing of the gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl

EVENT_ID = "x-habar-event-id"


@dataclass(slots=True)
class Asked:
    """One request."""

    path: str
    event: int
    values: dict[str, str] = field(repr=False)

    @property
    def subject(self) -> tuple[str, str]:
        """What it is about: the kind, and the message's id."""
        return ("inbound" if "msgdata" in self.values else "state", self.values["messageid"])


def echo(asked: Asked) -> bytes:
    """Answer a subscriber with his own words."""
    if "msgdata" not in asked.values:
        return b""
    values = asked.values
    text = f"{{SMS:TEXT}}{{}}{{{values['short']}}}{{{values['sender']}}}{{re {values['msgdata']}}}"
    return text.encode()


async def at_once(_: Asked) -> None:
    """Nothing is waited for."""


class Service:
    """`async with`; it may be stopped and started again on its port."""

    def __init__(self, answer: Callable[[Asked], bytes] = echo) -> None:
        self.answer = answer
        self.before: Callable[[Asked], Awaitable[None]] = at_once
        """Waited for between a request and its answer."""
        self.asked: list[Asked] = []
        self.answered: list[Asked] = []
        """Those whose answer was written."""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    def url(self, path: str = "cb") -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/{path}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                asked = await _read(reader)
                self.asked.append(asked)
                await self.before(asked)
                body = self.answer(asked)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
                self.answered.append(asked)
        self._open.discard(writer)
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")[:-2]
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
    path, _, query = first.split(" ")[1].partition("?")
    values = dict(parse_qsl(body or query, keep_blank_values=True))
    return Asked(path, int(headers[EVENT_ID]), values)
