"""Accounts in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from habar.errors import StoreUnavailable
from habar.model.secret import key_digest
from habar.submit.directory import Directory


async def test_finds_by_login_key_and_id(books, shop):
    books.put(shop, "hash", key_digest("secret"))
    directory = Directory(books)
    await directory.load()
    assert directory.by_login("shop").account == directory.by_key("secret") == shop
    assert directory.by_id(1) == shop
    assert len(directory) == 1


async def test_an_unknown_one_is_none(books, shop):
    books.put(shop)
    directory = Directory(books)
    await directory.load()
    assert directory.by_login("SHOP") is None
    assert directory.by_key("") is None
    assert directory.by_id(2) is None


async def test_is_read_again_only_when_the_version_changed(books, shop):
    books.put(shop)
    directory = Directory(books)
    assert await directory.refresh_if_changed()
    assert not await directory.refresh_if_changed()
    assert books.reads == 1
    books.put(replace(shop, blocked=True))
    assert await directory.refresh_if_changed()
    assert directory.by_login("shop").account.blocked


async def test_a_failed_reload_leaves_the_old_view_and_is_tried_again(books, shop):
    books.put(shop)
    directory = Directory(books)
    await directory.load()
    books.put(replace(shop, blocked=True))
    books.failure = StoreUnavailable("disk")
    with pytest.raises(StoreUnavailable):
        await directory.refresh_if_changed()
    assert not directory.by_login("shop").account.blocked
    books.failure = None
    assert await directory.refresh_if_changed()
    assert directory.by_login("shop").account.blocked


async def test_a_change_during_the_reading_is_seen_by_the_next_refresh(books, shop):
    class Changing(type(books)):
        async def accounts(self):
            rows = await super().accounts()
            if self.reads == 1:
                self.put(replace(shop, blocked=True))
            return rows

    changing = Changing()
    changing.put(shop)
    directory = Directory(changing)
    await directory.load()
    assert not directory.by_login("shop").account.blocked
    assert await directory.refresh_if_changed()
    assert directory.by_login("shop").account.blocked
