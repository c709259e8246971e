"""Many operators with many binds: kinds, order, version, TLS, credentials, changes at run time."""

from __future__ import annotations

import ssl
from collections import Counter
from typing import Any

import pytest
import trustme

from habar.model.route import Route
from habar.model.status import Stage
from habar.operators import BindGroup, BindKind, LongText
from habar.simulator import Faults, Times

from .site import drafts

TX, RX, TRX = BindKind.TRANSMITTER, BindKind.RECEIVER, BindKind.TRANSCEIVER
LONG = ("Құрметті клиент, тапсырысыңыз дайын. " * 4).strip()


# --- Kinds and order -----------------------------------------------------------------------------
async def test_several_transmitters_send_and_several_receivers_hear_the_receipts(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    groups = (BindGroup(TX, 2), BindGroup(RX, 2))
    site = await make_site(a=smsc.operator(groups=groups, window=2))
    ids = await site.submit(*drafts(40))
    await site.all_end(ids)
    kinds = smsc.senders()
    assert Counter(kinds.values()) == {"transmitter": 2, "receiver": 2}
    by_session = Counter(received.session for received in smsc.received)
    assert {kinds[session] for session in by_session} == {"transmitter"}
    assert len(by_session) == 2, "both of them"
    reports = site.lane("a").links.reports()
    assert list(reports) == [1, 2, 1001, 1002]
    heard = [reports[number].receipts_per_minute for number in reports]
    assert heard[:2] == [0.0, 0.0]
    assert sum(heard[2:]) > 0
    assert (smsc.counts.unique, smsc.counts.repeated) == (40, 0)


async def test_binds_are_made_in_the_order_that_the_operator_wants(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    groups = (BindGroup(RX, 2), BindGroup(TX, 1), BindGroup(TRX, 1))
    await make_site(a=smsc.operator(groups=groups, in_order=True))
    assert [bind.kind for bind in smsc.binds] == [
        "receiver",
        "receiver",
        "transmitter",
        "transceiver",
    ]


async def test_a_bind_waits_for_the_answer_to_the_one_before_it_at_whatever_address(
    make_smsc: Any, make_site: Any
) -> None:
    first, second, other = await make_smsc(), await make_smsc(), await make_smsc()
    site = await make_site(b=other.operator())
    first.stall(True)
    groups = (BindGroup(RX, 1, port=first.port), BindGroup(TX, 1, port=second.port))
    await site.add("a", first, groups=groups, in_order=True, port=other.port)
    await first.wait_for(lambda it: bool(it.binds))
    assert site.report("a", 1001).state == "down"
    first.stall(False)
    await site.up()
    assert [[bind.kind for bind in smsc.binds] for smsc in (first, second, other)] == [
        ["receiver"],
        ["transmitter"],
        ["transceiver"],
    ]


async def test_a_bind_that_is_refused_does_not_hold_up_those_after_it_for_ever(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(faults=Faults(binds_refused=Times(1)))
    groups = (BindGroup(RX, 1), BindGroup(TX, 1))
    await make_site(a=smsc.operator(groups=groups, in_order=True))
    assert [(bind.kind, bind.status != 0) for bind in smsc.binds] in (
        [("receiver", True), ("transmitter", False), ("receiver", False)],
        [("receiver", True), ("receiver", False), ("transmitter", False)],
    )


async def test_an_operator_that_permits_fewer_binds_than_are_set_still_gets_all(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(bind_limit=1)
    other = await make_smsc()
    site = await make_site(b=other.operator())
    await site.add("a", smsc, binds=2)
    await site.route(_all_to(site, "a"))
    await site.when(lambda: site.lane("a").links.bound == 1)
    await site.all_end(await site.submit(*drafts(20)))
    await smsc.wait_for(lambda it: any(bind.status for bind in it.binds))
    assert (smsc.counts.unique, smsc.counts.repeated) == (20, 0)


# --- What a bind says ----------------------------------------------------------------------------
@pytest.mark.parametrize("long_text", [LongText.SAR, LongText.PAYLOAD, LongText.UDH_8])
async def test_an_operator_of_version_3_3_gets_no_tlv_and_its_receipts_are_read_without_any(
    make_smsc: Any, make_site: Any, long_text: LongText
) -> None:
    smsc = await make_smsc(interface_version=0x33)
    site = await make_site(
        a=smsc.operator(interface_version=0x33, long_text=long_text, reference_tlv=0x1401)
    )
    story = await site.ends(await site.send("77010000001", LONG), 102)
    assert [bind.interface_version for bind in smsc.binds] == [0x33]
    assert [dict(smsc.pdu(one.message_id).tlvs) for one in smsc.received] == [{}, {}, {}]
    assert [message.text for message in smsc.messages()] == [LONG]
    assert all(part.receipts == 1 for part in story.parts)


async def test_a_bind_says_what_the_operator_s_data_say(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc()
    await make_site(
        a=smsc.operator(
            system_type="SMPP", address_range="^7701", address_ton=1, address_npi=1, bind=TRX
        )
    )
    (bind,) = smsc.binds
    assert (bind.kind, bind.system_type, bind.address_range) == ("transceiver", "SMPP", "^7701")
    assert (bind.addr_ton, bind.addr_npi, bind.interface_version) == (1, 1, 0x34)


async def test_each_group_of_binds_has_its_own_credentials(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(passwords={"habar": "habar", "bulk": "other"})
    groups = (
        BindGroup(TRX, 1, system_type="ONE"),
        BindGroup(TRX, 1, system_id="bulk", password="other", system_type="TWO"),
    )
    site = await make_site(a=smsc.operator(groups=groups, window=2))
    await site.all_end(await site.submit(*drafts(20)))
    assert {(bind.system_id, bind.system_type, bind.status) for bind in smsc.binds} == {
        ("habar", "ONE", 0),
        ("bulk", "TWO", 0),
    }
    assert {received.system_id for received in smsc.received} == {"habar", "bulk"}
    assert smsc.counts.repeated == 0


async def test_over_tls_the_gateway_shows_its_certificate(
    make_smsc: Any, make_site: Any, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server, client = tls
    smsc = await make_smsc(tls=server)
    site = await make_site(a=smsc.operator(host="localhost", tls=client))
    await site.all_end(await site.submit(*drafts(20)))
    (bind,) = smsc.binds
    assert bind.secure
    assert bind.certificate == "habar gateway"
    assert smsc.counts.repeated == 0


async def test_without_the_certificate_that_the_operator_asks_for_there_is_no_link(
    make_smsc: Any, make_site: Any, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server, client = tls
    smsc, other = await make_smsc(tls=server), await make_smsc()
    site = await make_site(b=other.operator())
    bare = ssl.create_default_context()
    bare.load_verify_locations(cadata=_authority_of(client))
    await site.add("a", smsc, host="localhost", tls=bare)
    await site.when(lambda: site.lane("a").links.last_error != "")
    assert not smsc.binds
    assert site.lane("b").links.up


# --- Changes at run time -------------------------------------------------------------------------
async def test_an_operator_that_is_added_gets_its_traffic_at_once(
    make_smsc: Any, make_site: Any
) -> None:
    first, second = await make_smsc(), await make_smsc()
    site = await make_site(a=first.operator())
    await site.add("b", second)
    await site.route(_all_to(site, "b"))
    ids = await site.submit(*drafts(20))
    await site.all_end(ids)
    assert (first.counts.submitted, second.counts.submitted) == (0, 20)
    assert first.counts.binds == 1, "the other one was left alone"
    assert (await site.story(ids[0])).operator == "b"


async def test_window_and_throughput_change_under_a_standing_bind(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(window=2))
    smsc.stall(True)
    ids = await site.submit(*drafts(30))
    await smsc.wait_for(2)
    assert site.lane("a").links.window_used == 2
    await site.change("a", window=7)
    await smsc.wait_for(7)
    assert site.lane("a").links.window_used == 7
    await site.change("a", window=3, throughput=1000)
    smsc.stall(False)
    await site.all_end(ids)
    assert (smsc.counts.binds, smsc.counts.unbinds, smsc.counts.links_lost) == (1, 0, 0)
    assert (smsc.counts.unique, smsc.counts.repeated) == (30, 0)


async def test_the_way_of_texts_changes_under_a_standing_bind(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc()
    site = await make_site(a=smsc.operator(registered_delivery=1))
    await site.ends(await site.send("77010000001", LONG), 102)
    await site.change("a", long_text=LongText.PAYLOAD, registered_delivery=0x11)
    await site.ends(await site.send("77010000002", LONG), 102)
    assert [message.text for message in smsc.messages()] == [LONG] * 2
    assert [len(message.parts) for message in smsc.messages()] == [3, 1]
    assert [r.registered_delivery for r in smsc.received] == [1, 1, 1, 0x11]
    assert smsc.counts.binds == 1


async def test_another_port_is_bound_after_the_old_window_has_emptied(
    make_smsc: Any, make_site: Any
) -> None:
    old, new = await make_smsc(response_delay=0.02), await make_smsc()
    site = await make_site(a=old.operator(window=5))
    ids = await site.submit(*drafts(100))
    await old.wait_for(10)
    site.smscs["a"], new.bell = new, old.bell
    await site.change("a", port=new.port)
    await site.all_end(ids)
    assert old.counts.unbinds == 1
    assert 10 <= old.counts.submitted < 100
    assert old.counts.submitted + new.counts.submitted == 100
    assert not {*old.texts} & {*new.texts}, "nothing went to both"
    assert {*old.texts, *new.texts} == {f"text {n}" for n in range(100)}


async def test_more_and_fewer_binds_at_run_time(make_smsc: Any, make_site: Any) -> None:
    smsc = await make_smsc(response_delay=0.01)
    site = await make_site(a=smsc.operator(binds=1, window=3))
    ids = await site.submit(*drafts(60))
    await smsc.wait_for(6)
    await site.change("a", binds=3)
    await site.up()
    ids += await site.submit(*drafts(60, first=60))
    await smsc.wait_for(66)
    await site.change("a", groups=(BindGroup(TX, 1), BindGroup(RX, 1)))
    await site.up()
    ids += await site.submit(*drafts(20, first=120))
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (140, 0)
    assert sorted(session.bind for session in smsc.sessions) == ["receiver", "transmitter"]


async def test_a_disabled_operator_s_messages_wait_and_go_when_it_is_enabled(
    make_smsc: Any, make_site: Any
) -> None:
    smsc = await make_smsc(response_delay=0.01)
    site = await make_site(a=smsc.operator(window=5))
    ids = await site.submit(*drafts(60))
    await smsc.wait_for(10)
    await site.change("a", sends=False)
    assert smsc.counts.unbinds == 1
    went = smsc.counts.submitted
    ids += await site.submit(*drafts(10, first=60))
    assert await site.stage(ids[-1]) == Stage.WAITING
    assert smsc.counts.submitted == went < 60
    await site.change("a", sends=True)
    await site.all_end(ids)
    assert (smsc.counts.unique, smsc.counts.repeated) == (70, 0)


async def test_a_removed_operator_s_messages_wait_until_it_is_there_again(
    make_smsc: Any, make_site: Any
) -> None:
    gone, kept = await make_smsc(response_delay=0.01), await make_smsc()
    site = await make_site(a=gone.operator(window=5), b=kept.operator())
    ids = await site.submit(*drafts(60))
    await gone.wait_for(10)
    await site.remove("a")
    assert gone.counts.unbinds == 1
    went = gone.counts.submitted
    later = await site.submit(*drafts(10, "later"))
    await site.all_end(later)
    assert kept.counts.submitted == 10
    assert gone.counts.submitted == went < 60
    await site.add("a", gone, window=5)
    await site.all_end(ids)
    assert (gone.counts.unique, gone.counts.repeated) == (60, 0)
    assert kept.counts.submitted == 10


# --- Made for these ------------------------------------------------------------------------------
def _all_to(site: Any, name: str) -> Any:
    return Route(0, 0, (site.target(name),))


def _authority_of(context: ssl.SSLContext) -> str:
    (der,) = context.get_ca_certs(binary_form=True)[-1:]
    return ssl.DER_cert_to_PEM_cert(der)


@pytest.fixture
def tls() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """An SMSC's context that asks for a certificate, and a gateway's that has one."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(server)
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client)
    authority.issue_cert("habar.example", common_name="habar gateway").configure_cert(client)
    return server, client
