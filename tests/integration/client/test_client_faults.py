"""Both clients before gateways that are busy, broken, gone, slow, or no gateways at all."""

import logging
import socket
from contextlib import suppress
from typing import Any

import pytest

from habar_client import (
    AuthorizationError,
    Busy,
    HabarClientError,
    Message,
    PackageError,
    TransportError,
)

ONE_ACCEPTED = '<message><msg id="1" sms_id="17" sms_count="1">106</msg></message>'
ONE_REPEATED = '<message><msg id="1" sms_id="17" sms_count="1">201</msg></message>'


def _hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def _cut_off(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<?xml version='1.0'?><pack")


def _cut_off_without_a_length(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<?xml version='1.0'?><pack")


def _cut_off_in_a_chunk(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n<?xml ")


def _not_http(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")


def _say_nothing(connection: socket.socket) -> None:
    while connection.recv(1):
        pass


def _drip(connection: socket.socket) -> None:
    """An octet now and then: never long enough for a silence, never done."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    connection.settimeout(0.02)
    while True:
        connection.sendall(b" ")
        with suppress(TimeoutError):
            if not connection.recv(1):
                return


def _endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


LOSSES = [_hang_up, _cut_off, _cut_off_without_a_length, _cut_off_in_a_chunk, _not_http]


def test_busy_is_waited_for(gateway: Any, shell: Any, caplog: pytest.LogCaptureFixture) -> None:
    busy = "<package><error>200</error></package>"
    gateway.answers(
        gateway.http(busy, 503, "Retry-After: 0"),
        gateway.http(busy, 429, "Retry-After: 0"),
        gateway.package(ONE_ACCEPTED),
    )
    with caplog.at_level(logging.INFO, "habar_client"):
        assert shell.call("send", "77771234567", "s3cret text").accepted
    assert len(gateway.requests) == 3
    assert "the gateway is busy (HTTP 503); it asks to wait 0 s; again in 0 s" in caplog.messages
    assert "s3cret" not in caplog.text


def test_too_busy(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.http("", 503, "Retry-After: 3600"))
    with pytest.raises(Busy) as caught:
        shell.call("send", "77771234567", "x")
    assert (caught.value.retry_after, caught.value.unknown) == (3600.0, False)
    assert caught.value.messages[0].recipient == "77771234567"


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_answer_leaves_the_outcome_unknown(gateway: Any, shell: Any, loss: Any) -> None:
    gateway.answers(loss)
    with pytest.raises(TransportError) as caught:
        shell.call("send", "77771234567", "x")
    assert caught.value.unknown
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_with_an_id_the_package_is_repeated_and_told_as_accepted_before(
    gateway: Any, shell: Any, loss: Any
) -> None:
    gateway.answers(loss, gateway.package(ONE_REPEATED))
    sent = shell.call("send", "77771234567", "x", id=1)
    assert (sent.accepted, sent.repeated, sent.sms_id) == (True, True, 17)
    assert gateway.requests[0][1] == gateway.requests[1][1]


def test_a_used_id_without_a_loss_is_a_refusal(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.package(ONE_REPEATED))
    sent = shell.call("send", "77771234567", "x", id=1)
    assert (sent.accepted, sent.repeated, sent.sms_id) == (False, True, 17)


def test_no_repeat_where_it_is_switched_off(gateway: Any, shell: Any) -> None:
    gateway.answers(_hang_up)
    with pytest.raises(TransportError):
        shell.call("send", "77771234567", "x", id=1, settings={"retry_lost": False})
    assert len(gateway.requests) == 1


def test_a_failed_package_ends_the_sending_and_is_told(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.package('<message><msg sms_id="1">106</msg></message>'), _hang_up)
    messages = [Message("77771234567", text) for text in "abc"]
    given: list[Any] = []

    def use(client: Any) -> Any:
        return _collected(client.send_many(messages, package_size=1), given)

    with pytest.raises(TransportError) as caught:
        shell.use(use)
    assert [row.sms_id for row in given] == [1]
    assert caught.value.messages == (messages[1],)


def _collected(rows: Any, given: list[Any]) -> Any:
    """Pass rows on and remember them, of whichever kind of iterator."""

    def collect() -> Any:
        for row in rows:
            given.append(row)
            yield row

    async def collect_async() -> Any:
        async for row in rows:
            given.append(row)
            yield row

    return collect_async() if hasattr(rows, "__anext__") else collect()


@pytest.mark.parametrize("act", [_say_nothing, _drip])
def test_a_slow_gateway_is_not_waited_for_longer_than_the_timeout(
    gateway: Any, shell: Any, act: Any
) -> None:
    gateway.answers(act)
    with pytest.raises(TransportError, match=r"no answer from .* within 0\.2 s") as caught:
        shell.call("send", "77771234567", "x", settings={"timeout": 0.2})
    assert caught.value.unknown


def test_an_endless_answer_is_left(
    gateway: Any, shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("client", "aio"):
        monkeypatch.setattr(f"habar_client.{module}.MAX_ANSWER", 1_000_000)
    gateway.answers(_endless)
    with pytest.raises(TransportError, match="has no end"):
        shell.call("send", "77771234567", "x", id=1)
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("status", [404, 502])
def test_a_web_page_of_a_proxy(gateway: Any, shell: Any, status: int) -> None:
    page = gateway.http("<html><body>nginx</body></html>", status, "Content-Type: text/html")
    gateway.answers(page)
    with pytest.raises(TransportError, match=f"HTTP {status}, and the answer is a web page"):
        shell.call("send", "77771234567", "x")


def test_redirects_are_not_followed(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.http("", 302, "Location: http://127.0.0.1:1/api?x=1"))
    with pytest.raises(TransportError, match=r"HTTP 302 to http://127\.0\.0\.1:1/api,"):
        shell.call("send", "77771234567", "x")


def test_wrong_credentials(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.package("<error>202</error>"))
    with pytest.raises(AuthorizationError, match="does not know this login") as caught:
        shell.call("balance")
    assert "s3cret" not in str(caught.value)


def test_a_package_error(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.http("<package><error>201</error></package>", 405))
    with pytest.raises(PackageError, match="package error 201"):
        shell.call("balance")


def test_nobody_listens(kind: Any, shell: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TransportError, match="Connection refused") as caught:
        shell.call("send", "77771234567", "x", settings={"url": f"127.0.0.1:{port}", "retries": 1})
    assert not caught.value.unknown


def test_a_host_that_does_not_exist(shell: Any) -> None:
    with pytest.raises(TransportError, match="its name is not known") as caught:
        shell.call("balance", settings={"url": "http://no-such-host.invalid", "retries": 0})
    assert not caught.value.unknown


def test_every_fault_is_the_librarys_own_error(gateway: Any, shell: Any) -> None:
    gateway.answers(gateway.http(b"\x00\xff" * 100, 200, "Content-Encoding: gzip"))
    with pytest.raises(HabarClientError):
        shell.call("balance", settings={"retries": 0})


def test_a_chunked_and_compressed_answer_is_read(gateway: Any, shell: Any) -> None:
    def chunks(connection: socket.socket) -> None:
        inside = f"<package>{ONE_ACCEPTED}</package>".encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(inside), 10):
            piece = inside[start : start + 10]
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")

    gateway.answers(chunks)
    assert shell.call("send", "77771234567", "x", id=1).accepted
