"""The load: one process that sends prepared requests over keep-alive connections.

A job is one JSON line on standard input; `ready` is printed once every request is made and every
connection stands; a line starts it; one JSON line is its result. Guarantees: every answer is
checked; a connection has one request open at a time; it ends at its deadline whatever happens.
Knows nothing of what is behind the ports.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import uvloop

from bench.figures import latency
from bench.packages import (
    Reply,
    accepted,
    form,
    form_accepted,
    package,
    post,
    recipient,
    reply,
)

_TICK = 0.001  # s; a timer of libuv is no finer


@dataclass(frozen=True, slots=True)
class Job:
    """What to send; times in seconds."""

    ports: Sequence[int]
    """Of the gateways, among which the connections are divided."""
    login: str
    password: str
    prefix: str
    requests: int
    size: int = 1
    connections: int = 1
    first: int = 0
    """Number of the first message."""
    per_second: int = 0
    """Requests a second, due at even distances; 0: the next one after the answer."""
    pause: float = 0.0
    """On the average between an answer and the next request."""
    seconds: float = 0.0
    """No new request after so long; 0: all of them."""
    deadline: float = 120.0
    """The whole is given up after it."""
    stamps: bool = False
    """Tell when each request was sent and answered."""
    report_url: str = ""
    """By the HTTP protocol, each message with this address for call-backs; empty: in XML."""
    host: str = "127.0.0.1"

    def request(self, number: int) -> bytes:
        """The octets of request number `number`."""
        first, port = self.first + number * self.size, self.ports[0]
        if self.report_url:
            to = recipient(self.prefix, first)
            return form(self.host, port, self.login, self.password, to, self.report_url)
        document = package(self.login, self.password, self.prefix, first, self.size)
        return post(self.host, port, document)

    def accepted(self, answer: Reply, faults: Counter[str]) -> int:
        """How many messages of a request were accepted; what was not is counted."""
        if self.report_url:
            return form_accepted(answer, faults)
        return accepted(answer, self.size, faults)


@dataclass(slots=True)
class Done:
    """What came of it; moments are nanoseconds of CLOCK_MONOTONIC."""

    accepted: int = 0
    requests: int = 0
    """Answered."""
    faults: dict[str, int] = field(default_factory=dict)
    first_ns: int = 0
    """The first request was sent."""
    last_ns: int = 0
    """The last answer was read."""
    cpu: float = 0.0
    """Processor seconds of this process from start to end."""
    latency: dict[str, float] = field(default_factory=dict)
    stamps: list[tuple[int, int]] = field(default_factory=list)
    """(sent, answered) by request; answered is 0 where it was not accepted."""


class Run:
    """The requests still to be sent, and what has come back."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = Done()
        self.faults: Counter[str] = Counter()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.idle: deque[Sender] = deque()
        self._requests = [job.request(number) for number in range(job.requests)]
        self._sent_ns = [0] * job.requests
        self._answered_ns = [0] * job.requests
        self._next = 0
        self._open = 0
        self._alive = job.connections
        self._stop_ns = 0

    def start(self) -> None:
        """Let every connection send."""
        job, now = self.job, time.monotonic_ns()
        self.done.first_ns = now
        self._stop_ns = now + int(job.seconds * 1e9) if job.seconds else 0
        if job.per_second:
            self._tick()
            return
        for sender in list(self.idle):
            self.send(sender)

    def send(self, sender: Sender, due_ns: int = 0) -> None:
        """Send the next request, or end with the last answer."""
        number, now = self._next, time.monotonic_ns()
        if number == self.job.requests or (self._stop_ns and now >= self._stop_ns):
            self._next = self.job.requests
            self.end_if_over()
            return
        self._next += 1
        self._open += 1
        # A request that had to wait for a free connection is late by the gateway's doing.
        self._sent_ns[number] = due_ns or now
        sender.write(number, self._requests[number])

    def answered(self, sender: Sender, number: int, answer: Reply) -> None:
        """Check an answer and go on."""
        now = time.monotonic_ns()
        job, done = self.job, self.done
        good = job.accepted(answer, self.faults)
        done.accepted += good
        done.requests += 1
        done.last_ns = now
        self._answered_ns[number] = now if good == job.size else -now
        self._open -= 1
        if job.per_second:
            self.idle.append(sender)
            self.end_if_over()
        elif job.pause:
            spread = 0.5 + number * 0.618 % 1  # even, without a beat
            asyncio.get_running_loop().call_later(job.pause * spread, self.send, sender)
        else:
            self.send(sender)

    def lost(self, number: int | None) -> None:
        """Count a connection that ended, and the request that was open on it."""
        if not self.over.done():
            self.faults["connection lost"] += self.job.size if number is not None else 1
            self._open -= number is not None
            self._alive -= 1
            if not self._alive:
                self._next = self.job.requests
            self.end_if_over()

    def end_if_over(self) -> None:
        """Tell the end once nothing is open and nothing will be sent."""
        if self._next == self.job.requests and not self._open and not self.over.done():
            self.over.set_result(None)

    def _tick(self) -> None:
        """Send what is due; what finds no free connection stays due."""
        gap = 1_000_000_000 // self.job.per_second
        now = time.monotonic_ns()
        while self.idle and self._next < self.job.requests:
            due = self.done.first_ns + self._next * gap
            if due > now:
                break
            late = now - due > 2 * int(_TICK * 1e9)
            self.send(self.idle.popleft(), due if late and self._was_short else 0)
        self._was_short = not self.idle
        if self._next < self.job.requests:
            asyncio.get_running_loop().call_later(_TICK, self._tick)

    _was_short = False
    """At the last tick no connection was free."""

    def result(self) -> Done:
        """Everything, once it is over."""
        done, pairs = self.done, list(zip(self._sent_ns, self._answered_ns, strict=True))
        done.faults = dict(self.faults)
        done.cpu = time.process_time()
        done.latency = latency("answered", (abs(end) - sent for sent, end in pairs if end))
        if self.job.stamps:
            done.stamps = [(sent, max(end, 0)) for sent, end in pairs if sent]
        return done


class Sender(asyncio.Protocol):
    """One connection."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._number: int | None = None
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to send."""
        self._transport = cast("asyncio.Transport", transport)
        self._run.idle.append(self)

    def write(self, number: int, request: bytes) -> None:
        """Send request number `number`."""
        self._number = number
        if self._transport is None or self._transport.is_closing():
            self.connection_lost(None)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Read an answer; there is never more than one."""
        self._buffer = self._buffer + data if self._buffer else data
        answer = reply(self._buffer)
        if answer is None or self._number is None:
            return
        self._buffer = answer.rest
        number, self._number = self._number, None
        self._run.answered(self, number, answer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Tell it where it was not the end."""
        number, self._number = self._number, None
        self._run.lost(number)
        if not self.gone.done():
            self.gone.set_result(None)

    def close(self) -> None:
        """Hang up; `gone` comes true when that is done."""
        if self._transport is not None:
            self._transport.abort()


def divided(connections: int, ports: Sequence[int]) -> list[int]:
    """A port for each connection, each as often as the others or once more."""
    return [ports[number % len(ports)] for number in range(connections)]


async def run(job: Job, begin: asyncio.Future[str]) -> Done:
    """Do a job; `begin` comes true when it may start."""
    work = Run(job)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Sender(work), job.host, port)
        for port in divided(job.connections, job.ports)
    ]
    print("ready", flush=True)
    if not await begin:
        raise EOFError("nobody waits for the result")
    cpu = time.process_time()
    work.start()
    try:
        async with asyncio.timeout(job.deadline):
            await asyncio.shield(work.over)
    except TimeoutError:
        work.faults["not answered in time"] += 1
        work.over.cancel()
    done = work.result()
    done.cpu -= cpu
    for _, sender in made:
        sender.close()
    await asyncio.gather(*(sender.gone for _, sender in made))
    return done


async def _main() -> None:
    loop = asyncio.get_running_loop()
    job = Job(**json.loads(sys.stdin.readline()))
    begin = loop.run_in_executor(None, sys.stdin.readline)
    done: dict[str, Any] = asdict(await run(job, begin))
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    gc.disable()  # a pause of the collector would be told as the gateway's
    uvloop.run(_main())
