"""Several packages on their way together: order, bounds, and errors in the middle."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from habar_client import HabarClientError, Message, Sent
from habar_client.stream import cut, windowed


def _messages(number: int) -> Iterator[Message]:
    return (Message("77771234567", "x", id=n) for n in range(1, number + 1))


class Sender:
    """Sends nothing; each package is answered when the test says so, or at once."""

    def __init__(self, *fail: int, held: bool = False) -> None:
        self._fail = fail
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self.gates: dict[int, asyncio.Event] = {}
        self._held = held
        self.two_begun = asyncio.Event()

    async def __call__(self, package: list[Message]) -> list[Sent]:
        first = package[0].id or 0
        self.begun.append(first)
        if len(self.begun) == 2:
            self.two_begun.set()
        gate = self.gates.setdefault(first, asyncio.Event())
        if self._held:
            try:
                await gate.wait()
            except asyncio.CancelledError:
                self.cancelled.append(first)
                raise
        if first in self._fail:
            raise HabarClientError(f"package {first}")
        return [Sent(1, 1, 106, message.id, message.recipient, True) for message in package]


async def _collect(rows: AsyncIterator[Sent], given: list[int | None]) -> None:
    async for row in rows:
        given.append(row.id)


async def test_results_are_in_order_whatever_order_answers_come_in() -> None:
    sender = Sender(held=True)
    rows = windowed(cut(_messages(4), 2), sender, 2)
    waiting = asyncio.ensure_future(anext(rows))
    await sender.two_begun.wait()
    sender.gates[3].set()
    sender.gates[1].set()
    assert (await waiting).id == 1
    assert [row.id async for row in rows] == [2, 3, 4]


async def test_no_more_than_the_window_are_on_their_way() -> None:
    sender = Sender()
    rows = windowed(cut(_messages(100), 1), sender, 3)
    assert (await anext(rows)).id == 1
    assert sender.begun == [1, 2, 3]
    assert (await anext(rows)).id == 2
    await asyncio.sleep(0)
    assert sender.begun == [1, 2, 3, 4]
    await rows.aclose()  # type: ignore[attr-defined]


async def test_what_was_answered_is_given_before_the_error() -> None:
    rows = windowed(cut(_messages(9), 1), Sender(2, 3), 3)
    given: list[int | None] = []
    with pytest.raises(HabarClientError, match="package 2") as caught:
        await _collect(rows, given)
    assert given[0] == 1
    assert 2 not in given
    assert 3 not in given
    assert 9 not in given
    assert [str(error) for error in caught.value.also] == ["package 3"]


async def test_an_error_of_the_messages_themselves_waits_for_what_is_under_way() -> None:
    def broken() -> Iterator[Message]:
        yield from _messages(2)
        raise RuntimeError("no more lines")

    given: list[int | None] = []
    with pytest.raises(RuntimeError, match="no more lines"):
        await _collect(windowed(cut(broken(), 1), Sender(), 9), given)
    assert given == [1, 2]


async def test_who_stops_listening_stops_the_sending() -> None:
    sender = Sender(held=True)
    rows = windowed(cut(_messages(9), 1), sender, 2)
    waiting = asyncio.ensure_future(anext(rows))
    await sender.two_begun.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert sorted(sender.cancelled) == [1, 2]


async def test_messages_may_come_asynchronously() -> None:
    async def slowly() -> AsyncIterator[Message]:
        for message in _messages(5):
            await asyncio.sleep(0)
            yield message

    assert [len(package) async for package in cut(slowly(), 2)] == [2, 2, 1]
    assert [len(package) async for package in cut(_messages(4), 2)] == [2, 2]
    assert [package async for package in cut([], 2)] == []
