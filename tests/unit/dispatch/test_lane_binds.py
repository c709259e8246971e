"""dispatch/lane.py with several links, with none, and while the node's lease is in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from habar.model.status import MessageState
from habar.store.events import Claim, Finished, PartAccepted
from habar.wire.smpp import CommandStatus as Status

Make = Callable[..., Any]


async def two(bench: Make, **changes: Any) -> Any:
    """A lane with two links that are up."""
    b = bench(binds=2, **changes)
    await b.start(1, 2)
    return b


# --- Two links -----------------------------------------------------------------------------------
async def test_both_windows_are_filled(bench: Make) -> None:
    b = await two(bench, window=2)
    await b.submit(*(b.message(n) for n in range(1, 7)))
    first, second = b.links
    assert (first.went, second.went) == ([(1, 1), (3, 1)], [(2, 1), (4, 1)])
    assert b.lane.ready == 2
    second.answer(0)
    await b.settle()
    assert second.went[2:] == [(5, 1)]


async def test_results_that_are_not_on_disk_hold_back_both(bench: Make) -> None:
    b = await two(bench, window=2)
    b.store.auto = False
    await b.submit(*(b.message(n) for n in range(1, 7)))
    b.links[0].answer(0, 0)
    await b.settle()
    assert sum(len(link.sent) for link in b.links) == 4
    b.store.commit()
    await b.settle()
    assert sum(len(link.sent) for link in b.links) == 6


async def test_the_journal_is_hurried_when_half_of_both_windows_waits_for_it(bench: Make) -> None:
    b = await two(bench, window=2)
    b.store.auto = False
    await b.submit(*(b.message(n) for n in range(1, 5)))
    b.links[0].answer(0)
    assert b.store.hurried == 0
    b.links[1].answer(0)
    assert b.store.hurried == 1
    b.links[1].drop()
    b.links[0].answer(0)
    assert b.store.hurried == 2, "half of the one that is left"


async def test_a_drop_makes_its_own_window_uncertain_and_the_other_goes_on(bench: Make) -> None:
    b = await two(bench, window=2)
    await b.submit(*(b.message(n) for n in range(1, 7)))
    first, second = b.links
    first.drop()
    await b.settle()
    assert b.store.released == [({1, 3}, True)]
    assert b.lane.open
    assert b.lane.ready == 2, "what waits stays for the other link"
    assert b.lane.reserve(1, 1)
    b.lane.release(1, 1)
    second.answer(0, 0)
    await b.settle()
    assert second.went == [(2, 1), (4, 1), (5, 1), (6, 1)]
    second.drop()
    await b.settle()
    assert b.store.released[1:] == [({5, 6}, True)]
    assert not b.lane.open


async def test_a_second_link_that_comes_up_does_not_have_all_asked_anew(bench: Make) -> None:
    b = await two(bench)
    assert b.store.asked_who == 1


async def test_a_message_on_both_links_waits_for_the_other_s_answer_and_goes_back(
    bench: Make,
) -> None:
    b = await two(bench, window=1)
    await b.submit(b.long(1, parts=2))
    first, second = b.links
    assert (first.went, second.went) == ([(1, 1)], [(1, 2)])
    first.drop()
    assert b.store.events == []
    second.answer(0)
    accepted, released = b.store.events
    assert isinstance(accepted, PartAccepted)
    assert (accepted.part, accepted.last) == (2, False)
    assert (released.message_ids, released.uncertain) == ((1,), True)
    assert b.lane.counters.uncertain == 1


async def test_one_that_the_other_link_refuses_for_good_ends(bench: Make) -> None:
    b = await two(bench, window=1)
    await b.submit(b.long(1, parts=2))
    first, second = b.links
    first.drop()
    second.answer(Status.ESME_RINVDSTADR)
    (event,) = b.store.events
    assert isinstance(event, Finished)
    assert event.state is MessageState.REJECTED


async def test_one_whose_parts_are_lost_by_both_links_goes_back_once(bench: Make) -> None:
    b = await two(bench, window=1)
    await b.submit(b.long(1, parts=2))
    for link in b.links:
        link.drop()
    assert b.store.released == [({1}, True)]


# --- A message between its parts -----------------------------------------------------------------
async def test_a_begun_message_is_not_touched_by_a_drop_it_had_no_part_in(bench: Make) -> None:
    b = await two(bench, window=1)
    await b.submit(b.message(1), b.long(2, parts=2))
    first, second = b.links
    assert (first.went, second.went) == ([(1, 1)], [(2, 1)])
    first.drop()
    await b.settle()
    assert b.store.released == [({1}, True)]
    second.answer(0)
    await b.settle()
    assert second.went == [(2, 1), (2, 2)]
    second.answer(0)
    assert b.store.events[-1].last


async def test_a_begun_message_that_lost_a_part_is_not_gone_on_with(bench: Make) -> None:
    b = await two(bench, window=1)
    await b.submit(b.long(1, parts=3), b.message(2))
    first, second = b.links
    first.drop()
    second.answer(0)
    await b.settle()
    assert second.went == [(1, 2), (2, 1)]
    assert b.store.released == [({1}, True)]


async def test_a_begun_message_whose_last_link_is_emptied_goes_back_when_it_is_answered(
    bench: Make,
) -> None:
    b = bench(window=1)
    await b.start()
    await b.submit(b.long(1, parts=2))
    closing = asyncio.ensure_future(b.lane.links.close(1, 30.0))
    await b.settle()
    assert b.store.events == [], "its first part is on its way still"
    b.link.answer(0)
    await closing
    accepted, released = b.store.events
    assert not accepted.last
    assert (released.message_ids, released.uncertain) == ((1,), False)
    assert b.link.went == [(1, 1)]


async def test_one_whose_link_is_emptied_and_drops_is_uncertain(bench: Make) -> None:
    b = bench(window=1)
    await b.start()
    await b.submit(b.long(1, parts=2))
    closing = asyncio.ensure_future(b.lane.links.close(1, 30.0))
    await b.settle()
    b.link.drop()
    await closing
    assert b.store.released == [({1}, True)]


async def test_a_begun_message_is_ended_in_a_drain_though_the_pace_makes_it_wait(
    bench: Make,
) -> None:
    b = bench()
    await b.start()
    b.link.pace = 1
    await b.submit(b.long(1, parts=2))
    b.link.pace = 0
    draining = asyncio.ensure_future(b.lane.drain(30.0))
    b.link.answer(0)
    await b.settle()
    assert len(b.link.sent) == 1
    b.link.pace = 1
    b.clock.pass_time(100)
    await b.settle()
    b.link.answer(0)
    await draining
    assert [e.last for e in b.store.events] == [False, True]


# --- Emptying one of two -------------------------------------------------------------------------
async def test_a_link_that_is_emptied_takes_nothing_new_and_loses_nothing(bench: Make) -> None:
    b = await two(bench, window=2)
    await b.submit(*(b.message(n) for n in range(1, 7)))
    first, second = b.links
    closing = asyncio.ensure_future(b.lane.links.close(1, 30.0))
    await b.settle()
    first.answer(0)
    await b.settle()
    assert len(first.sent) == 2
    first.answer(0)
    await closing
    second.answer(0, 0)
    await b.settle()
    second.answer(0, 0)
    await b.settle()
    assert b.store.released == []
    assert {m for link in b.links for m, _ in link.went} == set(range(1, 7))


async def test_a_lane_whose_last_link_is_emptied_takes_nothing_in(bench: Make) -> None:
    b = bench(window=1)
    await b.start()
    await b.submit(b.message(1), b.message(2))
    closing = asyncio.ensure_future(b.lane.links.close(1, 30.0))
    await b.settle()
    assert not b.lane.reserve(1, 1)
    assert b.store.released == [({2}, False)]
    b.link.answer(0)
    await closing


# --- The lease -----------------------------------------------------------------------------------
async def test_while_the_lease_is_in_doubt_nothing_is_sent(bench: Make) -> None:
    b = bench()
    await b.start()
    b.store.holds = False
    await b.submit(b.message(1))
    for _ in range(5):
        b.clock.pass_time(100)
        await b.settle()
    assert b.link.sent == []
    assert b.lane.ready == 1, "it is kept: it may be ours"
    b.store.holds = True
    b.clock.pass_time(100)
    await b.settle()
    assert b.link.went == [(1, 1)]


async def test_answers_are_recorded_though_the_lease_is_in_doubt(bench: Make) -> None:
    b = bench()
    await b.start()
    await b.submit(b.message(1))
    b.store.holds = False
    b.link.answer(0)
    assert b.store.events[0].last


async def test_a_drain_goes_on_when_the_lease_is_certain_again(bench: Make) -> None:
    b = bench(window=1)
    await b.start()
    await b.submit(b.long(1, parts=2))
    b.store.holds = False
    draining = asyncio.ensure_future(b.lane.drain(30.0))
    b.link.answer(0)
    await b.settle()
    assert len(b.link.sent) == 1
    b.store.holds = True
    b.clock.pass_time(100)
    await b.settle()
    b.link.answer(0)
    await draining
    assert [e.last for e in b.store.events] == [False, True]


# --- The run is lost -----------------------------------------------------------------------------
async def test_when_the_run_is_lost_nothing_more_can_be_sent_from_that_call_on(bench: Make) -> None:
    b = await two(bench, window=2)
    await b.submit(*(b.message(n) for n in range(1, 7)))
    b.lane.let_go("lost")
    assert not b.lane.links.up
    assert b.lane.links.room == 0
    assert not b.lane.open
    assert [link.abandoned for link in b.links] == ["lost", "lost"]
    await b.settle()
    assert sum(len(link.sent) for link in b.links) == 4
    assert b.lane.ready == 0
    assert b.store.released == [({1, 3}, True), ({2, 4}, True), ({5, 6}, False)]


async def test_what_comes_after_the_loss_is_given_back_until_a_link_is_up_anew(bench: Make) -> None:
    b = bench()
    await b.start()
    assert b.lane.reserve(1, 1)
    assert b.lane.reserve(1, 1)
    b.lane.let_go("lost")
    b.lane.take(b.message(1))
    await b.settle()
    assert b.store.released == [({1}, False)]
    assert not b.lane.reserve(1, 1)
    await b.start(1)
    b.lane.take(b.message(2))
    await b.settle()
    assert b.links[1].went == [(2, 1)]


async def test_a_claim_that_is_answered_after_the_loss_is_given_back(bench: Make) -> None:
    b = bench()
    b.store.disk = [b.message(1)]
    b.lane.links.open(1)
    ask = b.store.ask

    def ask_and_lose(question: Claim, done: Callable[..., None]) -> None:
        ask(question, done)
        b.lane.let_go("lost")

    b.store.ask = ask_and_lose
    await b.settle()
    assert len(b.store.claims) == 1
    assert b.link.sent == []
    assert b.store.released == [({1}, False)]


async def test_a_begun_message_is_given_back_with_the_rest(bench: Make) -> None:
    b = bench(window=1)
    await b.start()
    await b.submit(b.long(1, parts=3))
    b.link.answer(0)
    await b.settle()
    b.lane.let_go("lost")
    assert b.store.released == [({1}, True)]
