"""An account's settings as text, both ways; and money."""

from __future__ import annotations

import pytest

from habar.admin.money import format_money, parse_money
from habar.admin.settings import apply, setting_names, values
from habar.errors import InvalidValue
from habar.model.account import (
    Account,
    AccountKind,
    Compat,
    DuplicateId,
    HttpReply,
    RecipientForm,
    ReportFormat,
    XmlAcceptCode,
)

SHOP = Account(1, "shop", AccountKind.TEST, senders=frozenset({"TEXT_MSG", "INFO_KAZ", "SHOP"}))
CHANGED = {
    "kind": "full",
    "default_sender": "SHOP",
    "max_parts": "5",
    "part_price": "12.00",
    "daily_limit": "1000",
    "rate_limit": "50",
    "priority": "0",
    "report_url": "https://shop.example/report?x=1",
    "report_format": "json",
    "compat.xml_accept_code": "one",
    "compat.duplicate_id": "idempotent",
    "compat.xml_lenient": "on",
    "compat.recipient": "normalise",
    "compat.http_reply": "ozeki",
    "compat.timezone": "Asia/Qyzylorda",
}


def test_every_setting_is_read():
    assert set(CHANGED) == set(setting_names())
    assert apply(SHOP, CHANGED) == Account(
        1,
        "shop",
        AccountKind.FULL,
        default_sender="SHOP",
        max_parts=5,
        part_price=1200,
        daily_limit=1000,
        rate_limit=50,
        priority=0,
        compat=Compat(
            XmlAcceptCode.ONE,
            DuplicateId.IDEMPOTENT,
            xml_lenient=True,
            recipient=RecipientForm.NORMALISE,
            http_reply=HttpReply.OZEKI,
            timezone="Asia/Qyzylorda",
        ),
        senders=SHOP.senders,
        report_url="https://shop.example/report?x=1",
        report_format=ReportFormat.JSON,
    )


@pytest.mark.parametrize("account", [SHOP, apply(SHOP, CHANGED)])
def test_what_is_written_is_read_back(account):
    assert apply(SHOP, values(account)) == account


def test_the_text_of_every_setting():
    assert values(apply(SHOP, CHANGED)) == CHANGED
    assert values(SHOP)["daily_limit"] == "none"


@pytest.mark.parametrize("text", ["", "none"])
def test_a_url_may_be_taken_away(text):
    assert apply(apply(SHOP, CHANGED), {"report_url": text}).report_url == ""
    assert values(SHOP)["report_url"] == "none"


@pytest.mark.parametrize("text", ["", "none"])
def test_a_limit_may_be_taken_away(text):
    assert apply(apply(SHOP, CHANGED), {"daily_limit": text}).daily_limit is None


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("report_url", "ftp://shop.example/", "begins neither with http"),
        ("report_url", "http://shop.example/a b", "a space"),
        ("report_format", "xml", "'xml' is none of: get, json"),
        ("compat.timezone", "Asia/Nowhere", "IANA time zone"),
        ("compat.timezone", "../../etc/passwd", "IANA time zone"),
        ("compat.timezone", "America", "IANA time zone"),
        ("compat.timezone", "", "IANA time zone"),
        ("compat.duplicate_id", "never", "none of: reject, idempotent, allow"),
        ("compat.xml_lenient", "perhaps", "neither on nor off"),
        ("max_parts", "0", "from 1 to 255"),
        ("max_parts", "256", "from 1 to 255"),
        ("max_parts", "many", "not a number"),
        ("daily_limit", "0", "from 1 to"),
        ("daily_limit", "-1", "not a number"),
        ("rate_limit", "٣", "not a number"),
        ("priority", "3", "from 0 to 2"),
        ("part_price", "-1", "not below"),
        ("part_price", "free", "amount such as"),
        ("kind", "vip", "none of: test, full"),
        ("default_sender", "OTHER", "not one of the account's senders"),
        ("balance", "1", "no setting"),
        ("compat.login", "x", "no setting"),
    ],
)
def test_what_is_not_acceptable_is_said_with_its_name(name, text, words):
    with pytest.raises(InvalidValue, match=words) as caught:
        apply(SHOP, {name: text})
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("text", "tiyn"),
    [("10.52", 1052), ("10,5", 1050), ("3", 300), (" 0.01 ", 1), ("-3", -300), ("-0.05", -5)],
)
def test_money_is_read_exactly(text, tiyn):
    assert parse_money(text) == tiyn


@pytest.mark.parametrize("text", ["", "1.234", "1e3", "٣", "1 000", ".5", "nan", "9" * 14, "--1"])
def test_what_is_no_money(text):
    with pytest.raises(InvalidValue):
        parse_money(text)


@pytest.mark.parametrize(
    ("tiyn", "text"), [(1052, "10.52"), (0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-1052, "-10.52")]
)
def test_money_is_written_with_two_decimals(tiyn, text):
    assert format_money(tiyn) == text
