"""What each bind tells of itself, to this node and to staff: state, window, errors, receipts."""

from __future__ import annotations

from typing import Any

from habar.operators import BindGroup, BindKind, LinkReport, Quirks
from habar.simulator import BEHAVIOURS, Faults, Times

from .site import drafts


async def told(site: Any) -> dict[tuple[str, int], LinkReport]:
    """What the store has of all binds, by operator and number, as another node reads it."""
    site.watch._told_at = 0  # it is time
    await site.watch.report()
    names = {settings.id: name for name, settings in site.settings.items()}
    found = {}
    for row in await site.store.network.bind_reports(0):
        report = LinkReport.read(row.report)
        assert row.node == "here"
        assert report is not None
        found[names.get(row.operator_id, "?"), row.number] = report
    return found


async def test_each_bind_tells_its_state_kind_and_address(make_smsc: Any, make_site: Any) -> None:
    a, b = await make_smsc(), await make_smsc()
    groups = (BindGroup(BindKind.TRANSMITTER, 2), BindGroup(BindKind.RECEIVER, 1))
    site = await make_site(a=a.operator(groups=groups), b=b.operator())
    reports = await told(site)
    assert {key: (report.kind, report.state) for key, report in reports.items()} == {
        ("a", 1): ("transmitter", "up"),
        ("a", 2): ("transmitter", "up"),
        ("a", 1001): ("receiver", "up"),
        ("b", 1): ("transceiver", "up"),
    }
    assert reports["b", 1].address == f"127.0.0.1:{b.port}"
    assert [report.may_send for report in reports.values()] == [True, True, False, True]
    assert all(report.last_error == "" for report in reports.values())
    assert all(0 < report.since_ms <= site.clock.now_ms() for report in reports.values())


async def test_the_window_in_use_is_told(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(binds=2, window=4))
    smsc.stall(True)
    ids = await site.submit(*drafts(20))
    await smsc.wait_for(8)
    reports = await told(site)
    assert [(report.window, report.window_used) for report in reports.values()] == [(4, 4), (4, 4)]
    smsc.stall(False)
    await site.all_end(ids)
    reports = await told(site)
    assert [report.window_used for report in reports.values()] == [0, 0]
    assert all(report.pdus_per_second > 0 for report in reports.values())
    assert all(report.round_trip_ms for report in reports.values())


async def test_errors_are_told_by_their_names_and_each_operator_has_its_own(
    make_smsc: Any, make_site: Any
) -> None:
    a, b = await make_smsc(), await make_smsc()
    quirks = Quirks(passing=frozenset({0x400, 0x08}))
    site = await make_site(a=a.operator(quirks=quirks, response_timeout=0.1), b=b.operator())
    a.faults = Faults(
        errors={0x08: Times(2), 0x400: Times(1), 0x0B: Times(1)}, submits_ignored=Times(1)
    )
    ids = await site.submit(*drafts(20))
    for message_id in ids:
        await site.until(_is_over(site, message_id))
    reports = await told(site)
    assert reports["a", 1].errors == {
        "ESME_RSYSERR": 2,
        "ESME_RINVDSTADR": 1,
        "0x00000400": 1,
        "NO_ANSWER": 1,
    }
    assert reports["b", 1].errors == {}


async def test_a_link_that_is_down_tells_why_and_since_when(make_smsc: Any, make_site: Any) -> None:
    a, b = await make_smsc(), await make_smsc()
    site = await make_site(a=a.operator(), b=b.operator())
    begin = site.clock.now_ms()
    a.refuse_binds(0x0D)
    a.drop_links()
    await site.when(lambda: "ESME_RBINDFAIL" in site.report("a").last_error)
    report = (await told(site))["a", 1]
    assert report.state in {"down", "connecting", "binding"}
    assert report.errors["ESME_RBINDFAIL"] >= 1
    assert not report.may_send
    assert report.last_error_at is not None
    assert report.last_error_at >= begin
    assert report.since_ms >= begin
    assert (await told(site))["b", 1].state == "up"


async def test_receipts_and_the_share_of_delivered_are_told(make_smsc: Any, make_site: Any) -> None:
    fates = {f"7701{n:07d}": BEHAVIOURS["77000000105"] for n in range(5)}
    smsc = await make_smsc(behaviours=fates)
    site = await make_site(a=smsc.operator())
    assert (await told(site))["a", 1].delivered_share is None
    ids = await site.submit(*drafts(20))
    await site.all_end(ids[:5], 105)
    await site.all_end(ids[5:], 102)
    report = (await told(site))["a", 1]
    assert report.delivered_share == 0.75
    assert report.receipts_per_minute > 0


async def test_a_bind_that_is_no_more_is_told_of_no_more(make_smsc: Any, make_site: Any) -> None:
    a, b = await make_smsc(), await make_smsc()
    site = await make_site(a=a.operator(binds=2), b=b.operator())
    assert set(await told(site)) == {("a", 1), ("a", 2), ("b", 1)}
    await site.change("a", binds=1)
    await site.when(lambda: site.lane("a").links.held == 1)
    assert set(await told(site)) == {("a", 1), ("b", 1)}
    await site.change("a", sends=False)
    assert set(await told(site)) == {("b", 1)}


def _is_over(site: Any, message_id: int) -> Any:
    async def is_over() -> bool:
        return bool(await site.stage(message_id) == 3)

    return is_over
