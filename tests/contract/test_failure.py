"""A full disk, a disk that fails, a file that is held: what fails, what is kept, what goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.errors import StoreFault, StoreUnavailable
from habar.model.status import MessageState
from habar.store.events import Claim, PartAccepted, ReceiptSeen, Withdraw

BIG = "x" * 20_000
TROUBLES = ["full", "sync", "slow sync", "held"]


class Trouble:
    """One of TROUBLES, and its end."""

    def __init__(self, engine: Any, desk: Any, kind: str) -> None:
        self._engine, self._store, self._kind = engine, desk.store, kind
        if kind == "full":
            engine.fill_disk(desk.store)
        elif kind == "held":
            self._let_go = engine.hold()
        else:
            engine.break_sync(desk.store)
            if kind == "slow sync":
                engine.slow_disk(desk.store)

    def end(self) -> None:
        if self._kind == "full":
            self._engine.make_room(self._store)
        elif self._kind == "held":
            self._let_go()
        else:
            self._engine.mend_sync(self._store)


@pytest.fixture(params=TROUBLES)
def trouble(request: pytest.FixtureRequest, engine: Any, desk: Any) -> Trouble:
    return Trouble(engine, desk, request.param)


async def test_a_submission_fails_whole_and_has_not_happened(
    engine: Any, desk: Any, trouble: Trouble
) -> None:
    answer = await desk.submitted(*[desk.message(7, text=BIG)] * 10)
    assert isinstance(answer, StoreUnavailable)
    assert not desk.store.journal.healthy
    assert isinstance(await desk.submitted(desk.message(8)), StoreUnavailable)
    assert isinstance(await desk.asked(Claim(1, 1, 1, 1, 1)), StoreUnavailable)
    trouble.end()
    await engine.well_again(desk.store)
    [outcome] = await desk.submit(desk.message(7))
    assert (outcome.refusal, outcome.message_id) == (None, 1)
    assert (await desk.funds()).balance == 99_000
    assert (await desk.store.counts()).waiting == 1
    assert await desk.balanced()


async def test_what_was_recorded_is_kept_in_order_until_it_is_written(
    engine: Any, desk: Any
) -> None:
    messages = [await desk.claimed() for _ in range(3)]
    engine.break_sync(desk.store)
    told: list[int | None] = []
    for number in messages:
        desk.store.journal.record(
            PartAccepted(number, 1, desk.operator, "7", number, last=True), told.append
        )
    answer = await desk.submitted(desk.message())
    assert isinstance(answer, StoreUnavailable)
    last = desk.receipt("7")
    assert (told, desk.store.journal.backlog) == ([], 4)
    engine.mend_sync(desk.store)
    assert await last == messages[-1]
    assert told == messages
    assert desk.store.journal.healthy
    assert desk.store.journal.backlog == 0


async def test_without_anything_to_write_the_store_finds_its_way_back(
    engine: Any, desk: Any, trouble: Trouble
) -> None:
    await desk.submitted(*[desk.message(text=BIG)] * 10)
    trouble.end()
    await engine.well_again(desk.store)
    assert await desk.new() == 1


async def test_a_full_disk_is_not_taken_for_well_by_a_small_write(engine: Any, desk: Any) -> None:
    engine.fill_disk(desk.store)
    await desk.submitted(*[desk.message(text=BIG)] * 10)
    before = desk.store.journal.commits
    await engine.tried_again(desk.store, 3)
    assert desk.store.journal.commits == before


async def test_reading_goes_on_while_the_disk_is_full(engine: Any, desk: Any) -> None:
    message = await desk.new()
    engine.fill_disk(desk.store)
    await desk.submitted(*[desk.message(text=BIG)] * 10)
    assert await desk.state(message) == 106


async def test_what_could_not_be_written_at_the_end_is_given_up(engine: Any, desk: Any) -> None:
    engine.break_sync(desk.store)
    desk.receipt("7")
    await desk.store.close()
    store = await engine.open()
    assert await store.unmatched_receipts(1) == []


async def test_a_stop_that_could_not_be_written_is_taken_for_a_death(
    engine: Any, desk: Any
) -> None:
    held = await desk.claimed()
    let_go = engine.hold()
    await desk.store.close()
    let_go()
    desk.store = await engine.open()
    assert [(out.message_id, out.repeats) for out in await desk.claim()] == [(held, 1)]


@pytest.mark.parametrize(
    "poison",
    [
        ReceiptSeen(1, ("7",), MessageState.DELIVERED, "", None, 5, "\udc80"),
        ReceiptSeen(1 << 70, ("7",), MessageState.DELIVERED, "", None, 5, ""),
        ReceiptSeen(1, ("\udc80",), MessageState.DELIVERED, "", None, 5, ""),
        PartAccepted(1, 1, 1, "\udc80", 5, last=True),
        PartAccepted(1 << 64, 1, 1, "8", 5, last=True),
        None,
    ],
    ids=["raw", "operator", "candidate", "name", "message", "nothing"],
)
async def test_a_record_that_the_store_refuses_harms_no_neighbour(desk: Any, poison: Any) -> None:
    message = await desk.claimed()
    given = [desk.accept(message, "6"), desk.recorded(poison), desk.receipt("6")]
    answers = await asyncio.gather(*given, desk.submitted(desk.message()))
    assert answers[:3] == [message, None, message]
    assert answers[3][0].message_id == message + 1
    assert desk.store.journal.healthy
    assert await desk.state(message) == MessageState.DELIVERED


async def test_a_question_that_the_store_refuses_harms_no_neighbour(desk: Any) -> None:
    first, answer, second = await asyncio.gather(
        desk.submitted(desk.message()),
        desk.asked(Withdraw(1, 1 << 64, False, 1)),
        desk.submitted(desk.message()),
    )
    assert isinstance(answer, StoreFault)
    assert [first[0].message_id, second[0].message_id] == [1, 2]
