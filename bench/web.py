"""The customer's web service: a process that answers calls, asked over its standard input.

Each line is a question and gets one JSON line; the first line out says the port. It understands
what Habar calls by GET: `/subscribers` is answered with a text for the subscriber, `/states` with
a plain word. End of input ends it. Guarantees: every call is counted, under the message it tells
of; moments are nanoseconds of CLOCK_MONOTONIC. Knows no gateway.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from array import array
from collections import Counter
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

SUBSCRIBERS, STATES = "/subscribers", "/states"
TEXT = "Thank you"
IN_ORDER = ("deliveredtonetwork", "deliveredtohandset")
"""The states that each message of the benchmark has, and is to be told of."""
_LOOK = 0.02  # s between looks whether all is there
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b"
)
_OK = _HEAD % (2, b"OK")
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Calls:
    """What was called."""

    def __init__(self) -> None:
        self.count = 0
        self.last_ns = 0
        self._numbers = array("q")
        self._moments = array("q")
        self._states: dict[str, list[str]] = {}
        self._strange = 0
        self._final_ns = 0

    def answer(self, target: str) -> bytes:
        """Count a call of this request target and say what is answered."""
        path, _, query = target.partition("?")
        path = urlsplit(path).path
        # By hand: parse_qs would be a third of what this process does.
        values = dict(pair.partition("=")[::2] for pair in query.split("&"))
        self.count += 1
        self.last_ns = time.monotonic_ns()
        if path == SUBSCRIBERS and "sender" in values and "short" in values:
            return self._subscriber(values["sender"], values["short"])
        if path == STATES and "messageid" in values:
            return self._state(values["messageid"], values.get("status", ""))
        self._strange += 1
        return _NOT_FOUND

    def _subscriber(self, sender: str, short: str) -> bytes:
        self._numbers.append(int(sender))
        self._moments.append(self.last_ns)
        body = f"{{SMS:TEXT}}{{}}{{{short}}}{{{sender}}}{{{TEXT}}}".encode()
        return _HEAD % (len(body), body)

    def _state(self, message: str, status: str) -> bytes:
        self._states.setdefault(message, []).append(status)
        if status == IN_ORDER[-1]:
            self._final_ns = self.last_ns
        return _OK

    def told(self) -> dict[str, Any]:
        """How many calls there were, and what was wrong about those of states."""
        faults: Counter[str] = Counter()
        for states in self._states.values():
            if tuple(states) != IN_ORDER:
                faults[fault_of(states)] += 1
        if self._strange:
            faults["calls of something else"] = self._strange
        return {
            "calls": self.count,
            "last_ns": self.last_ns,
            "messages": len(self._states),
            "final_ns": self._final_ns,
            "faults": dict(faults),
        }

    def subscribers(self) -> dict[str, Any]:
        """Subscribers' numbers as they were called, and when."""
        return {"numbers": self._numbers.tolist(), "moments": self._moments.tolist()}


def fault_of(states: list[str]) -> str:
    """What is wrong about the states that a message was told to have, in this order."""
    if len(set(states)) < len(states):
        return "states told twice"
    if sorted(states) == sorted(IN_ORDER):
        return "states told out of order"
    return "states not told" if set(states) < set(IN_ORDER) else "states that should not be"


class Connection(asyncio.Protocol):
    """One keep-alive connection; every request is a GET without a body."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to read."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        *heads, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        if self._transport is not None:
            for head in heads:
                target = head.split(b" ", 2)[1].decode("ascii")
                self._transport.write(self._service.calls.answer(target))


class Service:
    """All connections together."""

    def __init__(self) -> None:
        self.calls = Calls()

    async def until(self, calls: int, still: float) -> dict[str, Any]:
        """Wait for so many calls in all, or until none has come for `still` seconds."""
        begin = time.monotonic_ns()
        while self.calls.count < calls:
            if time.monotonic_ns() - max(begin, self.calls.last_ns) > still * 1e9:
                break
            await asyncio.sleep(_LOOK)
        return self.calls.told()

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question."""
        match question.pop("ask"):
            case "until":
                return await self.until(**question)
            case "subscribers":
                return self.calls.subscribers()
            case "forget":
                self.calls = Calls()
                return {}
            case unknown:
                return {"error": f"no question is named {unknown!r}"}


async def serve(lines: asyncio.StreamReader) -> None:
    """Be a web service until the input ends."""
    service = Service()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(service), "127.0.0.1", 0, backlog=512
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    while line := await lines.readline():
        print(json.dumps(await service.answer(json.loads(line))), flush=True)
    server.close()


async def _main() -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    await serve(lines)


if __name__ == "__main__":
    gc.disable()  # a pause of the collector would be told as the gateway's
    uvloop.run(_main())
