"""Recipients as customers write them, senders as operators do."""

from __future__ import annotations

import pytest

from habar.model.account import RecipientForm
from habar.model.address import is_number, parse_recipient

NUMBER = 77771234567
NORMALISE = RecipientForm.NORMALISE


@pytest.mark.rule("xml.recipient-11-digits")
@pytest.mark.parametrize("form", list(RecipientForm))
def test_eleven_digits_beginning_77(form: RecipientForm) -> None:
    assert parse_recipient("77771234567", form) == NUMBER


@pytest.mark.rule("xml.recipient-8-or-plus7")
@pytest.mark.parametrize("text", ["87771234567", "+77771234567", "7 777 123 45 67", "7771234567"])
def test_other_forms_are_refused_where_strict(text: str) -> None:
    assert parse_recipient(text) is None


@pytest.mark.rule("xml.recipient-normalise")
@pytest.mark.parametrize(
    "text",
    ["87771234567", "+77771234567", "+7 (777) 123-45-67", "8-777-123.45.67", "\u00a077771234567\t"],
)
def test_other_forms_are_taken_where_the_account_says_so(text: str) -> None:
    assert parse_recipient(text, NORMALISE) == NUMBER


@pytest.mark.rule("xml.recipient-11-digits")
@pytest.mark.parametrize("form", list(RecipientForm))
@pytest.mark.parametrize(
    "text",
    [
        "",
        "7777123456",
        "777712345678",
        "78771234567",
        "97771234567",
        "++77771234567",
        "+87771234567",
        "7777123456a",
        "٧٧٧٧١٢٣٤٥٦٧",
        "77771234567\n7",
        "７７７７１２３４５６７",
        "7777123456\x00",
    ],
)
def test_no_number_in_any_form(text: str, form: RecipientForm) -> None:
    assert parse_recipient(text, form) is None


def test_a_line_feed_after_the_number_is_not_the_number() -> None:
    assert parse_recipient("77771234567\n") is None


@pytest.mark.parametrize(
    ("sender", "number"),
    [
        ("77771234567", True),
        ("8785", True),
        ("1" * 15, True),
        ("1" * 16, False),
        ("", False),
        ("Bank", False),
        ("+77771234567", False),
        ("٧٧٧٧١٢٣٤٥٦٧", False),
    ],
)
def test_what_can_be_answered(sender: str, number: bool) -> None:
    assert is_number(sender) is number
