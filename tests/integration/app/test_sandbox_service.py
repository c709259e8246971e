"""The sandbox's own web service, asked over HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from habar.app.sandbox_service import ThankYou, answer_to, thanks
from habar.wire.text import count_parts

FIELDS = {
    "userin": "sandbox",
    "passwordin": "sandbox",
    "sender": "+77771234567",
    "short": "+8785#12345",
    "msgdata": "Сәлем {!}",
}
REPLY = "{SMS:TEXT}{}{8785#12345}{77771234567}{Thank you: Сәлем {!}}"


@pytest.fixture
async def service() -> AsyncIterator[ThankYou]:
    service = ThankYou()
    await service.start()
    yield service
    await service.close()


async def ask(service: ThankYou, request: bytes, *, end: bool = False) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    try:
        writer.write(request)
        if end:
            writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body.decode()


def get(fields: dict[str, str], path: str = "/thank-you") -> bytes:
    return f"GET {path}?{urlencode(fields)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def post(fields: dict[str, str]) -> bytes:
    body = urlencode(fields).encode()
    head = f"POST /thank-you HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def test_it_thanks_by_get_and_by_post(service: ThankYou) -> None:
    assert service.url == f"http://127.0.0.1:{service.port}/thank-you"
    assert await ask(service, get(FIELDS)) == (200, REPLY)
    assert await ask(service, post(FIELDS)) == (200, REPLY)


@pytest.mark.parametrize("name", ["userin", "passwordin"])
def test_it_knows_the_gateway_by_its_credentials(name: str) -> None:
    assert answer_to(FIELDS | {name: "wrong"}).status == 403
    assert answer_to({key: value for key, value in FIELDS.items() if key != name}).status == 403


@pytest.mark.parametrize("name", ["sender", "short", "msgdata"])
def test_what_is_missing_is_named(name: str) -> None:
    answer = answer_to({key: value for key, value in FIELDS.items() if key != name})
    assert answer == (400, f"missing: {name}")


@pytest.mark.parametrize("text", ["", "x" * 160, "€" * 160, "Қ" * 70, "😀" * 200, "x" * 150 + "Қ"])
def test_the_thanks_fit_one_sms(text: str) -> None:
    reply = thanks(text)
    assert count_parts(reply)[1] == 1
    assert reply.startswith("Thank you: ")
    assert ("Thank you: " + text).startswith(reply)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get(FIELDS, "/elsewhere"), 404),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"GET /thank-you", 400),
        (b"POST /thank-you HTTP/1.1\r\nContent-Length: 10\r\n\r\n%ff%fe=%00", 403),
        (b"GET /thank-you?" + b"a=1&" * 5_000 + b" HTTP/1.1\r\n\r\n", 403),
    ],
)
async def test_whatever_is_asked_is_answered(
    service: ThankYou, request_: bytes, status: int
) -> None:
    assert (await ask(service, request_, end=True))[0] == status
    assert (await ask(service, get(FIELDS)))[0] == 200


async def test_a_request_that_is_too_large_harms_nobody(service: ThankYou) -> None:
    large = b"POST /thank-you HTTP/1.1\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99_999
    with contextlib.suppress(ConnectionError, IndexError):  # it may be cut off before it has read
        assert (await ask(service, large))[0] == 400
    assert (await ask(service, get(FIELDS)))[0] == 200


async def test_who_never_ends_is_not_waited_for_at_the_end(service: ThankYou) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(b"GET /thank")
    await ask(service, get(FIELDS))
    await service.close()
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()
