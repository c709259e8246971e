"""TLS and plain HTTP on one port."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from datetime import UTC, datetime

import pytest

from habar.northbound.http.tls import sandbox_certificate, server_context

CURL = shutil.which("curl")
REQUEST = b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_both_are_served_on_one_port(serve, server_tls, client_tls):
    site = await serve(tls=server_tls)
    for how in ({}, {"ssl": client_tls}, {}, {"ssl": client_tls}):
        client = await site.open(**how)
        for _ in range(2):
            assert (await client.ask(REQUEST)).body == b"GET /api "
    schemes = [request.scheme for request in site.desk.requests]
    assert schemes == ["http", "http", "https", "https"] * 2


async def test_tls_carries_pipelined_requests_and_long_bodies(serve, server_tls, client_tls):
    site = await serve(tls=server_tls)
    client = await site.open(ssl=client_tls)
    body = b"z" * 400_000
    client.send(b"POST /api HTTP/1.1\r\nContent-Length: 400000\r\n\r\n" + body + REQUEST)
    assert (await client.answer()).body == b"POST /api " + body
    assert (await client.answer()).body == b"GET /api "


async def test_a_refusal_over_tls_is_read_while_the_client_still_sends(
    serve, server_tls, client_tls
):
    site = await serve(tls=server_tls, body_limit=10, linger_timeout=0.05)
    client = await site.open(ssl=client_tls)
    client.send(b"POST /api HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000))
    assert (await client.answer()).status == 413
    assert await client.rest() == b""


async def test_the_first_octet_may_come_late_and_alone(serve, server_tls):
    site = await serve(tls=server_tls)
    client = await site.open()
    await (await site.open()).ask(REQUEST)  # the first one is accepted and silent by now
    client.send(b"G")
    await client.writer.drain()
    await (await site.open()).ask(REQUEST)
    assert (await client.ask(REQUEST[1:])).status == 200


async def test_without_a_certificate_a_tls_hello_is_declined_with_an_alert(serve, client_tls):
    site = await serve()
    with pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
        await site.open(ssl=client_tls)
    assert (await (await site.open()).ask(REQUEST)).status == 200
    assert site.server.open_connections == 1


@pytest.mark.parametrize("octets", [b"\x16", b"\x16\x03\x01\x02\x00\x01garbage" * 100])
async def test_a_broken_hello_is_let_go(serve, server_tls, octets):
    site = await serve(tls=server_tls, handshake_timeout=0.05)
    client = await site.open()
    client.send(octets)
    await client.rest()
    neighbour = await site.open()
    while site.server.stats.handshake_failures == 0:
        assert (await neighbour.ask(REQUEST)).status == 200


async def test_a_hello_broken_off_is_let_go(serve, server_tls):
    site = await serve(tls=server_tls)
    client, neighbour = await site.open(), await site.open()
    client.send(b"\x16\x03\x01")
    await client.writer.drain()
    client.reset()
    while site.server.stats.handshake_failures == 0:
        assert (await neighbour.ask(REQUEST)).status == 200


async def test_older_tls_is_not_spoken(serve, tmp_path):
    certificate = sandbox_certificate(tmp_path, datetime.now(UTC))
    site = await serve(tls=server_context(certificate.bundle))
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(certificate.certificate)
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    client = await site.open(ssl=old)
    assert client.writer.get_extra_info("ssl_object").version() == "TLSv1.3"
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError):  # an alert or a reset, as the loop has it
        await site.open(ssl=old)
    assert site.server.stats.handshake_failures == 1
    assert site.desk.requests == []


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
async def test_a_strict_client_trusts_the_sandbox_certificate(serve, tmp_path, name):
    certificate = sandbox_certificate(tmp_path, datetime.now(UTC))
    site = await serve(tls=server_context(certificate.bundle))
    strict = ssl.create_default_context(cafile=certificate.certificate)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    client = await site.open(ssl=strict, server_hostname=name)
    assert (await client.ask(REQUEST)).status == 200


async def test_small_answers_are_not_delayed(serve, monkeypatch):
    delays: list[tuple[int, ...]] = []
    original = socket.socket.setsockopt

    def record(self, *option):
        delays.append(option)
        return original(self, *option)

    monkeypatch.setattr(socket.socket, "setsockopt", record)
    await (await (await serve()).open()).ask(REQUEST)
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) in delays


@pytest.mark.skipif(CURL is None, reason="curl is not installed (.ci/packages)")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_curl_trusts_the_sandbox_certificate(serve, tmp_path, host):
    certificate = sandbox_certificate(tmp_path, datetime.now(UTC))
    site = await serve(tls=server_context(certificate.bundle))
    process = await asyncio.create_subprocess_exec(
        CURL,
        *("-sS", "--max-time", "15", "--cacert", str(certificate.certificate), "-d", "abc"),
        f"https://{host}:{site.port}/api",
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert output == b"POST /api abc"
