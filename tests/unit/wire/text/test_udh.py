"""User data headers against TS 23.040, 9.2.3.24, by hand."""

import pytest

from habar.wire.text import Concatenation, parse_udh
from habar.wire.text.udh import concatenation_header


def test_headers_are_the_standards_octets() -> None:
    assert concatenation_header(0xA5, 3, 2, 8) == bytes.fromhex("050003A50302")
    assert concatenation_header(0x12A5, 3, 2, 16) == bytes.fromhex("06080412A50302")


def test_a_reference_is_cut_to_its_bits() -> None:
    assert concatenation_header(0x7712A5, 3, 2, 8) == bytes.fromhex("050003A50302")
    assert concatenation_header(0x7712A5, 3, 2, 16) == bytes.fromhex("06080412A50302")


@pytest.mark.parametrize(
    ("data", "concatenation", "size"),
    [
        ("050003A50302", Concatenation(0xA5, 3, 2, 8), 6),
        ("06080412A50302", Concatenation(0x12A5, 3, 2, 16), 7),
        ("050003A5030268656C6C6F", Concatenation(0xA5, 3, 2, 8), 6),  # a text behind it
        ("0B0504158A00000003A50302", Concatenation(0xA5, 3, 2, 8), 12),  # ports before it
        ("0A0003010201000302020248", Concatenation(2, 2, 2, 8), 11),  # the last one counts
        ("0A0003010201000302030448", Concatenation(1, 2, 1, 8), 11),  # the last valid one
    ],
)
def test_concatenation_is_read(data: str, concatenation: Concatenation, size: int) -> None:
    header = parse_udh(bytes.fromhex(data))
    assert header.size == size
    assert header.concatenation == concatenation


@pytest.mark.parametrize(
    "data",
    [
        "050003A50300",  # sequence 0
        "050003A50304",  # sequence above total
        "050003A50000",  # total 0
        "040002A503",  # too short an element
        "06000412A50302",  # identifier and length of different kinds
        "050103A50302",  # another element
    ],
)
def test_what_the_standard_says_to_ignore_is_no_concatenation(data: str) -> None:
    header = parse_udh(bytes.fromhex(data))
    assert header.concatenation is None
    assert header.size == len(data) // 2


def test_all_elements_are_given_in_order() -> None:
    header = parse_udh(bytes.fromhex("0B0504158A00000003A50302"))
    assert header.elements == ((0x05, b"\x15\x8a\x00\x00"), (0x00, b"\xa5\x03\x02"))


def test_garbage_is_survived() -> None:
    assert parse_udh(b"").size == 0
    assert parse_udh(b"\x05\x00\x03").size == 0  # promises more than there is: no header
    assert parse_udh(b"\x00text").size == 1
    overrun = parse_udh(bytes.fromhex("0700010108FF0000"))
    assert overrun.elements == ((0x00, b"\x01"),)
    assert overrun.size == 8
