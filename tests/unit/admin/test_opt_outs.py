"""Who wants no messages of an account."""

from __future__ import annotations

import pytest

from habar.admin.opt_outs import OptOuts, OptOutView
from habar.errors import InvalidValue, NotFound
from habar.store.inbox import OptOut

from .conftest import ACTOR, NOW


@pytest.fixture
def opt_outs(inbox, books, shop):
    return OptOuts(inbox, books, actor=ACTOR, now=lambda: NOW)


async def test_by_staffs_word(opt_outs, inbox):
    assert await opt_outs.add("acme", "8 777 123-45-67") == 77771234567
    assert inbox.writes == [("opt_out", 1, 77771234567, True, ACTOR, NOW)]
    assert await opt_outs.list(None, 10) == [OptOutView("acme", 77771234567, NOW, "")]
    await opt_outs.remove("acme", "77771234567")
    assert await opt_outs.list("acme", 10) == []


async def test_of_one_account_and_at_most_so_many(opt_outs, inbox):
    inbox.out = [OptOut(2, 77011111111 + n, "8785", True, NOW, n) for n in range(3)]
    assert await opt_outs.list("acme", 10) == []
    assert [one.short_code for one in await opt_outs.list("shop", 2)] == ["8785", "8785"]


@pytest.mark.parametrize("number", ["", "123", "+49 170 1234567"])
async def test_a_number_that_is_none(opt_outs, inbox, number):
    with pytest.raises(InvalidValue):
        await opt_outs.add("acme", number)
    assert inbox.writes == []


async def test_an_account_that_is_not_there(opt_outs):
    for action in (opt_outs.list("nobody", 1), opt_outs.add("nobody", "77771234567")):
        with pytest.raises(NotFound):
            await action
