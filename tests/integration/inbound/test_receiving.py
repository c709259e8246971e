"""A subscriber writes to a short code: over real sockets, from the SMSC's PDU to what is stored."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from habar.config import InboundSettings
from habar.model.stop_words import ANSWERS, Language, Said, Word
from habar.operators import Alphabet, Cyrillic
from habar.simulator import Simulator
from habar.store.inbox import CallMethod, Opt
from habar.wire.smpp import CommandId, CommandStatus, Tlv
from habar.wire.text import encode_gsm7, pack_to_end

from .conftest import Scripted, Site, part

Make = Callable[..., Any]
MINUTE = 60_000


@pytest.mark.rule("inbox.default-customer")
async def test_a_text_reaches_the_short_code_s_owner(simulator: Simulator, make_site: Make) -> None:
    site: Site = await make_site(simulator.port)
    simulator.deliver("77771234567", "8785", "Салем, қалайсың?")
    [message] = await site.received()
    assert message.text == "Салем, қалайсың?"
    assert (message.sender, message.short_code) == ("77771234567", "8785")
    assert (message.account_id, message.host) == (1, "http://shop.example:80")
    await simulator.wait_for(lambda smsc: not smsc.waiting_deliveries, 10)


@pytest.mark.rule("inbox.joined", "inbox.longest-keyword", "inbox.whole-text")
async def test_a_long_text_is_joined(simulator: Simulator, make_site: Make) -> None:
    site: Site = await make_site(simulator.port)
    text = "pizza " + "€[қ]😀" * 60
    assert simulator.deliver("77771234567", "8785", text) > 2
    [message] = await site.received()
    assert message.text == text
    assert (message.account_id, message.method) == (2, CallMethod.POST)
    assert message.missing == 0


@pytest.mark.rule("inbox.stored-first")
async def test_it_is_acknowledged_when_it_is_on_disk(smsc: Scripted, make_site: Make) -> None:
    site: Site = await make_site(smsc.port)
    with closing(site.lock_file()) as thief:
        smsc.deliver(b"hello")
        smsc.deliver(part(1, 2, b"hello"), esm_class=0x40)
        smsc.ask_amiss()
        [answer] = await smsc.answered(1)
        assert answer.command_id == CommandId.QUERY_SM_RESP
        assert site.messages == []
        thief.execute("ROLLBACK")
    _, *answers = await smsc.answered(3)
    assert [each.command_id for each in answers] == [CommandId.DELIVER_SM_RESP] * 2
    assert [each.command_status for each in answers] == [CommandStatus.ESME_ROK] * 2
    await site.received()


@pytest.mark.rule("inbox.transaction-id", "inbox.plus")
async def test_the_transaction_id_is_kept_for_the_reply(smsc: Scripted, make_site: Make) -> None:
    site: Site = await make_site(smsc.port)
    smsc.deliver(b"taxi", sender=b"+77771234567", code=b"+1414#12345")
    [message] = await site.received()
    assert (message.sender, message.short_code) == ("77771234567", "1414")
    assert message.transaction_id == "12345"
    assert (message.method, message.reply) == (CallMethod.AUTO, "A car is on its way")


async def test_parts_out_of_order_twice_and_by_data_sm(smsc: Scripted, make_site: Make) -> None:
    site: Site = await make_site(smsc.port)
    texts = [b"one ", b"two ", b"three"]
    for number in (3, 1, 3, 2, 1):
        data = part(number, 3, texts[number - 1])
        smsc.deliver(
            command=CommandId.DATA_SM,
            code=b"8785#%d" % number,
            esm_class=0x40,
            tlvs={Tlv.MESSAGE_PAYLOAD: data},
        )
    [message] = await site.received()
    assert message.text == "one two three"
    assert message.transaction_id == "1"
    answers = await smsc.answered(5)
    assert {answer.command_id for answer in answers} == {CommandId.DATA_SM_RESP}
    assert {answer.command_status for answer in answers} == {CommandStatus.ESME_ROK}


async def test_parts_by_sar_tlvs(smsc: Scripted, make_site: Make) -> None:
    site: Site = await make_site(smsc.port)
    face = "я😀".encode("utf-16-be")
    for number, octets in ((2, face[4:]), (1, face[:4])):
        tlvs = {
            Tlv.SAR_MSG_REF_NUM: 300,
            Tlv.SAR_TOTAL_SEGMENTS: 2,
            Tlv.SAR_SEGMENT_SEQNUM: number,
        }
        smsc.deliver(octets, data_coding=8, tlvs=tlvs)
    [message] = await site.received()
    assert message.text == "я😀"


@pytest.mark.rule("inbox.joined")
async def test_a_part_that_never_comes(smsc: Scripted, make_site: Make) -> None:
    site: Site = await make_site(smsc.port)
    smsc.deliver(part(1, 3, b"pizza with "), esm_class=0x40)
    smsc.deliver(part(3, 3, b" and olives"), esm_class=0x40)
    await site.when(lambda: site.subscribers.parts == 2)
    assert site.messages == []
    site.clock.now += 61 * MINUTE
    [message] = await site.received()
    assert message.text == "pizza with […] and olives"
    assert (message.account_id, message.parts, message.missing) == (2, 3, 1)


@pytest.mark.parametrize(
    ("settings", "octets", "fields", "text"),
    [
        ({}, b"a\x00b \x1be", {}, "a@b €"),
        ({"alphabet": Alphabet.LATIN1}, b"a@b \xe9", {}, "a@b é"),
        (
            {"alphabet": Alphabet.GSM7_PACKED},
            pack_to_end(encode_gsm7("seven c")),
            {"data_coding": 0xF1},
            "seven c",
        ),
        ({}, "Привет".encode("iso8859_5"), {"data_coding": 6}, "Привет"),
        (
            {"cyrillic": Cyrillic.UCS2_LE},
            "Салем".encode("utf-16-le"),
            {"data_coding": 8},
            "Салем",
        ),
        ({}, b"\x03\x24\x01\x01\x1bSeker", {"esm_class": 0x40}, "Şeker"),
        (
            {},
            b"\x06\x05\x04\x0b\x84\x23\xf0\x01\xff",
            {"esm_class": 0x40, "data_coding": 4},
            "01FF",
        ),
        ({}, b"\x99\x01", {"esm_class": 0x40}, "[unreadable] 9901"),
    ],
)
async def test_encodings(
    smsc: Scripted, make_site: Make, settings: Any, octets: bytes, fields: Any, text: str
) -> None:
    site: Site = await make_site(smsc.port, **settings)
    smsc.deliver(octets, **fields)
    [message] = await site.received()
    assert message.text == text


@pytest.mark.rule("inbox.stop-words")
async def test_stop_is_answered_by_the_gateway(smsc: Scripted, make_site: Make) -> None:
    site: Site = await make_site(smsc.port, InboundSettings(stop_words=True))
    smsc.deliver("ТОҚТАТ".encode("utf-16-be"), data_coding=8)
    smsc.deliver(b"CTO\x16")  # with the Greek letter of the GSM alphabet
    stop, also = await site.received(2)
    assert (stop.account_id, stop.method, stop.opt) == (1, CallMethod.AUTO, Opt.OUT)
    assert stop.reply == ANSWERS[Said(Word.STOP, Language.KAZAKH)]
    assert (also.opt, also.reply) == (Opt.OUT, ANSWERS[Said(Word.STOP, Language.RUSSIAN)])


@pytest.mark.rule("inbox.unrouted")
async def test_what_is_nobody_s_is_kept(smsc: Scripted, make_site: Make) -> None:
    site: Site = await make_site(smsc.port)
    smsc.deliver(b"hello", code=b"1414")
    smsc.deliver(b"hello", sender=b"Kaspi", code=b"")
    one, two = await site.received(2)
    assert (one.account_id, one.text) == (0, "hello")
    assert (two.account_id, two.sender, two.short_code) == (0, "Kaspi", "")
    assert site.subscribers.unrouted == 2
