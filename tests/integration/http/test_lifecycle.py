"""Start, the connection limit, drain and close."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest
from prometheus_client import CollectorRegistry

from habar.northbound.http.listener import HttpServer
from habar.northbound.http.settings import HttpSettings, ListenAddress

REQUEST = b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n"
LOOPBACK = ListenAddress("127.0.0.1", 0)


async def test_every_listener_serves_and_says_its_port(serve):
    site = await serve(listen=(LOOPBACK, ListenAddress("127.0.0.1", 0, ops=True)))
    assert len({address.port for address in site.server.addresses} - {0}) == 2
    assert [address.ops for address in site.server.addresses] == [False, True]
    for address in site.server.addresses:
        assert (await (await site.open(port=address.port)).ask(REQUEST)).status == 200


async def test_a_name_is_bound_to_all_its_addresses_on_one_port(serve):
    site = await serve(listen=(ListenAddress("localhost", 0),))
    found = await asyncio.get_running_loop().getaddrinfo(
        "localhost", site.port, type=socket.SOCK_STREAM
    )
    assert found
    reader, writer = await asyncio.open_connection("localhost", site.port)
    writer.write(REQUEST)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


async def test_if_one_address_cannot_be_bound_none_is(serve):
    site = await serve()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = HttpSettings(
        listen=(ListenAddress("127.0.0.1", port), ListenAddress("127.0.0.1", site.port))
    )
    second = HttpServer(settings, {}, lambda status: b"")
    with pytest.raises(OSError) as raised:
        await second.start()
    assert raised.value.errno == errno.EADDRINUSE
    socket.create_server(("127.0.0.1", port)).close()
    assert await second.drain(0)
    await second.close()


async def test_over_the_limit_clients_are_told_so(serve):
    site = await serve(connection_limit=2, app=None)
    first, second = await site.open(), await site.open()
    assert (await first.ask(REQUEST)).status == 200
    assert (await second.ask(REQUEST)).status == 200
    third = await site.open()
    answer = await third.ask(REQUEST)
    assert (answer.status, answer.body) == (503, b"<error>503</error>")
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["connection"] == "close"
    assert await third.rest() == b""
    assert (await first.ask(REQUEST)).status == 200
    assert site.server.stats.refused == 1


async def test_far_over_the_limit_clients_are_dropped(serve):
    site = await serve(connection_limit=1)
    first = await site.open()
    assert (await first.ask(REQUEST)).status == 200
    second, third = await site.open(), await site.open()
    assert await third.rest() == b""
    assert (await second.ask(REQUEST)).status == 503
    assert site.server.stats.refused == 2


async def test_when_a_client_leaves_the_next_one_is_served(serve):
    site = await serve(connection_limit=1)
    status = 0
    while status != 200:
        first = await site.open()
        first.send(b"GET /api HTTP/1.1\r\nConnection: close\r\n\r\n")
        status = (await first.answer()).status
        await first.close()
    while (await (await site.open()).ask(REQUEST)).status != 200:
        continue


async def test_drain_closes_what_is_idle_and_answers_what_was_received(serve):
    site = await serve()
    idle, busy, piped, halfway = [await site.open() for _ in range(4)]
    assert (await idle.ask(REQUEST)).status == 200
    site.desk.at_once = False
    busy.send(REQUEST)
    await site.desk.until(2)
    piped.send(REQUEST + REQUEST)
    await site.desk.until(4)
    halfway.send(b"POST /api HTTP/1.1\r\nContent-Length: 4\r\n\r\nha")
    await (await site.open()).ask(b"HEAD /api HTTP/1.1\r\nConnection: close\r\n\r\n")
    drained = asyncio.create_task(site.server.drain(20))
    assert await idle.rest() == b""
    assert site.server.draining
    with pytest.raises(OSError):
        await site.open()
    halfway.send(b"lf")
    await site.desk.until(5)
    for respond in site.desk.waiting:
        respond(200, [], b"kept")
    for client in (busy, halfway):
        answer = await client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"kept", "close")
        assert await client.rest() == b""
    assert "connection" not in (await piped.answer()).headers
    assert (await piped.answer()).headers["connection"] == "close"
    assert await drained
    assert site.server.open_connections == 0


async def test_drain_lets_asgi_finish(serve):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def app(scope, receive, send):
        begun.set()
        await go_on.wait()
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"done"})

    site = await serve(app=app)
    client, idle = await site.open(), await site.open()
    assert (await idle.ask(REQUEST)).status == 200
    client.send(b"GET /slow HTTP/1.1\r\n\r\n")
    await begun.wait()
    drained = asyncio.create_task(site.server.drain(20))
    assert await idle.rest() == b""
    go_on.set()
    answer = await client.answer()
    assert (answer.body, answer.headers["connection"]) == (b"done", "close")
    assert await drained


async def test_drain_aborts_what_does_not_end(serve):
    site = await serve()
    site.desk.at_once = False
    client = await site.open()
    client.send(REQUEST)
    await site.desk.until(1)
    assert not await site.server.drain(0.02)
    assert await client.rest() == b""
    assert site.server.open_connections == 0
    site.desk.waiting[0](200, [], b"nobody is there")


async def test_close_ends_everything_at_once_and_twice(serve, server_tls):
    async def app(scope, receive, send):
        await asyncio.Event().wait()

    site = await serve(tls=server_tls, app=app)
    silent, hello, asgi = [await site.open() for _ in range(3)]
    hello.send(b"\x16\x03")
    asgi.send(b"GET /hangs HTTP/1.1\r\n\r\n")
    await (await site.open()).ask(REQUEST)
    await site.server.close()
    for client in (silent, hello, asgi):
        assert await client.rest() == b""
    await site.server.close()
    assert site.server.readiness() == "draining"


async def test_readiness_follows_the_life(serve):
    idle = HttpServer(HttpSettings(listen=(LOOPBACK,)), {}, lambda status: b"")
    assert idle.readiness() == "not started"
    await idle.start()
    assert idle.readiness() is None
    idle.announce_drain()
    assert idle.readiness() == "draining"
    await idle.close()


async def test_the_listener_has_figures(serve):
    registry = CollectorRegistry()
    site = await serve(registry=registry)
    client = await site.open()
    await client.ask(REQUEST)
    await client.ask(b"GET /nothing HTTP/1.1\r\n\r\n")

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"habar_http_{name}", labels)

    assert value("requests_total", status="2xx") == 1
    assert value("requests_total", status="4xx") == 1
    assert value("connections_open") == 1
    assert value("connections_total") == 1
    assert value("connections_refused_total") == 0
    assert value("faults_total") == 0
