"""Who wants no messages of an account: said by subscribers and by staff, told by change."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.errors import NotFound
from habar.store.inbox import CallMethod, Opt, OptOut

from .conftest import NOW
from .subscribers import WHO, received, together

SENDER = 77771234567
INT64 = (1 << 63) - 1


@pytest.fixture
def inbox(desk: Any) -> Any:
    return desk.store.inbox


def stop(desk: Any, sender: int | str = SENDER, **changes: Any) -> Any:
    values = {"opt": Opt.OUT, "method": CallMethod.AUTO, "host": "", **changes}
    return received(desk, sender=str(sender), **values)


async def told(inbox: Any, after: int = 0) -> list[tuple[int, bool]]:
    return [(one.msisdn, one.active) for one in await inbox.opt_outs(after, 100)]


@pytest.mark.rule("inbox.stop-words")
async def test_a_subscriber_who_says_stop_is_out(desk: Any, inbox: Any) -> None:
    assert await inbox.opt_outs(0, 100) == []
    assert await desk.recorded(stop(desk, short_code="8785\0")) is not None
    [one] = await inbox.opt_outs(0, 100)
    assert one == OptOut(desk.account, SENDER, "8785\0", True, NOW, one.change)
    assert isinstance(one.active, bool)
    assert one.change > 0


@pytest.mark.rule("inbox.stop-words")
async def test_one_who_says_start_is_in_again(desk: Any, inbox: Any) -> None:
    await desk.recorded(stop(desk))
    [out] = await inbox.opt_outs(0, 100)
    await desk.recorded(stop(desk, opt=Opt.IN, at=NOW + 5))
    [back] = await inbox.opt_outs(0, 100)
    assert back == OptOut(desk.account, SENDER, "8785", False, NOW + 5, back.change)
    assert back.change > out.change
    assert await inbox.opt_outs(back.change, 100) == []
    assert await inbox.opted_out(None, 100) == []


async def test_of_words_that_come_in_one_turn_the_last_holds(desk: Any, inbox: Any) -> None:
    words = [stop(desk), stop(desk, 1), stop(desk, opt=Opt.IN), stop(desk, 2), stop(desk)]
    assert None not in await together(desk, *words)
    assert await told(inbox) == [(1, True), (2, True), (SENDER, True)]


async def test_changes_are_told_in_order_a_few_at_a_time(desk: Any, inbox: Any) -> None:
    await together(desk, *[stop(desk, 7777000 + n) for n in range(10)])
    place, found = 0, []
    while page := await inbox.opt_outs(place, 3):
        assert len(page) <= 3
        found += [one.msisdn for one in page]
        place = page[-1].change
    assert found == [7777000 + n for n in range(10)]


@pytest.mark.parametrize("sender", ["", "Kaspi", "8785a", "٧٧", "+7777", "1" * 16, "-5", "\0"])
async def test_who_has_no_number_cannot_opt_out(desk: Any, inbox: Any, sender: str) -> None:
    assert await desk.recorded(stop(desk, sender)) is not None
    assert await inbox.opt_outs(0, 100) == []


async def test_nobodys_message_and_any_other_say_nothing(desk: Any, inbox: Any) -> None:
    await together(desk, stop(desk, account_id=0), stop(desk, opt=Opt.NOTHING))
    assert await inbox.opt_outs(0, 100) == []


async def test_accounts_are_told_apart(desk: Any, inbox: Any) -> None:
    demo = (await desk.store.books.account("demo")).credentials.account.id
    await together(desk, stop(desk), stop(desk, 5, account_id=demo), stop(desk, 6))
    assert [one.msisdn for one in await inbox.opted_out(None, 100)] == [6, 5, SENDER]
    assert [one.msisdn for one in await inbox.opted_out(desk.account, 100)] == [6, SENDER]
    assert [one.msisdn for one in await inbox.opted_out(desk.account, 1)] == [6]
    assert [one.msisdn for one in await inbox.opted_out(None, 2)] == [6, 5]
    assert [one.account_id for one in await inbox.opted_out(demo, 100)] == [demo]


async def test_staff_say_it_for_them(engine: Any, desk: Any, inbox: Any) -> None:
    await inbox.set_opt_out(desk.account, SENDER, active=True, **WHO)
    [one] = await inbox.opt_outs(0, 100)
    assert one == OptOut(desk.account, SENDER, "", True, WHO["now"], one.change)
    assert engine.audit()[-1] == ("ann", "opt-out add", str(SENDER), "account shop")
    await inbox.set_opt_out(desk.account, SENDER, active=False, **WHO)
    assert await told(inbox, one.change) == [(SENDER, False)]
    assert engine.audit()[-1] == ("ann", "opt-out remove", str(SENDER), "account shop")


async def test_an_account_that_is_not_there_has_no_subscribers(engine: Any, inbox: Any) -> None:
    before = engine.audit()
    with pytest.raises(NotFound, match="account number 99"):
        await inbox.set_opt_out(99, SENDER, active=True, **WHO)
    assert (await inbox.opt_outs(0, 100), engine.audit()) == ([], before)


async def test_it_is_there_after_a_death(desk: Any, again: Any) -> None:
    await desk.recorded(stop(desk))
    [before] = await desk.store.inbox.opt_outs(0, 100)
    desk = await again(desk)
    await desk.store.inbox.set_opt_out(desk.account, 5, active=True, **WHO)
    first, second = await desk.store.inbox.opt_outs(0, 100)
    assert (first, second.change > before.change) == (before, True)
    await desk.store.close()


async def test_one_that_the_store_refuses_takes_no_word_with_it(desk: Any, inbox: Any) -> None:
    words = [stop(desk, 5), stop(desk, 6, text="\ud83d"), stop(desk, 7)]
    assert (await together(desk, *words))[1] is None
    assert await told(inbox) == [(5, True), (7, True)]


async def test_two_nodes_change_none_behind_the_other(pair: Any) -> None:
    """Who has read up to a change has missed none before it."""
    one, other = pair
    place = 0
    found: list[int] = []
    writing = asyncio.gather(
        *[
            desk.recorded(stop(desk, 1000 * k + n))
            for n in range(100)
            for k, desk in enumerate(pair)
        ],
        *[one.store.inbox.set_opt_out(one.account, 5000 + n, active=True, **WHO) for n in range(5)],
    )
    while len(found) < 205:
        page = await other.store.inbox.opt_outs(place, 7)
        found += [row.msisdn for row in page]
        place = page[-1].change if page else place
    await writing
    assert len({*found}) == 205
    assert await other.store.inbox.opt_outs(place, 7) == []
