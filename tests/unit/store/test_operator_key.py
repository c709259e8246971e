"""Operators' ids as integers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.store.operator_key import operator_key


@pytest.mark.parametrize("number", [0, 7, 4711, (1 << 62) - 1])
def test_a_plain_number_is_its_own_key(number: int) -> None:
    assert operator_key(str(number)) == number


@pytest.mark.parametrize("text", ["07", "+7", "-7", "7 ", "٧", "1e3", "A7", str(1 << 62), "9" * 70])
def test_any_other_text_is_hashed_above_the_numbers(text: str) -> None:
    key = operator_key(text)
    assert key is not None
    assert 1 << 62 <= key < 1 << 63


def test_no_id_has_no_key() -> None:
    assert operator_key("") is None


@given(st.text(st.characters(codec=None, categories=["L", "N", "P", "Cs", "Cc"]), min_size=1))
def test_every_text_has_one_key_that_the_database_can_hold(text: str) -> None:
    key = operator_key(text)
    assert key is not None
    assert key == operator_key(text)
    assert 0 <= key < 1 << 63
