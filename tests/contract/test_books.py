"""Accounts, senders, keys and operators as staff change them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.account import (
    AccountKind,
    Compat,
    DuplicateId,
    HttpReply,
    RecipientForm,
    XmlAcceptCode,
)
from habar.store.books import NewAccount

WHO: dict[str, Any] = {"actor": "ann", "now": 5}
COMPAT = Compat(
    XmlAcceptCode.ONE, DuplicateId.ALLOW, True, RecipientForm.NORMALISE, HttpReply.OZEKI, "UTC"
)


async def test_a_new_account(desk: Any, engine: Any) -> None:
    books = desk.store.books
    new = NewAccount("bank", AccountKind.FULL, "argon", balance=500, part_price=7, compat=COMPAT)
    number = await books.add_account(new, **WHO)
    row = await books.account("bank")
    account = row.credentials.account
    assert (account.id, account.login, account.kind) == (number, "bank", AccountKind.FULL)
    assert (account.part_price, account.compat, account.blocked) == (7, COMPAT, False)
    assert account.senders == {"TEXT_MSG", "INFO_KAZ"}
    assert row.credentials.password_hash == "argon"
    assert (row.funds.balance, row.funds.allowance, row.key_digests) == (500, None, ())
    assert await books.ledger_sum("bank") == 500
    assert engine.audit()[-1] == ("ann", "account add", "bank", "full")


async def test_a_test_account_has_twenty_parts_unless_told(desk: Any) -> None:
    books = desk.store.books
    await books.add_account(NewAccount("t", AccountKind.TEST, "h", allowance=3), **WHO)
    assert (await desk.funds("demo")).allowance == 20
    assert (await desk.funds("t")).allowance == 3
    await books.set_allowance("t", 50, **WHO)
    assert (await desk.funds("t")).allowance == 50
    with pytest.raises(InvalidValue):
        await books.set_allowance("shop", 50, **WHO)


async def test_accounts_come_by_login(desk: Any) -> None:
    logins = [row.credentials.account.login for row in await desk.store.books.accounts()]
    assert logins == ["demo", "shop"]


async def test_a_login_is_taken_once(desk: Any) -> None:
    books = desk.store.books
    with pytest.raises(Conflict):
        await books.add_account(NewAccount("shop", AccountKind.FULL, "h", balance=9), **WHO)
    demo = (await books.account("demo")).credentials.account
    with pytest.raises(Conflict):
        await books.change_account(replace(demo, login="shop"), **WHO)
    assert await desk.balanced()


async def test_every_field_of_an_account_can_be_changed(desk: Any) -> None:
    books = desk.store.books
    before = (await books.account("shop")).credentials.account
    changed = replace(
        before,
        login="store",
        blocked=True,
        default_sender="INFO_KAZ",
        max_parts=3,
        part_price=9,
        daily_limit=100,
        rate_limit=10,
        priority=0,
        compat=COMPAT,
    )
    await books.change_account(changed, **WHO)
    row = await books.account("store")
    assert row.credentials.account == changed
    assert (row.credentials.password_hash, row.funds.balance) == ("hash", 100_000)
    await books.change_account(changed, password_hash="new", **WHO)
    assert (await books.account("store")).credentials.password_hash == "new"


async def test_a_change_of_kind_changes_what_it_lives_on(desk: Any) -> None:
    books = desk.store.books
    demo = (await books.account("demo")).credentials.account
    await books.change_account(replace(demo, kind=AccountKind.FULL), **WHO)
    assert (await desk.funds("demo")).allowance is None
    await books.change_account(demo, **WHO)
    assert (await desk.funds("demo")).allowance == 20


async def test_senders_belong_to_one_account(desk: Any) -> None:
    books = desk.store.books
    await books.add_sender("shop", "SHOP", **WHO)
    shop = (await books.account("shop")).credentials.account
    assert shop.senders == {"TEXT_MSG", "INFO_KAZ", "SHOP"}
    accounts = {row.credentials.account.login: row for row in await books.accounts()}
    assert accounts["shop"].credentials.account == shop
    assert "SHOP" not in accounts["demo"].credentials.account.senders
    for taken in ("SHOP", "TEXT_MSG"):
        with pytest.raises(Conflict):
            await books.add_sender("shop", taken, **WHO)


async def test_a_default_sender_that_is_taken_away_is_the_default_no_more(desk: Any) -> None:
    books = desk.store.books
    await books.add_sender("shop", "SHOP", **WHO)
    shop = (await books.account("shop")).credentials.account
    await books.change_account(replace(shop, default_sender="SHOP"), **WHO)
    await books.remove_sender("shop", "SHOP", **WHO)
    shop = (await books.account("shop")).credentials.account
    assert (shop.default_sender, shop.senders) == ("TEXT_MSG", {"TEXT_MSG", "INFO_KAZ"})
    for sender in ("SHOP", "TEXT_MSG"):
        with pytest.raises(NotFound):
            await books.remove_sender("shop", sender, **WHO)


async def test_keys(desk: Any) -> None:
    books = desk.store.books
    await books.add_key("shop", b"digest", "laptop", **WHO)
    assert (await books.account("shop")).key_digests == (b"digest",)
    with pytest.raises(Conflict):
        await books.add_key("demo", b"digest", "again", **WHO)
    assert [row.key_digests for row in await books.accounts()] == [(), (b"digest",)]


async def test_an_operator_is_made_once(desk: Any) -> None:
    books = desk.store.books
    assert await books.ensure_operator("kcell") == desk.operator
    assert await books.ensure_operator("beeline") != desk.operator


async def test_money_may_be_taken_too(desk: Any, engine: Any) -> None:
    books = desk.store.books
    assert await books.top_up("shop", -40_000, "mistake", **WHO) == 60_000
    assert engine.ledger(desk.account)[-1][:2] == ("top-up", -40_000)
    assert engine.audit()[-1] == ("ann", "top up", "shop", "-40000")
    assert await desk.balanced()


@pytest.mark.parametrize(
    "call",
    [
        lambda books: books.account("nobody"),
        lambda books: books.set_allowance("nobody", 1, **WHO),
        lambda books: books.top_up("nobody", 1, "", **WHO),
        lambda books: books.add_sender("nobody", "X", **WHO),
        lambda books: books.remove_sender("nobody", "X", **WHO),
        lambda books: books.add_key("nobody", b"x", "", **WHO),
        lambda books: books.ledger_sum("nobody"),
    ],
    ids=["account", "allowance", "top up", "add sender", "remove sender", "key", "ledger"],
)
async def test_nobody_is_not_found(desk: Any, engine: Any, call: Any) -> None:
    before = engine.audit()
    with pytest.raises(NotFound):
        await call(desk.store.books)
    assert engine.audit() == before


async def test_an_account_that_is_gone_cannot_be_changed(desk: Any) -> None:
    demo = (await desk.store.books.account("demo")).credentials.account
    with pytest.raises(NotFound):
        await desk.store.books.change_account(replace(demo, id=999, login="x"), **WHO)


async def test_the_version_tells_of_changes_that_concern_the_doors(desk: Any) -> None:
    books = desk.store.books
    demo = (await books.account("demo")).credentials.account
    seen = [await books.version()]
    for change in (
        books.add_sender("shop", "SHOP", **WHO),
        books.remove_sender("shop", "SHOP", **WHO),
        books.add_key("shop", b"k", "", **WHO),
        books.change_account(replace(demo, blocked=True), **WHO),
        books.add_account(NewAccount("new", AccountKind.TEST, "h"), **WHO),
    ):
        await change
        seen.append(await books.version())
    assert len(set(seen)) == len(seen)


async def test_no_secret_is_audited(desk: Any, engine: Any) -> None:
    books = desk.store.books
    demo = (await books.account("demo")).credentials.account
    await books.change_account(demo, password_hash="$argon2id$secret", **WHO)
    await books.add_key("demo", b"secret-digest", "laptop", **WHO)
    assert "secret" not in str(engine.audit())
