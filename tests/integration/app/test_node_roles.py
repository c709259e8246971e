"""A node that has one role only. (On SQLite nobody can ask for one; the parts do not know that.)"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from habar.app.database import Place, open_store
from habar.config import ListenerSettings, Role, Settings
from habar.dispatch import Housekeeping
from habar.simulator import Simulator

from .conftest import PATIENCE, codes, configuration, get, message, post, running


async def test_without_front_only_those_who_watch_are_served(
    settings: Settings, smsc: Simulator
) -> None:
    listeners = (ListenerSettings(port=0), ListenerSettings(port=0, ops=True))
    settings = msgspec.structs.replace(settings, listeners=listeners)
    async with running(settings, Role.DISPATCH) as gateway:
        (address,) = gateway.addresses
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await get(address.port, path))[0] == 200
        for path in ("/api", "/", "/else"):
            assert (await get(address.port, path))[0] == 404
        assert (await post(gateway, message())).startswith(b"HTTP/1.1 404 ")
        await smsc.wait_for(lambda simulator: simulator.sessions, PATIENCE)


async def test_without_dispatch_messages_wait_for_others(
    settings: Settings, smsc: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(_housekeeping: Housekeeping) -> None:
        raise AssertionError("a node without dispatch ends messages")

    monkeypatch.setattr(Housekeeping, "start", begun)
    async with running(settings, Role.FRONT) as gateway:
        assert codes(await post(gateway, message())) == [106]
        assert dict(gateway.dispatcher.lanes) == {}
    assert smsc.counts.binds == 0
    monkeypatch.undo()
    async with running(settings):  # another node has the role
        await smsc.wait_for(1, PATIENCE)
    assert smsc.times_seen("77771234567", b"Salem") == 1


async def test_what_was_accepted_there_is_in_the_queue(tmp_path: Path) -> None:
    settings = configuration(tmp_path / "data", 1)
    async with running(settings, Role.FRONT) as gateway:
        answers = await asyncio.gather(*(post(gateway, message()) for _ in range(3)))
    assert [codes(answer) for answer in answers] == [[106]] * 3
    store, in_hand = await open_store(Place(tmp_path / "data"))
    try:
        assert ((await store.counts()).waiting, in_hand) == (3, 0)
    finally:
        await store.close()
