"""A customer's program: packages over keep-alive connections, and a load of many of them.

Guarantees: every wait ends; only what was answered 106 counts as accepted; an answer that did not
come is counted as open, never as accepted. Knows nothing of what is behind the port.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from .gateway import PATIENCE

_ROW = re.compile(rb'<msg id="(\d+)" sms_id="(\d+)" sms_count="\d+">(\d+)</msg>')
STATUS_PACKAGE = 1_000


class Row(NamedTuple):
    """One `msg` of an answer."""

    code: int
    sms_id: int
    sms_count: int
    attributes: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer whose body is a document of the protocol."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> etree._Element:
        """The package; raises where there is none."""
        return etree.fromstring(self.body)

    @property
    def rows(self) -> list[Row]:
        """All `msg` in it."""
        return [
            Row(
                int(msg.text or "0"),
                int(msg.get("sms_id", "0")),
                int(msg.get("sms_count", "0")),
                {str(name): str(value) for name, value in msg.attrib.items()},
            )
            for msg in self.document.iter("msg")
        ]

    @property
    def error(self) -> int:
        """The package error's code; 0 where it is none."""
        return int(self.document.findtext("error", "0"))


@dataclass(frozen=True)
class Login:
    """Who the packages are from."""

    name: str
    password: str = field(repr=False)

    def package(self, inside: str) -> bytes:
        """A package of any content."""
        head = f"<package login={quoteattr(self.name)} password={quoteattr(self.password)}>"
        return f"{head}{inside}</package>".encode()

    def message(self, text: str, recipient: str = "77015550001", **attributes: str) -> bytes:
        """A package of one message."""
        given = {"recipient": recipient, "sender": "TEXT_MSG", **attributes}
        words = " ".join(f"{name}={quoteattr(value)}" for name, value in given.items())
        return self.package(f"<message><msg {words}>{escape(text)}</msg></message>")

    def status(self, sms_ids: Iterable[int]) -> bytes:
        """A package that asks for states."""
        asked = "".join(f'<msg sms_id="{sms_id}"/>' for sms_id in sms_ids)
        return self.package(f"<status>{asked}</status>")


class Customer:
    """One connection; `async with`."""

    def __init__(
        self, port: int, *, tls: ssl.SSLContext | None = None, local: str = "127.0.0.1"
    ) -> None:
        """`local`: the address to connect from; each of 127.0.0.0/8 is another customer's."""
        self._port = port
        self._tls = tls
        self._local = local
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(PATIENCE):
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self._port, ssl=self._tls, local_addr=(self._local, 0)
            )
        ends = (self.writer.get_extra_info(name) for name in ("sockname", "peername"))
        if len(set(ends)) == 1:  # loopback connects a free port to itself when the two meet
            self.writer.close()
            raise ConnectionRefusedError("nobody listens there")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await self.writer.wait_closed()
        except (OSError, ssl.SSLError):
            return

    async def post(self, document: bytes) -> Answer:
        """POST a document to /api. Raises ConnectionError or IncompleteReadError without answer."""
        self.write(document)
        return await self.answer()

    def write(self, document: bytes) -> None:
        """Send a request."""
        self.writer.write(request(document))

    async def answer(self) -> Answer:
        """Read the next answer."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")[:-2]
            pairs = (line.split(": ", 1) for line in lines)
            headers = {name.lower(): value for name, value in pairs}
            body = await self.reader.readexactly(int(headers["content-length"]))
        return Answer(int(first.split(" ", 2)[1]), headers, body)

    async def figure(self, name: str) -> float:
        """One figure of /metrics, by its whole name with labels."""
        self.writer.write(b"GET /metrics HTTP/1.1\r\nHost: habar\r\n\r\n")
        text = (await self.answer()).body.decode()
        line = next(line for line in text.splitlines() if line.startswith(f"{name} "))
        return float(line.rpartition(" ")[2])


_HEAD = b"POST /api HTTP/1.1\r\nHost: habar\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n"


def request(document: bytes) -> bytes:
    """A POST to /api."""
    return _HEAD % len(document) + document


async def ask(port: int, document: bytes, *, local: str = "127.0.0.1") -> Answer:
    """One request on a connection of its own."""
    async with Customer(port, local=local) as customer:
        return await customer.post(document)


async def states(port: int, login: Login, sms_ids: Sequence[int]) -> dict[int, int]:
    """The code of each message."""
    found: dict[int, int] = {}
    async with Customer(port) as customer:
        for at in range(0, len(sms_ids), STATUS_PACKAGE):
            batch = sms_ids[at : at + STATUS_PACKAGE]
            rows = (await customer.post(login.status(batch))).rows
            found.update((row.sms_id, row.code) for row in rows)
    return found


class Load:
    """Customers that send without pause, each message with a text and an id of its own."""

    def __init__(self, login: Login) -> None:
        self.login = login
        self.accepted: dict[str, int] = {}
        """sms_id of each text that was answered 106."""
        self.answers = 0
        self.put_off: list[Answer] = []
        """Answers that said: nothing was accepted, come again."""
        self.unanswered = 0
        """Requests that found no answer."""
        self.stopping = False
        self._numbers = itertools.count(1)
        self._wanted = 0
        self._reached = asyncio.Event()

    async def run(self, port: int, *, single: int = 12, packages: int = 4, size: int = 100) -> None:
        """Send on so many connections until each has ended, or `stopping`."""
        sizes = [1] * single + [size] * packages
        await asyncio.gather(*(self._send(port, each) for each in sizes))

    async def reach(self, answers: int) -> None:
        """Wait until so many answers have come in all."""
        self._wanted = answers
        if self.answers < answers:
            self._reached.clear()
            async with asyncio.timeout(PATIENCE):
                await self._reached.wait()

    async def _send(self, port: int, size: int) -> None:
        try:
            async with Customer(port) as customer:
                while not self.stopping:
                    if not await self._request(customer, size):
                        return
        except OSError:
            return  # it was killed before we were connected: nothing was asked

    async def _request(self, customer: Customer, size: int) -> bool:
        """One package; whether another may follow on this connection."""
        try:
            answer = await customer.post(self.next_document(size))
        except (OSError, asyncio.IncompleteReadError):
            self.unanswered += 1
            return False
        self.count(answer, size)
        return answer.status == 200 and answer.headers.get("connection") != "close"

    def count(self, answer: Answer, size: int) -> None:
        """Take an answer to a package of `size` messages; each is accepted or all are put off."""
        self.answers += 1
        if self.answers >= self._wanted:
            self._reached.set()
        if answer.status != 200:
            self.put_off.append(answer)
        rows = _ROW.findall(answer.body)
        assert len(rows) == (size if answer.status == 200 else 0), answer
        for number, sms_id, code in rows:
            assert code == b"106", answer.body
            self.accepted[text_of(int(number))] = int(sms_id)

    def next_document(self, size: int) -> bytes:
        """A package of so many new messages."""
        numbers = [next(self._numbers) for _ in range(size)]
        rows = "".join(
            f'<msg id="{n}" recipient="7701{n % 10_000_000:07d}">{text_of(n)}</msg>'
            for n in numbers
        )
        return self.login.package(f'<message><default sender="TEXT_MSG"/>{rows}</message>')


def text_of(number: int) -> str:
    """A text that no other message has."""
    return f"message {number}"
