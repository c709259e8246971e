"""Receipts as written: forms, ids, dates, zones, and each breakage."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from habar.simulator import Breakage, Settings
from habar.simulator.dice import Tale
from habar.simulator.ids import Ids
from habar.simulator.ledger import Entry
from habar.simulator.receipts import ReceiptWriter
from habar.wire.smpp import MessageState, Pdu, decode, parse_receipt, receipt_of
from habar.wire.text import decode_ucs2

Submit = Callable[..., Pdu]

SUBMITTED = 1_760_000_000_000  # 2025-10-09 08:53:20 UTC
DONE = SUBMITTED + 60_000
HEADER = bytes.fromhex("00000005 00000000 00000001")
DELIVERED = Tale(MessageState.DELIVERED)


def written(pdu: Pdu, tale: Tale = DELIVERED, *, broken_tlvs: bool = False, **how: Any) -> Pdu:
    settings = Settings(**how)
    entry = Entry(pdu, "habar", 748, b"748", MessageState.DELIVERED, "000", SUBMITTED, 0.0, DONE)
    writer = ReceiptWriter(settings, Ids(settings))
    delivery = writer.write(entry, tale, DONE, Random(1), broken_tlvs=broken_tlvs)
    body = delivery.body + delivery.tlvs
    return decode((len(body) + 16).to_bytes(4, "big") + HEADER + body)


def test_the_standards_form(submit: Submit) -> None:
    assert written(submit()).message == (
        b"id:748 sub:001 dlvrd:001 submit date:2510090853 done date:2510090854 stat:DELIVRD "
        b"err:000 text:Hello"
    )


def test_another_form_with_other_dates_in_another_zone(submit: Submit) -> None:
    pdu = written(
        submit(),
        receipt_template="ID={id} STATUS={stat} AT={done}",
        receipt_dates="%Y-%m-%d %H:%M:%S",
        receipt_zone="Asia/Almaty",
        receipt_ids="hex-upper",
        receipt_id_digits=6,
    )
    assert pdu.message == b"ID=0002EC STATUS=DELIVRD AT=2025-10-09 13:54:20"


def test_text_or_tlvs_alone(submit: Submit) -> None:
    text, tlvs = (written(submit(), receipt_form=form) for form in ("text", "tlv"))
    assert (len(text.message) > 0, text.tlvs) == (True, ())
    assert tlvs.message == b""
    for pdu in (text, tlvs):
        receipt = receipt_of(pdu)
        assert receipt is not None
        assert (receipt.message_id, receipt.state) == ("748", MessageState.DELIVERED)


def test_unmarked_and_in_ucs2(submit: Submit) -> None:
    pdu = written(submit(), receipt_esm_class=0, receipt_ucs2=True, receipt_form="text")
    assert receipt_of(pdu) is None
    assert pdu.number("data_coding") == 8
    assert decode_ucs2(pdu.message).startswith("id:748 ")


def test_another_end_than_the_messages_own_has_an_error(submit: Submit) -> None:
    receipt = receipt_of(written(submit(), Tale(MessageState.UNDELIVERABLE)))
    assert receipt is not None
    assert (receipt.state, receipt.err) == (MessageState.UNDELIVERABLE, "001")


def test_an_orphan_has_nobodys_id(submit: Submit) -> None:
    receipt = receipt_of(written(submit(), Tale(MessageState.DELIVERED, orphan=True)))
    assert receipt is not None
    assert receipt.message_id != "748"


def broken(submit: Submit, breakage: Breakage, **how: Any) -> Pdu:
    return written(submit(), Tale(MessageState.DELIVERED, breakage), **how)


def test_cut_is_a_beginning(submit: Submit) -> None:
    whole, cut = written(submit()).message, broken(submit, Breakage.CUT).message
    assert 0 < len(cut) < len(whole)
    assert whole.startswith(cut)


def test_garbage_and_nothing(submit: Submit) -> None:
    assert parse_receipt(broken(submit, Breakage.GARBAGE).message) is None
    assert broken(submit, Breakage.EMPTY).message == b""


def test_the_wrong_encoding(submit: Submit) -> None:
    pdu = broken(submit, Breakage.ENCODING)
    assert pdu.number("data_coding") == 0
    assert decode_ucs2(pdu.message).startswith("id:748 ")


def test_no_id_no_word_no_dates(submit: Submit) -> None:
    assert parse_receipt(broken(submit, Breakage.NO_ID).message) is None
    unknown = parse_receipt(broken(submit, Breakage.UNKNOWN_STATE).message)
    assert unknown is not None
    assert unknown.state == MessageState.UNKNOWN
    undated = parse_receipt(broken(submit, Breakage.DATES).message)
    assert undated is not None
    assert (undated.message_id, undated.submit_date, undated.done_date) == ("748", None, None)


@pytest.mark.parametrize("breakage", list(Breakage))
def test_what_is_broken_has_tlvs_only_where_told(submit: Submit, breakage: Breakage) -> None:
    assert broken(submit, breakage).tlvs == ()
    receipt = receipt_of(broken(submit, breakage, broken_tlvs=True))
    assert receipt is not None
    assert (receipt.message_id, receipt.state) == ("748", MessageState.DELIVERED)
