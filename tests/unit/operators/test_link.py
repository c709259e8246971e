"""operators/link.py: pauses between attempts, and what it says of itself. With sockets: see
tests/integration/dispatch.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.operators import Link, LinkState, OperatorSettings, Pace, SystemClock
from habar.operators import link as link_module


def make(**changes: Any) -> Link:
    settings: dict[str, Any] = {"system_id": "id", "password": "secret"}
    return Link(
        OperatorSettings(1, "op", "127.0.0.1", changes.pop("port", 1), **(settings | changes)),
        on_results=lambda results: None,
        on_deliver=lambda pdu, ack: None,
        on_up=lambda: None,
        on_down=lambda tokens: None,
        number=1,
        on_tried=lambda: None,
        pace=Pace(0, 0.0),
        clock=SystemClock(),
    )


@pytest.mark.parametrize(("spread", "factor"), [(0.0, 0.75), (0.5, 1.0), (0.999, 1.2495)])
async def test_pauses_double_up_to_the_longest_and_are_spread(
    monkeypatch: pytest.MonkeyPatch, spread: float, factor: float
) -> None:
    monkeypatch.setattr(link_module, "_spread", lambda: spread)
    link = make(reconnect_first=1.0, reconnect_last=60.0)
    pauses = [link._pause(failures) for failures in (1, 2, 3, 6, 7, 10_000)]
    assert pauses == pytest.approx([n * factor for n in (1, 2, 4, 32, 60, 60)])


async def test_a_link_that_is_down_has_no_room_and_takes_nothing() -> None:
    link = make()
    assert not link.up
    assert (link.room, link.window_used) == (0, 0)
    with pytest.raises(RuntimeError):
        link.send(b"", None)
    link.flush()


async def test_a_refused_connection_is_told_once_and_closing_ends_the_attempts(
    unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    link = make(port=unused_tcp_port, reconnect_first=0.001, reconnect_last=0.001)
    pauses = 0
    pause = link._pause
    enough = asyncio.Event()

    def counted(failures: int) -> float:
        nonlocal pauses
        pauses += 1
        if pauses == 4:
            enough.set()
        return pause(failures)

    setattr(link, "_pause", counted)  # noqa: B010 - a method, to mypy
    link.start()
    await asyncio.wait_for(enough.wait(), 10)
    await link.close(1.0)
    assert link.state is LinkState.CLOSED
    assert "Connect" in link.last_error
    warnings = [line for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert len(warnings) == 1


async def test_a_link_can_be_closed_before_it_ever_connected() -> None:
    link = make()
    await link.close(1.0)
    assert link.state is LinkState.CLOSED


async def test_an_operator_that_takes_the_connection_and_says_nothing_is_left_when_told() -> None:
    silent = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent.set()
        await _reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    link = make(port=server.sockets[0].getsockname()[1])
    link.start()
    await asyncio.wait_for(silent.wait(), 10)
    assert not link.up
    await link.close(1.0)
    server.close()
    assert link.state is LinkState.CLOSED


async def test_a_link_that_is_abandoned_while_it_waits_to_connect_ends_its_attempts(
    unused_tcp_port: int,
) -> None:
    link = make(port=unused_tcp_port)
    link.start()
    link.abandon("not ours")
    assert (link.state, link.last_error) == (LinkState.CLOSED, "not ours")
    link.abandon("again")
    assert link.last_error == "not ours"
    await link.close(1.0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_link_with_nothing_on_its_way_is_drained_at_once() -> None:
    await make().drain(3600.0)
