"""Many requests on one connection, in any cut: order, bounds, bodies, and no smuggling."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest


async def app(scope, receive, send):
    """Says what it got."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    said = b"asgi %b %b" % (scope["raw_path"], body)
    await send({"type": "http.response.body", "body": said})


async def broken_app(scope, receive, send):
    raise ValueError("no trace of this to the client")


async def chunked(client) -> bytes:
    """Read an answer in chunks (the ASGI side's, without a length)."""
    answer = await client.answer()
    assert answer.headers["transfer-encoding"] == "chunked"
    said = b""
    while size := int(await client.reader.readline(), 16):
        said += await client.reader.readexactly(size)
        await client.reader.readline()
    await client.reader.readline()
    return said


STREAM = (
    b"GET /api?n=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    b"POST /api?n=2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
    b"\r\n"
    b"POST /api?n=3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;ext=1\r\nGET\r\n2\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\n"
    b"GET /api?n=4 spaces HTTP/1.1\r\n\r\n"
    b"POST /api?n=5 HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n"
    b"GET ?n=6 HTTP/1.1\r\n\r\n"
)
ANSWERS = [
    b"GET /api?n=1 ",
    b"POST /api?n=2 hello",
    b"POST /api?n=3 GET\r\n",
    b"GET /api?n=4%20spaces ",
    b"POST /api?n=5 ",
    b"GET /?n=6 ",
]


@pytest.mark.parametrize("size", [1, 2, 3, 50, 10_000])
async def test_any_cut_of_the_stream_gives_the_same_answers(serve, size):
    site = await serve()
    client = await site.open()
    for at in range(0, len(STREAM), size):
        client.send(STREAM[at : at + size])
        await client.writer.drain()
        await asyncio.sleep(0)
    assert [(await client.answer()).body for _ in ANSWERS] == ANSWERS


async def test_answers_keep_the_order_of_requests_whatever_order_they_come_in(serve):
    site = await serve()
    site.desk.at_once = False
    client = await site.open()
    client.send(b"".join(b"GET /api?n=%d HTTP/1.1\r\n\r\n" % n for n in range(4)))
    await site.desk.until(4)
    for n in (2, 0, 3, 1):
        site.desk.waiting[n](200, [], b"%d" % n)
    assert [(await client.answer()).body for _ in range(4)] == [b"0", b"1", b"2", b"3"]


async def test_a_bounded_number_of_requests_is_outstanding(serve):
    site = await serve(pipeline_limit=3)
    site.desk.at_once = False
    client, neighbour = await site.open(), await site.open()
    client.send(b"".join(b"GET /api?n=%d HTTP/1.1\r\n\r\n" % n for n in range(200)))
    await site.desk.until(3)
    site.desk.at_once = True
    await neighbour.ask(b"GET / HTTP/1.1\r\n\r\n")
    assert len(site.desk.waiting) == 3
    for n in (1, 0, 2):
        site.desk.waiting[n](200, [], b"GET /api?n=%d " % n)
    said = [(await client.answer()).body for _ in range(200)]
    assert said == [b"GET /api?n=%d " % n for n in range(200)]


async def test_hot_paths_and_asgi_share_a_connection_in_order(serve):
    site = await serve(app=app)
    site.desk.at_once = False
    client = await site.open()
    client.send(
        b"GET /api HTTP/1.1\r\n\r\n"
        b"POST /rest HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
        b"GET /other HTTP/1.1\r\n\r\n"
        b"GET /api?late HTTP/1.1\r\n\r\n"
    )
    await site.desk.until(1)
    site.desk.waiting[0](200, [], b"first")
    assert (await client.answer()).body == b"first"
    assert await chunked(client) == b"asgi /rest body"
    assert await chunked(client) == b"asgi /other "
    await site.desk.until(2)
    site.desk.waiting[1](200, [], b"last")
    assert (await client.answer()).body == b"last"


async def test_asgi_takes_a_repaired_line_and_a_long_body(serve):
    site = await serve(app=app)
    client = await site.open()
    body = b"y" * 500_000
    client.send("POST /путь%?q=а б HTTP/1.1\r\n".encode())
    client.send(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert await chunked(client) == b"asgi /%D0%BF%D1%83%D1%82%D1%8C% " + body


async def test_an_application_that_raises_answers_500_with_a_reference(serve, capsys):
    client = await (await serve(app=broken_app)).open()
    answer = await client.ask(b"GET /rest HTTP/1.1\r\n\r\n")
    assert (answer.status, answer.body) == (500, b"Internal Server Error\n")
    assert answer.headers["x-error-reference"] in capsys.readouterr().out


async def test_the_body_is_asked_for_when_the_client_waits(serve):
    client = await (await serve()).open()
    client.send(
        b"POST /api HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    )
    assert (await client.answer()).status == 100
    assert (await client.ask(b"abc")).body == b"POST /api abc"


async def test_the_body_is_asked_for_only_when_earlier_answers_are_out(serve):
    site = await serve()
    site.desk.at_once = False
    client = await site.open()
    client.send(b"GET /api HTTP/1.1\r\n\r\n")
    await site.desk.until(1)
    client.send(b"POST /api HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    site.desk.waiting[0](200, [], b"one")
    assert (await client.answer()).body == b"one"
    assert (await client.answer()).status == 100


async def test_a_body_over_the_limit_is_refused_instead_of_asked_for(serve):
    client = await (await serve(body_limit=10)).open()
    answer = await client.ask(
        b"POST /api HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n",
    )
    assert answer.status == 413


async def test_an_offer_to_upgrade_is_not_taken_and_its_body_is_read(serve):
    site = await serve()
    client = await site.open()
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUPGRADE: h2c\r\nHTTP2-Settings: AAMA\r\n"
    octets = b"POST /api HTTP/1.1\r\n" + offer + b"Content-Length: 26\r\n\r\n"
    answer = await client.ask(octets + b"GET /smuggled HTTP/1.1\r\n\r\n")
    assert answer.body == b"POST /api GET /smuggled HTTP/1.1\r\n\r\n"
    assert (await client.ask(b"GET /api HTTP/1.1\r\n\r\n")).body == b"GET /api "
    assert len(site.desk.requests) == 2


SMUGGLED = b"0\r\n\r\nGET /api?smuggled HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", 400),
        (b"Content-Length: 4\r\nContent-Length: 4\r\n", 400),
        (b"Content-Length: 4\r\nContent-Length: 5\r\n", 400),
        (b"Content-Length: 4, 4\r\n", 400),
        (b"Content-Length: +4\r\n", 400),
        (b"Content-Length: 0x4\r\n", 400),
        (b"Content-Length: -1\r\n", 400),
        (b"Content-Length: \r\n", 400),
        (b"Content-Length: 99999999999999999999999\r\n", 400),
        (b"Content-Length : 4\r\n", 400),
        (b"Transfer-Encoding : chunked\r\n", 400),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400),
        (b"Transfer-Encoding: identity\r\n", 501),
        (b"Transfer-Encoding: gzip, chunked\r\n", 501),
        (b"Transfer-Encoding: xchunked\r\n", 501),
        (b"X: a\r\n Transfer-Encoding: chunked\r\n", 400),
        (b"X Y: a\r\n", 400),
        (b": a\r\n", 400),
        (b"X: a\rb\r\n", 400),
        (b"X: a\nY: b\r\n", 400),
        (b"X: a\x00b\r\n", 400),
    ],
)
@pytest.mark.parametrize("path", [b"/api", b"/asgi"])
async def test_a_request_whose_end_is_in_doubt_is_refused(serve, headers, status, path):
    site = await serve(app=app)
    client = await site.open()
    octets = b"POST " + path + b" HTTP/1.1\r\n" + headers + b"\r\n" + SMUGGLED
    answer = await client.ask(octets)
    assert answer.status == status
    assert answer.headers["connection"] == "close"
    assert await client.rest() == b""
    assert site.desk.requests == []


async def test_chunks_over_http_1_0_are_refused(serve):
    client = await (await serve()).open()
    octets = b"POST /api HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + SMUGGLED
    assert (await client.ask(octets)).status == 400


@pytest.mark.parametrize(
    "chunks",
    [
        b"x\r\n",
        b"-1\r\n",
        b"0x1\r\na\r\n0\r\n\r\n",
        b"1\r\nab\r\n0\r\n\r\n",
        b"1\nab\n0\n\n",
        b"FFFFFFFFFFFFFFFFF\r\n",
        b" 1\r\na\r\n",
        b"1;" + b"e" * 2_000,
        b"0\r\nA: " + b"t" * 70_000,
        b"0\r\n" + b"A: b\r\n" * 20_000,
        b"0\r\nno colon\r\n\r\n",
    ],
)
@pytest.mark.parametrize("path", [b"/api", b"/asgi"])
async def test_broken_chunks_are_refused(serve, chunks, path):
    site = await serve(app=app)
    client = await site.open()
    answer = await client.ask(
        b"POST " + path + b" HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    )
    assert answer.status == 400
    assert site.desk.requests == []


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"GET /" + b"a" * 70_000, 414),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /?t=" + "ы ".encode() * 30_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000, 431),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000, 431),
        (b"POST /api HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", 413),
        (b"POST /api HTTP/1.1\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001, 413),
        (b"POST /asgi HTTP/1.1\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001, 413),
        (b"POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1001, 413),
        (
            b"POST /asgi HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1001,
            413,
        ),
        (
            b"POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7D0\r\n" + b"x" * 2_000,
            413,
        ),
    ],
)
@pytest.mark.parametrize("size", [997, 100_000])
async def test_what_is_too_long_is_refused(serve, octets, status, size):
    site = await serve(app=app, body_limit=1_000)
    client = await site.open()
    for at in range(0, len(octets), size):
        client.send(octets[at : at + size])
        await asyncio.sleep(0)
    answer = await client.answer()
    assert (answer.status, answer.body) == (status, b"<error>%d</error>" % status)
    assert await client.rest() == b""


async def test_eleven_megabytes_are_refused_while_they_are_still_sent(serve):
    site = await serve()
    client = await site.open()
    client.send(b"POST /api HTTP/1.1\r\nContent-Length: 11534336\r\n\r\n" + bytes(11 << 20))
    assert (await client.answer()).status == 413
    assert site.server.stats.answers[4] == 1


async def test_all_bodies_together_are_bounded(serve):
    site = await serve(bodies_limit=1_000)
    first, second = await site.open(), await site.open()
    head = b"POST /api HTTP/1.1\r\nContent-Length: 700\r\n\r\n"
    first.send(head + b"x" * 699)
    await (await site.open()).ask(b"GET /api HTTP/1.1\r\n\r\n")
    answer = await second.ask(head + b"x" * 699)
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert (await first.ask(b"x")).body == b"POST /api " + b"x" * 700
    third = await site.open()
    assert (await third.ask(head + b"x" * 700)).status == 200


async def test_a_refusal_waits_for_the_answers_before_it(serve):
    site = await serve()
    site.desk.at_once = False
    client = await site.open()
    client.send(b"GET /api HTTP/1.1\r\n\r\nrubbish\r\n\r\n")
    await site.desk.until(1)
    site.desk.waiting[0](200, [], b"mine")
    assert (await client.answer()).body == b"mine"
    assert (await client.answer()).status == 400
    assert await client.rest() == b""


async def test_a_client_that_ends_its_side_still_gets_its_answers(serve):
    site = await serve(app=app)
    site.desk.at_once = False
    client = await site.open()
    client.send(b"GET /api HTTP/1.1\r\n\r\nGET /asgi HTTP/1.1\r\n\r\nGET /api HTT")
    client.writer.write_eof()
    await site.desk.until(1)
    site.desk.waiting[0](200, [], b"mine")
    assert (await client.answer()).body == b"mine"
    assert await chunked(client) == b"asgi /asgi "
    assert await client.rest() == b""


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"GET /api HT",
        b"POST /api HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf",
        b"POST /asgi HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf",
        b"POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nhalf",
    ],
)
@pytest.mark.parametrize("reset", [False, True])
async def test_a_client_that_hangs_up_in_the_middle_harms_nobody(serve, octets, reset):
    site = await serve(app=app)
    client, neighbour = await site.open(), await site.open()
    client.send(octets)
    await client.writer.drain()
    if reset:
        client.reset()
    else:
        client.writer.close()
    count = 0
    while site.server.open_connections > 1 or not count:
        count += 1
        assert (await neighbour.ask(b"GET /api HTTP/1.1\r\n\r\n")).status == 200
    assert len(site.desk.requests) == count


async def test_a_body_in_many_small_pieces_takes_no_more_memory_than_its_octets(serve):
    site = await serve()
    client = await site.open()
    client.send(b"POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    pieces = b"2\r\nab\r\n" * 100_000
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        client.send(pieces)
        async with asyncio.timeout(20):
            while site.server._service.bodies_octets < 200_000:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0)
        assert tracemalloc.get_traced_memory()[0] - before < 1_500_000
    finally:
        tracemalloc.stop()
    assert (await client.ask(b"0\r\n\r\n")).body.endswith(b" " + b"ab" * 100_000)
