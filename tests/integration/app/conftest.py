"""A whole gateway inside the test, before a simulated operator."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from habar.admin.accounts import Accounts
from habar.app.database import Place, open_store
from habar.app.gateway import Gateway, open_gateway
from habar.app.node import ThisNode
from habar.app.run import run
from habar.app.sandbox import Sandbox
from habar.config import GatewaySettings, ListenerSettings, OperatorSettings, Role, Settings
from habar.model.account import AccountKind
from habar.simulator import Settings as SmscSettings
from habar.simulator import Simulator

PATIENCE = 30  # seconds after which a test gives up; nothing is asserted about time
NOW = 1_760_000_000_000
CODE = re.compile(rb">(\d+)</")


@pytest.fixture
async def smsc() -> AsyncIterator[Simulator]:
    """The operator, quick with its receipts."""
    async with Simulator(SmscSettings(port=0, receipt_delay=0.0)) as simulator:
        yield simulator


@pytest.fixture
def settings(tmp_path: Path, smsc: Simulator) -> Settings:
    """A production gateway's: one listener with ops, the simulated operator."""
    return configuration(tmp_path / "data", smsc.port)


def configuration(
    data: Path, operator_port: int, *, drain_seconds: float = PATIENCE, ops: bool = True
) -> Settings:
    return Settings(
        gateway=GatewaySettings(data=str(data), drain_seconds=drain_seconds),
        listeners=(ListenerSettings(port=0, ops=ops),),
        operators=(
            OperatorSettings(
                name="operator",
                host="127.0.0.1",
                port=operator_port,
                system_id="habar",
                password="habar",
                reconnect_seconds=0.05,
            ),
        ),
    )


@asynccontextmanager
async def running(settings: Settings, *roles: Role) -> AsyncIterator[Gateway]:
    """The gateway itself, without `run`, with the account acme; with all roles or only these."""
    node = ThisNode("here", roles or tuple(Role))
    gateway = await open_gateway(settings, None, node)
    try:
        await furnish(gateway)
        await gateway.start()
        try:
            yield gateway
        finally:
            await asyncio.wait_for(gateway.stop(), 2 * PATIENCE)
    finally:
        await gateway.store.close()


async def furnish(gateway: Gateway) -> None:
    books = gateway.store.books
    if not await books.accounts():
        accounts = Accounts(books, actor="test", now=lambda: NOW)
        await accounts.add("acme", "acme-pw", kind=AccountKind.FULL, balance=1_000_000)


@asynccontextmanager
async def serving(settings: Settings | None, sandbox: Sandbox | None) -> AsyncIterator[Gateway]:
    """What a command runs, up to its end. Raises what `run` raises."""
    up: asyncio.Future[Gateway] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        run(settings, sandbox, lambda gateway, _smsc, _certificate: up.set_result(gateway))
    )
    await asyncio.wait((up, task), return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
    if task.done():
        task.result()
    try:
        yield up.result()
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def message(text: str = "Salem", recipient: str = "77771234567", login: str = "acme") -> bytes:
    password = "acme-pw" if login == "acme" else login
    return (
        f'<package login="{login}" password="{password}"><message>'
        f'<msg recipient="{recipient}">{text}</msg></message></package>'
    ).encode()


async def post(gateway: Gateway, document: bytes) -> bytes:
    """A package to the gateway, and its whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.addresses[0].port)
    try:
        writer.write(request(document))
        return await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()
        await writer.wait_closed()


def request(document: bytes) -> bytes:
    head = b"POST /api HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    return head % len(document) + document


async def get(port: int, path: str) -> tuple[int, str]:
    """Status and body of a plain GET."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await asyncio.wait_for(reader.read(), PATIENCE)).partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), body.decode()
    finally:
        writer.close()
        await writer.wait_closed()


def codes(answer: bytes) -> list[int]:
    return [int(code) for code in CODE.findall(answer)]


async def eventually(is_so: Callable[[], object]) -> None:
    """Wait until it is so. For what another process or thread changes, of which no event tells."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.01)


async def story_of(data: Path, message_id: int = 1):
    """A message's story, from the database of a gateway that has stopped."""
    store, _ = await open_store(Place(data))
    try:
        story = await store.story(message_id)
        assert story is not None
        return story
    finally:
        await store.close()
