"""Pace: operators that throttle, in bursts or always, or say nothing; and who waits for whom."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from habar.model.route import Route
from habar.simulator import Burst, Faults, Limit, Times
from habar.wire.smpp import CommandStatus

from .site import drafts

QUEUE_FULL = int(CommandStatus.ESME_RMSGQFUL)


# --- An operator that throttles ------------------------------------------------------------------
@pytest.mark.parametrize("status", [int(CommandStatus.ESME_RTHROTTLED), QUEUE_FULL])
async def test_over_the_operator_s_limit_everything_arrives_and_little_is_sent_in_vain(
    make_smsc: Any, make_site: Any, status: int
) -> None:
    """The SMSC takes a second's worth at once, so the first answer that throttles finds it full."""
    smsc = await make_smsc(faults=Faults(limit=Limit(100, status)))
    site = await make_site(a=smsc.operator(window=10))
    ids = await site.submit(*drafts(300))
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (300, 0)
    in_vain = smsc.counts.refusals[status]
    assert 0 < in_vain <= 30, "a tenth, of which a window is the first one's"


async def test_an_operator_that_takes_much_less_than_before_is_soon_sent_less(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=10))
    await site.all_end(await site.submit(*drafts(200, "fast")))
    smsc.faults = Faults(limit=Limit(40))
    await site.all_end(await site.submit(*drafts(120)))
    assert (smsc.counts.unique, smsc.counts.repeated) == (320, 0)
    assert 0 < smsc.counts.throttled <= 130, "what it costs to learn it, by halves"


async def test_parts_count_as_the_operator_counts_them(make_smsc: Any, make_site: Any) -> None:
    """Two SMSCs with one limit each: messages of three parts are three PDUs to the pace."""
    smsc = await make_smsc(faults=Faults(limit=Limit(50)))
    site = await make_site(a=smsc.operator(throughput=40, window=50))
    ids = await site.submit(*[(None, "77010000001", None, None, None, None, "x" * 400)] * 20)
    await site.all_end(ids)
    assert smsc.counts.submitted == 60
    assert smsc.counts.throttled == 0, "the limit in PDUs was kept, so nobody said slower"
    assert smsc.counts.fastest_second <= 50


async def test_of_a_long_text_only_the_part_that_was_throttled_goes_again(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=10))
    smsc.faults = Faults(errors={int(CommandStatus.ESME_RTHROTTLED): Times(1, after=1)})
    story = await site.ends(await site.send("77010000001", "x" * 400), 102)
    assert (smsc.counts.unique, smsc.counts.repeated, smsc.counts.throttled) == (3, 0, 1)
    assert [message.text for message in smsc.messages()] == ["x" * 400]
    assert story.repeats == 0


async def test_what_waits_for_a_throttling_operator_too_long_expires_unsent(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator())
    await site.account()
    before = await site.balance()
    smsc.refuse_submits(CommandStatus.ESME_RTHROTTLED)
    message_id = await site.send("77010000001", date_end=site.clock.now_ms() + 60_000)
    await site.when(lambda: smsc.counts.throttled >= 2)
    site.clock.skip(60_000)
    smsc.refuse_submits(None)
    site.housekeeping.start()
    story = await site.ends(message_id, 103)
    assert story.attempts >= 1
    assert smsc.counts.submitted == 0
    assert await site.balance() == before


async def test_through_bursts_of_throttling_everything_arrives_without_a_storm(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(response_delay=0.002)
    site = await make_site(a=smsc.operator(window=10))
    await site.all_end(await site.submit(*drafts(100, "before")))
    smsc.faults = Faults(bursts=(Burst(0.1, 0.7), Burst(0.1, 1.1, QUEUE_FULL)))
    await site.all_end(await site.submit(*drafts(200)))
    assert (smsc.counts.unique, smsc.counts.repeated) == (300, 0)
    in_vain = smsc.counts.throttled + smsc.counts.refused
    assert 0 < in_vain <= 60, "a window for the first one, then one or two at a time"


async def test_a_link_is_fast_again_after_a_burst(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=10))
    smsc.faults = Faults(errors={int(CommandStatus.ESME_RTHROTTLED): Times(5, after=100)})
    ids = await site.submit(*drafts(200))
    await site.all_end(ids)
    before = smsc.counts.throttled
    await site.all_end(await site.submit(*drafts(100, "later")))
    assert before == smsc.counts.throttled == 5
    assert (smsc.counts.unique, smsc.counts.repeated) == (300, 0)


# --- Neighbours ----------------------------------------------------------------------------------
async def test_an_operator_that_answers_nothing_holds_up_nobody_else_s_messages(
    make_smsc: Any, make_site: Any
) -> None:
    dumb, throttles, good = await make_smsc(), await make_smsc(), await make_smsc()
    site = await make_site(
        dumb=dumb.operator(window=10), slow=throttles.operator(window=10), good=good.operator()
    )
    await site.route(
        *[
            Route(0, 0, (site.target(name),), sender=name.upper())
            for name in ("dumb", "slow", "good")
        ]
    )
    dumb.stall(True)
    throttles.refuse_submits(CommandStatus.ESME_RTHROTTLED)
    mixed = [
        (None, f"7701{n:07d}", sender, None, None, None, f"{sender} {n}")
        for n in range(50)
        for sender in ("DUMB", "SLOW", "GOOD")
    ]
    ids = await site.submit(*mixed)
    await site.all_end(ids[2::3])
    assert (good.counts.unique, good.counts.repeated) == (50, 0)
    assert dumb.counts.submitted == 10, "its window, no more"
    assert throttles.counts.submitted == 0
    dumb.stall(False)
    await site.all_end(ids[::3])
    assert (dumb.counts.unique, dumb.counts.repeated) == (50, 0)


async def test_a_link_that_falls_silent_holds_up_its_own_window_and_nothing_else(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(faults=Faults(links_silent=Times(1), silent_after=1))
    site = await make_site(a=smsc.operator(binds=2, window=4))
    ids = await site.submit(*drafts(60))
    await site.when(lambda: smsc.counts.submitted == 56 and site.lane("a").links.window_used == 4)
    await site.all_end([m for m in ids if m not in in_windows(site, "a")])
    by_session = Counter(received.session for received in smsc.received)
    assert len(by_session) == 1, "by the link that answers"
    smsc.drop_links()
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (60, 0)


def in_windows(site: Any, name: str) -> set[int]:
    """Messages that are unanswered on any link."""
    sessions = [link._session for link in site.lane(name).links._links.values()]
    tokens = [token for session in sessions for token in session.smpp.outstanding]
    return {flight.message.message_id for flight, _ in tokens}
