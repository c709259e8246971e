"""Addresses: recipients as customers write them (spec/xml.md, `recipient`), senders of operators.

Guarantees: only ASCII digits are digits (Arabic ones are refused); an MSISDN is an int from here
on. Knows no operators: ranges and ported numbers are routing's.
"""

from __future__ import annotations

import re

from habar.model.account import RecipientForm

_STRICT = re.compile(r"77[0-9]{9}", re.ASCII)
_LONGEST_NUMBER = 15
"""Digits of an E.164 number."""
_SIGNS = str.maketrans("", "", " \t\r\n\u00a0-().")
_ANY_FORM = re.compile(r"(?:\+?7|8)(7[0-9]{9})", re.ASCII)


def parse_recipient(text: str, form: RecipientForm = RecipientForm.STRICT) -> int | None:
    """The MSISDN that `text` names, or None where it names none in the permitted form.

    Strict: exactly 11 digits beginning 77. Normalised: also 8…, +7… and signs between.
    """
    if _STRICT.fullmatch(text):
        return int(text)
    if form is RecipientForm.STRICT:
        return None
    found = _ANY_FORM.fullmatch(text.translate(_SIGNS))
    return int("7" + found[1]) if found else None


def is_number(sender: str) -> bool:
    """Whether what a message came from is a number, to which something can be sent."""
    return sender.isascii() and sender.isdigit() and len(sender) <= _LONGEST_NUMBER
