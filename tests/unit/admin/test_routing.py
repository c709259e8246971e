"""Routes and ranges as staff make them, and what they are told of a message's way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from habar.admin.accounts import Accounts
from habar.admin.routing import Routing, parse_targets
from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.route import Kind, Operator, Prefer, Target
from habar.store.network import OperatorRow

DOCS = Path(__file__).parents[3] / "docs"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOW = 1_760_000_000_000
ROWS = [OperatorRow(n, name, True, "{}", 0) for n, name in enumerate(("kcell", "beeline"), 1)]


def served(rows):
    return [Operator(row.id, row.name) for row in rows if row.settings is not None]


@pytest.fixture
async def routing(scripted_network, books):
    accounts = Accounts(books, actor="aliya", now=lambda: NOW)
    await accounts.add("demo", "demo")
    await accounts.add("bank", "bank")
    return Routing(scripted_network, books, served=served, actor="aliya", now=lambda: NOW)


class TestTargets:
    @pytest.mark.parametrize(
        ("text", "targets"),
        [
            ("kcell", (Target(1),)),
            ("kcell:", (Target(1),)),
            (
                "kcell:step=1,weight=70,cost=4.50; beeline:step=2",
                (Target(1, 1, 70, 450), Target(2, 2)),
            ),
            (" beeline : cost = 5 ,weight=1; kcell ;", (Target(2, 1, 1, 500), Target(1))),
        ],
    )
    def test_forms(self, text, targets):
        assert parse_targets(text, ROWS) == targets

    @pytest.mark.parametrize(
        "text",
        [
            *("", " ; ", "kcell; kcell:step=2", "kcell:step=0", "kcell:weight=0", "kcell:weight=x"),
            *("kcell:weight=1000001", "kcell:cost=-1", "kcell:cost=1.234", "kcell:speed=1"),
            *("kcell:step", "kcell:step=1,step=2", "kcell:step=٣", "kcell:,", "kcell:weight=1.5"),
        ],
    )
    def test_what_is_none(self, text):
        with pytest.raises(InvalidValue):
            parse_targets(text, ROWS)

    def test_an_operator_that_is_not_there_or_known_by_name_only(self):
        with pytest.raises(NotFound, match="no operator 'tele2'"):
            parse_targets("kcell; tele2", ROWS)
        with pytest.raises(NotFound):
            parse_targets("kcell", [ROWS[0]._replace(settings=None)])


class TestRoutes:
    async def test_add_list_remove(self, routing, scripted_network):
        first = await routing.add_route("kcell")
        second = await routing.add_route(
            "beeline:step=2,cost=5; kcell:weight=70,cost=4.50",
            account="bank",
            sender="BANK",
            network="kcell",
            prefix="7701",
            kind="flash",
            priority=0,
            prefer="cost",
            position=1,
        )
        [made, _] = await scripted_network.routes()
        assert (made.account_id, made.kind, made.prefer) == (2, Kind.FLASH, Prefer.COST)
        views = await routing.routes()
        assert [(view.id, view.position) for view in views] == [(second, 1), (first, 2)]
        bank, rest = views
        assert (bank.account, bank.sender, bank.network, bank.prefix) == (
            *("bank", "BANK", "kcell", "7701"),
        )
        assert (bank.kind, bank.priority, bank.prefer) == ("flash", "0", "cost")
        assert bank.targets == "kcell:step=1,weight=70,cost=4.50; beeline:step=2,weight=1,cost=5.00"
        assert (rest.account, rest.sender, rest.network, rest.prefix) == ("", "", "", "")
        assert (rest.kind, rest.priority, rest.prefer) == ("", "", "step")
        await routing.remove_route(second)
        assert [view.id for view in await routing.routes()] == [first]
        with pytest.raises(NotFound):
            await routing.remove_route(second)
        assert scripted_network.audit == [
            ("aliya", "route add", str(first)),
            ("aliya", "route add", str(second)),
            ("aliya", "route remove", str(second)),
        ]

    async def test_what_is_listed_can_be_added(self, routing):
        await routing.add_route("beeline:weight=3,cost=0.05; kcell", network="unknown")
        [view] = await routing.routes()
        assert view.network == "unknown"
        await routing.add_route(view.targets, network=view.network, prefer=view.prefer)
        assert (await routing.routes())[1].targets == view.targets

    @pytest.mark.parametrize(
        "wrong",
        [
            {"sender": "x"},
            {"network": "kcel"},
            {"prefix": "8701"},
            {"prefix": ""},
            {"kind": "mms"},
            {"priority": 3},
            {"priority": -1},
            {"prefer": "speed"},
            {"position": 0},
        ],
    )
    async def test_what_could_not_be_obeyed_is_refused(self, routing, scripted_network, wrong):
        with pytest.raises(InvalidValue):
            await routing.add_route("kcell", **wrong)
        assert scripted_network.audit == []

    async def test_an_account_that_is_not_there(self, routing):
        with pytest.raises(NotFound):
            await routing.add_route("kcell", account="nobody")

    async def test_the_known_networks_are_named(self, routing):
        with pytest.raises(InvalidValue, match="beeline, kcell, tele2, or unknown"):
            await routing.add_route("kcell", network="kcel")


class TestRanges:
    async def test_add_list_remove(self, routing, scripted_network):
        await routing.add_range("77", "arna")
        await routing.add_range("77012345678", "2day")
        assert [tuple(one) for one in await routing.ranges()][:2] == [
            ("77", "arna"),
            ("7701", "kcell"),
        ]
        await routing.remove_range("77")
        with pytest.raises(NotFound):
            await routing.remove_range("77")
        assert [entry[1] for entry in scripted_network.audit] == [
            *("range add", "range add", "range remove"),
        ]

    @pytest.mark.parametrize("prefix", ["", "7", "8701", "+7701", "77a", "770123456789", "٧٧"])
    async def test_what_is_no_range(self, routing, prefix):
        with pytest.raises(InvalidValue):
            await routing.add_range(prefix, "kcell")

    @pytest.mark.parametrize("network", ["", "Kcell", "k cell", "-", "unknown", "x" * 33, "кселл"])
    async def test_what_is_no_network(self, routing, network):
        with pytest.raises(InvalidValue):
            await routing.add_range("7702", network)

    async def test_a_range_is_of_one_network(self, routing):
        with pytest.raises(Conflict, match="7701 is kcell's"):
            await routing.add_range("7701", "tele2")


class TestTest:
    async def test_the_way_of_a_message(self, routing, scripted_network):
        scripted_network.ported_rows = {77011234567: "beeline", 77011234568: "tele2"}
        await routing.add_route("kcell", account="bank")
        await routing.add_route("beeline:cost=4.50; kcell:step=2", network="beeline")
        lines = await routing.test("demo", "8 701 123 45 67")
        assert lines == [
            "number 77011234567: network beeline, ported, from kcell (range 7701)",
            "traffic: account demo, sender TEXT_MSG, text, priority 1",
            "route 1: no: account is demo, not bank",
            "route 2: yes: network is beeline",
            "  step 1: beeline, cost 4.50 a part, weight 1 of 1 (100 %)",
            "  step 2: kcell, cost 0.00 a part, weight 1 of 1 (100 %)",
            "order: beeline, kcell, then from the first again",
            "result: beeline by route 2",
        ]

    async def test_a_number_beside_a_ported_one(self, routing, scripted_network):
        scripted_network.ported_rows = {77011234568: "tele2"}
        lines = await routing.test("demo", "77011234567")
        assert lines[0] == "number 77011234567: network kcell, range 7701"

    async def test_flash_disabled_down_and_a_foreign_sender(self, routing, scripted_network):
        scripted_network.with_operators("kcell", "beeline", "tele2", disabled=["kcell"])
        await routing.add_route("kcell; beeline:step=2; tele2:step=3", kind="flash")
        lines = await routing.test("demo", "77771234567", "SHOP", flash=True, down=frozenset({2}))
        assert lines[-3:] == [
            "order: kcell (out), beeline (out), tele2, then from the first again",
            "result: tele2 by route 1",
            "but SHOP is none of demo's senders: it would be refused",
        ]

    async def test_what_is_not_there(self, routing):
        with pytest.raises(NotFound):
            await routing.test("nobody", "77011234567")
        with pytest.raises(InvalidValue):
            await routing.test("demo", "123")


class TestDocumentation:
    """The pages show what the commands tell."""

    @staticmethod
    def told(page):
        blocks = FENCE.findall((DOCS / page).read_text("utf-8"))
        return [
            block.splitlines()
            for kind, block in blocks
            if not kind and block.startswith(("number 7", "order"))
        ]

    async def test_the_how_to(self, routing, scripted_network):
        default, home, shared, ported, disabled = self.told("how-to/route-messages.md")
        assert await routing.test("demo", "77011234567") == default
        await routing.add_route("kcell:cost=4.50; beeline:step=2,cost=6", network="kcell")
        await routing.add_route("beeline:cost=4.80; kcell:step=2,cost=6", network="beeline")
        assert await routing.test("demo", "77771234567") == home
        await routing.add_route("kcell:weight=70,cost=5.50; beeline:weight=30,cost=5.20")
        assert await routing.test("demo", "77071234567") == shared
        await routing.add_route("beeline", account="bank", sender="BANK", position=1)
        scripted_network.ported_rows = {77011234567: "beeline"}
        assert (await routing.test("demo", "77011234567"))[:1] == ported
        scripted_network.with_operators("kcell", "beeline", disabled=["kcell"])
        assert (await routing.test("demo", "77012223344"))[-2:] == disabled

    async def test_the_reference(self, routing, scripted_network, books):
        [told] = self.told("reference/routing.md")
        scripted_network.with_operators("kcell", "beeline", "tele2", disabled=["tele2"])
        await books.add_sender("demo", "SHOP", actor="aliya", now=NOW)
        await routing.add_route("kcell", account="bank")
        await routing.add_route(
            "kcell:weight=70,cost=4.50; beeline:weight=30,cost=5; tele2:step=2,cost=6",
            network="kcell",
        )
        await routing.add_route("beeline")
        assert await routing.test("demo", "77011234567", "SHOP") == told
