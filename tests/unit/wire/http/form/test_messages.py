"""What the parameters ask for."""

from __future__ import annotations

import pytest

from habar.wire.http.form import (
    MAX_MESSAGES,
    FormFault,
    MessageIn,
    ResponseFormat,
    action_of,
    message_ids,
    messages,
    read,
    response_format,
)


def found(query: str) -> list[MessageIn | FormFault]:
    return messages(read(query.encode(), "", b""))


def shown(query: str) -> list[object]:
    return [each.words if isinstance(each, FormFault) else tuple(each) for each in found(query)]


def fault(query: str) -> str:
    with pytest.raises(FormFault) as raised:
        found(query)
    return raised.value.words


def test_one_message_and_all_that_may_be_said_of_it() -> None:
    assert shown(
        "recipient=77771234567&originator=SHOP&messagetype=SMS:TEXT&messagedata=Hello"
        "&sendondate=2026-12-31 18:00:00&reporturl=http://shop.kz/?a=1"
    ) == [
        ("77771234567", "SHOP", "SMS:TEXT", "Hello", "2026-12-31 18:00:00", "http://shop.kz/?a=1")
    ]


def test_what_may_be_absent_is_empty() -> None:
    assert shown("recipient=7&messagedata=x") == [("7", "", "", "x", "", "")]


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        ("messagedata=x", "recipient is missing"),
        ("recipient=7", "messagedata is missing"),
        ("recipient0=7&messagedata0=x", "recipient is missing"),
        ("recipient=&messagedata=x", "recipient is missing"),
        ("recipient=7&messagedata=%FF", "messagedata is not UTF-8"),
    ],
)
def test_a_message_that_is_not_complete(query: str, missing: str) -> None:
    assert shown(query) == [missing]


def test_many_messages_with_defaults_for_all() -> None:
    assert shown(
        "messagecount=3&messagedata=all&originator=A&recipient0=1&recipient1=2&recipient2=3"
        "&messagedata1=own&originator2=B&messagetype1=SMS:VCARD&reporturl2=http://c&sendondate=d"
    ) == [
        ("1", "A", "", "all", "d", ""),
        ("2", "A", "SMS:VCARD", "own", "d", ""),
        ("3", "B", "", "all", "d", "http://c"),
    ]


def test_one_that_cannot_be_read_stops_no_neighbour() -> None:
    assert shown("messagecount=3&messagedata=x&recipient0=1&recipient1=%FF&recipient3=4") == [
        ("1", "", "", "x", "", ""),
        "recipient1 is not UTF-8",
        "recipient2 is missing",
    ]


@pytest.mark.parametrize("count", ["1", "01", " 1 ", "", "%20"])
def test_a_count_of_one(count: str) -> None:
    assert shown(f"messagecount={count}&recipient=7&messagedata=x") == [("7", "", "", "x", "", "")]


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "x", "1001", "9999999999", "٣", "1e3", "00"])
def test_counts_that_are_none(count: str) -> None:
    assert "messagecount" in fault(f"messagecount={count}&recipient=7&messagedata=x")


def test_the_largest_count() -> None:
    assert len(found(f"messagecount={MAX_MESSAGES}&recipient=7&messagedata=x")) == MAX_MESSAGES


def test_a_long_default_is_not_answered_a_thousand_times() -> None:
    long = "x" * 2_000
    assert len(found(f"messagecount=500&recipient=7&messagedata={long}")) == 500
    assert "together" in fault(f"messagecount=1000&recipient=7&messagedata={long}")
    assert "together" in fault(f"messagecount=1000&messagedata=x&recipient={long}")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("messageid=17", ["17"]),
        ("messageid=17,18,x", ["17", "18", "x"]),
        ("messageid=,17;18 19,", ["17", "18", "19"]),
    ],
)
def test_ids(query: str, ids: list[str]) -> None:
    assert message_ids(read(query.encode(), "", b"")) == ids


def test_ids_that_are_none_or_too_many() -> None:
    many = ",".join(["1"] * MAX_MESSAGES)
    assert len(message_ids(read(f"messageid={many}".encode(), "", b""))) == MAX_MESSAGES
    for query in ("", "messageid=", f"messageid={many},1"):
        with pytest.raises(FormFault, match="messageid"):
            message_ids(read(query.encode(), "", b""))


def test_the_action_in_any_case() -> None:
    assert action_of(read(b"action=+SendMessage", "", b"")) == "sendmessage"
    with pytest.raises(FormFault, match="action is missing"):
        action_of(read(b"", "", b""))


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [("", "XML"), ("xml", "XML"), ("HTML", "HTML"), ("+UrlEncoded+", "URLENCODED")],
)
def test_the_format_of_the_answer(wanted: str, kind: str) -> None:
    asked = read(f"responseformat={wanted}".encode(), "", b"")
    assert response_format(asked) is ResponseFormat[kind]


def test_a_format_that_is_none() -> None:
    with pytest.raises(FormFault, match="none of xml, html, urlencoded"):
        response_format(read(b"responseformat=json", "", b""))
