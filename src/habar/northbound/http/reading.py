"""The reading half of an HTTP connection: octets in, requests out.

It cuts the stream into heads and bodies before the parser sees them, so that each request line
can be repaired and each request be held back until its turn.
Guarantees: limits of the settings; a bounded number of requests outstanding, reading paused there;
nothing is read past a request whose end is in doubt (no smuggling).
Does not know: how answers are written and in which order (protocol.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from habar.northbound.http.exchange import Exchange
from habar.northbound.http.framing import MORE, BadChunk, ChunkCursor
from habar.northbound.http.request import Handler
from habar.northbound.http.request_line import (
    WELL_FORMED,
    BadRequestLine,
    repair,
    without_upgrade,
)
from habar.northbound.http.service import Service

_LINE_END = b"\r\n"
_HEAD_END = b"\r\n\r\n"


class RequestReading(HttpToolsProtocol, ABC):
    """Reads requests; what to do with them is the subclass's."""

    def __init__(self, service: Service, config: Config, *, overloaded: bool) -> None:
        super().__init__(config, service.state, {}, service.loop)
        self.service = service
        self.slots: deque[Exchange] = deque()
        self._overloaded = overloaded
        self._held = bytearray()  # octets that wait: for more of them, or for their turn
        self._reading = False
        self._blocked = False
        self._last = False  # nothing more is read, what still arrives is thrown away
        self._forget_request()

    def _forget_request(self) -> None:
        self._handler: Handler | None = None
        self._line: tuple[bytes, bytes, bytes] = (b"", b"", b"")
        self._fields: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self._refusal = 0
        self._keep = True
        self._complete = False
        self._in_body = False
        self._received = 0
        self._remaining = 0
        self._chunks: ChunkCursor | None = None
        self._want_continue = False

    @abstractmethod
    def refuse(self, status: int) -> None:
        """Answer for the request being read with an error, after which the connection ends."""

    @abstractmethod
    def flush(self) -> None:
        """Write the answers whose turn it is; then see what is next."""

    @abstractmethod
    def _dispatch(self, *, alone: bool) -> None:
        """The request is whole; `alone` says that nothing follows it yet."""

    @property
    def _asgi_active(self) -> bool:
        cycle: Any = self.cycle  # uvicorn types it as never None
        return cycle is not None and not (cycle.response_complete or cycle.disconnected)

    # Octets that wait

    def data_received(self, data: bytes) -> None:
        """Read what came, unless it is not its turn."""
        if self._last:
            return
        if self._held:
            data = self._with_held(data)
        if data:
            self._read(data)

    def _with_held(self, data: bytes) -> bytes:
        """Join what came to what waits; give it all if there is something in it to read."""
        known = len(self._held)
        self._held += data
        if self._blocked:
            self.flow.pause_reading()
            return b""
        if not self._in_body and self._held.find(_HEAD_END, max(0, known - 3)) < 0:
            self._check_unfinished(self._held)
            self.flush()
            return b""
        return self._take_held()

    def _take_held(self) -> bytes:
        data = bytes(self._held)
        self._held.clear()
        return data

    def _block(self) -> None:
        self._blocked = True
        if not self.transport.is_closing():
            self.flow.pause_reading()

    def _unblock(self) -> None:
        """Read on, soon: never inside the call-back that made room."""
        if self._blocked:
            self._blocked = False
            self.loop.call_soon(self._resume)

    def _resume(self) -> None:
        if self.transport.is_closing() or self._blocked:
            return
        self.flow.resume_reading()
        if self._held and not self._last:
            self._read(self._take_held())

    # Heads

    def _read(self, data: bytes) -> None:
        self._reading = True
        start, end = 0, len(data)
        budget = self.service.settings.pipeline_limit  # then neighbours have their turn
        while start < end and not self._last:
            if self._in_body:
                reached = self._read_body(data, start)
            elif data.startswith(_LINE_END, start):  # empty lines before a request are no fault
                reached = start + 2
            elif budget:
                budget -= 1
                reached = self._read_head(data, start)
            else:
                self._block()
                self._unblock()
                break
            if reached == MORE:
                break
            start = reached
        if start < end and not self._last:
            self._held += memoryview(data)[start:]
        self._reading = False
        self.flush()

    def _read_head(self, data: bytes, start: int) -> int:
        stop = data.find(_HEAD_END, start)
        if stop < 0:
            self._check_unfinished(data[start:])
            return MORE
        stop += 4
        line_end = data.find(_LINE_END, start)
        if not self._within_limits(line_end - start, stop - line_end):
            return stop
        match = WELL_FORMED.fullmatch(data, start, line_end)
        if match is not None:
            line: tuple[bytes, bytes, bytes] = match.groups()  # type: ignore[assignment]
            head = data[start:stop]
        else:
            try:
                line = repaired = repair(data[start:line_end])
            except BadRequestLine as bad:
                self.refuse(bad.status)
                return stop
            head = repaired.encode() + data[line_end:stop]
        handler = self.service.handlers.get(line[1].partition(b"?")[0])
        if self._must_wait(handler):
            self._block()
            return MORE
        self._forget_request()
        self._line, self._handler = line, handler
        if self._feed_head(head):
            self._after_head(alone=stop == len(data))
        return stop

    def _within_limits(self, line: int, headers: int) -> bool:
        settings = self.service.settings
        if line > settings.request_line_limit:
            self.refuse(414)
        elif headers > settings.headers_limit:
            self.refuse(431)
        elif self._overloaded:
            self.refuse(503)
        else:
            return True
        return False

    def _check_unfinished(self, octets: bytes | bytearray) -> None:
        """Refuse a head that is too long already, or that ends its line as no head does."""
        line_feed = octets.find(b"\n")
        if line_feed < 0:
            self._within_limits(len(octets), 0)
        elif octets[line_feed - 1 : line_feed] != b"\r":
            self.refuse(400)
        else:
            self._within_limits(line_feed, len(octets) - line_feed)

    def _must_wait(self, handler: Handler | None) -> bool:
        if self._asgi_active or self.flow.write_paused:
            return True
        if handler is None:
            return bool(self.slots)
        return len(self.slots) >= self.service.settings.pipeline_limit

    def _feed_head(self, head: bytes) -> bool:
        try:
            self.parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            return self._feed_without_upgrade(head)
        except httptools.HttpParserError:
            self.refuse(self._refusal or 400)
            return False
        if self._refusal:
            self.refuse(self._refusal)
            return False
        return True

    def _feed_without_upgrade(self, head: bytes) -> bool:
        plain = without_upgrade(head)
        if plain == head:  # CONNECT
            self.refuse(400)
            return False
        self.parser = httptools.HttpRequestParser(self)
        self._complete = False
        return self._feed_head(plain)

    # Bodies

    def _after_head(self, *, alone: bool) -> None:
        if self._complete:
            self._dispatch(alone=alone)
            return
        self._in_body = True
        length = self._fields.get(b"content-length")
        if length is None:
            self._chunks = ChunkCursor(self.service.settings.headers_limit)
        else:
            self._remaining = int(length)
        if self._handler is not None and alone:
            expected = self._fields.get(b"expect", b"").lower()
            self._want_continue = expected == b"100-continue" and self._line[2] == b"1"

    def _read_body(self, data: bytes, start: int) -> int:
        self._want_continue = False
        size = len(data)
        try:
            if self._chunks is not None:
                end = self._chunks.cut(data, start)
                if end == MORE:
                    return MORE
            else:
                end = min(size, start + self._remaining)
                self._remaining -= end - start
            self.parser.feed_data(memoryview(data)[start:end])
        except (BadChunk, httptools.HttpParserError):
            self.refuse(400)
            return size
        if self._received > self.service.settings.body_limit:
            self.refuse(413)
        elif self.service.bodies_octets > self.service.settings.bodies_limit:
            self.refuse(503)
        elif self._complete:
            self._release_body()
            self._dispatch(alone=end == size)
        return end

    def _release_body(self) -> None:
        if self._in_body and self._handler is not None:
            self.service.bodies_octets -= self._received
        self._in_body = False

    # What the parser says

    def on_message_begin(self) -> None:
        """Begin a request; uvicorn's own state for it is made only if it goes to ASGI."""
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Judge the headers; begin the ASGI cycle where the path is not a hot one."""
        if self.parser.should_upgrade():
            self._refusal = 0
            return
        self._fields = dict(self.headers)
        self._keep = self.parser.should_keep_alive()
        self._refusal = self._judge(self._fields)
        if self._handler is None and not self._refusal:
            self._begin_asgi()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body, or pass it on."""
        self._received += len(body)
        if self._handler is None:
            super().on_body(body)
            return
        self.service.bodies_octets += len(body)
        if not self._body:
            self._body = body
            return
        # Pieces are joined at once: kept apart, each costs many times what it holds.
        if isinstance(self._body, bytes):
            self._body = bytearray(self._body)
        self._body += body

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._complete = True
        if self._handler is None and self._asgi_active:
            super().on_message_complete()

    def _judge(self, fields: dict[bytes, bytes]) -> int:
        """Give the status to refuse with, or 0; two lengths the parser itself refuses."""
        coding = fields.get(b"transfer-encoding")
        if coding is not None:
            codings = [value for name, value in self.headers if name == b"transfer-encoding"]
            if len(codings) != 1 or self._line[2] == b"0":
                return 400
            return 0 if coding.lower() == b"chunked" else 501
        length = fields.get(b"content-length")
        if length is not None and int(length) > self.service.settings.body_limit:
            return 413
        return 0

    def _begin_asgi(self) -> None:
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers.extend(headers)
        self.expect_100_continue = self._fields.get(b"expect", b"").lower() == b"100-continue"
        super().on_headers_complete()
        if self.service.draining:
            self.cycle.keep_alive = False
