"""wire/content/binary.py, hexadecimal.py: octets as they were written."""

import pytest

from habar.model.message_type import MessageType
from habar.wire.content import Content, UnreadableContent, encode

BINARY = MessageType.BINARY


def test_octets_go_as_8_bit_data_without_header() -> None:
    content = encode(BINARY, "00FFa01b")
    # TS 23.038, 4: general group 00, no class, alphabet 01: 8-bit data
    assert content == Content(0x04, 0, b"", b"\x00\xff\xa0\x1b")
    assert content.pieces(7) == [(b"", b"\x00\xff\xa0\x1b")]


def test_white_space_is_passed_over() -> None:
    assert encode(BINARY, "3 0 \r\n 2 1\tF3\n").data == b"\x30\x21\xf3"


def test_140_octets_are_one_sms_and_141_are_two_of_134_and_7() -> None:
    assert encode(BINARY, "AB" * 140).pieces(1) == [(b"", b"\xab" * 140)]
    # TS 23.040, 9.2.3.24.1: 05 octets follow; element 00 of 3 octets: reference, parts, part
    assert encode(BINARY, "AB" * 141).pieces(0x1FE) == [
        (b"\x05\x00\x03\xfe\x02\x01", b"\xab" * 134),
        (b"\x05\x00\x03\xfe\x02\x02", b"\xab" * 7),
    ]


def test_a_reference_of_16_bits_leaves_133() -> None:
    # 9.2.3.24.8
    assert encode(BINARY, "AB" * 141).pieces(0x101FE, 16) == [
        (b"\x06\x08\x04\x01\xfe\x02\x01", b"\xab" * 133),
        (b"\x06\x08\x04\x01\xfe\x02\x02", b"\xab" * 8),
    ]


@pytest.mark.parametrize("data", ["", "  ", "0", "ABC", "0x00", "GG", "٠١", "00-11"])
def test_what_is_no_octets_is_refused(data: str) -> None:
    with pytest.raises(UnreadableContent, match="data: "):
        encode(BINARY, data)


def test_255_parts_are_the_most() -> None:
    assert encode(BINARY, "00" * 134 * 255).parts == 255
    with pytest.raises(UnreadableContent, match="over 255 parts"):
        encode(BINARY, "00" * (134 * 255 + 1))
