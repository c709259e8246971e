"""Answers that wait: in order, or late each for itself."""

import asyncio

from habar.simulator.exchange import Answer
from habar.simulator.waiting import Waiting
from habar.wire.smpp import CommandId, Pdu, make_pdu


def pdu(number: int) -> Pdu:
    return make_pdu(CommandId.SUBMIT_SM, sequence_number=number)


class Sent:
    """What was released, and when nothing is left to wait for."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.waiting = Waiting(asyncio.get_running_loop(), self.release)
        self.empty = asyncio.Event()

    def release(self) -> None:
        self.waiting.release(lambda pdu, answer: self.numbers.append(pdu.sequence_number))
        if not len(self.waiting):
            self.empty.set()


async def test_held_answers_keep_their_order_whatever_their_times() -> None:
    sent, now = Sent(), asyncio.get_running_loop().time()
    sent.waiting.hold(pdu(1), Answer(0), now + 0.1)
    sent.waiting.hold(pdu(2), Answer(0), now)
    assert (sent.waiting.holds, len(sent.waiting)) == (True, 2)
    sent.release()
    assert sent.numbers == []
    await asyncio.wait_for(sent.empty.wait(), 5)
    assert sent.numbers == [1, 2]


async def test_late_ones_come_by_their_own_times() -> None:
    sent = Sent()
    sent.waiting.put_off(pdu(1), Answer(0, wait=0.02))
    sent.waiting.put_off(pdu(2), Answer(0, wait=0.001))
    assert (sent.waiting.holds, len(sent.waiting)) == (False, 2)
    await asyncio.wait_for(sent.empty.wait(), 5)
    assert sent.numbers == [2, 1]


async def test_what_is_cleared_never_comes() -> None:
    sent, now = Sent(), asyncio.get_running_loop().time()
    sent.waiting.hold(pdu(1), Answer(0), now + 0.001)
    sent.waiting.put_off(pdu(2), Answer(0, wait=0.001))
    sent.release()
    sent.waiting.clear()
    sent.waiting.put_off(pdu(3), Answer(0, wait=0.002))
    await asyncio.wait_for(sent.empty.wait(), 5)
    assert sent.numbers == [3]
