"""What keeps the gateway from starting is told in one sentence, and nothing is left behind."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from pathlib import Path

import msgspec
import pytest

from habar.app.database import Place, open_store
from habar.app.gateway import open_gateway
from habar.app.sandbox import Sandbox
from habar.app.told import StartError
from habar.config import ListenerSettings, Settings, TlsSettings
from habar.errors import StoreUnavailable
from habar.simulator import Simulator

from .conftest import PATIENCE, codes, furnish, message, post, running, serving


async def refusal(settings: Settings | None, sandbox: Sandbox | None = None) -> str:
    with pytest.raises(StartError) as caught:
        async with serving(settings, sandbox):
            pass
    return str(caught.value)


class TestAddress:
    async def test_a_taken_port_of_several_is_named(self, settings: Settings) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            listeners = (*settings.listeners, ListenerSettings(port=port))
            told = await refusal(msgspec.structs.replace(settings, listeners=listeners))
        assert told == f"127.0.0.1:{port}: Address already in use"

    async def test_an_address_of_another_machine(self, settings: Settings) -> None:
        listeners = (ListenerSettings(host="192.0.2.1", port=0),)
        told = await refusal(msgspec.structs.replace(settings, listeners=listeners))
        assert told == "192.0.2.1:0: Cannot assign requested address"

    async def test_a_taken_port_of_the_sandboxs_operator(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            told = await refusal(None, Sandbox(tmp_path, port=0, simulator_port=port))
        assert told == f"the simulator's 127.0.0.1:{port}: Address already in use"

    async def test_nothing_is_left_of_a_gateway_that_could_not_listen(
        self, settings: Settings, smsc: Simulator
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            listeners = (ListenerSettings(port=taken.getsockname()[1]),)
            gateway = await open_gateway(
                msgspec.structs.replace(settings, listeners=listeners), None
            )
            await furnish(gateway)
            with pytest.raises(OSError, match="in use"):
                await gateway.start()
        await gateway.store.close()
        await smsc.wait_for(lambda simulator: not simulator.sessions, PATIENCE)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        async with running(settings) as again:  # the database is free
            assert codes(await post(again, message())) == [106]


class TestDatabase:
    async def test_open_in_another_gateway(self, settings: Settings) -> None:
        async with running(settings):
            told = await refusal(settings)
        assert told == f"another gateway has {settings.gateway.data}/habar.db open"

    async def test_of_a_newer_version(self, settings: Settings) -> None:
        await made(settings, "PRAGMA user_version = 99")
        told = await refusal(settings)
        assert told.startswith(f"{settings.gateway.data}: the database has schema 99, this version")

    async def test_of_another_program(self, settings: Settings) -> None:
        await made(settings, "PRAGMA application_id = 7")
        told = await refusal(settings)
        assert told == f"{settings.gateway.data}: the database belongs to another program"

    async def test_that_is_no_database(self, settings: Settings) -> None:
        fill(Path(settings.gateway.data) / "habar.db")
        told = await refusal(settings)
        assert "not a database" in told

    async def test_in_a_folder_that_is_none(self, settings: Settings) -> None:
        fill(Path(settings.gateway.data))
        assert settings.gateway.data in await refusal(settings)

    async def test_in_a_folder_that_cannot_be_made(self, settings: Settings) -> None:
        data = "/proc/nowhere/habar"
        gateway = msgspec.structs.replace(settings.gateway, data=data)
        told = await refusal(msgspec.structs.replace(settings, gateway=gateway))
        assert told.startswith("/proc/nowhere")
        assert await refusal(None, Sandbox(Path(data), port=0, simulator_port=0)) == told

    async def test_that_cannot_be_read_at_the_start(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, smsc: Simulator
    ) -> None:
        async def fail(_store: object) -> None:
            raise StoreUnavailable("the store cannot read: SQLITE_IOERR")

        monkeypatch.setattr("habar.submit.directory.Directory.load", fail)
        assert "the store cannot read: SQLITE_IOERR" in await refusal(settings)
        assert smsc.counts.binds == 0


def fill(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("Dear diary, " * 1000)


async def made(settings: Settings, statement: str) -> None:
    """A database of ours, then changed behind our back."""
    store, _ = await open_store(Place(Path(settings.gateway.data)))
    await store.close()
    connection = sqlite3.connect(Path(settings.gateway.data) / "habar.db")
    connection.execute(statement)
    connection.close()


async def test_a_certificate_that_is_gone_since_the_file_was_checked(
    settings: Settings, tmp_path: Path
) -> None:
    tls = TlsSettings(certificate=str(tmp_path / "cert.pem"), key=str(tmp_path / "key.pem"))
    told = await refusal(msgspec.structs.replace(settings, tls=tls))
    assert told == "[tls]: No such file or directory"
