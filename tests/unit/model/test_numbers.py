"""Whose network a number is in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.model.numbers import Networks, Ported, PortedBuilder, Prefixes, is_prefix

RANGES = [("7701", "kcell"), ("7777", "beeline"), ("77775", "kulan"), ("77770000000", "test")]
NUMBERS = st.integers(77_000_000_000, 77_999_999_999)
DIGITS = st.text("0123456789", min_size=0, max_size=5).map(lambda rest: "77" + rest)


@pytest.mark.parametrize(
    ("number", "network"),
    [
        (77010000000, "kcell"),
        (77019999999, "kcell"),
        (77020000000, ""),
        (77771234567, "beeline"),
        (77775123456, "kulan"),
        (77770000000, "test"),
        (77770000001, "beeline"),
        (7701000000, ""),  # ten digits
        (770100000000, ""),  # twelve
        (0, ""),
    ],
)
def test_the_longest_prefix_decides(number, network):
    assert Networks(RANGES).of(number) == network


@given(st.dictionaries(DIGITS, st.sampled_from(["kcell", "tele2"])), NUMBERS)
def test_the_longest_prefix_is_the_one_that_text_would_find(ranges, number):
    fitting = [prefix for prefix in ranges if str(number).startswith(prefix)]
    longest = max(fitting, key=len, default=None)
    assert Prefixes(ranges.items()).longest(number) == (
        None if longest is None else (longest, ranges[longest])
    )


@pytest.mark.parametrize("prefix", ["", "8701", "+7701", "770a", "٧٧", "770123456789", " 7701"])
def test_what_is_no_prefix(prefix):
    assert not is_prefix(prefix)
    assert Networks([(prefix, "kcell")]).of(77011234567) == ""


def test_a_ported_number_comes_before_its_range():
    networks = Networks(RANGES, Ported.of([(77011234567, "tele2"), (77021234567, "arna")]))
    assert networks.of(77011234567) == "tele2"
    assert networks.of(77011234568) == "kcell"
    assert networks.told(77011234567) == ("tele2", "ported, from kcell (range 7701)")
    assert networks.told(77021234567) == ("arna", "ported")
    assert networks.told(77775123456) == ("kulan", "range 77775")
    assert networks.told(77020000000) == ("", "no range has it")


@given(st.dictionaries(NUMBERS, st.sampled_from(["kcell", "tele2", "beeline"])), NUMBERS)
def test_the_table_has_what_was_put_in(rows, other):
    table = Ported.of(sorted(rows.items()))
    assert list(table) == sorted(rows.items())
    assert {number: table.network(number) for number in rows} == rows
    assert table.network(other) == rows.get(other)
    assert [table.place(number) for number in sorted(rows)] == list(range(len(rows)))


@pytest.mark.parametrize("number", [77000000000, 77999999999])
def test_the_first_and_the_last_number(number):
    assert Ported.of([(number, "kcell")]).network(number) == "kcell"


@pytest.mark.parametrize("number", [76999999999, 78000000000, 7, -1, 2**40])
def test_a_number_that_cannot_be_ported(number):
    with pytest.raises(ValueError, match="cannot be ported"):
        Ported.of([(number, "kcell")])
    assert Ported.of([(77000000000, "kcell")]).network(number) is None


@pytest.mark.parametrize("second", [77010000005, 77010000004])
def test_numbers_come_in_ascending_order_across_slices(second):
    builder = PortedBuilder()
    builder.add([(77010000005, "kcell")])
    with pytest.raises(ValueError, match="out of order"):
        builder.add([(second, "kcell")])


def test_slices_make_one_table_of_5_octets_a_number():
    builder = PortedBuilder()
    for start in range(0, 10_000, 1000):
        builder.add((77_010_000_000 + n * 7, "tele2") for n in range(start, start + 1000))
    table = builder.build()
    assert (len(table), table.octets) == (10_000, 50_000)
    builder.add([(77_000_000_000, "kcell")])  # a table that was given away does not change
    assert len(table) == 10_000
    assert list(builder.build()) == [(77_000_000_000, "kcell")]


def test_so_many_networks_are_a_mistake():
    rows = [(77_000_000_000 + n, f"n{n}") for n in range(257)]
    assert Ported.of(rows[:256]).network(77_000_000_255) == "n255"
    with pytest.raises(ValueError, match="256 networks"):
        Ported.of(rows)
