"""What passes between the listener and an endpoint: a request, and the way to answer it.

Guarantees: a `Request` is complete (its body too) and is not changed after it was handed over.
Does not know: sockets, the order of answers, any of the protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Headers = Sequence[tuple[bytes, bytes]]
"""Names and values of an answer's headers; no CR, LF or NUL in either."""

Respond = Callable[[int, Headers, bytes], None]
"""`respond(status, headers, body)`: to be called exactly once, now or later, in the loop's thread.

A second call raises RuntimeError. Without effect when the client has gone.
"""


class Request:
    """One HTTP request as an endpoint sees it.

    `target` is in origin form with everything percent-encoded that a URL may not hold; `path` and
    `query` are its two halves, still encoded. `headers` has lower-case names and the last of a
    repeated header. `client` is the peer's (host, port), `scheme` is "http" or "https".
    """

    __slots__ = ("body", "client", "headers", "method", "path", "query", "scheme", "target")

    def __init__(
        self,
        method: bytes,
        target: bytes,
        *,
        headers: dict[bytes, bytes] | None = None,
        body: bytes = b"",
        client: tuple[str, int] = ("", 0),
        scheme: str = "http",
    ) -> None:
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition(b"?")
        self.headers = {} if headers is None else headers
        self.body = body
        self.client = client
        self.scheme = scheme

    def header(self, name: bytes) -> bytes:
        """Give a header's value by its lower-case name, empty where it is absent."""
        return self.headers.get(name, b"")

    @property
    def host(self) -> str:
        """The Host header, empty where it is absent or not ASCII."""
        value = self.header(b"host")
        return value.decode("ascii") if value.isascii() else ""

    def __repr__(self) -> str:
        """Name the request without its query and body, which may hold a password."""
        return f"<Request {self.method!r} {self.path!r} {len(self.body)} octets>"


Handler = Callable[[Request, Respond], None]
"""An endpoint on the hot path: plain, synchronous and quick; it sees to it that it answers."""

ErrorBody = Callable[[int], bytes]
"""Makes the document that goes with a status with which the listener itself refuses."""
