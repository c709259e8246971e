"""dispatch/lane.py: asking an operator to forget a message that it has (cancel_sm)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from habar.model.status import MessageState, Stage
from habar.store.readings import Sent, SentPart
from habar.wire.smpp import CommandId, make_pdu
from habar.wire.smpp import CommandStatus as Status

Make = Callable[..., Any]


def sent(*states: MessageState | None) -> Sent:
    parts = tuple(SentPart(n, f"op-{n}", state) for n, state in enumerate(states, 1))
    return Sent(1, "Habar", 77011234567, Stage.SENT, parts)


async def cancel(b: Any, message: Sent, *statuses: int) -> tuple[list[bytes], bool]:
    """Which parts were asked for, by the operator's ids, and whether all were forgotten."""
    asking = asyncio.ensure_future(b.lane.cancel(message))
    await b.settle()
    asked = [pdu.octets("message_id") for pdu, _ in b.link.asked]
    for (_, answer), status in zip(b.link.asked, statuses, strict=True):
        answer.set_result(make_pdu(CommandId.CANCEL_SM_RESP, command_status=status))
    return asked, await asking


@pytest.mark.parametrize(
    ("statuses", "forgotten"),
    [((0, 0), True), ((0, Status.ESME_RCANCELFAIL), False)],
)
async def test_every_part_is_asked_for_and_must_be_forgotten(
    bench: Make, statuses: tuple[int, ...], forgotten: bool
) -> None:
    b = bench(cancel=True)
    await b.start()
    assert await cancel(b, sent(None, None), *statuses) == ([b"op-1", b"op-2"], forgotten)


async def test_a_part_that_was_forgotten_before_is_not_asked_for_again(bench: Make) -> None:
    b = bench(cancel=True)
    await b.start()
    assert await cancel(b, sent(MessageState.DELETED, None), 0) == ([b"op-2"], True)


@pytest.mark.parametrize("end", [MessageState.DELIVERED, MessageState.UNDELIVERABLE])
async def test_a_message_of_which_a_part_has_ended_stays_as_it_is(
    bench: Make, end: MessageState
) -> None:
    b = bench(cancel=True)
    await b.start()
    assert await cancel(b, sent(end, None)) == ([], False)


async def test_an_operator_without_cancel_sm_or_without_a_link_is_not_asked(bench: Make) -> None:
    b = bench()
    await b.start()
    assert await cancel(b, sent(None)) == ([], False)
    b = bench(cancel=True)
    await b.start()
    b.link.drop()
    assert await cancel(b, sent(None)) == ([], False)
