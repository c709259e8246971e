"""The load against a door of a few lines: what is counted, and that it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from bench.load import Done, Job, divided, run

ROW = b'<msg id="1" sms_id="5" sms_count="1">%d</msg>'


class Door(asyncio.Protocol):
    """Answers each POST as it is told; None hangs up."""

    def __init__(self, answer: Callable[[int], bytes | None]) -> None:
        self.answer = answer
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"</package>" in self.buffer:
            document, _, self.buffer = self.buffer.partition(b"</package>")
            body = self.answer(document.count(b"<msg "))
            if body is None:
                self.transport.abort()
                return
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
            self.transport.write(head + body)


@asynccontextmanager
async def door(answer: Callable[[int], bytes | None]) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Door(answer), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def load(port: int, **how: object) -> Done:
    begin: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    begin.set_result("go")
    base = {"ports": [port], "login": "a", "password": "b", "prefix": "771", "deadline": 10.0}
    job = Job(**(base | how))  # type: ignore[arg-type]
    return await run(job, begin)


def accept(size: int) -> bytes:
    return ROW % 106 * size


@pytest.mark.parametrize("how", [{}, {"per_second": 20_000}, {"pause": 0.0001}])
async def test_every_request_is_sent_once_and_counted(how: dict[str, object]) -> None:
    seen: list[int] = []
    async with door(lambda size: seen.append(size) or accept(size)) as port:
        done = await load(port, requests=40, size=3, connections=4, stamps=True, **how)
    assert seen == [3] * 40
    assert (done.accepted, done.requests, done.faults) == (120, 40, {})
    assert len(done.stamps) == 40
    assert all(done.first_ns <= sent < answered <= done.last_ns for sent, answered in done.stamps)
    assert 0 < done.latency["answered_p50_ms"] <= done.latency["answered_max_ms"]


def test_connections_are_divided_evenly() -> None:
    assert divided(5, [1, 2]) == [1, 2, 1, 2, 1]
    assert divided(1, [1, 2]) == [1]


async def test_several_gateways_share_the_requests() -> None:
    seen: dict[str, int] = {"first": 0, "second": 0}

    def at(name: str) -> Callable[[int], bytes]:
        def answer(size: int) -> bytes:
            seen[name] += 1
            return accept(size)

        return answer

    async with door(at("first")) as one, door(at("second")) as other:
        done = await load(0, ports=[one, other], requests=20, connections=2)
    assert (done.accepted, done.faults) == (20, {})
    assert all(seen.values())
    assert sum(seen.values()) == 20


async def test_what_is_refused_is_a_fault_without_a_stamp() -> None:
    async with door(lambda _: ROW % 207) as port:
        done = await load(port, requests=2, stamps=True)
    assert done.accepted == 0
    assert done.faults == {"message 207": 2}
    assert [answered for _, answered in done.stamps] == [0, 0]


async def test_a_connection_that_is_lost_ends_with_its_request_missing() -> None:
    async with door(lambda _: None) as port:
        done = await load(port, requests=5, size=10)
    assert done.accepted == 0
    assert done.faults == {"connection lost": 10}


async def test_it_stops_after_its_seconds() -> None:
    async with door(accept) as port:
        done = await load(port, requests=100_000, connections=2, seconds=0.01)
    assert 0 < done.requests < 100_000
    assert done.accepted == done.requests
