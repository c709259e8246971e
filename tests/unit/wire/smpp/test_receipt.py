"""Receipts as operators write them, and what is none."""

import re

import pytest

from habar.wire.smpp import (
    CommandId,
    EsmClass,
    MessageState,
    Receipt,
    ReceiptDate,
    ReceiptForm,
    Tlv,
    format_receipt,
    make_pdu,
    parse_receipt,
    receipt_of,
)
from habar.wire.smpp.receipt import _found_keys, _keys

DONE = ReceiptDate(2024, 2, 1, 15, 30)
STANDARD = (
    b"id:0123456789 sub:001 dlvrd:001 submit date:2402011529 done date:2402011530 "
    b"stat:DELIVRD err:000 text:Hello: it is me"
)
PLAIN = Receipt(
    "0123456789",
    MessageState.DELIVERED,
    "000",
    ReceiptDate(2024, 2, 1, 15, 29),
    DONE,
    "Hello: it is me",
)


def test_the_standards_form() -> None:
    assert parse_receipt(STANDARD) == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        STANDARD.upper().replace(b"HELLO: IT IS ME", b"Hello: it is me"),
        (
            b"stat:DELIVRD done date:2402011530 submit date:2402011529 err:000 id:0123456789"
            b" text:Hello: it is me"
        ),
        (
            b"text:Hello: it is me stat:DELIVRD done date:2402011530 submit date:2402011529"
            b" err:000 id:0123456789 sub:001"
        ),
        (
            b"id:0123456789 submit_date:2402011529 done_date:2402011530 stat:delivrd err:000"
            b" Text:Hello: it is me"
        ),
        (
            b"id: 0123456789, sub: 001, dlvrd: 001, submit date: 2402011529, done date: 2402011530,"
            b" stat: Delivered, err: 000, text: Hello: it is me"
        ),
        (
            b"id:0123456789;submit date:20240201152900;done date:20240201153000;stat:DELIVERED;"
            b"err:000;text:Hello: it is me\0"
        ),
    ],
)
def test_the_same_written_otherwise(text: bytes) -> None:
    receipt = parse_receipt(text)
    assert receipt == PLAIN


@pytest.mark.parametrize(
    "text", [STANDARD, STANDARD.replace(b"text:", b"Text:  "), STANDARD + b" stat:X id:9 err:1\n"]
)
def test_the_quick_reading_agrees_with_the_thorough_one(text: bytes) -> None:
    quick = {key: value.strip() for key, value in _keys(text.decode()).items()}
    thorough = _found_keys(text.decode())
    assert quick == {key: thorough[key] for key in quick}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("DELIVRD", MessageState.DELIVERED),
        ("DELIVERED", MessageState.DELIVERED),
        ("DELIVER", MessageState.DELIVERED),
        ("EXPIRED", MessageState.EXPIRED),
        ("DELETED", MessageState.DELETED),
        ("UNDELIV", MessageState.UNDELIVERABLE),
        ("UNDELIVERABLE", MessageState.UNDELIVERABLE),
        ("FAILED", MessageState.UNDELIVERABLE),
        ("ACCEPTD", MessageState.ACCEPTED),
        ("ACCEPTED", MessageState.ACCEPTED),
        ("UNKNOWN", MessageState.UNKNOWN),
        ("REJECTD", MessageState.REJECTED),
        ("rejected", MessageState.REJECTED),
        ("ENROUTE", MessageState.ENROUTE),
        ("2", MessageState.DELIVERED),
        ("0", MessageState.ENROUTE),
        ("9", MessageState.UNKNOWN),
        ("SOMETHING", MessageState.UNKNOWN),
        ("DELIVRD (handset)", MessageState.DELIVERED),
    ],
)
def test_states(word: str, state: MessageState) -> None:
    receipt = parse_receipt(f"id:7 stat:{word}".encode())
    assert receipt is not None
    assert receipt.state is state
    assert (receipt.submit_date, receipt.done_date, receipt.err, receipt.text) == (
        None,
        None,
        "",
        "",
    )


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2402011530", DONE),
        ("240201153045", DONE._replace(second=45)),
        ("20240201153045", DONE._replace(second=45)),
        ("202402011530", DONE),
        ("2024-02-01 15:30:45", DONE._replace(second=45)),
        ("2024/02/01T15:30", DONE),
        ("24-02-01 15:30", DONE),
        ("2402011530+0500", DONE._replace(utc_offset=300)),
        ("240201153000-03", DONE._replace(utc_offset=-180)),
        ("2024-02-01T15:30:00.123Z", DONE._replace(utc_offset=0)),
        ("2402011530 +05:30", DONE._replace(utc_offset=330)),
        ("240201153060", DONE._replace(second=59)),
        ("2413011530", None),
        ("2402321530", None),
        ("2402012430", None),
        ("2402011560", None),
        ("19990201153000", None),
        ("0", None),
        ("", None),
        ("24020115", None),
        ("yesterday", None),
        ("٢٤٠٢٠١١٥٣٠", None),
    ],
)
def test_dates(written: str, date: ReceiptDate | None) -> None:
    receipt = parse_receipt(b"id:7 done date:" + written.encode() + b" stat:DELIVRD err:0")
    assert receipt is not None
    assert receipt.done_date == date
    assert receipt.err == "0"


def test_text_keeps_what_looks_like_keys() -> None:
    receipt = parse_receipt(b"id:7 stat:EXPIRED text:your id:9 stat:DELIVRD err:1")
    assert receipt is not None
    assert (receipt.message_id, receipt.state) == ("7", MessageState.EXPIRED)
    assert receipt.text == "your id:9 stat:DELIVRD err:1"


def test_words_that_end_in_a_key_are_no_keys() -> None:
    receipt = parse_receipt(b"paid:9 id:7 stat:EXPIRED")
    assert receipt is not None
    assert receipt.message_id == "7"


def test_tlvs_win() -> None:
    receipt = parse_receipt(
        STANDARD,
        receipted_message_id=b"9F\0",
        message_state=5,
        network_error_code=b"\x03\x01\x02",
    )
    assert receipt is not None
    assert (receipt.message_id, receipt.state) == ("9F", MessageState.UNDELIVERABLE)
    assert receipt.network_error_code == (3, 0x0102)
    assert receipt.text == "Hello: it is me"


def test_tlvs_alone_are_a_receipt() -> None:
    assert parse_receipt(b"", receipted_message_id=b"9", message_state=2) == Receipt(
        "9", MessageState.DELIVERED
    )


def test_a_tlv_out_of_range_leaves_the_text_its_say() -> None:
    receipt = parse_receipt(STANDARD, message_state=77, network_error_code=b"ab")
    assert receipt == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"Hello",
        b"id:7",
        b"stat:DELIVRD",
        b"id: stat:DELIVRD",
        b"id:7 stat:",
        bytes(range(256)),
    ],
)
def test_no_receipt(text: bytes) -> None:
    assert parse_receipt(text) is None


@pytest.mark.parametrize(
    ("esm_class", "read"),
    [
        (EsmClass.DELIVERY_RECEIPT, True),
        (EsmClass.DELIVERY_RECEIPT | EsmClass.STORE_AND_FORWARD, True),
        (EsmClass.INTERMEDIATE_NOTIFICATION, True),
        (0, False),
        (EsmClass.UDHI, False),
        (EsmClass.DELIVERY_ACKNOWLEDGEMENT, False),
    ],
)
def test_only_a_marked_message_is_a_receipt(esm_class: int, read: bool) -> None:
    pdu = make_pdu(CommandId.DELIVER_SM, esm_class=int(esm_class), short_message=STANDARD)
    assert (receipt_of(pdu) == PLAIN) is read
    assert (receipt_of(pdu) is None) is not read


def test_the_tlv_marks_a_receipt_too() -> None:
    tlvs: dict[Tlv, int | bytes] = {Tlv.RECEIPTED_MESSAGE_ID: b"55", Tlv.MESSAGE_STATE: 3}
    pdu = make_pdu(CommandId.DATA_SM, tlvs=tlvs)
    assert receipt_of(pdu) == Receipt("55", MessageState.EXPIRED)


def test_a_pdu_without_esm_class_is_none() -> None:
    assert receipt_of(make_pdu(CommandId.ENQUIRE_LINK)) is None


@pytest.mark.parametrize("state", list(MessageState))
def test_what_is_written_is_read(state: MessageState) -> None:
    receipt = Receipt("123", state, "045", DONE, DONE._replace(minute=31), "text: with id:5")
    assert parse_receipt(format_receipt(receipt)) == receipt


def test_the_form_that_is_written() -> None:
    assert format_receipt(PLAIN) == STANDARD
    refused = Receipt("7", MessageState.REJECTED, text="a text of more than twenty characters")
    assert format_receipt(refused, submitted=3, delivered=2) == (
        b"id:7 sub:003 dlvrd:002 submit date: done date: stat:REJECTD err:000 "
        b"text:a text of more than "
    )
    assert b"dlvrd:000" in format_receipt(refused)


# --- An operator's own form -----------------------------------------------------------------------
OWN = ReceiptForm(
    pattern=re.compile(r"(?P<stat>\w+) for (?P<id>\w+)"),
    states={"SEEN": 2, "GONE AWAY": 5, "7": 3, "ODD": 99},
)


@pytest.mark.parametrize(
    ("text", "message_id", "state"),
    [
        (b"seen for 7", "7", MessageState.DELIVERED),
        (b"Report: DELIVRD for 7, thanks", "7", MessageState.DELIVERED),
        (b"7 for 9", "9", MessageState.EXPIRED),
        (b"odd for 9", "9", MessageState.UNKNOWN),
        (b"id:7 stat:seen", "7", MessageState.DELIVERED),
        (b"id:7 stat:gone away", "7", MessageState.UNDELIVERABLE),
        (b"id:7 stat:seen today", "7", MessageState.DELIVERED),
    ],
)
def test_a_pattern_and_words_of_the_operator_s_own(
    text: bytes, message_id: str, state: MessageState
) -> None:
    assert parse_receipt(text, form=OWN) == Receipt(message_id, state)


def test_groups_that_a_pattern_lacks_or_did_not_fill_are_empty() -> None:
    lacks = ReceiptForm(pattern=re.compile(r"(?P<id>\d+)(?: (?P<stat>\w+))?"))
    assert parse_receipt(b"7", form=lacks) is None
    assert parse_receipt(b"7", message_state=2, form=lacks) == Receipt("7", MessageState.DELIVERED)


def test_a_pattern_is_not_tried_on_more_than_a_receipt() -> None:
    text = b"x" * 1024 + b" seen for 7"
    assert parse_receipt(text, form=OWN) is None


@pytest.mark.parametrize(
    "text",
    [STANDARD, STANDARD.decode().encode("utf-16-be"), "id:7 stat:DELIVRD".encode("utf-16-be")],
)
def test_a_receipt_that_is_said_to_be_ucs2_is_read_whether_it_is_or_not(text: bytes) -> None:
    pdu = make_pdu(
        CommandId.DELIVER_SM,
        esm_class=EsmClass.DELIVERY_RECEIPT,
        data_coding=8,
        short_message=text,
    )
    receipt = receipt_of(pdu)
    assert receipt is not None
    assert receipt.state is MessageState.DELIVERED
    assert receipt.message_id in {"0123456789", "7"}


def test_ucs2_that_is_cut_or_of_other_letters_never_raises() -> None:
    for text in ("id:7 stat:DELIVRD text:Сәлем 👍".encode("utf-16-be"), b"\0i\0d\0:\0007\0"):
        pdu = make_pdu(
            CommandId.DELIVER_SM,
            esm_class=EsmClass.DELIVERY_RECEIPT,
            data_coding=8,
            short_message=text,
        )
        receipt = receipt_of(pdu)
        assert receipt is None or receipt.message_id == "7"
