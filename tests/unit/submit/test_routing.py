"""The routes in memory follow those in the database."""

from __future__ import annotations

import pytest

from habar.errors import StoreUnavailable
from habar.model.route import Operator, Route, Target, Traffic
from habar.submit.routing import RouteBook

TRAFFIC = Traffic(77011234567, "SHOP", 1, 0, 1)


def served(rows):
    return [Operator(row.id, row.name) for row in rows if row.settings is not None]


@pytest.fixture
async def book(scripted_network):
    scripted_network.route_rows = [Route(1, 1, (Target(2),), network="beeline")]
    book = RouteBook(scripted_network, served)
    await book.load()
    return book


def chosen(book):
    return book.routes.choose(TRAFFIC)[0].name


async def test_nothing_is_read_while_nothing_changes(book, scripted_network):
    assert chosen(book) == "kcell"
    scripted_network.calls.clear()
    for _ in range(3):
        assert not await book.refresh_if_changed()
    assert not scripted_network.calls


async def test_a_change_is_seen_at_once_and_ported_numbers_are_not_read_for_it(
    book, scripted_network
):
    scripted_network.with_operators("kcell", "beeline", disabled=["kcell"])
    scripted_network.calls.clear()
    assert await book.refresh_if_changed()
    assert chosen(book) == "beeline"
    assert "ported" not in scripted_network.calls
    assert [row.enabled for row in book.operators] == [False, True]


async def test_an_import_in_many_steps_is_read_once_at_its_end(book, scripted_network):
    for number in range(5):
        await scripted_network.put_ported([(77011234560 + number, "beeline")])
        assert not await book.refresh_if_changed()
    await scripted_network.put_ported([(TRAFFIC.recipient, "beeline")])
    assert not await book.refresh_if_changed()
    assert chosen(book) == "kcell"
    assert await book.refresh_if_changed()
    assert chosen(book) == "beeline"
    assert book.ported_count == 6
    assert not await book.refresh_if_changed()


async def test_a_failed_read_leaves_the_old_view_and_is_made_good(book, scripted_network):
    before = book.routes
    scripted_network.with_operators("kcell", "beeline", disabled=["kcell"])
    await scripted_network.put_ported([(77771234567, "beeline")])
    scripted_network.failures = [StoreUnavailable("away")]
    with pytest.raises(StoreUnavailable):
        await book.refresh_if_changed()
    assert book.routes is before
    scripted_network.failures = [None, None, None, StoreUnavailable("away")]
    with pytest.raises(StoreUnavailable):
        await book.refresh_if_changed()
    assert book.routes is before
    assert await book.refresh_if_changed()
    assert (chosen(book), book.ported_count) == ("beeline", 1)


async def test_operators_that_are_down_stay_out_across_a_change(book, scripted_network):
    scripted_network.with_operators("kcell", "beeline", "tele2", disabled=["beeline"])
    await book.refresh_if_changed()
    assert book.mark_down(frozenset({1, 2})) is book.routes
    assert chosen(book) == "tele2"
    scripted_network.with_operators("kcell", "beeline", "tele2")
    await book.refresh_if_changed()
    assert chosen(book) == "tele2"
    book.mark_down(frozenset())
    assert book.routes.out == frozenset()


async def test_a_disabled_one_whose_link_comes_up_stays_out(book, scripted_network):
    scripted_network.with_operators("kcell", "beeline", disabled=["kcell"])
    await book.refresh_if_changed()
    book.mark_down(frozenset({1}))
    book.mark_down(frozenset())
    assert chosen(book) == "beeline"


async def test_where_nothing_changes_the_routes_are_the_same(book):
    routes = book.routes
    assert book.mark_down(frozenset()) is routes
