"""A request for a hot path, from the socket to the plain function and back."""

from __future__ import annotations

import asyncio
import shutil

import pytest

CURL = shutil.which("curl")


async def test_get_with_a_query_reaches_the_function_whole(serve):
    site = await serve()
    client = await site.open()
    answer = await client.ask(b"GET /api?a=1&b=%20 HTTP/1.1\r\nHost: x:1\r\nX-Y: z\r\n\r\n")
    assert (answer.status, answer.body) == (200, b"GET /api?a=1&b=%20 ")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["date"].endswith("GMT")
    assert "connection" not in answer.headers
    (request,) = site.desk.requests
    assert (request.path, request.query, request.host) == (b"/api", b"a=1&b=%20", "x:1")
    assert (request.header(b"x-y"), request.header(b"x-z")) == (b"z", b"")
    assert request.scheme == "http"
    assert request.client[0] == "127.0.0.1"
    assert request.client[1] == client.writer.get_extra_info("sockname")[1]


async def test_post_brings_its_body_and_the_connection_stays(serve):
    site = await serve()
    client = await site.open()
    for body in (b"one", b"", b"x" * 300_000):
        head = b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert (await client.ask(head + body)).body == b"POST /api " + body
    assert site.server.stats.answers[2] == 3
    assert site.server.stats.accepted == 1


async def test_a_get_may_have_a_body(serve):
    client = await (await serve()).open()
    answer = await client.ask(b"GET /api HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
    assert answer.body == b"GET /api abc"


@pytest.mark.rule("xml.empty-path", "xml.absolute-target", "xml.raw-request-line")
@pytest.mark.parametrize(
    ("line", "target"),
    [
        (b"GET ?action=send HTTP/1.1", b"/?action=send"),
        (b"GET  HTTP/1.1", b"/"),
        (b"GET http://gw:8090/api?a=b HTTP/1.1", b"/api?a=b"),
        (b"GET HTTP://gw:8090 HTTP/1.1", b"/"),
        (b"GET https://gw?a=b HTTP/1.1", b"/?a=b"),
        (b"GET /api? HTTP/1.1", b"/api?"),
        (b"GET /api?text=Vash kod 12 HTTP/1.1", b"/api?text=Vash%20kod%2012"),
        (
            "GET /api?text=Ваш код HTTP/1.1".encode(),
            b"/api?text=%D0%92%D0%B0%D1%88%20%D0%BA%D0%BE%D0%B4",
        ),
        (b"GET /api?text=No #5 HTTP/1.1", b"/api?text=No%20%235"),
        (b'GET /api?text={"a"|<b>^`\\} HTTP/1.1', b'/api?text={"a"|<b>^`\\}'),
        (b"GET /api?a=\xff\x01 HTTP/1.1", b"/api?a=%FF%01"),
    ],
)
@pytest.mark.parametrize("piecemeal", [False, True], ids=["whole", "piecemeal"])
async def test_a_request_line_is_read_leniently(serve, line, target, piecemeal):
    site = await serve()
    client = await site.open()
    octets = line + b"\r\nHost: gw\r\n\r\n"
    for piece in [octets[i : i + 7] for i in range(0, len(octets), 7)] if piecemeal else [octets]:
        client.send(piece)
        await client.writer.drain()
    assert (await client.answer()).status == 200
    assert site.desk.requests[0].target == target


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /api", 400),
        (b"GET /api HTTP/2.0", 505),
        (b"GET /api HTTP/0.9", 505),
        (b"GET * HTTP/1.1", 400),
        (b"CONNECT gw:1 HTTP/1.1", 400),
        (b"CONNECT /api HTTP/1.1", 400),
        (b"get /api HTTP/1.1", 400),
        (b"GET ftp://x/ HTTP/1.1", 400),
        (b"GET /a\rb HTTP/1.1", 400),
        (b"GET /a\x00b HTTP/1.1", 400),
        (b"GET /a\nb HTTP/1.1", 400),
        (b"FROB /api HTTP/1.1", 400),
        (b"\x80\x81\x82", 400),
    ],
)
async def test_an_unreadable_request_line_is_refused_and_the_connection_ends(serve, line, status):
    site = await serve()
    client = await site.open()
    answer = await client.ask(line + b"\r\nHost: x\r\n\r\n")
    assert (answer.status, answer.body) == (status, b"<error>%d</error>" % status)
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert await client.rest() == b""
    assert site.desk.requests == []


async def test_lines_that_end_with_a_bare_line_feed_are_refused_at_once(serve):
    client = await (await serve()).open()
    assert (await client.ask(b"GET /api HTTP/1.1\nHost: x\n\n")).status == 400


async def test_head_is_answered_without_the_function(serve):
    site = await serve()
    client = await site.open()
    client.send(b"HEAD /api?action=send HTTP/1.1\r\n\r\n")
    answer = await client.answer(body=False)
    assert (answer.status, answer.headers["allow"]) == (200, "GET, HEAD, POST")
    assert (await client.ask(b"GET /api HTTP/1.1\r\n\r\n")).status == 200
    assert [request.method for request in site.desk.requests] == [b"GET"]


@pytest.mark.parametrize("method", [b"PUT", b"DELETE", b"OPTIONS", b"PATCH"])
async def test_other_methods_are_told_which_are_allowed(serve, method):
    site = await serve()
    client = await site.open()
    answer = await client.ask(method + b" /api HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
    assert (answer.status, answer.body) == (405, b"<error>405</error>")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert (await client.ask(b"GET / HTTP/1.1\r\n\r\n")).status == 200
    assert len(site.desk.requests) == 1


async def test_http_1_0_closes_unless_asked_to_stay(serve):
    site = await serve()
    client = await site.open()
    stays = await client.ask(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert stays.headers["connection"] == "keep-alive"
    ends = await client.ask(b"GET / HTTP/1.0\r\n\r\n")
    assert ends.headers["connection"] == "close"
    assert await client.rest() == b""


async def test_connection_close_is_honoured(serve):
    client = await (await serve()).open()
    answer = await client.ask(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.headers["connection"] == "close"
    assert await client.rest() == b""


async def test_an_answer_may_come_later(serve):
    site = await serve()
    site.desk.at_once = False
    client = await site.open()
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    await site.desk.until(1)
    site.desk.waiting[0](202, [], b"later")
    answer = await client.answer()
    assert (answer.status, answer.body) == (202, b"later")


async def test_a_second_answer_is_a_fault_of_the_caller(serve):
    site = await serve()
    site.desk.at_once = False
    client = await site.open()
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    await site.desk.until(1)
    site.desk.waiting[0](200, [], b"")
    with pytest.raises(RuntimeError):
        site.desk.waiting[0](200, [], b"")


async def test_an_answer_to_a_client_that_has_gone_has_no_effect(serve):
    site = await serve()
    site.desk.at_once = False
    client, neighbour = await site.open(), await site.open()
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    await site.desk.until(1)
    client.reset()
    site.desk.at_once = True
    while site.server.open_connections > 1:
        await neighbour.ask(b"GET / HTTP/1.1\r\n\r\n")
    site.desk.waiting[0](200, [], b"nobody")
    assert (await neighbour.ask(b"GET / HTTP/1.1\r\n\r\n")).status == 200


def fails(request, respond):
    raise ValueError("the password is demo")


def fails_after_answering(request, respond):
    respond(200, [], b"fine")
    raise ValueError("too late")


def breaks_out(request, respond):
    respond(302, [(b"Location", b"http://x\r\nSet-Cookie: a=b")], b"")


async def test_a_function_that_raises_answers_500_with_a_reference_and_no_trace(serve, capsys):
    site = await serve(handlers={b"/fails": fails, b"/late": fails_after_answering})
    client = await site.open()
    answer = await client.ask(b"GET /fails?password=demo HTTP/1.1\r\n\r\n")
    assert (answer.status, answer.body) == (500, b"<error>500</error>")
    reference = answer.headers["x-error-reference"]
    assert (await client.ask(b"GET /late HTTP/1.1\r\n\r\n")).body == b"fine"
    assert (await client.ask(b"GET / HTTP/1.1\r\n\r\n")).status == 200
    assert site.server.stats.faults == 2
    logged = capsys.readouterr().out
    assert reference in logged
    assert "ValueError" in logged
    assert "?password" not in logged


async def test_a_header_cannot_break_out_of_its_line(serve):
    site = await serve(handlers={b"/redirect": breaks_out})
    client = await site.open()
    answer = await client.ask(b"GET /redirect HTTP/1.1\r\n\r\n")
    assert answer.status == 500
    assert "set-cookie" not in answer.headers


async def test_an_unknown_path_is_a_404_with_the_document_of_an_error(serve):
    client = await (await serve()).open()
    for _ in range(2):
        answer = await client.ask(b"GET /nothing?a=b HTTP/1.1\r\n\r\n")
        assert (answer.status, answer.body) == (404, b"<error>404</error>")
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"


@pytest.mark.skipif(CURL is None, reason="curl is not installed (.ci/packages)")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data-binary", "<package/>"], b"POST /api <package/>"),
        (["-H", "Transfer-Encoding: chunked", "-d", "abc"], b"POST /api abc"),
        (["-H", "Expect: 100-continue", "-d", "abc"], b"POST /api abc"),
        (["-X", "GET", "-d", "abc"], b"GET /api abc"),
        (["-0", "-d", "abc"], b"POST /api abc"),
        (["--http2", "-d", "abc"], b"POST /api abc"),
    ],
)
async def test_curl_is_understood(serve, arguments, said):
    site = await serve()
    process = await asyncio.create_subprocess_exec(
        CURL,
        *("-sS", "--max-time", "15", *arguments, f"http://127.0.0.1:{site.port}/api"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert output == said
