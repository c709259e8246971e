"""A gateway without operators: the real listener, endpoint, door and SQLite store on one loop.

In the dispatcher's place stands a link that keeps what it is handed; what the operator would say
is recorded by the test.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import pytest
import structlog
import trustme
from lxml import etree

from habar.model.account import AccountKind, Compat
from habar.model.message import Outgoing
from habar.model.route import Operator, Routes
from habar.model.secret import hash_password
from habar.northbound.http.api import ApiHandler, error_body
from habar.northbound.http.form import FormEndpoint
from habar.northbound.http.listener import HttpServer
from habar.northbound.http.settings import HttpSettings, ListenAddress
from habar.northbound.http.xml import XmlEndpoint
from habar.query import Query
from habar.store.books import NewAccount
from habar.store.events import PartAccepted, ReceiptSeen
from habar.store.readings import Sent
from habar.store.sqlite import SqliteStore
from habar.submit.authenticate import Authenticator
from habar.submit.directory import Directory
from habar.submit.door import Door

PATIENCE = 20  # seconds after which a test gives up; nothing is asserted about time
NOW = 1_760_000_000_000  # 2025-10-09 13:53:20 in Almaty


@dataclass
class Answer:
    """An HTTP answer whose body is a package."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def root(self) -> Any:
        return etree.fromstring(self.body)

    @property
    def error(self) -> int | None:
        """The package error, if the package was refused whole."""
        found = self.root.findtext("error")
        return int(found) if found else None

    @property
    def rows(self) -> list[dict[str, str]]:
        """Every `msg`: its attributes, and its content as `code`."""
        return [{**msg.attrib, "code": msg.text} for msg in self.root.iter("msg")]

    @property
    def codes(self) -> list[int]:
        return [int(row["code"]) for row in self.rows]

    @property
    def ids(self) -> list[int]:
        return [int(row["sms_id"]) for row in self.rows]


@dataclass
class Link:
    """A dispatcher that has room, and keeps what it is handed."""

    taken: list[Outgoing] = field(default_factory=list)
    scheduled: list[int] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def reserve(self, operator_id: int, account_id: int, priority: int) -> bool:
        return True

    def release(self, operator_id: int, account_id: int, priority: int) -> None:
        return None

    def take(self, operator_id: int, message: Outgoing) -> None:
        self.taken.append(message)
        self.changed.set()

    async def until_taken(self, count: int) -> None:
        while len(self.taken) < count:
            self.changed.clear()
            await self.changed.wait()

    def waiting(self, operator_id: int, account_id: int, priority: int, due_at: int) -> None:
        self.scheduled.append(due_at)

    def withdraw(self, message_id: int) -> bool:
        before = len(self.taken)
        self.taken = [message for message in self.taken if message.message_id != message_id]
        return len(self.taken) < before

    def look_again(self) -> None:
        """Nothing waits here."""

    async def cancel(self, sent: Sent) -> bool:
        """No operator here takes cancel_sm."""
        del sent
        return False


@lru_cache
def kept(password: str) -> str:
    return hash_password(password, b"0123456789abcdef")


class Gateway:
    """What a test has in its hands."""

    def __init__(self, store: SqliteStore, operator: int) -> None:
        self.store = store
        self.operator = operator
        self.now = NOW
        self.link = Link()
        self.log: list[dict[str, Any]] = []
        self.directory = Directory(store.books)
        self.authenticator = Authenticator(self.directory)
        routes = Routes((Operator(operator, "kcell"),))
        self.door = Door(store.journal, self.link, routes, now=lambda: self.now)
        self.query = Query(store, self.link, now=lambda: self.now)
        self.endpoint = XmlEndpoint(self.authenticator, self.door, self.query)
        self.form = FormEndpoint(self.authenticator, self.door, self.query, now=lambda: self.now)
        self.server: HttpServer

    async def start(self, tls: ssl.SSLContext, **settings: Any) -> None:
        local = ListenAddress("127.0.0.1", 0)
        self.server = HttpServer(
            HttpSettings(listen=(local, local), **settings),
            ApiHandler(self.endpoint, self.form).handlers,
            error_body,
            tls=tls,
            logger=structlog.wrap_logger(None, processors=[self._keep]),
        )
        await self.server.start()

    def _keep(self, _logger: Any, _method: str, event: Any) -> Any:
        self.log.append(dict(event))
        raise structlog.DropEvent

    async def stop(self) -> None:
        await self.server.close()
        await self.endpoint.close()
        await self.form.close()
        self.authenticator.close()

    # --- Accounts --------------------------------------------------------------------------------
    async def add(
        self,
        login: str,
        *,
        balance: int = 1_000_000,
        allowance: int | None = None,
        senders: tuple[str, ...] = (),
        **fields: Any,
    ) -> None:
        """An account whose password is its login; `allowance` makes it a test account."""
        kind = AccountKind.FULL if allowance is None else AccountKind.TEST
        new = NewAccount(login, kind, kept(login), allowance, balance, 1200, Compat())
        await self.store.books.add_account(new, actor="test", now=NOW)
        for sender in senders:
            await self.store.books.add_sender(login, sender, actor="test", now=NOW)
        await self.change(login, **fields)

    async def change(self, login: str, **fields: Any) -> None:
        """Change an account's fields, those of `compat` too."""
        account = (await self.store.books.account(login)).credentials.account
        compat = {name: fields.pop(name) for name in list(fields) if hasattr(Compat, name)}
        changed = replace(account, **fields, compat=replace(account.compat, **compat))
        await self.store.books.change_account(changed, actor="test", now=NOW)
        await self.directory.load()

    async def balance(self, login: str) -> int:
        return (await self.store.books.account(login)).funds.balance

    # --- Requests --------------------------------------------------------------------------------
    async def ask(self, document: str | bytes, **how: Any) -> Answer:
        """POST a document to /api."""
        body = document if isinstance(document, bytes) else document.encode()
        return await self.request("POST", "/api", body, **how)

    async def get(self, document: str, **how: Any) -> Answer:
        return await self.request("GET", "/api?xml=" + quote(document), b"", **how)

    async def request(
        self, method: str, target: str, body: bytes = b"", *, listener: int = 0, **how: Any
    ) -> Answer:
        headers = how.pop("headers", {})
        lines = [f"{method} {target} HTTP/1.1", "Host: gateway", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
        return await self.raw(head + body, listener=listener, **how)

    async def raw(self, octets: bytes, *, listener: int = 0, **how: Any) -> Answer:
        """Send octets over a connection of their own, and read the answer."""
        port = self.server.addresses[listener].port
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, **how)
            writer.write(octets)
            try:
                return await read_answer(reader)
            finally:
                writer.close()
                await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    @staticmethod
    def answer(status: int, headers: Any, body: bytes) -> Answer:
        """An answer as an endpoint gives it."""
        return Answer(status, {name.decode(): value.decode() for name, value in headers}, body)

    # --- What is asked ---------------------------------------------------------------------------
    async def send(self, *messages: str, login: str = "shop", default: str = "") -> Answer:
        """Send `msg` elements."""
        return await self.ask(package(f"<message>{default}{''.join(messages)}</message>", login))

    async def status(self, *refs: str, login: str = "shop") -> Answer:
        """Ask with attributes, such as `id="1"`."""
        asked = "".join(f"<msg {ref}/>" for ref in refs)
        return await self.ask(package(f"<status>{asked}</status>", login))

    # --- What the operator says ------------------------------------------------------------------
    async def event(self, event: Any) -> None:
        """Record what happened, and wait until it is on disk."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.store.journal.record(event, done.set_result)
        async with asyncio.timeout(PATIENCE):
            await done

    async def operator_took(self, message_id: int, *, final: Any = None) -> None:
        await self.event(
            PartAccepted(message_id, 1, self.operator, str(message_id), self.now, True, final)
        )

    async def operator_reported(self, message_id: int, state: Any) -> None:
        await self.event(
            ReceiptSeen(self.operator, (str(message_id),), state, "", None, self.now, "")
        )


def package(sections: str, login: str = "shop", password: str | None = None) -> str:
    secret = login if password is None else password
    return f'<package login="{login}" password="{secret}">{sections}</package>'


def msg(text: str = "Test", recipient: str | None = "77771234567", **attributes: str) -> str:
    if recipient is not None:
        attributes = {"recipient": recipient, **attributes}
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<msg{written}>{text}</msg>"


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    status = int(first.split(" ", 2)[1])
    if status == 100:
        return await read_answer(reader)
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Answer(status, headers, body)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def client_tls(authority) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(name="package")
def package_function():
    return package


@pytest.fixture(name="msg")
def msg_function():
    return msg


@pytest.fixture
async def gateway(tmp_path, server_tls) -> AsyncIterator[Gateway]:
    """A gateway with a full account `shop` (sender SHOP) and a test account `demo`."""
    store = SqliteStore(tmp_path / "habar.db")
    await store.open(NOW)
    gateway = Gateway(store, await store.books.ensure_operator("kcell"))
    await gateway.add("shop", senders=("SHOP",))
    await gateway.add("demo", balance=0, allowance=20)
    await gateway.start(server_tls)
    yield gateway
    await gateway.stop()
    await store.close()
