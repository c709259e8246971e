"""Clients that keep us waiting: each kind of wait ends, and costs no neighbour anything."""

from __future__ import annotations

import asyncio

import pytest

SHORT = 0.05
LONG = 600.0
REQUEST = b"GET /api HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize("octets", [b"", b"\r\n"])
async def test_a_client_that_says_nothing_is_let_go_silently(serve, octets):
    site = await serve(header_timeout=SHORT, keep_alive_timeout=LONG)
    client = await site.open()
    client.send(octets)
    assert await client.rest() == b""
    assert site.server.stats.timeouts == 0


@pytest.mark.parametrize("octets", [b"G", b"GET /api HTTP/1.1\r\nHost: x\r\n"])
async def test_half_a_head_is_refused_after_a_time(serve, octets):
    site = await serve(header_timeout=SHORT, linger_timeout=LONG, keep_alive_timeout=LONG)
    client, neighbour = await site.open(), await site.open()
    client.send(octets)
    answer = await client.answer()
    assert (answer.status, answer.body) == (408, b"<error>408</error>")
    assert await client.rest() == b""
    assert site.server.stats.timeouts == 1
    await neighbour.rest()
    assert (await (await site.open()).ask(REQUEST)).status == 200


async def test_half_of_a_later_head_is_refused_after_a_time(serve):
    site = await serve(header_timeout=SHORT, keep_alive_timeout=LONG)
    client = await site.open()
    assert (await client.ask(REQUEST)).status == 200
    assert (await client.ask(b"GET /api HTTP/1.1\r\n")).status == 408


async def test_half_a_head_behind_a_request_is_refused_once_and_in_its_turn(serve):
    site = await serve(header_timeout=SHORT, keep_alive_timeout=SHORT, linger_timeout=SHORT)
    site.desk.at_once = False
    client = await site.open()
    client.send(REQUEST + b"GET /api HT")
    await site.desk.until(1)
    while site.server.stats.timeouts == 0:
        assert await (await site.open()).rest() == b""  # its own time-out has passed
    assert await (await site.open()).rest() == b""
    site.desk.waiting[0](200, [], b"mine")
    assert (await client.answer()).body == b"mine"
    assert (await client.answer()).status == 408
    assert await client.rest() == b""


async def test_octet_after_octet_does_not_prolong_the_head(serve):
    site = await serve(header_timeout=SHORT, keep_alive_timeout=LONG)
    client = await site.open()
    answered = asyncio.create_task(client.answer())
    client.send(b"GET /api HTTP/1.1\r\n")
    while not answered.done():
        client.send(b"a: b\r\n")
        await asyncio.sleep(0.002)  # a client at its own pace, not a wait for the server
    assert (await answered).status == 408


@pytest.mark.parametrize("path", [b"/api", b"/asgi"])
@pytest.mark.parametrize(
    "octets",
    [
        b"Content-Length: 10\r\n\r\n",
        b"Content-Length: 10\r\n\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\nA\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\nA",
    ],
)
async def test_half_a_body_is_refused_after_a_time(serve, path, octets):
    async def app(scope, receive, send):
        while (await receive())["type"] != "http.disconnect":
            continue

    site = await serve(app=app, body_grace=SHORT, body_minimum_rate=1_000_000)
    client = await site.open()
    answer = await client.ask(b"POST " + path + b" HTTP/1.1\r\n" + octets)
    assert answer.status == 408
    assert site.desk.requests == []


async def test_a_body_that_comes_too_slowly_is_refused(serve):
    site = await serve(body_grace=SHORT, body_minimum_rate=1_000_000)
    client = await site.open()
    answered = asyncio.create_task(client.answer())
    client.send(b"POST /api HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
    while not answered.done():
        client.send(b"x")
        await asyncio.sleep(0.002)  # a client at its own pace, not a wait for the server
    assert (await answered).status == 408


async def test_no_body_may_take_longer_than_the_whole_time(serve):
    site = await serve(body_grace=LONG, body_timeout=SHORT)
    client = await site.open()
    assert (await client.ask(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n")).status == 408


async def test_an_idle_connection_is_closed_silently(serve):
    site = await serve(keep_alive_timeout=SHORT)
    client = await site.open()
    assert (await client.ask(REQUEST)).status == 200
    assert await client.rest() == b""
    assert site.server.stats.timeouts == 0


async def test_an_idle_connection_is_closed_after_asgi_too(serve):
    client = await (await serve(keep_alive_timeout=SHORT)).open()
    assert (await client.ask(b"GET /nothing HTTP/1.1\r\n\r\n")).status == 404
    assert await client.rest() == b""


async def test_an_answer_may_take_its_time(serve):
    site = await serve(header_timeout=SHORT, keep_alive_timeout=SHORT, body_grace=SHORT)
    site.desk.at_once = False
    client, other = await site.open(), await site.open()
    client.send(REQUEST)
    await site.desk.until(1)
    assert await other.rest() == b""  # its time-out has passed, ours has too
    site.desk.waiting[0](200, [], b"here")
    assert (await client.answer()).body == b"here"


async def test_a_client_that_does_not_read_is_dropped(serve):
    big = bytes(8 << 20)

    def floods(request, respond):
        respond(200, [], big)

    site = await serve(handlers={b"/big": floods}, send_timeout=SHORT, linger_timeout=SHORT)
    client, neighbour = await site.open(limit=1), await site.open()
    client.send(b"GET /big HTTP/1.1\r\n\r\n" * 4)
    while site.server.open_connections > 1:
        assert (await neighbour.ask(REQUEST)).status == 200
        await asyncio.sleep(0)
    assert site.server.stats.timeouts == 1


async def test_a_client_that_reads_slowly_is_not_dropped(serve):
    big = bytes(16 << 20)

    def floods(request, respond):
        respond(200, [], big)

    site = await serve(handlers={b"/big": floods}, send_timeout=SHORT)
    client = await site.open(limit=1 << 16)
    client.send(b"GET /big HTTP/1.1\r\nConnection: close\r\n\r\n")
    read = 0
    while piece := await client.reader.read(1 << 20):
        read += len(piece)
        await asyncio.sleep(0.002)  # a client at its own pace, not a wait for the server
    assert read > len(big)


async def test_a_client_that_reads_late_gets_everything(serve):
    big = bytes(4 << 20)

    def floods(request, respond):
        respond(200, [], big)

    site = await serve(handlers={b"/big": floods})
    client = await site.open(limit=1 << 23)
    client.send(b"GET /big HTTP/1.1\r\n\r\n" * 10)
    for _ in range(10):
        assert (await client.answer()).body == big
    assert (await client.ask(REQUEST)).status == 200


async def test_a_refused_client_that_goes_on_sending_is_dropped(serve):
    site = await serve(linger_timeout=SHORT)
    client = await site.open()
    assert (await client.ask(b"rubbish\r\n\r\n")).status == 400
    with pytest.raises(ConnectionError):  # noqa: PT012 - it is the sending that fails, some time
        while True:
            client.send(b"more")
            await client.writer.drain()
            await asyncio.sleep(0)
