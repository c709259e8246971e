"""What staff do with short codes and subscribers' messages, on a real database."""

from __future__ import annotations

import asyncio

import pytest

from habar.admin.accounts import Accounts
from habar.admin.inbox import SubscribersMessages
from habar.admin.opt_outs import OptOuts
from habar.admin.shortcodes import ShortCodeRules, Wanted
from habar.errors import Conflict, NotFound
from habar.store.inbox import CallMethod, InboundState, Received
from habar.store.sqlite import SqliteStore

NOW = 1_735_714_800_000
BY = {"actor": "test", "now": lambda: NOW}


@pytest.fixture
async def store(tmp_path):
    store = SqliteStore(tmp_path / "habar.db")
    await store.open(NOW)
    accounts = Accounts(store.books, **BY)
    await accounts.add("acme", "acme")
    await accounts.add("shop", "shop")
    yield store
    await store.close()


async def came_in(store, text: str) -> int:
    """An unrouted message to 8785; its id."""
    operator = await store.books.ensure_operator("kcell")
    event = Received(
        account_id=0,
        shortcode_id=0,
        operator_id=operator,
        sender="77771234567",
        short_code="8785",
        transaction_id="12345",
        text=text,
        data_coding=0,
        parts=1,
        missing=0,
        sent_at=None,
        at=NOW,
        method=CallMethod.NONE,
        host="",
        reply="",
    )
    told = asyncio.get_running_loop().create_future()
    store.journal.record(event, told.set_result)
    return await asyncio.wait_for(told, 30)


async def test_rules_are_made_changed_and_removed(store):
    rules = ShortCodeRules(store.inbox, store.books, **BY)
    wanted = Wanted(url="http://acme.example/in", method="post", userin="gw", passwordin="s3cret")
    made = await rules.add("8785", "Win", "acme", wanted)
    assert await rules.show("8785", "WIN") == made
    with pytest.raises(Conflict):
        await rules.add("8785", "win", "shop", Wanted())
    changed = await rules.set("8785", "win", Wanted(account="shop", url="", reply="Thanks"))
    assert (changed.account, changed.method) == ("shop", CallMethod.AUTO)
    assert await rules.list() == [changed]
    await rules.remove("8785", "win")
    with pytest.raises(NotFound):
        await rules.show("8785", "win")


async def test_unrouted_ones_are_seen_and_given_away(store):
    rules = ShortCodeRules(store.inbox, store.books, **BY)
    messages = SubscribersMessages(store.inbox, store.callbacks, store.books, **BY)
    win, lose, other = [await came_in(store, text) for text in ("Win a car", "Lose", "Other")]
    await rules.add("8785", "win", "acme", Wanted(url="http://acme.example/in"))
    assert await messages.reroute() == (3, 1)
    await messages.assign_to_rule(lose, "8785", "win")
    await messages.assign_to_account(other, "shop")
    found = await messages.list(account=None, state=None, code="8785", limit=10)
    assert [(row.id, row.login, row.state) for row in found] == [
        (other, "shop", InboundState.KEPT),
        (lose, "acme", InboundState.WAITING),
        (win, "acme", InboundState.WAITING),
    ]
    with pytest.raises(Conflict):
        await messages.assign_to_account(win, "shop")
    with pytest.raises(NotFound):
        await messages.assign_to_account(99, "shop")
    story = "\n".join(await messages.story(win, zone="UTC"))
    assert "by short code 8785 win: GET http://acme.example/in" in story
    assert [row.id for row in await messages.list(account="shop", state="kept", code=None, limit=9)]


async def test_opt_outs(store):
    opt_outs = OptOuts(store.inbox, store.books, **BY)
    await opt_outs.add("acme", "77771234567")
    assert [(one.account, one.msisdn) for one in await opt_outs.list(None, 10)] == [
        ("acme", 77771234567)
    ]
    assert await opt_outs.list("shop", 10) == []
    await opt_outs.remove("acme", "77771234567")
    assert await opt_outs.list("acme", 10) == []
