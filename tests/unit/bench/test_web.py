"""The customer's web service: what it answers, and that no call passes it unseen."""

import asyncio
import json

import pytest
from bench.web import IN_ORDER, Calls, Service, fault_of

from habar.wire.http.inbox import parse_answer

NETWORK, HANDSET = IN_ORDER


def state(calls: Calls, message: int, status: str) -> None:
    calls.answer(f"/states?statuscode=0&messageid={message}&status={status}")


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def test_the_answer_to_a_subscriber_is_one_that_the_gateway_reads() -> None:
    calls = Calls()
    answer = calls.answer("/subscribers?sender=77100000007&short=8785%2312&msgdata=a%20b")
    told = parse_answer(body(answer))
    assert told is not None
    assert told.text == "Thank you"
    assert b"{77100000007}" in answer
    assert calls.subscribers()["numbers"] == [77100000007]
    assert calls.subscribers()["moments"] == [calls.last_ns]


def test_a_message_told_of_in_order_is_no_fault() -> None:
    calls = Calls()
    for status in IN_ORDER:
        state(calls, 5, status)
    told = json.loads(json.dumps(calls.told()))
    assert (told["calls"], told["messages"], told["faults"]) == (2, 1, {})
    assert told["final_ns"] == told["last_ns"] > 0


def test_what_is_wrong_is_counted_by_message() -> None:
    calls = Calls()
    for message in (1, 2):
        state(calls, message, HANDSET)
        state(calls, message, NETWORK)
    state(calls, 3, NETWORK)
    assert calls.told()["faults"] == {"states told out of order": 2, "states not told": 1}


@pytest.mark.parametrize(
    ("states", "fault"),
    [
        ([NETWORK, NETWORK, HANDSET], "states told twice"),
        ([HANDSET, NETWORK], "states told out of order"),
        ([HANDSET], "states not told"),
        ([NETWORK, "deliveryfailed"], "states that should not be"),
    ],
)
def test_faults_have_their_words(states: list[str], fault: str) -> None:
    assert fault_of(states) == fault


@pytest.mark.parametrize("target", ["/", "/states?id=5", "/subscribers?sender=77100000007"])
def test_a_call_of_something_else_is_a_fault(target: str) -> None:
    calls = Calls()
    assert b" 404 " in calls.answer(target)
    assert calls.told()["faults"] == {"calls of something else": 1}


def test_the_wait_ends_with_the_last_call_or_when_none_comes() -> None:
    async def ask() -> tuple[int, int]:
        service = Service()
        state(service.calls, 1, NETWORK)
        enough = await service.answer({"ask": "until", "calls": 1, "still": 60.0})
        too_few = await service.answer({"ask": "until", "calls": 2, "still": 0.0})
        return enough["calls"], too_few["calls"]

    assert asyncio.run(ask()) == (1, 1)


def test_what_was_before_is_forgotten() -> None:
    async def ask() -> int:
        service = Service()
        state(service.calls, 1, NETWORK)
        await service.answer({"ask": "forget"})
        told = await service.answer({"ask": "until", "calls": 0, "still": 0.0})
        return int(told["calls"])

    assert asyncio.run(ask()) == 0
