"""SMSCs that misbehave in the middle of traffic: nothing is lost, and only the doubtful goes again.

The rule: a message goes to the operator once, and once more for each time its story says that it
was in doubt (`repeats`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from habar.operators import LinkState
from habar.simulator import Burst, Faults, Times, Wait

from .site import drafts

MANY = 60
WINDOW = 5


async def traffic(
    make_smsc: Any, make_site: Any, faults: Faults, **changes: Any
) -> tuple[Any, Any, list[int]]:
    """Messages through an SMSC with these faults, all delivered in the end, by the rule."""
    smsc = await make_smsc(faults=faults)
    site = await make_site(a=smsc.operator(**({"window": WINDOW} | changes)))
    ids = await site.submit(*drafts(MANY))
    await site.all_end(ids)
    await by_the_rule(site, smsc, ids)
    return site, smsc, ids


async def by_the_rule(site: Any, smsc: Any, ids: list[int]) -> None:
    times = Counter(smsc.texts)
    for n, message_id in enumerate(ids):
        story = await site.story(message_id)
        assert 1 <= times[f"text {n}"] <= 1 + story.repeats
        assert story.submission.state == 102
    assert smsc.counts.unique == len(ids)


async def doubtful(site: Any, ids: list[int]) -> int:
    return sum([(await site.story(message_id)).repeats for message_id in ids])


# --- Links that are there and say nothing --------------------------------------------------------
async def test_a_half_open_link_is_found_and_left(make_smsc: Any, make_site: Any) -> None:
    faults = Faults(links_silent=Times(1), silent_after=21)
    site, smsc, ids = await traffic(
        make_smsc, make_site, faults, enquire_link=0.1, response_timeout=30.0
    )
    assert smsc.counts.links_lost == 1
    assert await doubtful(site, ids) <= WINDOW
    assert smsc.counts.repeated == 0, "it had read nothing more"


async def test_all_links_that_fall_silent_at_once_are_left_and_made_anew(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(
        a=smsc.operator(window=WINDOW, binds=2, enquire_link=0.1, response_timeout=30.0)
    )
    ids = await site.submit(*drafts(MANY))
    await smsc.wait_for(10)
    smsc.fall_silent()
    await site.all_end(ids)
    await by_the_rule(site, smsc, ids)
    assert site.lane("a").links.counters.drops == 2


async def test_a_link_on_which_only_enquire_link_is_ignored_is_left(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(faults=Faults(enquire_links_ignored=True))
    site = await make_site(a=smsc.operator(enquire_link=0.05, response_timeout=0.1))
    await site.when(lambda: site.lane("a").links.counters.drops >= 1)
    assert "enquire_link" in site.lane("a").links.last_error
    smsc.faults = Faults()
    await site.all_end(await site.submit(*drafts(5)))


async def test_a_bind_that_is_never_answered_is_tried_anew(make_smsc: Any, make_site: Any) -> None:
    faults = Faults(links_silent=Times(2), silent_after=0)
    await traffic(make_smsc, make_site, faults, response_timeout=0.1)


# --- Answers -------------------------------------------------------------------------------------
async def test_responses_that_are_never_sent_are_doubts_and_each_is_one_repeat(
    make_smsc: Any, make_site: Any
) -> None:
    faults = Faults(responses_lost=Times(5, after=7))
    site, smsc, ids = await traffic(make_smsc, make_site, faults, response_timeout=0.1)
    assert smsc.counts.repeated == await doubtful(site, ids) == 5
    assert smsc.counts.links_lost == 0, "the link stands"


async def test_what_was_neither_taken_nor_answered_goes_again_as_a_doubt(
    make_smsc: Any, make_site: Any
) -> None:
    faults = Faults(submits_ignored=Times(5, after=7))
    site, smsc, ids = await traffic(make_smsc, make_site, faults, response_timeout=0.1)
    assert smsc.counts.repeated == 0
    assert await doubtful(site, ids) == 5


async def test_a_generic_nack_refuses_one_message_for_now_and_leaves_no_doubt(
    make_smsc: Any, make_site: Any
) -> None:
    site, smsc, ids = await traffic(make_smsc, make_site, Faults(nacks=Times(6, after=5)))
    assert (smsc.counts.ignored, smsc.counts.repeated, smsc.counts.links_lost) == (6, 0, 0)
    assert await doubtful(site, ids) == 0
    assert site.report("a").errors["ESME_RSYSERR"] == 6


async def test_a_generic_nack_for_nothing_known_harms_nothing_but_what_it_was_for(
    make_smsc: Any, make_site: Any
) -> None:
    faults = Faults(nacks_unnumbered=Times(4, after=5))
    site, smsc, ids = await traffic(make_smsc, make_site, faults, response_timeout=0.1)
    assert (smsc.counts.ignored, smsc.counts.repeated) == (4, 0)
    assert await doubtful(site, ids) == 4


@pytest.mark.parametrize(
    "faults",
    [
        Faults(responses_repeated=0.5, seed=1),
        Faults(responses_stray=0.5, seed=2),
        Faults(responses_late=0.3, response_wait=Wait(0.0, 0.03), seed=3),
        Faults(sequences_reused=1.0),
        Faults(outbinds=1.0),
    ],
    ids=["repeated", "stray", "out of order", "sequence numbers reused", "outbind"],
)
async def test_oddities_that_can_be_told_apart_cost_nothing(
    make_smsc: Any, make_site: Any, faults: Faults
) -> None:
    site, smsc, ids = await traffic(make_smsc, make_site, faults)
    assert smsc.counts.repeated == 0
    assert await doubtful(site, ids) == 0
    assert (smsc.counts.links_lost, site.lane("a").links.counters.drops) == (0, 0)
    await smsc.wait_for(lambda it: not it.waiting_deliveries)
    assert smsc.counts.deliveries_rejected == 0


async def test_a_late_response_after_the_doubt_changes_nothing(
    make_smsc: Any, make_site: Any
) -> None:
    faults = Faults(responses_late=Times(3, after=5), response_wait=Wait(0.3, 0.3))
    site, smsc, ids = await traffic(make_smsc, make_site, faults, response_timeout=0.1)
    assert smsc.counts.repeated == await doubtful(site, ids) == 3
    await site.when(lambda: site.lane("a").links.counters.late == 3)
    assert {await site.stage(message_id) for message_id in ids} == {3}


# --- Ends of links -------------------------------------------------------------------------------
@pytest.mark.parametrize("binds", [1, 3])
async def test_an_unbind_in_the_middle_of_traffic_loses_nothing(
    make_smsc: Any, make_site: Any, binds: int
) -> None:
    faults = Faults(unbinds=0.1, seed=4)
    site, smsc, ids = await traffic(make_smsc, make_site, faults, binds=binds)
    drops = site.lane("a").links.counters.drops
    assert drops >= 2
    assert smsc.counts.repeated <= await doubtful(site, ids) <= drops * WINDOW


@pytest.mark.parametrize("binds", [1, 3])
async def test_a_reset_in_the_middle_of_a_pdu_repeats_the_window_at_most(
    make_smsc: Any, make_site: Any, binds: int
) -> None:
    faults = Faults(resets=Times(3, after=15))
    site, smsc, ids = await traffic(make_smsc, make_site, faults, binds=binds)
    assert 3 <= smsc.counts.repeated <= await doubtful(site, ids) <= 3 * WINDOW
    assert site.lane("a").links.counters.drops == 3


async def test_binds_that_are_refused_for_a_while_are_made_in_the_end(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(faults=Faults(bind_bursts=(Burst(0.2, 3600.0),)))
    site = await make_site(a=smsc.operator(binds=2))
    assert smsc.counts.binds_refused >= 2
    await site.all_end(await site.submit(*drafts(10)))
    assert smsc.counts.repeated == 0


async def test_a_link_that_comes_and_goes_is_bound_with_growing_pauses(
    make_smsc: Any, make_site: Any
) -> None:
    """Refused each time: the attempts grow rarer, up to the longest pause."""
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(reconnect_first=0.01, reconnect_last=0.3))
    smsc.faults = Faults(binds_refused=1.0)
    smsc.drop_links()
    await site.when(lambda: smsc.counts.binds_refused >= 3)
    waiting = await site.submit(*drafts(10))
    await site.when(lambda: site.lane("a").links.state is LinkState.DOWN)
    assert site.lane("a").places == 0, "what waits, waits on disk"
    smsc.faults = Faults()
    await site.all_end(waiting)
    assert (smsc.counts.unique, smsc.counts.repeated) == (10, 0)


# --- All at once ---------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [1, 2])
async def test_everything_at_once_on_two_operators_ends_every_message_by_the_rule(
    make_smsc: Any, make_site: Any, seed: int
) -> None:
    faults = Faults(
        seed=seed,
        receipts_early=0.2,
        receipts_repeated=0.1,
        receipts_shuffled=True,
        sequences_reused=0.1,
        errors={0x08: 0.05, 0x14: 0.02},
        nacks=0.02,
        submits_ignored=0.01,
        responses_late=0.1,
        response_wait=Wait(0.0, 0.03),
        responses_repeated=0.05,
        responses_stray=0.05,
        unbinds=0.01,
        resets=0.01,
    )
    a, b = await make_smsc(faults=faults), await make_smsc(faults=faults)
    ways = {"binds": 2, "window": WINDOW, "response_timeout": 0.3}
    site = await make_site(a=a.operator(**ways), b=b.operator(**ways))
    ids = await site.submit(*drafts(200))
    await site.all_end(ids)
    times = Counter([*a.texts, *b.texts])
    for n, message_id in enumerate(ids):
        story = await site.story(message_id)
        assert 1 <= times[f"text {n}"] <= 1 + story.repeats
