"""A stop in order: the doors, those who are in, the windows, the queue, the database."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from habar.app.gateway import Gateway
from habar.config import Settings
from habar.model.status import MessageState, Stage
from habar.simulator import Settings as SmscSettings
from habar.simulator import Simulator
from habar.store.sqlite import SqliteStore

from .conftest import (
    PATIENCE,
    codes,
    configuration,
    eventually,
    get,
    message,
    post,
    request,
    running,
    story_of,
)

STORE_TIME = 1_600_000_000_000


def data(settings: Settings) -> Path:
    return Path(settings.gateway.data)


async def test_a_message_goes_its_way_and_nothing_of_the_gateway_is_left(
    settings: Settings, smsc: Simulator
) -> None:
    async with running(settings) as gateway:
        assert codes(await post(gateway, message())) == [106]
        await smsc.wait_for(lambda simulator: simulator.counts.receipts_acknowledged, PATIENCE)
        port = gateway.addresses[0].port
    assert smsc.counts.unbinds == 1
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    story = await story_of(data(settings))
    assert (story.submission.state, story.repeats) == (MessageState.DELIVERED, 0)


async def test_the_open_window_is_emptied(settings: Settings, smsc: Simulator) -> None:
    """A message that the operator answers a little later was sent for certain, and once."""
    smsc.response_delay = 0.3
    smsc.receipt_delay = 60.0
    async with running(settings) as gateway:
        await post(gateway, message())
        await smsc.wait_for(1, PATIENCE)
        assert gateway.dispatcher.lanes[1].links.window_used == 1
    story = await story_of(data(settings))
    assert (story.submission.stage, story.repeats) == (Stage.SENT, 0)


async def test_an_operator_that_never_answers_is_not_waited_for_forever(
    tmp_path: Path, smsc: Simulator
) -> None:
    """Its messages go back to the queue, with a note that it may have them."""
    settings = configuration(tmp_path / "data", smsc.port, drain_seconds=0.2)
    smsc.stall(on=True)
    smsc.receipt_delay = 60.0
    async with running(settings) as gateway:
        smsc.stall(on=False)
        await smsc.wait_for(lambda simulator: simulator.sessions, PATIENCE)
        await post(gateway, message())
        await smsc.wait_for(1, PATIENCE)
        smsc.stall(on=True)
        await post(gateway, message("two"))
        await smsc.wait_for(2, PATIENCE)
    smsc.stall(on=False)
    story = await story_of(data(settings), 2)
    assert (story.submission.stage, story.repeats) == (Stage.WAITING, 1)
    async with running(settings):
        await smsc.wait_for(3, PATIENCE)
    assert smsc.times_seen("77771234567", b"two") == 2


async def test_what_was_accepted_and_not_sent_is_sent_by_the_next_run(tmp_path: Path) -> None:
    async with Simulator(SmscSettings(port=0)) as smsc:
        port = smsc.port
    settings = configuration(tmp_path / "data", port)
    async with running(settings) as gateway:
        for text in ("one", "two"):
            assert codes(await post(gateway, message(text))) == [106]
    async with Simulator(SmscSettings(port=port)) as smsc, running(settings):
        await smsc.wait_for(2, PATIENCE)
        assert sorted(m.text for m in smsc.messages()) == ["one", "two"]


async def test_a_request_that_has_come_is_answered_and_no_other_one_let_in(
    settings: Settings,
) -> None:
    async with running(settings) as gateway:
        port = gateway.addresses[0].port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        octets = request(message())
        writer.write(octets[:-9])
        await has_begun(gateway)
        stopping = asyncio.create_task(gateway.stop())
        await until_closed(port)
        writer.write(octets[-9:])
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        await asyncio.wait_for(stopping, PATIENCE)
        writer.close()
        await writer.wait_closed()
    assert codes(answer) == [106]
    assert (await story_of(data(settings))).submission.stage in (Stage.SENT, Stage.DONE)


async def has_begun(gateway: Gateway) -> None:
    """A connection is there, and what was written to it has been read."""
    await eventually(lambda: gateway.http.open_connections)
    assert (await get(gateway.addresses[0].port, "/readyz"))[0] == 200


async def until_closed(port: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                return
            writer.close()
            await writer.wait_closed()


async def test_a_client_that_dawdles_is_cut_and_the_rest_of_the_stop_goes_on(
    tmp_path: Path, smsc: Simulator
) -> None:
    settings = configuration(tmp_path / "data", smsc.port, drain_seconds=0.2)
    async with running(settings) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.addresses[0].port)
        writer.write(b"POST /api HTTP/1.1\r\nContent-Length: 100\r\n\r\n<pack")
        await has_begun(gateway)
        await asyncio.wait_for(gateway.stop(), PATIENCE)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()
    assert smsc.counts.unbinds == 1


async def test_a_part_that_fails_to_stop_keeps_no_other_from_stopping(
    settings: Settings, smsc: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_timeout: float) -> bool:
        raise LookupError("a fault of the listener's")

    async with running(settings) as gateway:
        await smsc.wait_for(lambda simulator: simulator.sessions, PATIENCE)
        monkeypatch.setattr(gateway.http, "drain", fail)
        with pytest.raises(LookupError):
            await gateway.stop()
        assert smsc.counts.unbinds == 1
        await gateway.http.close()


async def test_all_parts_tell_the_time_by_the_store_s_clock(
    settings: Settings, smsc: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the database's where there are several nodes, and this machine's may be wrong."""
    monkeypatch.setattr(SqliteStore, "now_ms", lambda _: STORE_TIME)
    async with running(settings) as gateway:
        assert codes(await post(gateway, message())) == [106]
        await smsc.wait_for(lambda simulator: simulator.counts.receipts_acknowledged, PATIENCE)
    story = await story_of(data(settings))
    (part,) = story.parts
    assert story.submission.created_at == STORE_TIME
    assert (part.sent_at, part.receipt_at) == (STORE_TIME, STORE_TIME)
