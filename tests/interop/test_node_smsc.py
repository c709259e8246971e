"""The gateway against an SMSC of node's `smpp` library: what a customer sends arrives, and how."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from .conftest import Site
from .node_smsc import PASSWORD, NodeSmsc

KAZAKH = (
    "Сәлеметсіз бе! Тапсырысыңыз дайын, ертең сағат тоғыздан бастап келіп алып кетуіңізге "
    "болады. Мекенжай: Алматы қаласы, Төле би көшесі. Құрметпен, «Үйім» дүкені — һәм ☎ 2-505-505."
)
GSM = "Your order {12} costs [5~€]: come & get it @ 9:00 ^_^ " * 4
STARTS = Callable[..., Awaitable[NodeSmsc]]
SITES = Callable[..., Awaitable[Site]]


async def test_a_long_kazakh_text_arrives_whole(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc(receiptIds="decimal")
    habar = await site(smsc.port, response_id_base="hex", receipt_id_base="decimal")
    sms_id = await habar.send(KAZAKH, "77017654321", sender="TEXT_MSG")
    await habar.become([sms_id])
    parts = smsc.told("submit")
    assert "".join(part["text"] for part in parts) == KAZAKH
    [reference] = {part["udh"][0][4:6] for part in parts}
    assert [part["udh"] for part in parts] == [
        [f"0003{reference}{len(parts):02x}{number:02x}"] for number in range(1, len(parts) + 1)
    ]
    for part in parts:
        assert (part["data_coding"], part["esm_class"]) == (8, 0x40)
        assert part["registered_delivery"] == 1
        assert part["source"] == [5, 0, "TEXT_MSG"]
        assert part["destination"] == [1, 1, "77017654321"]
    assert [one["status"] for one in await smsc.until("receipt", len(parts))] == [0] * len(parts)
    story = await habar.gateway.story(sms_id)
    assert all(str(part["number"]) in story for part in parts)


async def test_texts_of_the_gsm_alphabet(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc()
    habar = await site(smsc.port, response_id_base="hex", receipt_id_base="hex")
    await habar.become([await habar.send(GSM), await habar.send("Salem @ $ Ω £")])
    *parts, short = smsc.told("submit")
    assert "".join(part["text"] for part in parts) == GSM
    assert len(parts) == 2
    assert (short["text"], short["udh"], short["esm_class"]) == ("Salem @ $ Ω £", [], 0)
    assert {part["data_coding"] for part in (*parts, short)} == {0}


@pytest.mark.parametrize("long_text", ["udh16", "sar", "payload"])
async def test_the_other_ways_of_a_long_text(
    long_text: str, node_smsc: STARTS, site: SITES
) -> None:
    smsc = await node_smsc()
    habar = await site(
        smsc.port, long_text=long_text, response_id_base="hex", receipt_id_base="hex"
    )
    await habar.become([await habar.send(KAZAKH)])
    parts = smsc.told("submit")
    assert "".join(part["text"] for part in parts) == KAZAKH
    if long_text == "payload":
        assert [(part["payload"], part["udh"]) for part in parts] == [(True, [])]
    elif long_text == "sar":
        [(reference, total)] = {tuple(part["sar"][:2]) for part in parts}
        assert [part["sar"] for part in parts] == [
            [reference, total, number] for number in range(1, total + 1)
        ]
        assert not any(part["udh"] for part in parts)
    else:
        assert {part["udh"][0][:4] for part in parts} == {"0804"}


@pytest.mark.parametrize("receipts", ["before", "twice"])
async def test_receipts_before_the_response_and_twice(
    receipts: str, node_smsc: STARTS, site: SITES
) -> None:
    smsc = await node_smsc(receipts=receipts, receiptIds="decimal")
    habar = await site(smsc.port, response_id_base="hex", receipt_id_base="decimal")
    sms_ids = [await habar.send(f"message {number}") for number in range(5)]
    sms_ids.append(await habar.send(KAZAKH))
    await habar.become(sms_ids)
    count = len(smsc.texts) * (2 if receipts == "twice" else 1)
    assert {one["status"] for one in await smsc.until("receipt", count)} == {0}


async def test_what_was_not_delivered(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc(stat="UNDELIV")
    habar = await site(smsc.port, response_id_base="hex", receipt_id_base="hex")
    await habar.become([await habar.send("to nobody")], 105)


async def test_throttled_is_tried_again_and_nothing_twice(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc(throttle=3)
    habar = await site(smsc.port, window=2, response_id_base="hex", receipt_id_base="hex")
    texts = [f"message {number}" for number in range(8)]
    await habar.become([await habar.send(text) for text in texts])
    assert sorted(smsc.texts) == texts
    assert len(smsc.told("throttled")) == 3


async def test_it_asks_and_is_asked_whether_the_link_lives(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc()
    habar = await site(smsc.port, enquire_link_seconds=1)
    await smsc.until("bind")
    await smsc.order("enquire")
    assert (await smsc.until("enquire_link_resp"))[0]["status"] == 0
    await smsc.until("enquire_link", 2)
    assert len(smsc.told("bind")) == 1
    await habar.gateway.stop()
    await smsc.until("unbind")
    assert not smsc.told("error")


async def test_a_wrong_password_is_told_and_tried_again(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc(passwords={"habar": "another"})
    habar = await site(smsc.port, reconnect_seconds=1)
    await smsc.until("bind", 2, ok=False)
    await habar.says("ESME_RINVPASWD")
    sms_id = await habar.send("waits for the password")
    right = {"passwords": {"habar": PASSWORD}, "responseIds": "decimal", "receiptIds": "decimal"}
    await smsc.order("set", settings=right)
    await habar.become([sms_id])
    assert smsc.texts == ["waits for the password"]


async def test_links_go_and_come(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc(responseIds="decimal", receiptIds="decimal")
    habar = await site(smsc.port, reconnect_seconds=1)
    await habar.become([await habar.send("before")])
    await smsc.kill()
    waiting = [await habar.send(f"meanwhile {number}") for number in range(5)]
    await smsc.start()
    await habar.become(waiting)
    await smsc.order("drop")
    await habar.become([await habar.send("after")])
    texts = ["before", *(f"meanwhile {number}" for number in range(5)), "after"]
    assert sorted(smsc.texts) == sorted(texts)
    assert len(smsc.told("bind", ok=True)) == 3


async def test_an_unbind_in_the_middle_loses_nothing(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc(unbindAfter=8, responseIds="decimal", receiptIds="decimal")
    habar = await site(smsc.port, window=5, reconnect_seconds=1)
    texts = [f"message {number}" for number in range(40)]
    await habar.become([await habar.send(text) for text in texts])
    assert set(smsc.texts) == set(texts)
    assert len(smsc.texts) - len(texts) <= 5, "more than the window was in doubt"
    assert len(smsc.told("bind", ok=True)) == 2
    assert len(smsc.told("unbind_resp")) == 1


async def test_inside_tls(node_smsc: STARTS, site: SITES, tmp_path: Path) -> None:
    ca, other = trustme.CA(), trustme.CA()
    issued = ca.issue_cert("127.0.0.1")
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    smsc = await node_smsc(
        tls={"key": str(key), "cert": str(chain)}, responseIds="decimal", receiptIds="decimal"
    )
    stranger = await site(smsc.port, tls=True, tls_ca=str(tmp_path / "other.pem"))
    await smsc.until("tls_refused")
    await stranger.says("CERTIFICATE_VERIFY_FAILED")
    assert not smsc.told("bind")
    await stranger.gateway.stop()

    habar = await site(smsc.port, tls=True, tls_ca=str(tmp_path / "ca.pem"))
    await habar.become([await habar.send(KAZAKH)])
    assert [one["encrypted"] for one in smsc.told("bind")] == [True]
    assert "".join(smsc.texts) == KAZAKH


@pytest.mark.parametrize("interface_version", ["3.4", "3.3"])
async def test_one_bind_to_send_and_one_for_receipts(
    interface_version: str, node_smsc: STARTS, site: SITES
) -> None:
    smsc = await node_smsc(responseIds="decimal", receiptIds="decimal")
    habar = await site(
        smsc.port, binds="1 transmitter, 1 receiver", interface_version=interface_version
    )
    await smsc.until("bind", 2, ok=True)
    await habar.become([await habar.send(KAZAKH)])
    assert "".join(smsc.texts) == KAZAKH
    binds = smsc.told(
        "bind", ok=True, interface_version={"3.4": 0x34, "3.3": 0x33}[interface_version]
    )
    assert sorted(bind["kind"] for bind in binds) == ["receiver", "transmitter"]
    assert {one["over"] for one in smsc.told("submit")} == {"transmitter"}
    assert {one["over"] for one in await smsc.until("receipt", len(smsc.texts))} == {"receiver"}


async def test_what_is_in_doubt_is_asked_for(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc(silent=True)
    habar = await site(
        smsc.port,
        reconnect_seconds=1,
        response_id_base="hex",
        receipt_id_base="hex",
        in_doubt="query",
        reference_tlv="0x1400",
    )
    known, lost = await habar.send("it has this"), await habar.send("it has lost this")
    await smsc.until("submit", 2)
    [there] = smsc.told("submit", text="it has this")
    [gone] = smsc.told("submit", text="it has lost this")
    assert (there["reference"], gone["reference"]) == (f"{known}-1", f"{lost}-1")
    await smsc.order("forget", number=gone["number"])
    await smsc.order("set", settings={"silent": False})
    await smsc.order("drop")
    await smsc.until("query", known=True)
    await habar.become([lost])
    await smsc.order("receipts")
    await habar.become([known])
    assert {(one["message_id"], one["known"]) for one in smsc.told("query")} == {
        (f"{known}-1", True),
        (f"{lost}-1", False),
    }
    assert sorted(smsc.texts) == ["it has lost this", "it has lost this", "it has this"]


async def test_a_customer_takes_a_message_back(node_smsc: STARTS, site: SITES) -> None:
    smsc = await node_smsc(receipts="none")
    habar = await site(smsc.port, response_id_base="hex", receipt_id_base="hex", cancel=True)
    forgotten, delivered = await habar.send(KAZAKH), await habar.send("too late")
    [late] = await smsc.until("submit", text="too late")
    await habar.tells(delivered, str(late["number"]))
    await smsc.order("forget", number=late["number"])
    assert await habar.delete(forgotten) == 104
    assert await habar.delete(delivered) == 211
    parts = [f"{one['number']:X}" for one in smsc.told("submit") if one is not late]
    cancelled = smsc.told("cancel", known=True)
    assert [one["message_id"] for one in cancelled] == parts
    assert {(one["source"], one["destination"]) for one in cancelled} == {
        ("TEXT_MSG", "77015550001")
    }
    await habar.become([forgotten], 104)
