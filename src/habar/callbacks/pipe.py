"""What the gateway and a process that makes its calls say to each other, octet by octet.

Guarantees: documents arrive whole and in order, whatever pieces the socket cuts them into. What is
said within one turn of the event loop is one write. There is no bound of its own: who asks counts.
Knows nothing of what the documents mean; both ends are the same release of the gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from habar.callbacks.exchange import Answer, Request

_LENGTH = 4
"""Octets before each document, most significant first."""


class Begin(NamedTuple):
    """The gateway's first word."""

    allowed_networks: tuple[str, ...]


class Ask(NamedTuple):
    """A call to be made, within so many seconds."""

    number: int
    seconds: float
    request: Request

    def __repr__(self) -> str:
        """Nothing of the request: it carries passwords."""
        return f"Ask(number={self.number!r})"


class Tell(NamedTuple):
    """What came of a call."""

    number: int
    answer: Answer


READY = b""
"""The process's first word: it has begun, and calls."""
encode: Callable[[Any], bytes] = msgspec.msgpack.Encoder().encode
"""A document. Raises ValueError for text that is none."""


class Pipe(asyncio.Protocol):
    """One end of the socket. `received` gets each document, `lost` is called at the end."""

    def __init__(self, received: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self._received = received
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._read = bytearray()
        self._said: list[bytes] = []
        self._call_soon = asyncio.get_running_loop().call_soon

    def hear(self, received: Callable[[bytes], None]) -> None:
        """Have the next documents received by another."""
        self._received = received

    def say(self, document: bytes) -> None:
        """Send a document at the end of this turn; nothing happens where nobody listens."""
        if not self._said:
            self._call_soon(self._flush)
        self._said += (len(document).to_bytes(_LENGTH, "big"), document)

    def close(self) -> None:
        """Say what was to be said, and end."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's is no asyncio.Transport

    def connection_lost(self, _exc: Exception | None) -> None:
        """See asyncio.Protocol; why it ended is no matter."""
        self._transport = None
        self._lost()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        read = self._read
        read += data
        at, end = 0, len(read)
        while end - at >= _LENGTH:
            start = at + _LENGTH
            stop = start + int.from_bytes(read[at:start], "big")
            if stop > end:
                break
            self._received(bytes(read[start:stop]))
            at = stop
        del read[:at]

    def _flush(self) -> None:
        said, self._said = self._said, []
        if said and self._transport is not None:
            self._transport.write(b"".join(said))
