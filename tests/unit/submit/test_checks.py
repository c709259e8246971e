"""The checks of one message and their order."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest

from habar.errors import Refusal
from habar.model.account import Compat, RecipientForm
from habar.model.message_type import MessageType
from habar.submit import checks
from habar.submit.checks import check, read_id

GOOD = ("1", "77771234567", "SHOP", None, None, None, "Test")
FIELDS = ("id", "recipient", "sender", "date_beg", "date_end", "type", "text")


def draft(**fields):
    return tuple(fields.get(name, good) for name, good in zip(FIELDS, GOOD, strict=True))


def test_a_good_message_is_read(shop):
    checked = check(shop, draft(type="1"))
    assert checked.refusal is None
    assert (checked.customer_id, checked.recipient, checked.sender) == (1, 77771234567, "SHOP")
    assert (checked.message_type, checked.data_coding, checked.parts) == (1, 0, 1)
    assert (checked.beg, checked.end) == (None, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("007", 7), (str(2**63 - 1), 2**63 - 1), ("0" * 18 + "1", 1), (5, 5)],
)
def test_ids_that_are_numbers(text, number):
    assert read_id(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *("", "abc", "0", "-1", "+1", " 1", "1 ", "1.0", "1e3", "٣", "²", "0x1", str(2**63)),
        *("9" * 5000, 0, -1, 2**63, None),
    ],
)
def test_ids_that_are_none(text):
    assert read_id(text) is None


def test_a_message_may_have_no_id(shop):
    checked = check(shop, draft(id=None))
    assert checked.refusal is None
    assert checked.customer_id is None


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"id": "abc"}, Refusal.ID),
        ({"id": ""}, Refusal.ID),
        ({"type": "2"}, Refusal.TYPE),
        ({"type": "flash"}, Refusal.TYPE),
        ({"date_beg": "tomorrow"}, Refusal.TIME),
        ({"date_end": "2025-13-01 00:00:00"}, Refusal.TIME),
        ({"recipient": None}, Refusal.RECIPIENT),
        ({"recipient": ""}, Refusal.RECIPIENT),
        ({"recipient": "87771234567"}, Refusal.RECIPIENT),
        ({"sender": "OTHER"}, Refusal.SENDER),
        ({"sender": "shop"}, Refusal.SENDER),
        ({"text": ""}, Refusal.LENGTH),
        ({"text": " \n\t"}, Refusal.LENGTH),
        ({"text": "\ud83d"}, Refusal.LENGTH),
        ({"text": "x" * (153 * 10 + 1)}, Refusal.LENGTH),
    ],
)
def test_refusals(shop, fields, refusal):
    assert check(shop, draft(**fields)).refusal is refusal


def test_the_first_failed_check_speaks(shop):
    wrong = {
        "id": "abc",
        "type": "9",
        "date_beg": "never",
        "recipient": "1",
        "sender": "OTHER",
        "text": "",
    }
    spoken = []
    blocked = replace(shop, blocked=True)
    for name in list(wrong):
        spoken.append(check(blocked, draft(**wrong)).refusal)
        del wrong[name]
    spoken.append(check(blocked, draft()).refusal)
    assert spoken == [
        Refusal.ID,
        Refusal.TYPE,
        Refusal.TIME,
        Refusal.RECIPIENT,
        Refusal.SENDER,
        Refusal.LENGTH,
        Refusal.ACCOUNT_BLOCKED,
    ]


def test_the_parts_are_told_of_a_refused_message_too(shop):
    assert check(shop, draft(recipient="1", text="x" * 161)).parts == 2
    assert check(shop, draft(text="x" * (153 * 10 + 1))).parts == 11
    assert check(shop, draft(text="")).parts == 0


def test_the_longest_text_is_the_accounts(shop):
    assert check(replace(shop, max_parts=2), draft(text="x" * 306)).refusal is None
    assert check(replace(shop, max_parts=2), draft(text="x" * 307)).refusal is Refusal.LENGTH


def test_a_message_that_is_no_text_is_counted_by_its_octets(shop):
    checked = check(shop, draft(type=MessageType.BINARY, text="00" * 141))
    assert (checked.refusal, checked.data_coding, checked.parts) == (None, 0x04, 2)
    short = replace(shop, max_parts=1)
    too_long = check(short, draft(type=MessageType.BINARY, text="00" * 141))
    assert (too_long.refusal, too_long.parts) == (Refusal.LENGTH, 2)


@pytest.mark.parametrize("data", ["", "hello", "00" * 100_000])
def test_data_that_is_not_what_its_type_asks_for_is_refused(shop, data):
    checked = check(shop, draft(type=MessageType.BINARY, text=data))
    assert (checked.refusal, checked.parts) == (Refusal.CONTENT, 0)


@pytest.mark.parametrize("kind", ["2", "4", "14", 15, 99])
def test_the_other_types_have_no_number_for_customers(shop, kind):
    assert check(shop, draft(type=kind)).refusal is Refusal.TYPE


def test_an_empty_sender_is_the_accounts_default(shop):
    assert check(shop, draft(sender="")).sender == "TEXT_MSG"
    assert check(replace(shop, default_sender="SHOP"), draft(sender=None)).sender == "SHOP"


def test_a_default_sender_that_is_not_the_accounts_is_refused_too(shop):
    account = replace(shop, default_sender="LOST")
    assert check(account, draft(sender=None)).refusal is Refusal.SENDER


def test_times_are_read_in_the_accounts_zone(shop):
    almaty = check(shop, draft(date_beg="2025-01-01 12:00:00", date_end=""))
    assert (almaty.beg, almaty.end) == (1735714800000, None)
    utc = replace(shop, compat=Compat(timezone="UTC"))
    assert check(utc, draft(date_end="2025-01-01T12:00")).end == 1735732800000


def test_times_may_come_as_milliseconds(shop):
    checked = check(shop, draft(date_beg=1, date_end=2))
    assert (checked.beg, checked.end) == (1, 2)


def test_an_account_may_write_numbers_its_own_way(shop):
    account = replace(shop, compat=Compat(recipient=RecipientForm.NORMALISE))
    for written in ("87771234567", "+7 777 123-45-67", "77771234567"):
        assert check(account, draft(recipient=written)).recipient == 77771234567


@pytest.mark.parametrize("text", ["я" * 200_000, " " * 200_000 + "x", " " * 200_000])
def test_a_long_text_that_many_messages_share_is_counted_once(shop, text, monkeypatch):
    seen = []
    counted = lru_cache(maxsize=1)(lambda *of: seen.append(of) or checks._parts(*of))
    monkeypatch.setattr(checks, "_parts_of_long", counted)
    found = {check(shop, draft(text=text, type=str(n % 2))).refusal for n in range(100)}
    assert len(seen) == 1
    assert found == {Refusal.LENGTH}


def test_a_value_of_endless_white_space_is_not_looked_at(shop):
    blank = " " * 1_000_000
    account = replace(shop, compat=Compat(recipient=RecipientForm.NORMALISE))
    assert check(account, draft(recipient=f"{blank}77771234567")).refusal is Refusal.RECIPIENT
    assert check(account, draft(date_beg=f"{blank}2025-01-01 12:00")).refusal is Refusal.TIME
