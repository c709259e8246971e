"""`[callbacks] processes`: a gateway's calls are made by processes of their own, and it says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from habar.app.gateway import Gateway
from habar.config import CallbacksSettings, Settings

from ..callbacks.conftest import OK, Host, Visit
from .conftest import eventually, get, running

LOOPBACK = ("127.0.0.0/8",)
MESSAGE = {
    "username": "acme",
    "password": "acme-pw",
    "action": "sendmessage",
    "recipient": "77771234567",
    "messagedata": "Salem",
}


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A customer's web service."""
    made = await Host().start()
    yield made
    await made.stop()


def has_connection(pid: str, port: int) -> bool:
    """Whether the process has the TCP connection whose own end is at that port."""
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = [row[9] for row in table if int(row[1].partition(":")[2], 16) == port]
    held = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()]
    return any(f"socket:[{inode}]" in held for inode in inodes)


def calling() -> list[str]:
    """The processes that only call, of all that this one has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = status.read_text().partition("PPid:\t")[2].partition("\n")[0]
            command = status.with_name("cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        if parent == Path("/proc/self").readlink().name and b"habar.callbacks.child" in command:
            found.append(status.parent.name)
    return found


async def figures(gateway: Gateway) -> dict[str, float]:
    _, text = await get(gateway.addresses[0].port, "/metrics")
    pairs = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


async def until_called(gateway: Gateway, host: Host) -> None:
    """Send a message, and wait until its two states were told."""
    wanted = urlencode(MESSAGE | {"reporturl": host.url})
    status, answer = await get(gateway.addresses[0].port, f"/?{wanted}")
    assert (status, "<statuscode>0<" in answer) == (200, True), answer
    await eventually(lambda: len(host.visits) == 2)


@pytest.mark.parametrize("processes", [0, 1])
async def test_who_calls(settings: Settings, host: Host, processes: int) -> None:
    callers: list[bool] = []

    async def answer(visit: Visit) -> None:
        port = visit.writer.get_extra_info("peername")[1]
        callers.extend(has_connection(pid, port) for pid in (calling() or ["self"]))
        visit.writer.write(OK)

    host.answer = answer
    callbacks = CallbacksSettings(processes=processes, allowed_networks=LOOPBACK)
    async with running(replace(settings, callbacks=callbacks)) as gateway:
        await until_called(gateway, host)
        told = await figures(gateway)
        assert len(calling()) == processes
        assert told.get("habar_call_processes", 0) == processes
        assert ("habar_call_processes_replaced_total" in told) == bool(processes)
        assert callers == [True, True]
    assert calling() == []
