"""The forms of a message id that real operators mix."""

import pytest

from habar.wire.smpp import (
    decimal_number,
    hexadecimal_number,
    message_id_variants,
    other_case,
)


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
        (str(2**80), "100000000000000000000"),
        (f"{2**80:x}", str(2**80)),
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


@pytest.mark.parametrize(
    ("written", "decimal", "hexadecimal"),
    [
        ("0042", 42, 0x42),
        ("2a", None, 42),
        ("0X2A", None, 42),
        ("-1", 0xFFFFFFFF, None),
        ("-2147483648", 0x80000000, None),
        ("-2147483649", 0xFFFFFFFF7FFFFFFF, None),
        ("-" + "9" * 30, None, None),
        ("9" * 64, 10**64 - 1, int("9" * 64, 16)),
        ("9" * 65, None, None),
        ("9" * 5000, None, None),
        ("1_0", None, None),
        (" 1", None, None),
        ("٣", None, None),
        ("", None, None),
    ],
)
def test_an_id_as_a_number(written: str, decimal: int | None, hexadecimal: int | None) -> None:
    assert decimal_number(written) == decimal
    assert hexadecimal_number(written) == hexadecimal


@pytest.mark.parametrize(
    ("written", "cases"),
    [("1f4A", ("1f4a", "1F4A")), ("123", ()), ("xyz", ()), ("", ()), ("f3-b", ())],
)
def test_letters_of_the_other_case(written: str, cases: tuple[str, ...]) -> None:
    assert other_case(written) == cases
