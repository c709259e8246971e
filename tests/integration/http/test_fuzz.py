"""Any octets in any cut: never an exception, never a hang, never harm to a neighbour."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from habar.northbound.http.listener import HttpServer
from habar.northbound.http.request import Request, Respond
from habar.northbound.http.settings import HttpSettings, ListenAddress

PIECES = [
    b"GET /api HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"POST /api HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /asgi HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET //[::1?x#y HTTP/1.1\r\n",
    b"Content-Length: 3\r\n",
    b"Connection: upgrade\r\nUpgrade: h2c\r\n",
    b"Expect: 100-continue\r\n",
    b"Host: x",
    b"5\r\nhello\r\n",
    b"0\r\n",
    b"\r\n",
    b"\n",
    b"\x16\x03\x01",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET /?т=ы ы HTTP/1.0\r\n".encode(),
    b" ",
]
streams = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=40)), max_size=14)
cuts = st.lists(st.integers(1, 30), max_size=40)
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


class Ears:
    """Hears every exception that a loop would only log."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.heard: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _loop, context: self.heard.append(context))


def answer_next_turn(request: Request, respond: Respond) -> None:
    loop = asyncio.get_running_loop()
    loop.call_soon(respond, 200, [], request.body)


def answer_now(request: Request, respond: Respond) -> None:
    respond(200, [], request.body)


async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def throw(octets: bytes, sizes: list[int]) -> None:
    ears = Ears(asyncio.get_running_loop())
    server = HttpServer(
        HttpSettings(
            listen=(ListenAddress("127.0.0.1", 0),),
            access_log=False,
            pipeline_limit=4,
            linger_timeout=0.05,
            body_limit=1_000,
            request_line_limit=300,
            headers_limit=300,
        ),
        {b"/api": answer_next_turn, b"/": answer_now},
        lambda status: b"%d" % status,
        app=asgi,
    )
    await server.start()
    address = ("127.0.0.1", server.addresses[0].port)
    near_reader, near = await asyncio.open_connection(*address)
    try:
        async with asyncio.timeout(20):
            await attack(address, octets, sizes)
            near.write(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert (await near_reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")
    finally:
        near.close()
        clean = await server.drain(20)
    assert clean
    assert server.stats.faults == 0
    assert ears.heard == []


async def attack(address: tuple[str, int], octets: bytes, sizes: list[int]) -> None:
    """Send in these cuts, then read to the end; being refused and reset is fair."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for size in sizes:
            writer.write(octets[:size])
            octets = octets[size:]
            await asyncio.sleep(0)
        writer.write(octets)
        writer.write_eof()
        while await reader.read(65_536):
            continue
    except (OSError, RuntimeError):
        return
    finally:
        writer.close()


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@FUZZ
@given(pieces=streams, sizes=cuts)
def test_any_octets_in_any_cut(new_loop, pieces, sizes):
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(throw(b"".join(pieces), sizes))
