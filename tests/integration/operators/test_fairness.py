"""No neighbour: a campaign delays another account's message by a window; priorities go first."""

from __future__ import annotations

from typing import Any

import pytest

from .site import drafts

MANY = 3000
WINDOW = 10


async def campaign(site: Any, smsc: Any, count: int = MANY, login: str = "big") -> None:
    """One account has many waiting, most of them on disk, and a window is full of them."""
    smsc.stall(True)
    before = smsc.counts.submitted
    await site.submit(*drafts(count, login), login=login)
    await smsc.wait_for(before + WINDOW)


@pytest.mark.parametrize("binds", [1, 3])
async def test_behind_a_campaign_a_single_message_waits_for_the_window_only(
    make_smsc: Any, make_site: Any, binds: int
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=WINDOW, binds=binds), ahead=1000)
    await site.account("small")
    await campaign(site, smsc)
    await smsc.wait_for(WINDOW * binds)
    (message_id,) = await site.submit(*drafts(1, "small"), login="small")
    smsc.stall(False)
    await site.ends(message_id, 102)
    beyond = smsc.texts.index("small 0") - WINDOW * binds
    if binds == 1:
        assert beyond <= 1, "behind what was in the window, and one of the campaign's"
    assert beyond < WINDOW * binds, "what goes by other links at the same time may be read before"


async def test_in_the_midst_of_a_campaign_each_of_many_accounts_gets_its_turn(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(response_delay=0.001)
    site = await make_site(a=smsc.operator(window=WINDOW), ahead=1000)
    logins = [f"small{n}" for n in range(5)]
    for login in logins:
        await site.account(login)
    await site.submit(*drafts(MANY, "big"), login="big")
    await smsc.wait_for(500)
    for login in logins:
        before = smsc.counts.submitted
        (message_id,) = await site.submit(*drafts(1, login), login=login)
        taken = smsc.counts.submitted
        await site.ends(message_id, 102)
        place = smsc.texts.index(f"{login} 0")
        assert before <= place <= taken + 2 * WINDOW
    assert smsc.counts.submitted < MANY, "the campaign was under way all the time"


async def test_two_campaigns_and_a_later_account_share_evenly(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=WINDOW), ahead=300)
    for login in ("big", "also", "late"):
        await site.account(login)
    await campaign(site, smsc, 1000, "big")
    await site.submit(*drafts(1000, "also"), login="also")
    await site.submit(*drafts(100, "late"), login="late")
    smsc.stall(False)
    await smsc.wait_for(WINDOW + 300)
    then = smsc.texts[WINDOW : WINDOW + 300]
    shares = {login: sum(text.startswith(login) for text in then) for login in ("big", "also")}
    assert sum(text.startswith("late") for text in then) == 100
    assert abs(shares["big"] - shares["also"]) <= 4


async def test_what_is_urgent_passes_everything_that_is_not(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=WINDOW), ahead=1000)
    await site.account("alarm", priority=0)
    await site.account("later", priority=2)
    await campaign(site, smsc, 1000, "later")
    await site.submit(*drafts(50, "usual"), login="usual")
    await site.submit(*drafts(50, "alarm"), login="alarm")
    smsc.stall(False)
    await smsc.wait_for(WINDOW + 200)
    order = [text.split()[0] for text in smsc.texts[WINDOW : WINDOW + 200]]
    assert order == ["alarm"] * 50 + ["usual"] * 50 + ["later"] * 100
    flags = {one.text.split()[0]: one.priority for one in smsc.received}
    assert flags == {"alarm": 1, "usual": 0, "later": 0}
