"""Operators, ranges, ported numbers, routes and what links report."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.message import Outcome
from habar.model.route import Kind, Prefer, Route, Target
from habar.store.network import MOST_PORTED, REPORTS_KEPT_MS, BindReport, Ported, Range

from .conftest import NOW

WHO: dict[str, Any] = {"actor": "ann", "now": 5}
SETTINGS = json.dumps({"host": "smsc", "password": "s3cr3t", "window": 10})
OTHERS = json.dumps({"host": "smsc", "password": "an0ther", "tls": True})
SEEDED = {
    "tele2": "7700 7707 7708 7747 7761",
    "kcell": "7701 7702 7775 7778",
    "beeline": "7705 7706 7771 7776 7777",
    "kulan": "7760",
    "nursat": "7762",
    "arna": "7763",
    "2day": "7764",
    "darkhan": "7785",
}


@pytest.fixture
def network(desk: Any) -> Any:
    return desk.store.network


async def put(network: Any, name: str = "tele2", settings: str = SETTINGS, **changes: Any) -> int:
    made: int = await network.put_operator(
        name, settings, **{"in_doubt": "resend", **WHO, **changes}
    )
    return made


async def operator(network: Any, name: str = "tele2") -> Any:
    [row] = [row for row in await network.operators() if row.name == name]
    return row


async def trace(network: Any, engine: Any) -> Any:
    """What any change leaves: a number and a row of the audit."""
    return await network.version(), await network.ported_version(), engine.audit()


# --- Operators ------------------------------------------------------------------------------------
async def test_an_operator_is_made_and_used_at_once(network: Any, engine: Any) -> None:
    made = await put(network)
    assert await operator(network) == (made, "tele2", True, SETTINGS, 5)
    assert engine.audit()[-1] == ("ann", "operator add", "tele2", "host, password, window")


async def test_operators_come_by_id_with_those_known_by_name_only(network: Any, desk: Any) -> None:
    made = await put(network)
    assert [row[:4] for row in await network.operators()] == [
        (desk.operator, "kcell", False, None),
        (made, "tele2", True, SETTINGS),
    ]


async def test_one_known_by_name_keeps_its_id_when_it_is_made(network: Any, desk: Any) -> None:
    assert await put(network, "kcell") == desk.operator
    assert (await operator(network, "kcell")).enabled
    assert await desk.store.books.ensure_operator("kcell") == desk.operator


async def test_other_settings_are_audited_by_name_and_never_by_value(
    network: Any, engine: Any
) -> None:
    made = await put(network)
    assert await put(network, settings=OTHERS, now=9) == made
    assert await operator(network) == (made, "tele2", True, OTHERS, 9)
    assert engine.audit()[-1] == ("ann", "operator set", "tele2", "password, tls, window")
    assert not {"s3cr3t", "an0ther"} & set(str(engine.audit()).split("'"))
    assert "an0ther" not in repr(await network.operators())


async def test_the_same_settings_leave_no_trace(network: Any, engine: Any) -> None:
    await put(network)
    before, row = await trace(network, engine), await operator(network)
    await put(network, settings=json.dumps(json.loads(SETTINGS), indent=1), now=99)
    assert (await trace(network, engine), await operator(network)) == (before, row)
    await put(network, in_doubt="hold")
    assert await trace(network, engine) != before


async def test_one_that_is_disabled_stays_so_until_it_is_enabled(network: Any, engine: Any) -> None:
    await put(network)
    await network.enable_operator("tele2", False, **WHO)
    await put(network, settings=OTHERS)
    assert not (await operator(network)).enabled
    await network.enable_operator("tele2", True, actor="bob", now=7)
    row = await operator(network)
    assert (row.enabled, row.changed_at) == (True, 7)
    assert [row[:3] for row in engine.audit()[-3:]] == [
        ("ann", "operator disable", "tele2"),
        ("ann", "operator set", "tele2"),
        ("bob", "operator enable", "tele2"),
    ]
    before = await trace(network, engine)
    await network.enable_operator("tele2", True, **WHO)
    assert await trace(network, engine) == before


async def test_one_that_is_removed_is_known_by_name_only(network: Any, engine: Any) -> None:
    made = await put(network)
    await network.remove_operator("tele2", actor="bob", now=7)
    assert await operator(network) == (made, "tele2", False, None, 7)
    assert engine.audit()[-1] == ("bob", "operator remove", "tele2", "")
    assert await put(network) == made
    assert (await operator(network)).enabled


@pytest.mark.parametrize("name", ["kcell", "nobody"], ids=["known by name", "not known"])
async def test_what_has_no_settings_is_not_found(network: Any, engine: Any, name: str) -> None:
    before = await trace(network, engine)
    with pytest.raises(NotFound):
        await network.enable_operator(name, True, **WHO)
    with pytest.raises(NotFound):
        await network.remove_operator(name, **WHO)
    assert await trace(network, engine) == before


@pytest.mark.parametrize("stage", [0, 1], ids=["waits", "in hand"])
async def test_an_operator_with_messages_is_not_removed(
    network: Any, desk: Any, stage: int
) -> None:
    made = await put(network)
    await desk.new(stage=stage)  # another operator's
    await desk.new(stage=stage, operator_id=made)
    with pytest.raises(Conflict, match="messages wait"):
        await network.remove_operator("tele2", **WHO)
    assert (await operator(network)).settings == SETTINGS


async def test_an_operator_in_a_route_is_not_removed(network: Any) -> None:
    made = await put(network)
    route = await network.add_route(Route(0, 0, (Target(made),)), **WHO)
    with pytest.raises(Conflict, match=f"route {route}"):
        await network.remove_operator("tele2", **WHO)
    await network.remove_route(route, **WHO)
    await network.remove_operator("tele2", **WHO)


@pytest.mark.parametrize("settings", ["", "{", "[1]", "null", '{"password": s3cr3t}'])
async def test_settings_that_are_no_object_are_refused(
    network: Any, engine: Any, settings: str
) -> None:
    before = await trace(network, engine)
    with pytest.raises(InvalidValue) as caught:
        await put(network, settings=settings)
    assert "s3cr3t" not in str(caught.value)
    assert await trace(network, engine) == before


# --- Ranges ---------------------------------------------------------------------------------------
async def test_the_ranges_of_kazakhstan_are_there(network: Any) -> None:
    seeded = [Range(prefix, name) for name, all_ in SEEDED.items() for prefix in all_.split()]
    assert await network.ranges() == sorted(seeded)


async def test_ranges_can_be_edited(network: Any, engine: Any) -> None:
    await network.put_range("7701", "tele2", **WHO)
    assert engine.audit()[-1] == ("ann", "range set", "7701", "tele2")
    await network.put_range("770123", "kcell", **WHO)
    await network.remove_range("7785", **WHO)
    assert engine.audit()[-1] == ("ann", "range remove", "7785", "")
    ranges = dict(await network.ranges())
    assert (ranges["7701"], ranges["770123"], "7785" in ranges) == ("tele2", "kcell", False)
    with pytest.raises(NotFound):
        await network.remove_range("7785", **WHO)


async def test_a_range_that_has_it_already_leaves_no_trace(network: Any, engine: Any) -> None:
    before = await trace(network, engine)
    await network.put_range("7701", "kcell", **WHO)
    assert await trace(network, engine) == before


@pytest.mark.parametrize(
    ("prefix", "name"),
    [("", "kcell"), ("+7", "kcell"), ("٧٧", "kcell"), ("7" * 16, "k"), ("7", "")],
)
async def test_what_is_no_range_is_refused(network: Any, prefix: str, name: str) -> None:
    with pytest.raises(InvalidValue):
        await network.put_range(prefix, name, **WHO)


# --- Routes ---------------------------------------------------------------------------------------
async def test_a_route_comes_back_as_it_was_given(network: Any, desk: Any, engine: Any) -> None:
    made = await put(network)
    route = Route(
        0,
        1,
        (Target(made, 1, 3, 700), Target(desk.operator, 2, 1, 500)),
        account_id=desk.account,
        sender="SHOP",
        network="kcell",
        prefix="7701",
        kind=Kind.FLASH,
        priority=2,
        prefer=Prefer.COST,
    )
    number = await network.add_route(route, **WHO)
    assert await network.routes() == [replace(route, id=number)]
    words = (
        f"position 1; account {desk.account}; sender SHOP; network kcell; prefix 7701; kind flash;"
        f" priority 2; prefer cost; operator {made} step 1 weight 3 cost 700;"
        f" operator {desk.operator} step 2 weight 1 cost 500"
    )
    assert engine.audit()[-1] == ("ann", "route add", str(number), words)
    await network.remove_route(number, actor="bob", now=7)
    assert engine.audit()[-1] == ("bob", "route remove", str(number), words)
    assert await network.routes() == []


async def test_targets_come_by_step_and_operator(network: Any, desk: Any) -> None:
    made = [await put(network, name) for name in ("a", "b")]
    targets = (Target(desk.operator, 3), Target(made[1], 1), Target(made[0], 1))
    await network.add_route(Route(0, 0, targets), **WHO)
    [route] = await network.routes()
    assert route.targets == (Target(made[0], 1), Target(made[1], 1), Target(desk.operator, 3))


async def test_routes_keep_a_place_each(network: Any, desk: Any) -> None:
    async def add(sender: str, position: int) -> int:
        route = Route(0, position, (Target(desk.operator),), sender=sender)
        number: int = await network.add_route(route, **WHO)
        return number

    async def order() -> str:
        routes = await network.routes()
        assert [route.position for route in routes] == [*range(1, len(routes) + 1)]
        return "".join(route.sender for route in routes)

    await add("a", 0)
    b = await add("b", 99)
    await add("c", 1)
    await add("d", 2)
    assert await order() == "cdab"
    await network.remove_route(b, **WHO)
    assert await order() == "cda"
    e = await add("e", 4)
    assert await order() == "cdae"
    await network.remove_route(e, **WHO)
    assert await add("f", -1) > e, "messages name routes that are gone"
    await network.remove_route((await network.routes())[0].id, **WHO)
    assert await order() == "daf"


async def test_routes_made_at_once_get_a_place_each(network: Any, desk: Any) -> None:
    route = Route(0, 1, (Target(desk.operator),))
    numbers = await asyncio.gather(*[network.add_route(route, **WHO) for _ in range(6)])
    routes = await network.routes()
    assert sorted(route.id for route in routes) == sorted(numbers)
    assert [route.position for route in routes] == [1, 2, 3, 4, 5, 6]


async def test_a_route_to_who_is_not_there_is_not_made(
    network: Any, desk: Any, engine: Any
) -> None:
    before = await trace(network, engine)
    to = (Target(desk.operator), Target(9999))
    with pytest.raises(NotFound, match="operator number 9999"):
        await network.add_route(Route(0, 0, to), **WHO)
    with pytest.raises(NotFound, match="account number 8888"):
        await network.add_route(Route(0, 0, (Target(desk.operator),), account_id=8888), **WHO)
    with pytest.raises(NotFound):
        await network.remove_route(7777, **WHO)
    assert await network.routes() == []
    assert await trace(network, engine) == before


@pytest.mark.parametrize(
    "targets",
    [(), (Target(1), Target(1, 2)), (Target(1, 0),), (Target(1, 1, 0),), (Target(1, 1, 1, -1),)],
    ids=["nowhere", "twice", "step", "weight", "cost"],
)
async def test_what_is_no_route_is_refused(network: Any, targets: Any) -> None:
    with pytest.raises(InvalidValue):
        await network.add_route(Route(0, 0, targets), **WHO)


async def test_a_routes_prefix_is_of_a_number(network: Any, desk: Any) -> None:
    with pytest.raises(InvalidValue):
        await network.add_route(Route(0, 0, (Target(desk.operator),), prefix="+77"), **WHO)


# --- Ported numbers -------------------------------------------------------------------------------
NUMBERS = [Ported(77010000000 + number, f"n{number % 3}") for number in range(6_000)]


async def all_ported(network: Any, limit: int = 2_500) -> list[Ported]:
    found: list[Ported] = []
    while page := await network.ported(found[-1].msisdn if found else 0, limit):
        found += page
    return found


async def test_ported_numbers_come_in_order_page_by_page(network: Any, engine: Any) -> None:
    audited = engine.audit()
    await network.put_ported(NUMBERS[::-1])
    assert await all_ported(network) == NUMBERS
    assert await network.ported(NUMBERS[-2].msisdn, 10) == NUMBERS[-1:]
    assert await network.ported_count() == len(NUMBERS)
    assert engine.audit() == audited


async def test_the_last_word_on_a_number_counts(network: Any) -> None:
    await network.put_ported([Ported(1, "a"), Ported(2, "a"), Ported(1, "b")])
    await network.put_ported([Ported(2, "c"), Ported(3, "c")])
    assert await network.ported(0, 9) == [(1, "b"), (2, "c"), (3, "c")]


async def test_numbers_that_are_there_already_wake_nobody(network: Any) -> None:
    await network.put_ported(NUMBERS[:10])
    before = await network.ported_version(), await network.version()
    await network.put_ported(NUMBERS[:10])
    await network.put_ported([])
    assert not await network.drop_ported(5)
    assert (await network.ported_version(), await network.version()) == before


async def test_each_change_of_ported_numbers_is_told(network: Any) -> None:
    routes, seen = await network.version(), [await network.ported_version()]
    for change in (
        network.put_ported(NUMBERS[:5]),
        network.put_ported([Ported(NUMBERS[0].msisdn, "other")]),
        network.drop_ported(NUMBERS[0].msisdn),
        network.clear_ported(2),
    ):
        await change
        seen.append(await network.ported_version())
    assert seen == sorted(set(seen))
    assert await network.version() == routes


async def test_ported_numbers_are_cleared_by_and_by(network: Any) -> None:
    await network.put_ported(NUMBERS)
    assert await network.clear_ported(2) == 2
    assert await network.ported(0, 1) == [NUMBERS[2]]
    assert await network.clear_ported(4_000) == 4_000
    assert await network.clear_ported(4_000) == 1_998
    assert await network.clear_ported(4_000) == 0
    assert await network.ported_count() == 0


async def test_one_number_can_be_dropped(network: Any) -> None:
    await network.put_ported(NUMBERS[:3])
    assert await network.drop_ported(NUMBERS[1].msisdn)
    assert await network.ported(0, 9) == [NUMBERS[0], NUMBERS[2]]


async def test_too_many_numbers_at_a_time_are_refused(network: Any) -> None:
    with pytest.raises(InvalidValue):
        await network.put_ported([Ported(number, "a") for number in range(MOST_PORTED + 1)])
    assert await network.ported_count() == 0


async def test_an_import_goes_on_while_the_gateway_writes(desk: Any, engine: Any) -> None:
    """Batches of a command and submissions in turn, none of which is refused."""
    beside = await engine.beside()

    async def submit() -> list[Outcome]:
        outcomes: list[Outcome] = []
        while not importing.done():
            outcomes += await desk.submit(desk.message())
        return outcomes

    importing = asyncio.create_task(beside.network.put_ported(NUMBERS))
    outcomes = await submit()
    await importing
    assert outcomes
    assert {outcome.refusal for outcome in outcomes} <= {None}
    assert await desk.store.network.ported_count() == len(NUMBERS)


# --- What changed ---------------------------------------------------------------------------------
async def test_a_note_is_a_row_of_the_audit(network: Any, engine: Any) -> None:
    before = await network.version()
    await network.note("ported import", "numbers.csv", "6000 numbers", actor="ann", now=NOW)
    assert engine.audit()[-1] == ("ann", "ported import", "numbers.csv", "6000 numbers")
    assert await network.version() == before


async def test_another_process_sees_each_change_by_the_version(desk: Any, engine: Any) -> None:
    network, beside = desk.store.network, (await engine.beside()).network
    books = await desk.store.books.version()
    seen = [await network.version()]
    made = await put(beside)
    seen.append(await network.version())
    for change in (
        put(beside, settings=OTHERS),
        beside.enable_operator("tele2", False, **WHO),
        beside.put_range("7701", "tele2", **WHO),
        beside.remove_range("7701", **WHO),
        beside.add_route(Route(0, 0, (Target(made),)), **WHO),
    ):
        await change
        seen.append(await network.version())
    await beside.remove_route((await network.routes())[0].id, **WHO)
    seen.append(await network.version())
    await beside.remove_operator("tele2", **WHO)
    seen.append(await network.version())
    assert seen == sorted(set(seen))
    assert await desk.store.books.version() == books


# --- Reports --------------------------------------------------------------------------------------
def report(number: int, at: int = NOW, node: str = "first", words: str = "{}") -> BindReport:
    return BindReport(node, 1, number, at, words)


async def test_a_report_takes_the_place_of_the_one_before(network: Any) -> None:
    await network.report_binds([report(2), report(1), report(1, node="a")], [])
    await network.report_binds([report(1, NOW + 5, words='{"state": "up"}')], [])
    assert await network.bind_reports(0) == [
        report(1, node="a"),
        report(1, NOW + 5, words='{"state": "up"}'),
        report(2),
    ]
    assert await network.bind_reports(NOW) == [report(1, NOW + 5, words='{"state": "up"}')]


async def test_binds_that_are_gone_are_forgotten(network: Any) -> None:
    await network.report_binds([report(1), report(2), report(3), report(1, node="a")], [])
    await network.report_binds([report(4)], [("first", 1, 1), ("first", 1, 2), ("b", 1, 1)])
    assert await network.bind_reports(0) == [report(1, node="a"), report(3), report(4)]
    await network.report_binds([], [("first", 1, 3)])
    assert await network.bind_reports(0) == [report(1, node="a"), report(4)]


async def test_who_reports_forgets_nodes_that_are_long_gone(network: Any) -> None:
    await network.report_binds([report(1, node="dead"), report(2, NOW + 1, node="still")], [])
    await network.report_binds([report(1, NOW + REPORTS_KEPT_MS + 1)], [])
    assert [row.node for row in await network.bind_reports(0)] == ["first", "still"]


async def test_reports_wake_nobody(network: Any, desk: Any, engine: Any) -> None:
    before = await trace(network, engine), await desk.store.books.version()
    await network.report_binds([report(1)], [])
    assert (await trace(network, engine), await desk.store.books.version()) == before


async def test_nothing_to_report_is_not_written(network: Any, engine: Any) -> None:
    let_go = engine.hold()
    try:
        await network.report_binds([], [])
    finally:
        let_go()
