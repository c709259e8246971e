"""The ASGI side under the listener's eyes: answers counted and logged, faults without a trace.

Wraps the application for the paths that are not hot. Guarantees: an exception of the application
becomes a 500 with a reference number, its trace stays in our log; `/healthz`, `/readyz` and
`/metrics` reach the ops application where there is one. Does not know: sockets.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from habar.northbound.http.access_log import AccessLog
from habar.northbound.http.metrics import HttpStats
from habar.northbound.http.ops import OPS_PATHS


async def plain_answer(send: Send, status: int, text: bytes, *more: tuple[bytes, bytes]) -> None:
    """Send a short plain text answer."""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def nothing_here(body: bytes, content_type: bytes) -> ASGIApp:
    """Make the application where none is given: 404, with the document that programs look for.

    Not all of them look at the status, and some take an answer without a code for a success.
    """
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's signature
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


class Watched:
    """A `send` that remembers the status and counts the body's octets."""

    __slots__ = ("_send", "octets", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.octets = 0

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.octets += len(message.get("body", b""))
        await self._send(message)


class Observed:
    """The application that the protocol runs: ops where wanted, else the caller's."""

    def __init__(
        self,
        app: ASGIApp,
        ops: ASGIApp | None,
        stats: HttpStats,
        log: AccessLog,
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._ops = ops
        self._stats = stats
        self._log = log
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request."""
        since = self._clock()
        watched = Watched(send)
        is_ops = self._ops is not None and scope["path"] in OPS_PATHS
        app = self._ops if self._ops is not None and is_ops else self._app
        try:
            await app(scope, receive, watched.send)
        except Exception as raised:  # noqa: BLE001 - logged under a reference; neighbours go on
            reference = self._log.fault(scope["method"].encode(), scope["raw_path"], raised)
            self._stats.faults += 1
            if watched.status:
                raise ConnectionAbortedError("the answer broke off") from None
            header = (b"x-error-reference", reference.encode())
            await plain_answer(watched.send, 500, b"Internal Server Error\n", header)
        finally:
            self._stats.answers[watched.status // 100] += 1
            if self._log.enabled and not is_ops:
                self._record(scope, watched, since)

    def _record(self, scope: Scope, watched: Watched, since: float) -> None:
        target = scope["raw_path"] + b"?" + scope["query_string"]
        self._log.answered(
            scope["client"] or ("", 0),
            (scope["method"].encode(), target.removesuffix(b"?")),
            watched.status,
            (0, watched.octets),
            since,
        )
