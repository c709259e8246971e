"""What waits for an operator that is out: looked through, and sent to another one's queue."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.store.events import Claim, Moved
from habar.store.readings import Place

NOW = 1_790_000_000_000


@pytest.fixture
async def other(desk: Any) -> int:
    """Another operator."""
    return int(await desk.store.books.ensure_operator("beeline"))


async def moved(desk: Any, to: int, *messages: int, now: int = NOW) -> list[int]:
    moves = tuple((message, to) for message in messages)
    answer: list[int] = await desk.asked(Moved(moves, desk.operator, now))
    return answer


class TestQueued:
    async def test_page_by_page_in_the_order_of_the_queue(self, desk: Any) -> None:
        demo = (await desk.store.books.account("demo")).credentials.account.id
        outcomes = await desk.submit(
            *[desk.message(due_at=NOW - shift) for shift in (1, 3, 3)],
            desk.message(priority=0),
            desk.message(account_id=demo, price=0),
        )
        a, b, c, first, last = [outcome.message_id for outcome in outcomes]
        pages = []
        place = None
        for limit in (1, 2, 1, 5):
            page = await desk.store.queued(desk.operator, place, limit, NOW)
            place = page[-1].place
            pages.append([queued.message.message_id for queued in page])
        assert pages == [[first], [b, c], [a], [last]]
        assert await desk.store.queued(desk.operator, place, 5, NOW) == []
        assert place == Place(1, demo, NOW, last)
        everything = await desk.store.queued(desk.operator, None, 9, NOW)
        assert [queued.message.message_id for queued in everything] == [first, b, c, a, last]

    async def test_what_is_told_is_all_that_a_route_asks_for(self, desk: Any) -> None:
        await desk.new(recipient=77010000001, sender="SHOP", message_type=1, parts=2, text="Қазақ")
        [(place, message)] = await desk.store.queued(desk.operator, None, 9, NOW)
        assert (message.recipient, message.sender, message.message_type) == (77010000001, "SHOP", 1)
        assert (message.account_id, message.priority, message.parts) == (desk.account, 1, 2)
        assert (message.text, place.message_id) == ("Қазақ", message.message_id)

    async def test_only_what_waits_is_due_and_has_no_part_at_an_operator(
        self, desk: Any, other: int
    ) -> None:
        waiting = await desk.new()
        await desk.submit(
            desk.message(stage=1),
            desk.message(due_at=NOW + 1, state=100),
            desk.message(operator_id=other),
        )
        begun, put_off = await desk.claimed(parts=2), await desk.claimed()
        await desk.accept(begun, "a", 1, last=False)
        await desk.release(begun)
        await desk.postpone(put_off, NOW + 500)
        await desk.held()
        found = await desk.store.queued(desk.operator, None, 9, NOW)
        assert [queued.message.message_id for queued in found] == [waiting]
        assert len(await desk.store.queued(desk.operator, None, 9, NOW + 500)) == 3


class TestMoved:
    async def test_it_waits_for_the_other_operator(self, desk: Any, other: int) -> None:
        ids = [await desk.new() for _ in range(3)]
        assert await moved(desk, other, *ids[:2]) == ids[:2]
        assert [out.message_id for out in await desk.claim()] == ids[2:]
        claim = Claim(other, 1, desk.account, 9, NOW)
        assert [out.message_id for out in await desk.asked(claim)] == ids[:2]
        assert (await desk.story(ids[0])).operator == "beeline"

    async def test_several_ways_at_once(self, desk: Any, other: int) -> None:
        third = await desk.store.books.ensure_operator("tele2")
        one, two = await desk.new(), await desk.new()
        moves = ((two, third), (one, other))
        assert sorted(await desk.asked(Moved(moves, desk.operator, NOW))) == [one, two]
        assert [(await desk.story(n)).operator for n in (one, two)] == ["beeline", "tele2"]

    async def test_only_what_waits_for_that_operator_still(self, desk: Any, other: int) -> None:
        third = await desk.store.books.ensure_operator("tele2")
        in_hand, held, elsewhere = await desk.claimed(), await desk.held(), await desk.new()
        assert await moved(desk, third, elsewhere) == [elsewhere]
        begun = await desk.claimed(parts=2)
        await desk.accept(begun, "a", 1, last=False)
        await desk.release(begun)
        waiting = await desk.new()
        messages = (in_hand, held, elsewhere, begun, 999_999, waiting)
        assert await moved(desk, other, *messages) == [waiting]
        assert await moved(desk, other, *messages) == []
        assert await moved(desk, other) == []
        assert [(await desk.story(n)).operator for n in (in_hand, held, begun)] == ["kcell"] * 3

    async def test_a_pause_for_the_former_operators_sake_ends(self, desk: Any, other: int) -> None:
        put_off = await desk.claimed()
        scheduled = await desk.new(due_at=NOW + 700, state=100)
        await desk.postpone(put_off, NOW + 500)
        assert await moved(desk, other, put_off, scheduled, now=NOW + 9) == [put_off, scheduled]
        for now, message in ((NOW + 9, put_off), (NOW + 700, scheduled)):
            assert await desk.asked(Claim(other, 1, desk.account, 9, now - 1)) == []
            [out] = await desk.asked(Claim(other, 1, desk.account, 9, now))
            assert out.message_id == message

    async def test_a_claim_in_the_same_moment_has_it_or_has_it_not(
        self, desk: Any, other: int
    ) -> None:
        ids = [await desk.new() for _ in range(6)]
        taken, gone = await asyncio.gather(desk.claim(3), moved(desk, other, *ids))
        mine = [out.message_id for out in taken]
        assert sorted([*mine, *gone]) == ids
        assert len(mine) == 3
