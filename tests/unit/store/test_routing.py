"""What routing stands on, as it is read from the store."""

from __future__ import annotations

from habar.model.numbers import Ported
from habar.model.route import Operator, Route, Target, Traffic
from habar.store import routing
from habar.store.routing import read_plan, read_ported

TRAFFIC = Traffic(77011234567, "SHOP", 1, 0, 1)


def served(rows):
    return [Operator(row.id, row.name) for row in rows if row.settings is not None]


async def test_ported_numbers_are_read_in_slices(scripted_network, monkeypatch):
    monkeypatch.setattr(routing, "SLICE", 10)
    rows = {77_010_000_000 + n * 3: f"n{n % 3}" for n in range(35)}
    scripted_network.ported_rows = dict(rows)
    told = []
    table = await read_ported(scripted_network, told.append)
    assert dict(table) == rows
    assert told == [10, 20, 30, 35]


async def test_numbers_that_cannot_be_a_recipient_are_passed_over(scripted_network):
    scripted_network.ported_rows = {7: "a", 77_010_000_000: "b", 78_000_000_000: "c"}
    assert dict(await read_ported(scripted_network)) == {77_010_000_000: "b"}


async def test_operators_that_are_disabled_or_down_are_out(scripted_network):
    scripted_network.with_operators("kcell", "beeline", "tele2", disabled=["kcell"])
    scripted_network.route_rows = [Route(1, 1, (Target(1), Target(2, 2), Target(3, 3)))]
    plan = await read_plan(scripted_network)
    assert plan.disabled == {1}
    assert plan.routes_over(Ported(), served).choose(TRAFFIC)[0].name == "beeline"
    down = plan.routes_over(Ported(), served, frozenset({2}))
    assert down.choose(TRAFFIC)[0].name == "tele2"
    assert down.networks.of(77011234567) == "kcell"
