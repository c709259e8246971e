"""A way from a store to its PostgreSQL that a test can cut at the worst moment.

    async with Proxy(server.port) as way:
        way.arm("COMMIT", answered=True)

Guarantees: it knows where a statement begins (PostgreSQL's protocol, version 3, without TLS), and
cuts or hangs exactly there; what was cut is closed on both sides. To be used in the loop of the
test; no task is left when it is closed.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Self

_QUERY, _PARSE, _BIND = b"Q", b"P", b"B"


def _nothing() -> None:
    """What happens besides, where nothing does."""


class _Trap:
    """What is to happen at the next statement of that text."""

    def __init__(
        self,
        statement: str,
        *,
        forwarded: bool,
        answered: bool,
        then: Callable[[], None],
        hang: bool = False,
        delay: bool = False,
    ) -> None:
        self.statement = statement
        self.delay = delay
        self.hang = hang
        self.forwarded = forwarded
        self.answered = answered
        self.then = then


class _Line:
    """One connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.prepared: dict[bytes, str] = {}
        self.swallowed: _Trap | None = None
        """The next octets of the server are the answer that is not to arrive."""

    def cut(self) -> None:
        self.client.transport.abort()
        self.server.transport.abort()


class Proxy:
    """Listens on a port of 127.0.0.1; see the module's docstring."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self.sprung = asyncio.Event()
        """A trap has caught its statement."""
        self.statements: list[str] = []
        """What was asked for, in order, over all connections."""
        self._server_port = server_port
        self._listener: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._trap: _Trap | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._refusing = False
        self._let_through = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.close()
        self._open.set()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._listener.wait_closed()

    # --- What a test may do ----------------------------------------------------------------------
    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._lines)

    def url(self, direct: str) -> str:
        """The way through the proxy to the database of a server's URL for TCP."""
        return direct.replace(f":{self._server_port}/", f":{self.port}/") + "?sslmode=disable"

    def cut(self) -> None:
        """Cut every connection."""
        for line in list(self._lines):
            line.cut()

    def cut_before(self, statement: str, *, then: Callable[[], None] | None = None) -> None:
        """Cut the connection that asks for it; the server never hears of it."""
        self._arm(_Trap(statement, forwarded=False, answered=False, then=then or _nothing))

    def cut_after(
        self,
        statement: str,
        *,
        answered: bool = True,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Cut the connection that asks for it, after the server was asked.

        Where it is `answered`, the server has done it before. `then` is called at the same moment.
        """
        self._arm(_Trap(statement, forwarded=True, answered=answered, then=then or _nothing))

    def hang_at(self, statement: str) -> None:
        """As `hang`, from that statement on: the server does not hear of it."""
        self._arm(_Trap(statement, forwarded=True, answered=False, then=_nothing, hang=True))

    def delay(self, statement: str) -> None:
        """Cut off who asks for it, and let the server hear of it only after `let_through`."""
        self._let_through.clear()
        self._arm(_Trap(statement, forwarded=True, answered=True, then=_nothing, delay=True))

    def let_through(self) -> None:
        """End what `delay` began."""
        self._let_through.set()

    def refuse(self) -> None:
        """Whoever connects is cut off at once."""
        self._refusing = True

    def admit(self) -> None:
        """End `refuse`."""
        self._refusing = False

    def hang(self) -> None:
        """Forward nothing from now on, either way; connections are accepted."""
        self._open.clear()

    def go_on(self) -> None:
        """End `hang`: what was held back arrives."""
        self._open.set()

    def _arm(self, trap: _Trap) -> None:
        self.sprung.clear()
        self._trap = trap

    # --- Connections -----------------------------------------------------------------------------
    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(writer, forth)
        self._lines.add(line)
        for work in (self._questions(line, reader), self._answers(line, back)):
            task = asyncio.get_running_loop().create_task(self._until_cut(line, work))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _until_cut(self, line: _Line, work: Coroutine[Any, Any, None]) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await work
        finally:
            line.cut()
            self._lines.discard(line)

    async def _questions(self, line: _Line, reader: asyncio.StreamReader) -> None:
        [size] = struct.unpack("!I", head := await reader.readexactly(4))
        await self._forward(line.server, head + await reader.readexactly(size - 4))
        while True:
            head = await reader.readexactly(5)
            [size] = struct.unpack("!I", head[1:])
            body = await reader.readexactly(size - 4)
            statement = _statement(line, head[:1], body)
            if statement is not None:
                self.statements.append(statement)
                if self._trap is not None and self._trap.statement == statement:
                    await self._spring(line, head + body)
                    continue
            await self._forward(line.server, head + body)

    async def _spring(self, line: _Line, message: bytes) -> None:
        trap, self._trap = self._trap, None
        assert trap is not None
        if trap.hang:
            self.hang()
            self.sprung.set()
            await self._forward(line.server, message)
            return
        if trap.delay:
            line.client.transport.abort()
            self.sprung.set()
            await self._let_through.wait()
        if trap.answered:
            line.swallowed = trap
            await self._forward(line.server, message)
            return
        if trap.forwarded:
            await self._forward(line.server, message)
        self._caught(line, trap)
        line.server.close()  # what was forwarded arrives

    def _caught(self, line: _Line, trap: _Trap) -> None:
        line.client.transport.abort()
        trap.then()
        self.sprung.set()

    async def _answers(self, line: _Line, reader: asyncio.StreamReader) -> None:
        while octets := await reader.read(65536):
            if line.swallowed is not None:
                self._caught(line, line.swallowed)
                return
            await self._forward(line.client, octets)

    async def _forward(self, writer: asyncio.StreamWriter, octets: bytes) -> None:
        await self._open.wait()
        writer.write(octets)
        await writer.drain()


def _statement(line: _Line, kind: bytes, body: bytes) -> str | None:
    """The statement that the message begins, if it begins one."""
    if kind == _QUERY:
        return body[:-1].decode()
    if kind == _PARSE:
        name, text = body.split(b"\0", 2)[:2]
        line.prepared[name] = text.decode()
    elif kind == _BIND:
        return line.prepared[body.split(b"\0", 2)[1]]
    return None
