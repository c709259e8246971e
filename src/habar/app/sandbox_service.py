"""The sandbox's own web service for subscribers' messages: it says thank you.

What a customer's program does in earnest (examples/web-service), on a port of the loopback: it
checks the credentials and answers in the format. Guarantees: whatever is asked gets one answer and
the connection's end, within bounds of time and size; the answer fits one SMS. Keeps nothing.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl

from httptools import HttpParserError, HttpRequestParser

from habar.wire.text import count_parts

PATH = "/thank-you"
USERIN = "sandbox"
PASSWORDIN = "sandbox"
_HOST = "127.0.0.1"
_THANKS = "Thank you: "
_LONGEST_SMS = 160
_LARGEST = 64 * 1024  # octets of a request
_WITHIN = 10.0  # s for a request, and for its answer to be read
_ASKED_FOR = ("sender", "short", "msgdata")


class Answer(NamedTuple):
    """What is answered."""

    status: HTTPStatus
    text: str


class ThankYou:
    """The service. `start`, then `close`; both once."""

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{_HOST}:{self.port}{PATH}"

    async def start(self) -> None:
        """Listen on a free port. Raises OSError."""
        self._server = await asyncio.start_server(self._connected, _HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, end every connection."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(_WITHIN):
            answer = await _answer(reader)
            writer.write(_octets(answer))
            await writer.drain()
    except (OSError, TimeoutError):
        pass  # whoever asked has gone, or never came to an end
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    request = _Request()
    parser = HttpRequestParser(request)
    size = 0
    while not request.whole:
        data = await reader.read(_LARGEST)
        size += len(data)
        if not data or size > _LARGEST:
            return Answer(HTTPStatus.BAD_REQUEST, "the request is cut off, or too large")
        try:
            parser.feed_data(data)
        except HttpParserError:
            return Answer(HTTPStatus.BAD_REQUEST, "this is not HTTP")
    return request.answer()


def _octets(answer: Answer) -> bytes:
    body = answer.text.encode()
    head = (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


class _Request:
    """What httptools has read so far."""

    def __init__(self) -> None:
        self.whole = False
        self._url = b""
        self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.whole = True

    def answer(self) -> Answer:
        path, _, query = self._url.partition(b"?")
        if path != PATH.encode("ascii"):
            return Answer(HTTPStatus.NOT_FOUND, f"only {PATH} is here")
        given = b"&".join(part for part in (query, self._body) if part)
        try:
            fields = dict(parse_qsl(given.decode("latin-1"), keep_blank_values=True))
        except ValueError:
            return Answer(HTTPStatus.BAD_REQUEST, "the parameters cannot be read")
        return answer_to(fields)


def answer_to(fields: Mapping[str, str]) -> Answer:
    """Check the credentials, and thank for the text in what is left of one SMS."""
    for name, known in (("userin", USERIN), ("passwordin", PASSWORDIN)):
        if not hmac.compare_digest(fields.get(name, "").encode(), known.encode()):
            return Answer(HTTPStatus.FORBIDDEN, "userin or passwordin is wrong")
    missing = [name for name in _ASKED_FOR if name not in fields]
    if missing:
        return Answer(HTTPStatus.BAD_REQUEST, f"missing: {', '.join(missing)}")
    short, sender = (fields[name].lstrip("+") for name in ("short", "sender"))
    text = thanks(fields["msgdata"])
    return Answer(HTTPStatus.OK, f"{{SMS:TEXT}}{{}}{{{short}}}{{{sender}}}{{{text}}}")


def thanks(text: str) -> str:
    """Thank for a text, in one SMS."""
    reply = (_THANKS + text)[:_LONGEST_SMS]
    while count_parts(reply)[1] > 1:
        reply = reply[:-1]
    return reply
