"""Answers, octet by octet as spec/xml.md prints them."""

import pytest
from lxml import etree

from habar.wire.http.xml import (
    balance_section,
    delete_row,
    delete_section,
    message_row,
    message_section,
    package,
    package_error,
    phone_row,
    prices_section,
    status_row,
    status_section,
)


@pytest.mark.rule("xml.answer-layout")
def test_the_documented_answer() -> None:
    assert package([message_section([message_row("1", 1, 1, 106)])]) == (
        b'<?xml version="1.0" encoding="utf-8" ?>\n'
        b"<package>\n"
        b"    <message>\n"
        b'        <msg id="1" sms_id="1" sms_count="1">106</msg>\n'
        b"    </message>\n"
        b"</package>\n"
    )


@pytest.mark.rule("xml.answer-id-echoed")
def test_an_id_is_echoed_where_it_was_given() -> None:
    assert message_row(None, 7, 2, 106).strip() == '<msg sms_id="7" sms_count="2">106</msg>'
    assert message_row("", 0, 1, 201).strip() == '<msg id="" sms_id="0" sms_count="1">201</msg>'


@pytest.mark.rule("xml.answer-id-echoed")
@pytest.mark.parametrize(
    "client_id", ['a"<b', "x&y", "a>b'c", "tab\there", "l1\nl2\rl3", "Қ 1", "]]>"]
)
def test_an_odd_id_is_echoed_escaped(client_id: str) -> None:
    for row in (message_row(client_id, 0, 1, 201), status_row(client_id, None, None, 201)):
        document = package([message_section([row])])
        element = etree.fromstring(document).find("message/msg")
        assert element is not None
        assert element.get("id") == client_id


def test_escapes_are_the_plain_ones() -> None:
    assert message_row('a"<b&>', 0, 1, 201).strip().startswith('<msg id="a&quot;&lt;b&amp;&gt;" ')


@pytest.mark.rule("xml.answer-layout")
def test_the_documented_status_answer() -> None:
    rows = [
        status_row("1", 1, 1, 102, "2001-01-01T12:00:00"),
        status_row(None, 2, 1, 106),
        status_row("9", None, None, 201),
    ]
    assert package([status_section(rows)]).decode() == (
        '<?xml version="1.0" encoding="utf-8" ?>\n'
        "<package>\n"
        "    <status>\n"
        '        <msg id="1" sms_id="1" sms_count="1" '
        'date_completed="2001-01-01T12:00:00">102</msg>\n'
        '        <msg sms_id="2" sms_count="1">106</msg>\n'
        '        <msg id="9">201</msg>\n'
        "    </status>\n"
        "</package>\n"
    )


@pytest.mark.rule("xml.package-error")
@pytest.mark.parametrize("code", [200, 201, 202])
def test_a_package_error(code: int) -> None:
    assert package_error(code) == (
        b'<?xml version="1.0" encoding="utf-8" ?>\n<package><error>%d</error></package>\n' % code
    )


@pytest.mark.rule("xml.package-without-msg")
def test_an_empty_message_is_answered_empty() -> None:
    root = etree.fromstring(package([message_section([])]))
    assert [child.tag for child in root] == ["message"]
    assert len(root[0]) == 0


def test_a_delete_answer() -> None:
    row = delete_row("1", 5, 1, 104)
    assert row.strip() == '<msg id="1" sms_id="5" sms_count="1">104</msg>'
    assert delete_section([row]) == f"    <delete>\n{row}    </delete>\n"


@pytest.mark.rule("xml.balance")
@pytest.mark.parametrize(
    ("tiyn", "amount"),
    [
        (1052, "10.52"),
        (0, "0.00"),
        (5, "0.05"),
        (100, "1.00"),
        (-5, "-0.05"),
        (-1052, "-10.52"),
        (10**12, "10000000000.00"),
    ],
)
def test_a_balance_has_two_decimals(tiyn: int, amount: str) -> None:
    assert balance_section(tiyn).strip() == (
        f"<balance><amount>{amount}</amount><currency>KZT</currency></balance>"
    )


@pytest.mark.rule("xml.prices")
def test_prices() -> None:
    row = phone_row("77771234567", 1200)
    assert row.strip() == '<phone price="12.00" currency="KZT">77771234567</phone>'
    assert phone_row("<8 777", None).strip() == "<phone>&lt;8 777</phone>"
    assert prices_section([row]) == f"    <prices>\n{row}    </prices>\n"


@pytest.mark.rule("xml.sections-in-order")
def test_sections_stand_in_the_order_given() -> None:
    document = package([status_section([]), message_section([]), balance_section(1)])
    assert [child.tag for child in etree.fromstring(document)] == ["status", "message", "balance"]
