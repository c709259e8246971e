"""The account demo/demo is the sandbox's; a gateway with a configuration has never heard of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from habar.app.gateway import Gateway
from habar.app.run import run
from habar.app.sandbox import Sandbox
from habar.config import GatewaySettings, ListenerSettings, OperatorSettings, Settings

DEMO = (
    b'<package login="demo" password="demo"><message>'
    b'<msg recipient="77771234567" sender="TEXT_MSG">Test</msg></message></package>'
)


def production(data: Path) -> Settings:
    """A configuration whose operator does not answer."""
    return Settings(
        gateway=GatewaySettings(data=str(data), drain_seconds=1.0),
        listeners=(ListenerSettings(port=0),),
        operators=(OperatorSettings(name="away", host="127.0.0.1", port=1, system_id="habar"),),
    )


@asynccontextmanager
async def serving(settings: Settings | None, sandbox: Sandbox | None) -> AsyncIterator[Gateway]:
    up: asyncio.Future[Gateway] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        run(settings, sandbox, lambda gateway, _smsc, _certificate: up.set_result(gateway))
    )
    await asyncio.wait((up, task), return_when=asyncio.FIRST_COMPLETED)
    try:
        yield up.result()
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def ask(gateway: Gateway, document: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.addresses[0].port)
    writer.write(
        b"POST /api HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(document)
    )
    writer.write(document)
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.rule("xml.demo-sandbox-only")
async def test_the_sandbox_has_the_demo_account(tmp_path: Path) -> None:
    async with serving(None, Sandbox(tmp_path, port=0, simulator_port=0)) as gateway:
        assert b'sms_count="1">106</msg>' in await ask(gateway, DEMO)


@pytest.mark.rule("xml.demo-sandbox-only")
async def test_a_configured_gateway_has_no_demo_account(tmp_path: Path) -> None:
    async with serving(production(tmp_path), None) as gateway:
        assert b"<error>202</error>" in await ask(gateway, DEMO)
        assert await gateway.store.books.accounts() == []
