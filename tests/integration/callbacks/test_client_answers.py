"""Whatever a customer's host does, a call ends in plain words, in time and in bounds."""

from __future__ import annotations

import asyncio
import gzip
import ssl

import pytest
import trustme

from habar import __version__
from habar.callbacks.client import Client
from habar.callbacks.exchange import LARGEST_ANSWER, Answer, Request
from habar.callbacks.guard import Guard

from .conftest import OK, Host

SHORT = 0.2
"""Seconds for hosts that never come to an end."""


def get(url, **headers):
    return Request("GET", url, headers)


async def test_a_call_as_the_host_sees_it(client, host):
    request = Request("POST", host.url, {"X-Habar-Event-Id": "7", "Content-Type": "a/b"}, b"x=1")
    assert await client.call(request, 5) == Answer(200, body=b"OK")
    [visit] = host.visits
    assert visit.line == "POST /cb HTTP/1.1"
    assert visit.body == b"x=1"
    assert visit.headers == {
        "host": f"127.0.0.1:{host.port}",
        "x-habar-event-id": "7",
        "content-type": "a/b",
        "content-length": "3",
        "user-agent": f"Habar/{__version__}",
        "accept": "*/*",
    }


async def test_connections_are_used_again(client, host):
    for _ in range(3):
        await client.call(get(host.url), 5)
    assert host.connections == 1


@pytest.mark.rule("inbox.again")
@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
async def test_a_no(client, host, status):
    host.answer = b"HTTP/1.1 %d No\r\nContent-Length: 3\r\n\r\nbad" % status
    answer = await client.call(get(host.url), 5)
    assert answer == Answer(status, f"HTTP {status}", b"bad")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(client, host, status):
    host.answer = (
        b"HTTP/1.1 %d Go\r\nLocation: http://127.0.0.1:%d/inside\r\nContent-Length: 0\r\n\r\n"
        % (status, host.port)
    )
    answer = await client.call(get(host.url), 5)
    assert answer.error == f"HTTP {status}: redirects are not followed"
    assert len(host.visits) == 1


async def test_cookies_are_not_kept(client, host):
    host.answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: id=7; Path=/\r\nContent-Length: 0\r\n\r\n"
    await client.call(get(host.url), 5)
    await client.call(get(host.url), 5)
    assert "cookie" not in host.visits[1].headers


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
async def test_a_proxy_of_the_environment_is_ignored(client, host, monkeypatch, name):
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await client.call(get(host.url), 5)).status == 200


async def test_a_netrc_is_ignored(client, host, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login root password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    await client.call(get(host.url), 5)
    assert "authorization" not in host.visits[0].headers


# --- Too much ------------------------------------------------------------------------------------
async def endless(visit):
    visit.writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        visit.writer.write(b"x" * 65_536)
        await visit.writer.drain()


async def ten_megabytes(visit):
    visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 10_000_000)


async def endless_chunks(visit):
    visit.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        visit.writer.write(b"1\r\nx\r\n" * 10_000)
        await visit.writer.drain()


@pytest.mark.parametrize("answer", [endless, ten_megabytes, endless_chunks])
async def test_an_answer_that_is_too_large_is_cut_off_at_once(client, host, answer):
    host.answer = answer
    told = await client.call(get(host.url), 60)
    assert (told.status, told.error, len(told.body)) == (200, "", LARGEST_ANSWER)
    assert "larger" in told.unreadable
    host.answer = OK
    assert (await client.call(get(host.url), 5)).body == b"OK"
    assert host.connections == 2


async def test_an_answer_that_is_just_small_enough(client, host):
    body = b"x" * LARGEST_ANSWER
    host.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    assert await client.call(get(host.url), 5) == Answer(200, body=body)


async def test_a_bomb_is_not_inflated(client, host):
    bomb = gzip.compress(b"\0" * 50_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    host.answer = head % len(bomb) + bomb
    told = await client.call(get(host.url), 5)
    assert told.body == bomb[:LARGEST_ANSWER]
    assert "compressed" in told.unreadable


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000,
        b"HTTP/1.1 200 " + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(20_000)),
    ],
)
async def test_huge_headers(client, host, head):
    host.answer = head + b"\r\n\r\n"
    told = await client.call(get(host.url), 5)
    assert (told.status, told.error) == (0, "the answer is not HTTP")


# --- Too slow ------------------------------------------------------------------------------------
async def silent(_visit):
    await asyncio.Event().wait()


async def slow_header(visit):
    for octet in b"HTTP/1.1 200 OK\r\n" * 1_000:
        visit.writer.write(bytes((octet,)))
        await visit.writer.drain()
        await asyncio.sleep(SHORT / 10)


async def slow_body(visit):
    visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1_000):
        visit.writer.write(b"x")
        await visit.writer.drain()
        await asyncio.sleep(SHORT / 10)


async def endless_interim(visit):
    while True:
        visit.writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await visit.writer.drain()
        await asyncio.sleep(SHORT / 10)


@pytest.mark.rule("inbox.time-out")
@pytest.mark.parametrize("answer", [silent, slow_header, slow_body, endless_interim])
async def test_a_call_has_its_time_and_no_more(client, host, answer):
    host.answer = answer
    told = await client.call(get(host.url), SHORT)
    assert told == Answer(0, "no whole answer within 0.2 seconds")


async def test_what_took_too_long_is_hung_up_on(client, host):
    gone = asyncio.Event()

    async def silent_until_the_end(visit):
        assert await visit.reader.read() == b""
        gone.set()

    host.answer = silent_until_the_end
    await client.call(get(host.url), SHORT)
    async with asyncio.timeout(20):
        await gone.wait()


# --- Broken --------------------------------------------------------------------------------------
async def hang_up(visit):
    visit.writer.close()


async def reset(visit):
    visit.writer.transport.abort()


async def half_a_header(visit):
    visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    visit.writer.close()


async def half_a_body(visit):
    visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    visit.writer.close()


async def half_a_chunk(visit):
    visit.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf")
    visit.writer.close()


@pytest.mark.rule("inbox.again")
@pytest.mark.parametrize("answer", [hang_up, reset, half_a_header, half_a_body, half_a_chunk])
async def test_a_connection_that_breaks(client, host, answer):
    host.answer = answer
    told = await client.call(get(host.url), 5)
    assert told.status == 0
    assert told.error in {
        "the connection was closed without an answer",
        "the connection broke before the answer was whole",
    }


@pytest.mark.parametrize(
    "answer",
    [
        b"\0" * 200 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nNOT-HEX\r\n",
        b"HTTP/1.1 200 OK\r\nbad header line\r\n\r\n",
    ],
)
async def test_garbage_in_place_of_http(client, host, answer):
    host.answer = answer
    told = await client.call(get(host.url), 5)
    assert told.status == 0
    assert told.error


async def test_nobody_listens(client):
    gone = await Host().start()
    url = gone.url
    await gone.stop()
    told = await client.call(get(url), 5)
    assert told.error.startswith("no connection")


# --- TLS -----------------------------------------------------------------------------------------
@pytest.fixture
async def secure():
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    made = await Host().start(ssl=context)
    yield made, ca
    await made.stop()


async def test_a_certificate_that_nobody_trusts(client, secure):
    host, _ = secure
    told = await client.call(get(host.url.replace("http:", "https:")), 5)
    assert told == Answer(0, "the host's certificate is not valid")
    assert host.visits == []


async def test_a_certificate_that_is_trusted(secure):
    host, ca = secure
    trust = ssl.create_default_context()
    ca.configure_trust(trust)
    client = Client(Guard(["127.0.0.1"]), tls=trust)
    try:
        told = await client.call(get(host.url.replace("http:", "https:")), 5)
        assert told.body == b"OK"
        other = f"https://localhost:{host.port}/"
        assert (await client.call(get(other), 5)).error == "the host's certificate is not valid"
    finally:
        await client.close()


async def test_no_tls_where_some_was_expected(client, host):
    told = await client.call(get(host.url.replace("http:", "https:")), SHORT)
    assert told.status == 0
    assert told.error
