"""Routing through the door to the right SMSC, and onwards where that one will not, or is away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from habar.model.numbers import Ported
from habar.model.reply import Reply
from habar.model.retry import RetryPlan
from habar.model.route import Kind, Prefer, Route
from habar.model.status import Stage
from habar.operators import Quirks, WhenDown
from habar.simulator import Faults, Times
from habar.store.events import PartAccepted, Postponed
from habar.wire.smpp import CommandStatus

from .site import drafts

RANGES = (("7701", "kcell"), ("7705", "beeline"), ("77051", "nursat"))


async def trio(make_smsc: Any, make_site: Any, **changes: Any) -> tuple[Any, list[Any]]:
    """A site with operators a, b and c."""
    smscs = [await make_smsc() for _ in "abc"]
    who = {name: smsc.operator(**changes) for name, smsc in zip("abc", smscs, strict=True)}
    return await make_site(**who), smscs


async def pair(make_smsc: Any, make_site: Any, **changes: Any) -> tuple[Any, Any, Any]:
    """A site with operators a and b; `changes` are a's."""
    a, b = await make_smsc(), await make_smsc()
    return await make_site(a=a.operator(**changes), b=b.operator()), a, b


# --- Conditions ----------------------------------------------------------------------------------
async def test_a_number_goes_by_its_range_the_longest_first_and_by_its_porting_before_all(
    make_smsc: Any, make_site: Any
) -> None:
    site, (a, b, c) = await trio(make_smsc, make_site)
    await site.route(
        Route(0, 0, (site.target("b"),), network="kcell"),
        Route(0, 0, (site.target("c"),), network="beeline"),
        ranges=RANGES,
        ported=Ported.of([(77051000001, "beeline"), (77051000003, "kcell")]),
    )
    numbers = ("77010000001", "77052000001", "77051000001", "77051000003", "77051000005")
    ids = [await site.send(number) for number in numbers]
    await site.all_end([*ids, await site.send("77770000001")])
    assert b.recipients == ["77010000001", "77051000003"]
    assert c.recipients == ["77052000001", "77051000001"]
    assert a.recipients == ["77051000005", "77770000001"], "no route: the default, the first one"
    stories = [await site.story(message_id) for message_id in ids]
    assert [story.route_id for story in stories] == [1, 2, 2, 1, 0]
    assert [story.operator for story in stories] == ["b", "c", "c", "b", "a"]


@pytest.mark.parametrize(
    ("condition", "one", "other"),
    [
        ({"sender": "SHOP"}, {"sender": "SHOP"}, {"sender": "BANK"}),
        ({"kind": Kind.FLASH}, {"kind": 1}, {"kind": 0}),
        ({"prefix": "77019"}, {"recipient": "77019000001"}, {"recipient": "77018000001"}),
        ({"network": "kcell"}, {"recipient": "77010000001"}, {"recipient": "77050000001"}),
    ],
)
async def test_a_message_for_which_a_condition_holds_takes_the_route_and_another_does_not(
    make_smsc: Any, make_site: Any, condition: Any, one: Any, other: Any
) -> None:
    site, a, b = await pair(make_smsc, make_site)
    await site.route(Route(0, 0, (site.target("b"),), **condition), ranges=RANGES)
    plain = {"recipient": "77010000001"}
    await site.ends(await site.send(text="one", **(plain | one)), 102)
    await site.ends(await site.send(text="other", **(plain | other)), 102)
    assert (a.texts, b.texts) == (["other"], ["one"])


async def test_an_account_and_a_priority_have_routes_of_their_own(
    make_smsc: Any, make_site: Any
) -> None:
    site, (a, b, c) = await trio(make_smsc, make_site)
    bank = await site.account("bank")
    await site.account("alarm", priority=0)
    await site.route(
        Route(0, 0, (site.target("b"),), account_id=bank.id),
        Route(0, 0, (site.target("c"),), priority=0),
    )
    for login in ("bank", "alarm", "shop"):
        await site.all_end(await site.submit(*drafts(1, login), login=login))
    assert [smsc.texts for smsc in (a, b, c)] == [["shop 0"], ["bank 0"], ["alarm 0"]]


async def test_weights_share_the_numbers_and_a_number_keeps_its_way(
    make_smsc: Any, make_site: Any
) -> None:
    site, (a, b, c) = await trio(make_smsc, make_site)
    await site.route(Route(0, 0, (site.target("b", weight=3), site.target("c", weight=1))))
    first = await site.submit(*drafts(400, "once"))
    again = await site.submit(*drafts(400, "again"))
    await site.all_end([*first[-20:], *again[-20:]])
    await site.when(lambda: b.counts.submitted + c.counts.submitted == 800)
    assert 500 < b.counts.submitted < 700, "three in four"
    assert a.counts.submitted == 0
    for smsc in (b, c):
        once = {r.destination for r in smsc.received if r.text.startswith("once")}
        assert {r.destination for r in smsc.received if r.text.startswith("again")} == once


async def test_the_cheapest_goes_first_where_cost_is_preferred(
    make_smsc: Any, make_site: Any
) -> None:
    site, (a, b, c) = await trio(make_smsc, make_site)
    targets = (site.target("a", cost=500), site.target("b", step=2, cost=300))
    await site.route(Route(0, 0, targets, prefer=Prefer.COST))
    await site.all_end(await site.submit(*drafts(5)))
    assert [smsc.counts.submitted for smsc in (a, b, c)] == [0, 5, 0]


# --- An operator that is away --------------------------------------------------------------------
async def test_when_an_operator_is_down_what_waits_moves_and_returns_when_it_is_back(
    make_smsc: Any, make_site: Any
) -> None:
    site, a, b = await pair(make_smsc, make_site, when_down=WhenDown.FAIL_OVER)
    a.stop_listening()
    a.drop_links()
    await site.when(lambda: not site.lane("a").links.up)
    waiting = await site.submit(*drafts(30, "waiting"))
    await site.watch.look()
    await site.watch.move()
    assert b.counts.submitted == 0, "not before it has been away for long enough"
    await site.is_out("a")
    fresh = await site.submit(*drafts(10, "fresh"))
    await site.all_end([*waiting, *fresh])
    assert (a.counts.submitted, b.counts.unique, b.counts.repeated) == (0, 40, 0)
    assert site.watch.mover.moved == 30
    assert {(await site.story(message_id)).operator for message_id in waiting} == {"b"}
    await a.listen_again()
    await site.up("a")
    await site.watch.look()
    await site.watch.move()
    await site.all_end(await site.submit(*drafts(10, "back")))
    assert (a.counts.submitted, b.counts.submitted) == (10, 40)


async def test_a_message_of_which_a_part_is_taken_stays_though_the_operator_is_out(
    make_smsc: Any, make_site: Any
) -> None:
    site, a, b = await pair(make_smsc, make_site, when_down=WhenDown.FAIL_OVER, window=1)
    a.faults = Faults(submits_ignored=Times(1, after=1))
    message_id = await site.send("77010000001", "x" * 400)
    await site.when(lambda: a.counts.submitted == a.counts.ignored == 1)
    await site.recorded(lambda event: isinstance(event, PartAccepted))
    a.stop_listening()
    a.drop_links()
    await site.is_out("a")
    assert (await site.story(message_id)).operator == "a"
    await a.listen_again()
    await site.ends(message_id, 102)
    assert (a.counts.unique, a.counts.repeated, b.counts.submitted) == (3, 0, 0)


async def test_where_it_is_to_wait_nothing_moves(make_smsc: Any, make_site: Any) -> None:
    site, a, b = await pair(make_smsc, make_site, when_down=WhenDown.WAIT)
    a.stop_listening()
    a.drop_links()
    await site.is_out("a")
    ids = await site.submit(*drafts(20))
    await site.watch.look()
    await site.watch.move()
    assert await site.stage(ids[0]) == Stage.WAITING
    await a.listen_again()
    await site.all_end(ids)
    assert (a.counts.unique, a.counts.repeated, b.counts.submitted) == (20, 0, 0)


@pytest.mark.rule("inbox.same-way-back")
async def test_an_answer_to_a_subscriber_waits_for_the_operator_that_brought_the_question(
    make_smsc: Any, make_site: Any
) -> None:
    site, a, b = await pair(make_smsc, make_site, when_down=WhenDown.FAIL_OVER)
    await site.route(Route(0, 0, (site.target("b"),)))
    a.stop_listening()
    a.drop_links()
    await site.when(lambda: not site.lane("a").links.up)
    reply = Reply(5, site.settings["a"].id, "8785#12345", 77771234567, "Thank you")
    told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    site.door.reply(await site.account(), reply, told.set_result)
    [outcome] = await told
    await site.is_out("a")
    await site.watch.look()
    await site.watch.move()
    assert await site.stage(outcome.message_id) == Stage.WAITING
    await a.listen_again()
    await site.ends(outcome.message_id, 102)
    [received] = a.received
    assert (received.source, received.text) == ("8785#12345", "Thank you")
    assert b.counts.submitted == 0


async def test_where_all_are_away_everything_waits_and_goes_once(
    make_smsc: Any, make_site: Any
) -> None:
    a, b = await make_smsc(), await make_smsc()
    over = {"when_down": WhenDown.FAIL_OVER}
    site = await make_site(a=a.operator(**over), b=b.operator(**over))
    for smsc in (a, b):
        smsc.stop_listening()
        smsc.drop_links()
    await site.is_out("a")
    await site.is_out("b")
    ids = await site.submit(*drafts(20))
    for _ in range(3):
        await site.watch.look()
        await site.watch.move()
    assert site.watch.out == {site.settings["a"].id, site.settings["b"].id}
    await b.listen_again()
    await site.up("b")
    await site.watch.look()
    await site.watch.move()
    await site.all_end(ids)
    assert (a.counts.submitted, b.counts.unique, b.counts.repeated) == (0, 20, 0)


async def test_a_disabled_operator_s_traffic_goes_elsewhere_at_once_though_it_was_to_wait(
    make_smsc: Any, make_site: Any
) -> None:
    site, a, b = await pair(make_smsc, make_site, when_down=WhenDown.WAIT, window=1)
    await site.route(Route(0, 0, (site.target("a"), site.target("b", step=2))))
    a.response_delay = 0.05
    ids = await site.submit(*drafts(20))
    await a.wait_for(2)
    await site.change("a", sends=False)
    await site.watch.look()
    await site.watch.move()
    ids += await site.submit(*drafts(10, first=20))
    await site.all_end(ids)
    assert a.counts.submitted + b.counts.submitted == 30
    assert b.counts.submitted >= 26
    assert not {*a.texts} & {*b.texts}


async def test_a_message_that_comes_due_while_its_operator_is_out_goes_elsewhere(
    make_smsc: Any, make_site: Any
) -> None:
    site, a, b = await pair(make_smsc, make_site, when_down=WhenDown.FAIL_OVER)
    due_at = site.clock.now_ms() + 3_600_000
    message_id = await site.send("77010000001", date_beg=due_at)
    a.stop_listening()
    a.drop_links()
    await site.is_out("a")
    assert (await site.story(message_id)).operator == "a", "not before it is due"
    for _ in range(130):
        site.clock.skip(29_000)
        await site.watch.look()
        await site.watch.move()
    story = await site.ends(message_id, 102)
    assert (story.operator, a.counts.submitted, b.counts.submitted) == ("b", 0, 1)
    assert story.parts[0].sent_at >= due_at


async def test_what_is_not_wanted_any_more_is_not_sent_by_another_route_either(
    make_smsc: Any, make_site: Any
) -> None:
    a, b = await make_smsc(), await make_smsc()
    over = {"when_down": WhenDown.FAIL_OVER, "fail_over_after": 25.0}
    site = await make_site(a=a.operator(**over), b=b.operator())
    a.stop_listening()
    a.drop_links()
    await site.when(lambda: not site.lane("a").links.up)
    await site.account()
    before = await site.balance()
    end = site.clock.now_ms() + 20_000
    message_id = await site.send("77010000001", date_end=end)
    await site.is_out("a")
    site.housekeeping.start()
    await site.ends(message_id, 103)
    assert b.counts.submitted == 0
    assert await site.balance() == before


# --- Answers -------------------------------------------------------------------------------------
async def test_after_a_passing_error_the_next_route_has_the_message_at_once_known_why(
    make_smsc: Any, make_site: Any
) -> None:
    site, a, b = await pair(make_smsc, make_site)
    a.refuse_submits(CommandStatus.ESME_RSYSERR)
    ids = await site.submit(*drafts(20))
    await site.all_end(ids)
    assert (a.counts.refused, b.counts.unique, b.counts.repeated) == (20, 20, 0)
    story = await site.story(ids[0])
    assert (story.operator, story.last_error, story.attempts) == ("b", "a: ESME_RSYSERR", 1)


async def test_where_every_route_fails_the_pauses_grow_and_the_routes_take_turns(
    make_smsc: Any, make_site: Any
) -> None:
    a, b = await make_smsc(), await make_smsc()
    retry = RetryPlan(first=20, last=160)
    site = await make_site(a=a.operator(), b=b.operator(), retry=retry)
    for smsc in (a, b):
        smsc.refuse_submits(CommandStatus.ESME_RSYSERR)
    message_id = await site.send("77010000001")
    await site.when(lambda: len(site.events(Postponed)) >= 6)
    b.refuse_submits(None)
    await site.ends(message_id, 102)
    events = site.events(Postponed)[:6]
    ids = [site.settings[name].id for name in "bababa"]
    assert [event.operator_id for event in events] == ids
    for n, event in enumerate(events):
        grown = min(160, 20 * 2**n)
        assert grown * 3 // 4 <= event.due_at - event.at <= grown * 5 // 4
    assert (b.counts.submitted, a.counts.submitted) == (1, 0)


async def test_throttled_and_wait_codes_stay_with_their_operator(
    make_smsc: Any, make_site: Any
) -> None:
    quirks = Quirks(passing=frozenset({0x400}))
    site, a, b = await pair(make_smsc, make_site, quirks=quirks)
    throttled, waits = CommandStatus.ESME_RMSGQFUL, 0x400
    a.faults = Faults(errors={throttled: Times(2), waits: Times(2)})
    ids = await site.submit(*drafts(10))
    await site.all_end(ids)
    assert (a.counts.refusals[throttled], a.counts.refusals[waits]) == (2, 2)
    assert (a.counts.unique, a.counts.repeated, b.counts.submitted) == (10, 0, 0)
    assert {event.operator_id for event in site.events(Postponed)} == {None}


async def test_a_permanent_error_ends_the_message_in_the_operator_s_own_words(
    make_smsc: Any, make_site: Any
) -> None:
    quirks = Quirks(error_texts={"0x00000401": "subscriber barred by law"})
    site, a, b = await pair(make_smsc, make_site, quirks=quirks)
    await site.account()
    before = await site.balance()
    a.faults = Faults(errors={0x401: Times(1)})
    story = await site.ends(await site.send("77010000001"), 108)
    assert story.last_error == "0x00000401 (subscriber barred by law)"
    assert await site.balance() == before
    assert (a.counts.submitted, b.counts.submitted) == (0, 0)


async def test_what_an_operator_never_answers_goes_to_the_next_and_its_story_says_so(
    make_smsc: Any, make_site: Any
) -> None:
    site, a, b = await pair(make_smsc, make_site, response_timeout=0.1)
    a.faults = Faults(submits_ignored=1.0)
    story = await site.ends(await site.send("77010000001"), 102)
    assert (story.operator, story.last_error, story.repeats) == ("b", "a: NO_ANSWER", 1)
    assert (a.counts.ignored, b.counts.submitted) == (1, 1)


async def test_of_two_operators_that_both_took_it_the_receipt_of_the_one_it_went_to_counts(
    make_smsc: Any, make_site: Any
) -> None:
    """The first took it and did not say so: its receipt is about an id that nobody was told."""
    site, a, b = await pair(make_smsc, make_site, response_timeout=0.1)
    a.faults = Faults(responses_lost=1.0)
    message_id = await site.send("77010000001")
    story = await site.ends(message_id, 102)
    assert (story.operator, story.repeats) == ("b", 1)
    assert (a.counts.submitted, b.counts.submitted) == (1, 1)
    assert [part.operator_message_id for part in story.parts] == [b.received[0].message_id]
    (orphan,) = await site.store.unmatched_receipts(10)
    assert orphan.operator_id == site.settings["a"].id


async def test_what_an_operator_has_in_part_it_gets_whole(make_smsc: Any, make_site: Any) -> None:
    site, a, b = await pair(make_smsc, make_site, window=1)
    a.faults = Faults(errors={int(CommandStatus.ESME_RSYSERR): Times(2, after=1)})
    story = await site.ends(await site.send("77010000001", "x" * 400), 102)
    assert (a.counts.submitted, a.counts.refused, b.counts.submitted) == (3, 2, 0)
    assert [part.part for part in story.parts] == [1, 2, 3]
    assert a.counts.repeated == 0
