"""Hints over connections that break, and without hints at all."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from habar.store.nodes import Hint
from habar.store.postgres.hints import CHANNEL

from ...contract.watching import Links, until
from .site import NOW, Node, Site


def hint(node: Node) -> Hint:
    return Hint(node.operator, 1, node.account, NOW)


async def heard(by: Links, teller: Node) -> None:
    """Tell again and again until it is heard: a single hint may be lost."""

    async def told() -> bool:
        teller.store.tell(hint(teller))
        return bool(by.hints)

    await until(told)
    assert set(by.hints) == {hint(teller)}


async def test_a_listener_that_was_cut_off_hears_again(site: Site) -> None:
    one, other = await site.node("first"), await site.node("second")
    links = Links(one.store)
    await heard(links, other)
    for trouble in (one.way.cut, one.way.refuse):
        trouble()
        one.way.cut()
        one.way.admit()
        links.hints.clear()
        await heard(links, other)


async def test_a_teller_that_was_cut_off_tells_again(site: Site) -> None:
    one, other = await site.node("first"), await site.node("second")
    links = Links(other.store)
    await heard(links, one)
    one.way.refuse()
    one.way.cut()
    one.store.tell(hint(one))
    telling = one.store._node.hints._telling
    assert telling is not None
    await telling  # it is given up
    one.way.admit()
    links.hints.clear()
    await heard(links, one)


async def test_without_hints_nothing_is_told_or_heard(site: Site) -> None:
    quiet = await site.node("first", notify=False)
    other, third = await site.node("second"), await site.node("third")
    links, others = Links(quiet.store), Links(other.store)
    quiet.store.tell(hint(quiet))
    await heard(others, third)
    await quiet.store.close()
    assert links.hints == []
    assert not [one for one in quiet.way.statements if "LISTEN" in one or "notify" in one]
    assert quiet.way.statements


async def test_another_program_on_the_channel_harms_nobody(site: Site) -> None:
    one, other = await site.node("first"), await site.node("second")
    links = Links(one.store)
    await heard(links, other)
    links.hints.clear()
    for payload in ("", "x", "[]", "[1, 2]", "[0, [[1]]]", '[0, [["a", 1, 1, 1]]]', "[0, null]"):
        site.aside.execute(f"NOTIFY {CHANNEL}, '{payload}'")
    await heard(links, other)


@pytest.mark.parametrize("word", ["LISTEN", "NOTIFY"])
async def test_an_engine_that_passes_on_no_hints_goes_without(
    site: Site, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    if word == "LISTEN":

        async def refused(*_: Any) -> None:
            raise asyncpg.FeatureNotSupportedError("LISTEN is not supported")

        monkeypatch.setattr("asyncpg.Connection.add_listener", refused)
    else:
        site.aside.execute("CREATE SCHEMA mine")
        site.aside.execute(
            "CREATE FUNCTION mine.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'not supported' USING ERRCODE = '0A000'; END $$"
        )
        name = site.tcp_url.rpartition("/")[2]
        site.aside.execute(f"ALTER DATABASE {name} SET search_path = mine, public, pg_catalog")
    node = await site.node()
    hints = node.store._node.hints
    if word == "NOTIFY":
        node.store.tell(hint(node))
        assert hints._telling is not None
        await hints._telling
    else:
        assert hints._listening is not None
        await hints._listening
    node.store.tell(hint(node))
    assert (hints._on, hints._telling) == (False, None)
    assert await node.new() > 0


async def test_many_hints_are_told_each_once(site: Site) -> None:
    one, other = await site.node("first"), await site.node("second")
    links = Links(one.store)
    await heard(links, other)
    links.hints.clear()
    largest = (1 << 63) - 1
    hints = {Hint(largest - n, 2, largest - n, largest) for n in range(350)}
    for given in hints:
        for late in (1, 0):
            other.store.tell(given._replace(due_at=given.due_at - 1 + late))
    async with asyncio.timeout(60):
        await links.until(lambda: sum(one.priority == 2 for one in links.hints) >= 350)
    told = [one for one in links.hints if one.priority == 2]
    assert set(told) == {given._replace(due_at=largest - 1) for given in hints}
    assert len(told) == 350
