"""The listener's settings: where it listens and how much it bears. Does not know where they stand.

Times are seconds, sizes octets.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """One address to listen on. Port 0 takes any free one; `ops` serves the staff's paths too.

    `shared`: other processes listen there too, each has a share of the clients.
    """

    host: str
    port: int
    ops: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """All limits of the listener; each has a status with which it refuses, given beside it."""

    listen: tuple[ListenAddress, ...]
    body_limit: int = 10 * 1024 * 1024
    """One request's body: 413."""
    bodies_limit: int = 256 * 1024 * 1024
    """All bodies that are being received at one time: 503."""
    request_line_limit: int = 65_536
    """414."""
    headers_limit: int = 65_536
    """431; a chunked body's trailers too."""
    connection_limit: int = 10_000
    """Over it 503; a tenth more are answered so, those over that are dropped."""
    pipeline_limit: int = 32
    """Requests of one connection that wait for answers; reading pauses there."""
    retry_after: int = 2
    """Said with 503."""
    header_timeout: float = 20.0
    """From a request's first octet (the first request's: from the connection) to its headers' end:
    408."""
    handshake_timeout: float = 10.0
    body_grace: float = 20.0
    """A body may take this long, and what its octets take at `body_minimum_rate`: 408."""
    body_minimum_rate: int = 1_024
    body_timeout: float = 300.0
    """No body may take longer: 408."""
    keep_alive_timeout: float = 75.0
    send_timeout: float = 60.0
    """A client that does not read its answers this long is dropped."""
    linger_timeout: float = 2.0
    """After a refusal in the middle of a request: how long it is read on and thrown away, so that
    the client comes to read the refusal."""
    access_log: bool = True
    error_content_type: bytes = b"text/xml; charset=utf-8"

    @property
    def tick(self) -> float:
        """How often time-outs are looked at: often enough for the shortest of them."""
        shortest = min(
            self.header_timeout,
            self.handshake_timeout,
            self.body_grace,
            self.body_timeout,
            self.keep_alive_timeout,
            self.send_timeout,
            self.linger_timeout,
        )
        return min(0.5, max(0.005, shortest / 4))
