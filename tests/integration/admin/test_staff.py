"""What staff do, on a real database, and what the doors see of it."""

from __future__ import annotations

import asyncio

import pytest

from habar.admin import messages
from habar.admin.accounts import Accounts
from habar.admin.senders import Senders
from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.account import AccountKind, DuplicateId
from habar.model.message import Protocol, Submission
from habar.model.secret import password_matches
from habar.model.status import Stage
from habar.store.events import Released
from habar.store.sqlite import SqliteStore
from habar.submit.directory import Directory

NOW = 1_735_714_800_000  # 2025-01-01 12:00:00 in Almaty


@pytest.fixture
async def store(tmp_path):
    store = SqliteStore(tmp_path / "habar.db")
    await store.open(NOW)
    yield store
    await store.close()


@pytest.fixture
def accounts(store):
    return Accounts(store.books, actor="aliya", now=lambda: NOW)


@pytest.fixture
def senders(store):
    return Senders(store.books, actor="aliya", now=lambda: NOW)


async def test_what_staff_set_is_what_the_doors_read(store, accounts, senders):
    settings = {"part_price": "12", "rate_limit": "5", "compat.duplicate_id": "allow"}
    await accounts.add("shop", "shop", kind=AccountKind.FULL, balance=1000, settings=settings)
    await senders.add("shop", "SHOP")
    await accounts.set("shop", {"default_sender": "SHOP", "max_parts": "3"})
    key = await accounts.add_key("shop", "web shop")
    directory = Directory(store.books)
    await directory.load()
    credentials = directory.by_login("shop")
    account = credentials.account
    assert password_matches(credentials.password_hash, "shop")
    assert directory.by_key(key) == account
    assert (account.part_price, account.rate_limit, account.max_parts) == (1200, 5, 3)
    assert (account.default_sender, account.senders) == (
        "SHOP",
        {"SHOP", "TEXT_MSG", "INFO_KAZ"},
    )
    assert account.compat.duplicate_id is DuplicateId.ALLOW


async def test_a_command_beside_the_gateway_is_noticed(tmp_path, store, accounts):
    await accounts.add("shop", "shop")
    directory = Directory(store.books)
    await directory.load()
    assert not await directory.refresh_if_changed()
    beside = SqliteStore(tmp_path / "habar.db")
    await beside.open_books()
    await Accounts(beside.books, actor="command", now=lambda: NOW).block("shop")
    await beside.close()
    assert await directory.refresh_if_changed()
    assert directory.by_login("shop").account.blocked


async def test_money_and_allowance(store, accounts):
    await accounts.add("shop", "shop", kind=AccountKind.FULL, balance=1000)
    assert await accounts.top_up("shop", "10.52", "invoice 7") == 2052
    assert await store.books.ledger_sum("shop") == 2052
    with pytest.raises(InvalidValue):
        await accounts.set_allowance("shop", 5)
    assert (await accounts.set("shop", {"kind": "test"})).funds.allowance == 20
    await accounts.set_allowance("shop", 5)
    assert (await accounts.show("shop")).funds.allowance == 5
    assert (await accounts.set("shop", {"kind": "full"})).funds.allowance is None


async def test_what_there_is_not_and_what_there_is_already(accounts, senders):
    await accounts.add("shop", "shop")
    with pytest.raises(Conflict):
        await accounts.add("shop", "shop")
    await senders.add("shop", "SHOP")
    with pytest.raises(Conflict):
        await senders.add("shop", "SHOP")
    for action in (
        accounts.block("nobody"),
        accounts.top_up("nobody", "1"),
        accounts.add_key("nobody"),
        accounts.set_password("nobody", "x"),
        senders.add("nobody", "SHOP"),
        senders.remove("shop", "NONE"),
    ):
        with pytest.raises(NotFound):
            await action


async def test_a_messages_story(store, accounts):
    view = await accounts.add("shop", "shop", kind=AccountKind.FULL, balance=5000)
    operator = await store.books.ensure_operator("kcell")
    submission = Submission(
        account_id=view.account.id,
        customer_id=7,
        protocol=Protocol.XML,
        sender="TEXT_MSG",
        recipient=77771234567,
        text="Сәлем",
        data_coding=8,
        message_type=0,
        parts=1,
        priority=1,
        created_at=NOW,
        due_at=NOW,
        expires_at=None,
        operator_id=operator,
        stage=Stage.CLAIMED,
        price=1200,
    )
    stored = asyncio.get_running_loop().create_future()
    store.journal.submit([submission], stored.set_result)
    [outcome] = await stored
    released = asyncio.get_running_loop().create_future()
    event = Released((outcome.message_id,), uncertain=True, at=NOW + 60_000)
    store.journal.record(event, released.set_result)
    await released
    more = {"inbox": store.inbox, "callbacks": store.callbacks}
    assert await messages.story(store, outcome.message_id, **more) == [
        "2025-01-01 12:00:00  came in by XML from shop, its id 7",
        "2025-01-01 12:00:00  from TEXT_MSG to 77771234567: 'Сәлем'",
        "2025-01-01 12:00:00  UCS2, 1 part",
        "2025-01-01 12:00:00  routed to kcell, priority 1",
        "2025-01-01 12:00:00  12.00 KZT reserved",
        (
            "2025-01-01 12:01:00  a process or link ended with it in hand:"
            " it may have gone out twice (once)"
        ),
        " " * 21 + "now 106 ACCEPTED: it waits in the queue",
    ]
    with pytest.raises(NotFound):
        await messages.story(store, outcome.message_id + 1, **more)
