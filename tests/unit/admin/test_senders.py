"""What staff do with senders."""

from __future__ import annotations

import pytest

from habar.admin.accounts import Accounts
from habar.admin.senders import Senders, check_sender
from habar.errors import Conflict, InvalidValue, NotFound


@pytest.fixture
async def senders(books):
    accounts = Accounts(books, actor="aliya", now=lambda: 1_760_000_000_000)
    await accounts.add("shop", "shop")
    return Senders(books, actor="aliya", now=lambda: 1_760_000_000_000)


@pytest.mark.parametrize(
    "sender",
    ["SHOP", "abc", "TEXT_MSG", "My Shop", "H&M", "11letters11", "123", "77771234567", "1" * 15],
)
def test_senders_that_can_be_shown(sender):
    check_sender(sender)


@pytest.mark.parametrize(
    "sender",
    [
        *("", "ab", "12", "twelve-signs", "1" * 16, " SHOP", "SHOP ", "МАГАЗИН", "SHOP\n"),
        *("SH\tOP", "<SHOP>", "SHOP@", "١٢٣", "77771234567a"),
    ],
)
def test_senders_that_cannot(sender):
    with pytest.raises(InvalidValue):
        check_sender(sender)


async def test_add_list_remove(senders):
    await senders.add("shop", "SHOP")
    assert await senders.list("shop") == ["INFO_KAZ", "SHOP", "TEXT_MSG"]
    await senders.remove("shop", "SHOP")
    assert await senders.list("shop") == ["INFO_KAZ", "TEXT_MSG"]


async def test_a_sender_that_cannot_be_shown_is_not_added(senders):
    with pytest.raises(InvalidValue):
        await senders.add("shop", "МАГАЗИН")
    assert await senders.list("shop") == ["INFO_KAZ", "TEXT_MSG"]


async def test_the_public_senders_are_everybodys_for_good(senders):
    with pytest.raises(Conflict):
        await senders.add("shop", "INFO_KAZ")
    with pytest.raises(InvalidValue):
        await senders.remove("shop", "TEXT_MSG")


async def test_the_default_sender_is_not_taken_away(senders, books):
    await senders.add("shop", "SHOP")
    accounts = Accounts(books, actor="aliya", now=lambda: 1_760_000_000_000)
    await accounts.set("shop", {"default_sender": "SHOP"})
    with pytest.raises(InvalidValue, match="default_sender"):
        await senders.remove("shop", "SHOP")


async def test_no_such_account(senders):
    with pytest.raises(NotFound):
        await senders.list("nobody")
    with pytest.raises(NotFound):
        await senders.remove("nobody", "SHOP")
