"""A process or a link dies with a window open: sent again, asked for, or held for a person."""

from __future__ import annotations

from typing import Any

import pytest

from habar.errors import Conflict
from habar.model.status import Stage
from habar.operators import InDoubt, LongText
from habar.simulator import Faults, Times
from habar.store.events import Held, Released

from .site import drafts

WINDOW = 5
TLV = 0x1401
LONG = ("Құрметті клиент, тапсырысыңыз дайын. " * 4).strip()
QUERY = {"in_doubt": InDoubt.QUERY, "reference_tlv": TLV}
HOLD = {"in_doubt": InDoubt.HOLD}


async def full_window(site: Any, smsc: Any, count: int = 30) -> list[int]:
    """So many messages, of which the SMSC has taken a window and answered nothing."""
    smsc.stall(True)
    ids = await site.submit(*drafts(count))
    await smsc.wait_for(WINDOW)
    return ids


async def after_a_kill(make_site: Any, site: Any, smsc: Any, **ways: Any) -> Any:
    """The process dies, and a new one starts on what it left; no answer to the old one comes."""
    left = await site.kill()
    await smsc.wait_for(lambda it: not it.sessions)
    smsc.stall(False)
    return await make_site(path=left, a=smsc.operator(window=WINDOW, **ways))


async def repeats(site: Any, ids: list[int]) -> list[int]:
    return [(await site.story(message_id)).repeats for message_id in ids]


# --- The process dies ----------------------------------------------------------------------------
async def test_after_a_kill_what_was_in_the_window_goes_again_and_its_story_says_so(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=WINDOW))
    ids = await full_window(site, smsc)
    site = await after_a_kill(make_site, site, smsc)
    await site.all_end(ids)
    assert smsc.counts.unique == 30
    assert smsc.counts.repeated == WINDOW, "those of the window, and no others"
    again = {text for text in smsc.texts if smsc.texts.count(text) == 2}
    assert again == {f"text {n}" for n in range(WINDOW)}
    assert all(n == 1 for n in (await repeats(site, ids))[:WINDOW])


async def test_after_a_kill_what_the_operator_has_by_its_word_does_not_go_again(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(reference_tlv=TLV)
    site = await make_site(a=smsc.operator(window=WINDOW, **QUERY))
    ids = await full_window(site, smsc)
    site = await after_a_kill(make_site, site, smsc, **QUERY)
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (30, 0)
    assert await repeats(site, ids) == [1] * WINDOW + [0] * (30 - WINDOW)


async def test_after_a_kill_what_the_operator_never_got_is_sent(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(reference_tlv=TLV, faults=Faults(submits_ignored=Times(3)))
    site = await make_site(a=smsc.operator(window=WINDOW, **QUERY))
    smsc.stall(True)
    ids = await site.submit(*drafts(30))
    await smsc.wait_for(lambda it: it.counts.offered == WINDOW)
    assert smsc.counts.submitted == WINDOW - 3
    site = await after_a_kill(make_site, site, smsc, **QUERY)
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (30, 0)


async def test_after_a_kill_only_the_parts_that_are_missing_are_sent(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(reference_tlv=TLV, faults=Faults(submits_ignored=Times(1, after=1)))
    site = await make_site(a=smsc.operator(window=WINDOW, **QUERY))
    smsc.stall(True)
    message_id = await site.send("77010000001", LONG)
    await smsc.wait_for(lambda it: it.counts.offered == 3)
    site = await after_a_kill(make_site, site, smsc, **QUERY)
    story = await site.ends(message_id, 102)
    assert [part.state for part in story.parts] == [102, 102, 102]
    assert [one.concatenation.sequence for one in smsc.received] == [1, 3, 2]
    assert [message.text for message in smsc.messages()] == [LONG]
    assert smsc.counts.repeated == 0


async def test_a_payload_is_asked_for_once(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(reference_tlv=TLV)
    ways = {**QUERY, "long_text": LongText.PAYLOAD}
    site = await make_site(a=smsc.operator(window=WINDOW, **ways))
    smsc.stall(True)
    message_id = await site.send("77010000001", LONG)
    await smsc.wait_for(1)
    site = await after_a_kill(make_site, site, smsc, **ways)
    await site.ends(message_id, 102)
    assert smsc.counts.submitted == 1


async def test_an_operator_that_does_not_say_leaves_it_held_and_is_asked_again(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(reference_tlv=TLV)
    site = await make_site(a=smsc.operator(window=WINDOW, **QUERY))
    ids = await full_window(site, smsc, WINDOW)
    left = await site.kill()
    smsc.faults = Faults(operations_ignored=1.0)
    smsc.stall(False)
    ways = {**QUERY, "response_timeout": 0.1, "window": WINDOW}
    site = await make_site(path=left, a=smsc.operator(**ways))
    await site.when(lambda: len(_held(site)) == WINDOW)
    assert _held(site) == set(ids)
    assert smsc.counts.repeated == 0
    smsc.faults = Faults()
    site.clock.skip(20_000)
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (WINDOW, 0)


async def test_after_a_kill_what_is_held_waits_for_a_person_who_decides_either_way(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=WINDOW, **HOLD))
    await site.account()
    before = await site.balance()
    ids = await full_window(site, smsc)
    site = await after_a_kill(make_site, site, smsc, **HOLD)
    doubtful, others = ids[:WINDOW], ids[WINDOW:]
    await site.all_end(others)
    assert smsc.counts.repeated == 0, "those never were in the window"
    held = await site.store.held(None, 100)
    assert [one.message_id for one in held] == doubtful
    assert {await site.stage(message_id) for message_id in doubtful} == {Stage.HELD}
    now = site.clock.now_ms()
    first, second, *_ = doubtful
    await site.store.decide(first, True, actor="test", now=now)
    await site.store.decide(second, False, actor="test", now=now)
    with pytest.raises(Conflict):
        await site.store.decide(second, True, actor="test", now=now)
    site.clock.skip(60_000)  # nobody told this process: it asks the tables itself
    story = await site.ends(first, 102)
    assert story.repeats == 1
    assert smsc.counts.repeated == 1, "by the person's word"
    rejected = await site.ends(second, 108)
    assert rejected.refunded == 10
    assert (await site.store.books.account("shop")).funds.balance == before - 29 * 10
    assert len(await site.store.held(None, 100)) == WINDOW - 2


# --- The link dies, the process lives ------------------------------------------------------------
async def test_when_a_link_drops_the_operator_is_asked_about_its_window(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(reference_tlv=TLV, faults=Faults(submits_ignored=Times(2)))
    site = await make_site(a=smsc.operator(window=WINDOW, **QUERY))
    smsc.stall(True)
    ids = await site.submit(*drafts(30))
    await smsc.wait_for(lambda it: it.counts.offered == WINDOW)
    smsc.drop_links()
    smsc.stall(False)
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (30, 0)
    assert {message_id for event in site.events(Held) for message_id in event.message_ids} == {
        *ids[:WINDOW]
    }


async def test_when_a_link_drops_its_window_is_held_and_the_rest_goes_on(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=WINDOW, **HOLD))
    ids = await full_window(site, smsc)
    smsc.drop_links()
    smsc.stall(False)
    await site.all_end(ids[WINDOW:])
    assert [one.message_id for one in await site.store.held(None, 100)] == ids[:WINDOW]
    assert (smsc.counts.unique, smsc.counts.repeated) == (30, 0)


@pytest.mark.parametrize(("ways", "again"), [({}, 1), (QUERY, 0)])
async def test_of_a_text_whose_parts_go_by_several_links_only_the_part_in_doubt_is_one(
    make_smsc: Any, make_site: Any, ways: dict[str, Any], again: int
) -> None:
    smsc = await make_smsc(reference_tlv=TLV)
    site = await make_site(a=smsc.operator(binds=3, window=1, **ways))
    smsc.stall(True)
    message_id = await site.send("77010000001", LONG)
    await smsc.wait_for(3)
    assert len({received.session for received in smsc.received}) == 3
    lane = site.lane("a")
    lane.links._links[2]._session.abort("the network is gone")
    await site.when(lambda: lane.links.counters.drops == 1)
    smsc.stall(False)
    story = await site.ends(message_id, 102)
    assert (smsc.counts.unique, smsc.counts.repeated, story.repeats) == (3, again, 1)
    assert smsc.messages()[0].text == LONG


async def test_where_an_operator_is_replaced_under_an_open_window_only_that_is_in_doubt(
    make_smsc: Any, make_site: Any
) -> None:
    old, new = await make_smsc(), await make_smsc()
    site = await make_site(a=old.operator(window=WINDOW))
    ids = await full_window(site, old)
    site.watch._patience = 0.2
    site.smscs["a"], new.bell = new, old.bell
    await site.change("a", port=new.port)
    await site.all_end(ids)
    assert (old.counts.submitted, new.counts.unique, new.counts.repeated) == (WINDOW, 30, 0)
    assert await repeats(site, ids) == [1] * WINDOW + [0] * (30 - WINDOW)


async def test_what_is_never_answered_is_asked_for_and_not_sent_again(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(reference_tlv=TLV, faults=Faults(responses_lost=Times(4)))
    site = await make_site(a=smsc.operator(window=WINDOW, response_timeout=0.1, **QUERY))
    ids = await site.submit(*drafts(20))
    await site.when(lambda: len(site.events(Held)) == 4)
    site.clock.skip(20_000)
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (20, 0)


async def test_a_stop_in_order_leaves_nothing_in_doubt(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(response_delay=0.01, reference_tlv=TLV)
    site = await make_site(a=smsc.operator(window=WINDOW, **HOLD))
    ids = await site.submit(*drafts(40))
    await smsc.wait_for(10)
    await site.stop()
    assert smsc.counts.submitted < 40
    site = await make_site(path=site.path, a=smsc.operator(window=WINDOW, **HOLD))
    assert site.recovered == 0
    assert await site.store.held(None, 10) == []
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (40, 0)
    assert site.events(Released) == []


def _held(site: Any) -> set[int]:
    return {message_id for event in site.events(Held) for message_id in event.message_ids}
