"""Answers of gateways, exact and sloppy, read."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from habar_client import AuthorizationError, Balance, Message, PackageError, Price
from habar_client.answer import Garbled, Row, assign, deletions, read, sent, statuses
from habar_client.request import Ref

ALMATY = ZoneInfo("Asia/Almaty")


def _rows(rows: str, section: str = "message") -> list[Row]:
    return read(f"<package><{section}>{rows}</{section}></package>".encode()).rows(section)


def test_the_documentations_answer() -> None:
    answer = read(
        b'<?xml version="1.0" encoding="utf-8" ?>\n<package>\n    <message>\n'
        b'        <msg id="1" sms_id="1" sms_count="1">106</msg>\n    </message>\n</package>\n'
    )
    assert answer.rows("message") == [Row(1, 1, 1, 106)]
    assert answer.rows("status") == []


@pytest.mark.parametrize(
    ("row", "meant"),
    [
        ("<msg>106</msg>", Row(None, 0, 0, 106)),
        ("<msg sms_count='2' sms_id='9' id='4' new='x'>\n 106\t</msg>", Row(4, 9, 2, 106)),
        ("<msg id='' sms_id='' sms_count=''>1</msg>", Row(None, 0, 0, 1)),
        ("<msg id='x' sms_id='-3' sms_count='1e3'>106</msg>", Row(None, 0, 0, 106)),
        ("<msg sms_id='9'></msg>", Row(None, 9, 0, 0)),
        ("<msg sms_id='9'>OK</msg>", Row(None, 9, 0, 0)),
        (f"<msg sms_id='{'9' * 5000}'>106</msg>", Row(None, 0, 0, 106)),
        ("<msg sms_id='\u0663'>\u0661\u0660\u0666</msg>", Row(None, 0, 0, 0)),
    ],
)
def test_rows_are_read_leniently(row: str, meant: Row) -> None:
    assert _rows(row) == [meant]


def test_rows_of_several_sections_and_unknown_elements() -> None:
    answer = read(
        b"<package><note/><message><msg>106</msg><!-- x --><other/></message>"
        b"<message><msg>203</msg></message></package>"
    )
    assert [row.code for row in answer.rows("message")] == [106, 203]


def test_a_byte_order_mark_and_white_space_are_passed_over() -> None:
    assert read(b"\xef\xbb\xbf \n<?xml version='1.0'?><package/>").rows("message") == []


def test_package_errors() -> None:
    with pytest.raises(PackageError, match="package error 201: the gateway cannot read") as caught:
        read(b"<package><error>201</error></package>")
    assert caught.value.code == 201
    with pytest.raises(AuthorizationError) as refused:
        read(b"<package>\n<error> 202 </error></package>")
    assert refused.value.code == 202
    with pytest.raises(PackageError, match="package error 200"):
        read(b"<package><error>oops</error></package>")


BOMB = b"<!DOCTYPE package [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><package>&b;</package>"


@pytest.mark.parametrize(
    ("body", "words", "cut"),
    [
        (b"", "not well-formed", False),
        (b"OK", "not well-formed", False),
        (b"<html><body>502</body></html>", "a web page", False),
        (b"<!DOCTYPE html><html></html>", "a web page", False),
        (b"<!doctype html><html></html>", "a web page", False),
        (b"<answer/>", "no package", False),
        (b"<package><message><msg", "not well-formed", True),
        (b"<?xml version='1.0'?><pack", "not well-formed", True),
        (b"<package>\xff</package>", "not UTF-8", False),
        ("<package/>".encode("utf-16"), "not UTF-8", False),
        (BOMB, "DOCTYPE", False),
    ],
)
def test_what_is_no_answer_is_said(body: bytes, words: str, cut: bool) -> None:
    with pytest.raises(Garbled, match=words) as caught:
        read(body)
    assert caught.value.cut is cut


def test_rows_are_found_by_position_where_nothing_speaks_against_it() -> None:
    rows = _rows("<msg sms_id='5'>106</msg><msg id='2' sms_id='6'>106</msg>")
    assert assign([Ref(id=1), Ref(id=2)], rows) == rows
    assert assign([Ref(), Ref()], rows) == rows


def test_rows_in_another_order_are_found_by_their_ids() -> None:
    two, one = rows = _rows("<msg id='2'>106</msg><msg id='1'>203</msg>")
    assert assign([Ref(id=1), Ref(id=2)], rows) == [one, two]


def test_a_missing_row_is_told_and_none_is_guessed() -> None:
    rows = _rows("<msg id='2' sms_id='6'>106</msg>")
    assert [row.code for row in assign([Ref(id=1), Ref(id=2), Ref()], rows)] == [0, 106, 0]


def test_one_id_twice_takes_its_rows_in_turn() -> None:
    rows = _rows("<msg id='1'>106</msg><msg id='1'>201</msg>")
    refs = [Ref(id=1), Ref(id=1), Ref(id=3)]
    assert [row.code for row in assign(refs, rows)] == [106, 201, 0]


def test_rows_of_questions_are_found_by_sms_id() -> None:
    rows = _rows("<msg sms_id='6'>102</msg><msg sms_id='5'>106</msg>", "status")
    assert [row.code for row in assign([Ref(sms_id=5), Ref(sms_id=6)], rows)] == [106, 102]


@pytest.mark.parametrize("code", [1, 100, 106])
def test_acceptance(code: int) -> None:
    row = sent([Message("77771234567", "x")], [Row(None, 9, 2, code)], again=False)[0]
    assert (row.accepted, row.sms_id, row.sms_count, row.code) == (True, 9, 2, code)


@pytest.mark.parametrize("code", [0, 101, 200, 202, 203, 204, 205, 206, 207, 999])
def test_refusal(code: int) -> None:
    row = sent([Message("77771234567", "x")], [Row(None, 0, 0, code)], again=True)[0]
    assert (row.accepted, row.repeated) == (False, False)


@pytest.mark.parametrize(
    ("own_id", "sms_id", "again", "accepted", "repeated"),
    [
        (1, 9, True, True, True),
        (1, 9, False, False, True),
        (1, 0, True, False, False),
        (None, 9, True, False, False),
    ],
)
def test_a_used_id(
    own_id: int | None, sms_id: int, again: bool, accepted: bool, repeated: bool
) -> None:
    message = Message("77771234567", "x", id=own_id)
    row = sent([message], [Row(own_id, sms_id, 1, 201)], again=again)[0]
    assert (row.accepted, row.repeated) == (accepted, repeated)


def test_a_row_keeps_what_the_message_was() -> None:
    row = sent([Message("77771234567", "x", id=4)], [Row(None, 9, 1, 106)], again=False)[0]
    assert (row.recipient, row.id) == ("77771234567", 4)


def test_statuses_with_and_without_their_time() -> None:
    rows = _rows(
        "<msg id='1' sms_id='1' sms_count='1' date_completed='2001-01-01T12:00:00'>102</msg>"
        "<msg sms_id='2' sms_count='1'>106</msg>",
        "status",
    )
    first, second = statuses([Ref(id=1), Ref(sms_id=2)], rows, ALMATY)
    assert first.completed_at == datetime(2001, 1, 1, 6, tzinfo=UTC)
    assert first.completed_at is not None
    assert first.completed_at.tzinfo is ALMATY
    assert (first.id, first.sms_id, second.completed_at) == (1, 1, None)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-01-01 12:00:00", 12),
        ("2026-01-01T12:00:00+00:00", 17),
        ("", None),
        ("0000-00-00 00:00:00", None),
        ("yesterday", None),
    ],
)
def test_times_are_read_leniently(text: str, hour: int | None) -> None:
    moment = statuses([Ref(id=1)], [Row(1, 1, 1, 102, text)], ALMATY)[0].completed_at
    assert (moment and moment.hour) == hour


def test_a_status_keeps_what_was_asked_for() -> None:
    by_sms_id, by_id = statuses([Ref(sms_id=9), Ref(id=4)], [Row(None, 0, 0, 106)] * 2, ALMATY)
    assert (by_sms_id.sms_id, by_id.id) == (9, 4)


def test_deletions() -> None:
    rows = [Row(7, 25, 1, 104), Row(None, 18, 1, 211)]
    gone, late = deletions([Ref(id=7), Ref(sms_id=18)], rows)
    assert (gone.deleted, gone.sms_id, gone.error) == (True, 25, None)
    assert (late.deleted, late.error) == (False, 211)


def test_the_balance() -> None:
    answer = read(
        b"<package><balance><amount>10.52</amount><currency>KZT</currency></balance></package>"
    )
    assert answer.balance() == Balance(Decimal("10.52"), "KZT")
    assert read(
        b"<package><balance><amount> -1,5 </amount></balance></package>"
    ).balance() == Balance(Decimal("-1.5"), "")


@pytest.mark.parametrize("inside", ["", "<balance/>", "<balance><amount>NaN</amount></balance>"])
def test_no_balance(inside: str) -> None:
    with pytest.raises(Garbled, match="no balance"):
        read(f"<package>{inside}</package>".encode()).balance()


def test_prices() -> None:
    answer = read(
        b'<package><prices><phone price="12.00" currency="KZT">77771234567</phone>'
        b"<phone>8</phone></prices></package>"
    )
    assert answer.prices() == [
        Price("77771234567", Decimal("12.00"), "KZT"),
        Price("8", None, None),
    ]
