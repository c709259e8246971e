"""The forms of a message id that real operators mix."""

import pytest

from habar.wire.smpp import message_id_variants


@pytest.mark.parametrize(
    ("answered", "receipted"),
    [
        ("169552957", "169552957"),
        ("169552957", "0169552957"),
        ("169552957", "A1B2C3D"),
        ("169552957", "a1b2c3d"),
        ("169552957", "0A1B2C3D"),
        ("A1B2C3D", "169552957"),
        ("a1b2c3d", "169552957"),
        ("0A1B2C3D", "169552957"),
        ("0a1b2c3d", "0169552957"),
        ("169552957", "0xA1B2C3D"),
        ("f3-uuid-like", "f3-uuid-like"),
        ("0", "000"),
    ],
)
def test_the_answers_form_is_among_the_receipts(answered: str, receipted: str) -> None:
    assert answered in message_id_variants(receipted)


@pytest.mark.parametrize("message_id", ["", "12-34", "٣٣", "x", "1" * 65, "0x", "12 34", "é"])
def test_what_is_no_number_has_one_form(message_id: str) -> None:
    assert message_id_variants(message_id) == (message_id,)


def test_as_given_comes_first_and_none_twice() -> None:
    forms = message_id_variants("0012")
    assert forms[0] == "0012"
    assert len(set(forms)) == len(forms) <= 9
