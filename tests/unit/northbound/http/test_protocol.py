"""The connection over a transport that records: how often it writes, what it pauses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.northbound.http.access_log import AccessLog
from habar.northbound.http.metrics import HttpStats
from habar.northbound.http.observed import Observed, nothing_here
from habar.northbound.http.protocol import HotProtocol
from habar.northbound.http.request import Request, Respond
from habar.northbound.http.service import Service, asgi_config
from habar.northbound.http.settings import HttpSettings

GET = b"GET /api HTTP/1.1\r\n\r\n"


class Recorder(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.paused = False
        self.closing = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        raise OSError("the client was faster")

    def abort(self) -> None:
        self.closing = True


class Bench:
    """A protocol, its transport, and the answers its endpoint owes."""

    def __init__(self, **settings: Any) -> None:
        loop = asyncio.get_running_loop()
        stats = HttpStats()
        log = AccessLog(False, loop.time)
        self.owed: list[Respond] = []
        self.service = Service(
            loop,
            HttpSettings(listen=(), **settings),
            {b"/api": self.keep},
            lambda status: b"",
            log,
            stats,
        )
        self.config = asgi_config(Observed(nothing_here(b"", b""), None, stats, log, loop.time))
        self.protocol, self.transport = self.connect()

    def connect(self) -> tuple[HotProtocol, Recorder]:
        protocol, transport = HotProtocol(self.service, self.config), Recorder()
        protocol.connection_made(transport)
        return protocol, transport

    def keep(self, request: Request, respond: Respond) -> None:
        self.owed.append(respond)


@pytest.fixture
async def bench():
    return Bench()


async def turn() -> None:
    await asyncio.sleep(0)


async def test_answers_of_one_turn_are_one_write(bench):
    bench.protocol.data_received(GET * 5)
    for number, respond in enumerate(bench.owed):
        respond(200, [], b"%d" % number)
    assert bench.transport.writes == []
    await turn()
    (written,) = bench.transport.writes
    assert written.count(b"HTTP/1.1 200 OK") == 5


async def test_the_one_answer_owed_is_written_at_once(bench):
    bench.protocol.data_received(GET)
    bench.owed[0](200, [], b"x")
    assert len(bench.transport.writes) == 1


async def test_answers_given_while_reading_are_one_write(bench):
    bench.service.handlers[b"/api"] = lambda request, respond: respond(200, [], b"now")
    bench.protocol.data_received(GET * 5)
    (written,) = bench.transport.writes
    assert written.count(b"now") == 5


async def test_each_connection_has_its_own_write(bench):
    other, transport = bench.connect()
    bench.protocol.data_received(GET * 2)
    other.data_received(GET * 2)
    for respond in bench.owed:
        respond(200, [], b"x")
    await turn()
    assert [len(bench.transport.writes), len(transport.writes)] == [1, 1]


async def test_reading_pauses_at_the_bound_and_goes_on_below_it():
    bench = Bench(pipeline_limit=2)
    bench.protocol.data_received(GET * 2)
    assert not bench.transport.paused
    bench.protocol.data_received(GET)
    assert bench.transport.paused
    assert len(bench.owed) == 2
    bench.owed[0](200, [], b"")
    await turn()
    await turn()
    assert len(bench.owed) == 3
    assert not bench.transport.paused


async def test_a_long_pipeline_leaves_neighbours_their_turn():
    bench = Bench(pipeline_limit=4)
    bench.service.handlers[b"/api"] = lambda request, respond: respond(200, [], b"")
    bench.protocol.data_received(GET * 10)
    assert len(bench.transport.writes) == 1
    assert bench.transport.writes[0].count(b"200 OK") == 4
    await turn()
    assert bench.transport.writes[1].count(b"200 OK") == 4


async def test_nothing_is_read_while_the_client_does_not_read(bench):
    bench.protocol.pause_writing()
    bench.protocol.data_received(GET)
    assert bench.owed == []
    assert bench.transport.paused
    bench.protocol.resume_writing()
    await turn()
    assert len(bench.owed) == 1


async def test_octets_that_come_in_spite_of_the_pause_keep_their_place():
    bench = Bench(pipeline_limit=1)
    bench.protocol.data_received(GET)
    bench.protocol.data_received(b"GET /api?2 HTTP")
    bench.protocol.data_received(b"/1.1\r\n\r\nGET /api?3 HTTP/1.1\r\n\r\n")
    bench.protocol.data_received(GET)
    for _ in range(4):
        bench.owed[-1](200, [], b"")
        await turn()
    assert len(bench.owed) == 4


async def test_a_client_that_is_faster_than_its_refusal_is_aborted(bench):
    bench.protocol.data_received(b"rubbish\r\n\r\n")
    assert b" 400 " in bench.transport.writes[0]
    assert bench.transport.closing


async def test_nothing_is_written_after_the_end(bench):
    bench.protocol.data_received(GET * 2)
    bench.protocol.connection_lost(None)
    for respond in bench.owed:
        respond(200, [], b"x")
    await turn()
    assert bench.transport.writes == []


async def test_the_date_is_renewed(bench, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 0.0)
    bench.service.tell_time()
    bench.protocol.data_received(GET)
    bench.owed[0](200, [], b"")
    assert b"\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n" in bench.transport.writes[0]
    assert bench.service.state.default_headers == [(b"date", b"Thu, 01 Jan 1970 00:00:00 GMT")]
