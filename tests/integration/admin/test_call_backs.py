"""What staff see of call-backs, and calling again, on a real database."""

from __future__ import annotations

import asyncio

import pytest

from habar.admin.accounts import Accounts
from habar.admin.callbacks import CallBacks, Wanted
from habar.model.account import AccountKind
from habar.model.message import Protocol, Reports, Submission
from habar.model.status import MessageState, Stage
from habar.store.callbacks import CallKind, CallStage, CallTried, ClaimCalls
from habar.store.events import Finished
from habar.store.sqlite import SqliteStore

NOW = 1_735_714_800_000
HOST = "http://shop.example:80"


@pytest.fixture
async def store(tmp_path):
    store = SqliteStore(tmp_path / "habar.db")
    await store.open(NOW)
    yield store
    await store.close()


async def told(put, what):
    answer = asyncio.get_running_loop().create_future()
    put(what, answer.set_result)
    return await asyncio.wait_for(answer, 30)


async def ended(store, account_id: int, operator: int, count: int) -> None:
    """Messages of the account that have ended: a call-back is owed for each."""
    one = Submission(
        account_id=account_id,
        customer_id=None,
        protocol=Protocol.XML,
        sender="TEXT_MSG",
        recipient=77771234567,
        text="Salem",
        data_coding=0,
        message_type=0,
        parts=1,
        priority=1,
        created_at=NOW,
        due_at=NOW,
        expires_at=None,
        operator_id=operator,
        stage=Stage.CLAIMED,
        price=0,
        reports=Reports.ACCOUNT,
    )
    for outcome in await told(store.journal.submit, [one] * count):
        event = Finished(outcome.message_id, MessageState.DELIVERED, "", NOW + 5000, refund=False)
        await told(store.journal.record, event)


async def given_up(store) -> None:
    for call in await told(store.journal.ask, ClaimCalls(HOST, 1000, NOW + 9000)):
        tried = CallTried(call.id, NOW + 9000, 35, 500, "", "Oops", CallStage.GIVEN_UP, NOW + 9035)
        await told(store.journal.record, tried)


async def test_given_up_ones_are_seen_and_called_again(store, monkeypatch):
    monkeypatch.setattr("habar.admin.callbacks.BATCH", 2)
    accounts = Accounts(store.books, actor="test", now=lambda: NOW)
    view = await accounts.add(
        "shop",
        "shop",
        kind=AccountKind.FULL,
        settings={"report_url": "http://shop.example/report"},
    )
    secret = await accounts.set_callback_secret("shop")
    assert (await accounts.set("shop", {"report_format": "json"})).account.callback_secret == secret
    operator = await store.books.ensure_operator("kcell")
    await ended(store, view.account.id, operator, 3)
    calls = CallBacks(store.callbacks, store.books, actor="test", now=lambda: NOW + 10_000)
    [host] = await calls.hosts()
    assert host.host == HOST
    await given_up(store)
    rows = await calls.list(Wanted(account="shop", state="given-up", host=HOST), 10)
    assert [(row.kind, row.login, row.attempts, row.last_status) for row in rows] == [
        (CallKind.STATE, "shop", 1, 500)
    ] * 3
    story = await calls.show(rows[0].id)
    assert [one.answer for one in story.tries] == ["Oops"]
    ids = await calls.find(Wanted(state="given-up"))
    assert list(ids) == sorted(row.id for row in rows)
    assert await calls.replay_all(ids, lambda _: None) == 3
    again = await told(store.journal.ask, ClaimCalls(HOST, 10, NOW + 10_000))
    assert [call.id for call in again] == list(ids)
    assert await calls.replay(list(ids)) == []  # they are in hand
    assert len(await calls.list(Wanted(message=rows[0].subject), 10)) == 1
