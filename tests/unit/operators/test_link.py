"""operators/link.py: pauses between attempts, and what it says of itself. With sockets: see
tests/integration/dispatch.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.model.status import MessageState
from habar.operators import (
    NO_ANSWER,
    BindKind,
    Link,
    LinkState,
    OperatorSettings,
    Pace,
    Spread,
    SystemClock,
    by_chance,
)
from habar.operators import link as link_module
from habar.wire.smpp import CommandId, CommandStatus, SubmitResult, make_pdu


def make(spread: Spread = by_chance, **changes: Any) -> Link:
    settings: dict[str, Any] = {"system_id": "id", "password": "secret"}
    on_deliver = changes.pop("on_deliver", lambda pdu, ack: None)
    on_tried = changes.pop("on_tried", lambda: None)
    return Link(
        OperatorSettings(1, "op", "127.0.0.1", changes.pop("port", 1), **(settings | changes)),
        on_results=lambda results: None,
        on_deliver=on_deliver,
        on_up=lambda: None,
        on_down=lambda tokens: None,
        number=1,
        on_tried=on_tried,
        pace=Pace(0, 0.0),
        clock=SystemClock(),
        spread=spread,
    )


@pytest.mark.parametrize(("spread", "factor"), [(0.0, 0.75), (0.5, 1.0), (0.999, 1.2495)])
async def test_pauses_double_up_to_the_longest_and_are_spread(spread: float, factor: float) -> None:
    link = make(lambda: spread, reconnect_first=1.0, reconnect_last=60.0)
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


# --- What it measures ----------------------------------------------------------------------------
THROTTLED, REFUSED = CommandStatus.ESME_RTHROTTLED, CommandStatus.ESME_RINVDSTADR


async def test_answers_are_counted_by_their_code_and_slow_the_pace_where_they_say_so() -> None:
    link = make()
    link.session_results(
        [
            SubmitResult("a", 0, b"1"),
            SubmitResult("b", THROTTLED, b""),
            SubmitResult("c", THROTTLED, b""),
            SubmitResult("d", REFUSED, b""),
            SubmitResult("e", NO_ANSWER, b""),
        ]
    )
    counters = link.counters
    assert (counters.answered, counters.throttled, counters.timed_out) == (4, 2, 1)
    report = link.report()
    assert report.errors == {
        "ESME_RTHROTTLED": 2,
        "ESME_RINVDSTADR": 1,
        "NO_ANSWER": 1,
    }
    assert link._pace.room(link._loop.time()) == 0


async def test_receipts_are_counted_by_what_they_told() -> None:
    states = iter([MessageState.DELIVERED, None, MessageState.UNDELIVERABLE, MessageState.ENROUTE])
    link = make(on_deliver=lambda pdu, ack: next(states))
    for _ in range(4):
        link.session_delivered(make_pdu(CommandId.DELIVER_SM), lambda status: None)
    assert (link.counters.delivered, link.counters.receipts) == (4, 3)
    report = link.report()
    assert report.delivered_share == 0.5
    assert report.receipts_per_minute > 0


async def test_a_link_that_never_was_up_says_so() -> None:
    link = make(port=2775, bind=BindKind.RECEIVER, window=7)
    report = link.report()
    assert (report.kind, report.address, report.state) == ("receiver", "127.0.0.1:2775", "down")
    assert (report.window, report.window_used, report.pdus_per_second) == (7, 0, 0.0)
    assert (report.last_error, report.last_error_at, report.round_trip_ms) == ("", None, None)
    assert report.delivered_share is None


async def test_a_bind_that_is_refused_for_good_is_tried_at_the_slow_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = make(spread=lambda: 0.5, reconnect_first=1.0, reconnect_last=60.0)
    pauses: list[float] = []
    tried = asyncio.Event()
    statuses = iter([CommandStatus.ESME_RINVPASWD, CommandStatus.ESME_RINVSYSID, None])

    async def connect() -> None:
        link._refused_for_good = False
        status = next(statuses)
        if status is not None:
            link.session_refused(status)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            tried.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(link, "_connect", connect)
    monkeypatch.setattr(link_module.asyncio, "sleep", sleep)
    link.start()
    await asyncio.wait_for(tried.wait(), 5)
    assert pauses[:2] == [60.0, 60.0]
    assert link.report().errors == {"ESME_RINVPASWD": 1, "ESME_RINVSYSID": 1}
    await link.close(1.0)


async def test_it_is_told_once_that_a_link_was_tried(unused_tcp_port: int) -> None:
    tries: list[int] = []
    told = asyncio.Event()

    def tried() -> None:
        tries.append(1)
        told.set()

    link = make(port=unused_tcp_port, on_tried=tried, reconnect_first=0.001, reconnect_last=0.001)
    link.start()
    await asyncio.wait_for(told.wait(), 5)
    again = link.counters
    link.session_bound()
    await link.close(1.0)
    assert (tries, again.binds) == ([1], 1)
