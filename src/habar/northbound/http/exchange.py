"""One request on a hot path and its one answer.

Guarantees: answered exactly once, by the endpoint or, where that raised, for it; what cannot be
sent becomes a 500 under a reference number. Does not know: the order of answers (protocol.py).
"""

from __future__ import annotations

from typing import Protocol

from habar.northbound.http.answer import (
    CLOSE,
    KEEP_ALIVE,
    BadAnswer,
    encode,
    encode_head_only,
)
from habar.northbound.http.request import Handler, Headers, Request
from habar.northbound.http.service import Service

ALLOWED = (b"Allow", b"GET, HEAD, POST")


class Connection(Protocol):
    """What an exchange asks of its connection."""

    gone: bool

    def answered(self) -> None:
        """An answer is there; its turn may have come."""
        ...


class Exchange:
    """A place in a connection's line of answers; `answer` is None until it is there."""

    __slots__ = ("_connection", "_request", "_service", "_since", "answer", "keep_alive", "minor")

    def __init__(
        self,
        connection: Connection,
        service: Service,
        request: Request | None,
        *,
        keep_alive: bool,
        minor: bytes = b"1",
    ) -> None:
        self._connection = connection
        self._service = service
        self._request = request
        self.keep_alive = keep_alive
        self.minor = minor
        self.answer: bytes | None = None
        self._since = service.loop.time() if service.log.enabled else 0.0

    def run(self, handler: Handler, request: Request) -> None:
        """Have the endpoint answer, or answer for it."""
        method = request.method
        if method == b"POST" or method == b"GET":  # noqa: PLR1714, RUF100 - twice as fast as `in`
            try:
                handler(request, self.respond)
            except Exception as raised:  # noqa: BLE001 - logged under a reference; neighbours go on
                self._fault(raised)
        elif method == b"HEAD":
            self._finish(200, self._head(), 0)
        else:
            self.refuse(405, ALLOWED)

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer. Raises RuntimeError when called a second time."""
        if self.answer is not None:
            raise RuntimeError("a request was answered twice")
        service = self._service
        try:
            octets = encode(
                status, headers, body, date=service.date, connection=self._connection_line()
            )
        except BadAnswer as raised:
            self._fault(raised)
            return
        self._finish(status, octets, len(body))

    def refuse(self, status: int, *headers: tuple[bytes, bytes]) -> None:
        """Answer with the listener's own document for a status."""
        service = self._service
        kind = (b"Content-Type", service.settings.error_content_type)
        self.respond(status, (kind, *headers), service.error_body(status))

    def _fault(self, raised: Exception) -> None:
        request = self._request
        line = (request.method, request.path) if request else (b"", b"")
        reference = self._service.log.fault(*line, raised)
        self._service.stats.faults += 1
        if self.answer is None:
            self.refuse(500, (b"X-Error-Reference", reference.encode()))

    def _head(self) -> bytes:
        return encode_head_only(
            200, (ALLOWED,), date=self._service.date, connection=self._connection_line()
        )

    def _connection_line(self) -> bytes:
        if not self.keep_alive:
            return CLOSE
        return b"" if self.minor == b"1" else KEEP_ALIVE

    def _finish(self, status: int, octets: bytes, length: int) -> None:
        self.answer = octets
        service, request = self._service, self._request
        self._request = None
        service.stats.answers[status // 100] += 1
        if service.log.enabled and request is not None:
            line = (request.method, request.target)
            sizes = (len(request.body), length)
            service.log.answered(request.client, line, status, sizes, self._since)
        if not self._connection.gone:
            self._connection.answered()
