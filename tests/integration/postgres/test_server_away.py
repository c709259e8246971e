"""The server is restarted, takes no writes, says nothing: what is told stays true, and all is well
again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from habar.errors import StoreUnavailable
from habar.model.status import MessageState
from habar.store.events import Claim, PartAccepted, ReceiptSeen
from habar.store.nodes import Slot

from ...contract.watching import PATIENCE, until
from .site import NOW, Node, Site

BALANCE = 100_000


class Load:
    """Customers and operators of two nodes, at work until the balance is used up."""

    def __init__(self, site: Site, nodes: list[Node]) -> None:
        self._site = site
        self._nodes = nodes
        self.accepted: dict[int, int] = {}
        """Customers' ids by message."""
        self.given: list[int] = []
        self.done = 0

    async def customer(self, node: Node, numbers: range) -> None:
        for number in numbers:
            while True:
                answer = await node.submitted(node.message(number))
                if not isinstance(answer, StoreUnavailable):
                    break
                await self._site.well_again(node.store)
            [outcome] = answer
            # What was answered by StoreUnavailable has not happened: the id is free still.
            assert outcome.refusal is None
            self.accepted[outcome.message_id] = number

    async def operator(self, node: Node, total: int) -> None:
        claim = Claim(node.operator, 1, node.account, 3, NOW)
        while self.done < total:
            taken = await node.asked(claim)
            if isinstance(taken, StoreUnavailable):
                await self._site.well_again(node.store)
                continue
            self.given += [out.message_id for out in taken]
            await asyncio.gather(*[self._send(node, out.message_id) for out in taken])

    async def _send(self, node: Node, message_id: int) -> None:
        name = f"op-{message_id}"
        part = PartAccepted(message_id, 1, node.operator, name, NOW, last=True)
        receipt = ReceiptSeen(node.operator, (name,), MessageState.DELIVERED, "", None, NOW, name)
        told = await asyncio.gather(node.recorded(part), node.recorded(receipt))
        assert told[0] == message_id
        self.done += 1


async def test_everything_adds_up_however_often_the_server_is_restarted(own_site: Site) -> None:
    nodes = [await own_site.node("first"), await own_site.node("second")]
    load = Load(own_site, nodes)
    total = 96
    work = [
        load.customer(nodes[n % 2], range(1 + n * total // 8, 1 + (n + 1) * total // 8))
        for n in range(8)
    ]
    work += [load.operator(node, total) for node in nodes]
    async with asyncio.timeout(PATIENCE * 2):
        at_work = asyncio.gather(*work)
        for share in range(1, 5):
            while len(load.accepted) < share * total // 6:
                await nodes[0].submitted()  # a turn of the journal's
            await asyncio.to_thread(own_site.server.restart, "immediate")
        await at_work
    one = nodes[0]
    rows = own_site.aside.fetch("SELECT id, customer_id FROM message")
    assert dict(rows) == load.accepted
    assert len(rows) == total
    assert sorted(load.given) == sorted(load.accepted)  # each was given out once
    assert (await one.funds()).balance == BALANCE - 1_000 * total
    assert await one.balanced()

    async def all_counted() -> bool:
        """A receipt that crossed its part is found by the next round's look; here by asking."""
        for node in nodes:
            await node.store._round(node.store._open, node.store._node)
        counts = own_site.aside.fetch("SELECT receipts, count(*) FROM part GROUP BY receipts")
        return counts == [(1, total)]

    await until(all_counted)
    assert (await one.store.counts()).unmatched_receipts == 0


async def test_a_primary_that_takes_no_writes_is_waited_out(own_site: Site) -> None:
    node = await own_site.node()
    held = await node.claimed()
    async with taking_no_writes(own_site):
        answer = await node.submitted(node.message(7))
        assert isinstance(answer, StoreUnavailable)
        assert not node.store.journal.healthy
        accepted = node.accept(held, "op-1")
        assert isinstance(await node.submitted(node.message(7)), StoreUnavailable)
        assert await node.state(held) == MessageState.ACCEPTED
        with pytest.raises(StoreUnavailable):
            await node.store.books.top_up("shop", 5, "", actor="ann", now=NOW)
        await own_site.tried_again(node.store, 3)
        assert not accepted.done()
    assert await accepted == held
    await own_site.well_again(node.store)
    [outcome] = await node.submit(node.message(7))
    assert outcome.refusal is None
    assert await node.store.books.top_up("shop", 5, "", actor="ann", now=NOW) == BALANCE - 1_995


async def test_a_node_that_starts_on_a_primary_without_writes_says_so(own_site: Site) -> None:
    async with taking_no_writes(own_site):
        with pytest.raises(StoreUnavailable, match="takes no writes"):
            await own_site.node()
    await own_site.node()


@asynccontextmanager
async def taking_no_writes(site: Site) -> AsyncIterator[None]:
    await read_only(site, "on")
    try:
        yield
    finally:
        await read_only(site, "off")


async def read_only(site: Site, word: str) -> None:
    await site.server.administer(f"ALTER SYSTEM SET default_transaction_read_only = {word}")
    await site.server.administer("SELECT pg_reload_conf()")

    async def reloaded() -> bool:
        [row] = await site.server.administer("SHOW default_transaction_read_only")
        return bool(row[0] == word)

    await until(reloaded)


@pytest.mark.parametrize("statement", ["BEGIN", "COMMIT"])
async def test_a_server_that_hangs_is_given_up_and_the_truth_is_told(
    site: Site, statement: str
) -> None:
    node = await site.node(answer_seconds=0.3, connect_seconds=0.3)
    held = await node.claimed()
    node.way.hang_at(statement)
    given = node.submitted(node.message(7)), node.accept(held, "op-1")
    await site.tried_again(node.store, 3)
    assert not given[1].done()
    assert isinstance(await node.submitted(node.message(8)), StoreUnavailable)
    node.way.go_on()
    answer, accepted = await asyncio.gather(*given)
    assert accepted == held
    stored = site.aside.fetch("SELECT count(*) FROM message WHERE customer_id = 7")[0][0]
    assert stored == isinstance(answer, list)
    if statement == "BEGIN":
        assert stored == 0
    await site.well_again(node.store)
    assert (await node.story(held)).parts[0].operator_message_id == "op-1"
    assert node.store.journal.backlog == 0
    assert await node.balanced()


async def test_a_store_closes_though_the_server_hangs(site: Site) -> None:
    node = await site.node(answer_seconds=0.3, connect_seconds=0.3)
    await node.store.slots({node.operator: [1]})
    node.way.hang()
    await node.store.close()


@pytest.mark.parametrize("trouble", ["refuse", "hang"])
async def test_binds_cannot_be_had_while_the_server_is_away(site: Site, trouble: str) -> None:
    node = await site.node(answer_seconds=0.3, connect_seconds=0.3)
    wanted = {node.operator: [1, 2]}
    before = await node.store.slots(wanted)
    getattr(node.way, trouble)()
    if trouble == "refuse":
        node.way.cut()
    calls: list[Any] = [
        node.store.slots(wanted),
        node.store.give_back(Slot(node.operator, 1)),
        node.store.announce_drain(),
        node.store.nodes(),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable):
            await call
    node.way.admit()
    node.way.go_on()
    assert await node.store.slots(wanted) == before


# --- Staff's writes -------------------------------------------------------------------------------
@pytest.mark.parametrize("happened", [True, False])
async def test_a_top_up_in_doubt_says_that_it_is_in_doubt(site: Site, happened: bool) -> None:
    node = await site.node()
    (node.way.cut_after if happened else node.way.cut_before)("COMMIT;")
    with pytest.raises(StoreUnavailable, match="it is not known whether"):
        await node.store.books.top_up("shop", 5, "", actor="ann", now=NOW)
    assert (await node.funds()).balance == BALANCE + 5 * happened
    assert await node.balanced()


@pytest.mark.parametrize("statement", ["BEGIN;", "ROLLBACK;"])
async def test_an_old_connection_that_breaks_is_not_noticed_by_who_asks_next(
    site: Site, statement: str
) -> None:
    node = await site.node()
    node.way.cut_before(statement)
    if statement == "ROLLBACK;":
        with pytest.raises(Exception, match="nobody"):
            await node.store.books.top_up("nobody", 5, "", actor="ann", now=NOW)
    assert await node.store.books.top_up("shop", 5, "", actor="ann", now=NOW) == BALANCE + 5
    assert node.way.sprung.is_set()
    assert await node.balanced()


async def test_a_read_whose_connection_breaks_is_asked_again(site: Site) -> None:
    node = await site.node()
    message = await node.new()
    assert await node.state(message) == MessageState.ACCEPTED
    [asked] = {one for one in node.way.statements if "FROM message\nWHERE account_id" in one}
    node.way.cut_before(asked)
    assert await node.state(message) == MessageState.ACCEPTED
    assert node.way.sprung.is_set()


async def test_connections_are_not_lost_in_trouble(site: Site) -> None:
    node = await site.node()
    for statement in ("COMMIT;", "BEGIN;"):
        for _ in range(6):
            node.way.cut_before(statement)
            with suppress(StoreUnavailable):
                await node.store.books.top_up("shop", 5, "", actor="ann", now=NOW)
    await asyncio.gather(*[node.store.nodes() for _ in range(20)])
    assert node.way.connections <= 4 + 2  # the pool's, the writer's, the listener's


async def test_nobody_stands_in_line_for_ever(site: Site) -> None:
    node = await site.node(answer_seconds=0.3)
    places = node.store._open.pool._places
    for _ in range(4):  # as many questions that are not answered
        await places.acquire()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        await node.state(1)
    with pytest.raises(StoreUnavailable, match="does not answer"):
        await node.store.books.top_up("shop", 5, "", actor="ann", now=NOW)
    for _ in range(4):
        places.release()
    assert await node.state(1) is None
