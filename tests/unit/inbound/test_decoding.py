"""inbound/decoding.py: octets to text, by the standards and the operator's settings."""

from typing import Any

import pytest

from habar.inbound.decoding import (
    MISSING,
    UNREADABLE,
    Coding,
    Piece,
    coding_of,
    text_of,
    unreadable,
    unwrapped,
)
from habar.operators import Alphabet, Cyrillic, DataCodings, OperatorSettings
from habar.wire.text import encode_gsm7, pack_septets, pack_to_end

TURKISH_SINGLE = b"\x03\x24\x01\x01"
SALEM = "Сәлем"


def operator(**settings: Any) -> OperatorSettings:
    return OperatorSettings(7, "op", "h", 1, "s", "p", **settings)


def whole(octets: bytes, data_coding: int = 0, header: bytes = b"", **settings: Any) -> str:
    return text_of([Piece(1, data_coding, header, octets)], 1, operator(**settings))


@pytest.mark.parametrize(
    ("data_coding", "coding"),
    [
        # SMPP 3.4, 5.2.19
        (0x00, Coding.SEVEN_BIT),
        (0x01, Coding.IA5),
        (0x02, Coding.DATA),
        (0x03, Coding.LATIN1),
        (0x04, Coding.DATA),
        (0x05, Coding.DATA),
        (0x06, Coding.CYRILLIC),
        (0x07, Coding.HEBREW),
        (0x08, Coding.UCS2),
        (0x09, Coding.DATA),
        (0x0E, Coding.DATA),
        # TS 23.038, 4: 00xx, with a class, compressed, reserved
        (0x10, Coding.SEVEN_BIT),
        (0x11, Coding.SEVEN_BIT),
        (0x14, Coding.DATA),
        (0x18, Coding.UCS2),
        (0x1B, Coding.UCS2),
        (0x1C, Coding.SEVEN_BIT),
        (0x20, Coding.DATA),
        (0x38, Coding.DATA),
        # 01xx: to be deleted after reading
        (0x40, Coding.SEVEN_BIT),
        (0x48, Coding.UCS2),
        (0x54, Coding.DATA),
        (0x60, Coding.DATA),
        # reserved
        (0x80, Coding.SEVEN_BIT),
        (0xBF, Coding.SEVEN_BIT),
        # message waiting: discard, store, store in UCS-2
        (0xC0, Coding.SEVEN_BIT),
        (0xD8, Coding.SEVEN_BIT),
        (0xE0, Coding.UCS2),
        (0xEF, Coding.UCS2),
        # a class and nothing else
        (0xF0, Coding.SEVEN_BIT),
        (0xF3, Coding.SEVEN_BIT),
        (0xF4, Coding.DATA),
        (0xF7, Coding.DATA),
        (0xFF, Coding.DATA),
    ],
)
def test_data_coding_of_the_standards(data_coding: int, coding: Coding) -> None:
    assert coding_of(data_coding, operator()) is coding


def test_the_operator_s_own_data_codings_come_first() -> None:
    own = operator(
        cyrillic=Cyrillic.ISO_8859_5,
        data_codings=DataCodings(default=3, ucs2=4, cyrillic=2, flash_default=5, flash_ucs2=9),
    )
    assert [coding_of(code, own) for code in (0, 3, 4, 2, 5, 9)] == [
        Coding.SEVEN_BIT,
        Coding.SEVEN_BIT,
        Coding.UCS2,
        Coding.CYRILLIC,
        Coding.SEVEN_BIT,
        Coding.UCS2,
    ]
    unused = operator(data_codings=DataCodings(cyrillic=2))
    assert coding_of(2, unused) is Coding.DATA, "it does not write Cyrillic so"


@pytest.mark.parametrize(
    ("octets", "data_coding", "settings", "text"),
    [
        (b"Hi\x00 \x1be", 0, {}, "Hi@ €"),
        (b"\x1b<\x1b>", 0xF1, {}, "[]"),
        (b"caf\xe9 @", 0, {"alphabet": Alphabet.LATIN1}, "café @"),
        (b"a@b", 0, {"alphabet": Alphabet.ASCII}, "a@b"),
        (b"a@b", 1, {}, "a@b"),
        (b"\xe9", 1, {}, "é"),
        (b"caf\xe9", 3, {}, "café"),
        ("Привет".encode("iso8859_5"), 6, {}, "Привет"),
        ("שלום".encode("iso8859_8"), 7, {}, "שלום"),
        (SALEM.encode("utf-16-be"), 8, {}, SALEM),
        (SALEM.encode("utf-16-le"), 8, {"cyrillic": Cyrillic.UCS2_LE}, SALEM),
        (SALEM.encode("utf-16"), 8, {}, SALEM),  # a mark and then little endian
        (b"\xfe\xff\x04\x21", 0x18, {"cyrillic": Cyrillic.UCS2_LE}, "С"),
        ("😀".encode("utf-16-be"), 8, {}, "😀"),
        (b"\xd8\x3d", 8, {}, "\ufffd"),  # half a pair
        (b"\x04\x21\x04", 8, {}, "С\ufffd"),
        (b"a\0b\0", 3, {}, "ab"),
        (b"\0a\0\0", 8, {}, "a"),
        (b"\x01\xab", 4, {}, "01AB"),
        (b"\x01\xab", 0xF5, {}, "01AB"),
        (b"", 0, {}, ""),
        (b"", 4, {}, ""),
    ],
)
def test_texts(octets: bytes, data_coding: int, settings: Any, text: str) -> None:
    assert whole(octets, data_coding, **settings) == text


def test_a_national_table_is_used_for_the_default_alphabet_only() -> None:
    assert whole(b"\x1bS", 0, TURKISH_SINGLE) == "Ş"
    assert whole(b"\x1bS", 0x11, TURKISH_SINGLE) == "Ş"
    assert whole(b"S", 3, TURKISH_SINGLE) == "S"
    assert whole(b"\x1bS", 0, b"\x03\x24\x01\x06") == "S", "no table for Hindi: the default one"


@pytest.mark.parametrize("header", [0, 6, 7, 12])
def test_packed_septets_begin_behind_their_header(header: int) -> None:
    packed = operator(alphabet=Alphabet.GSM7_PACKED)
    septets = encode_gsm7("Qazaq [tili]")
    octets = pack_septets(septets, fill_bits=-8 * header % 7)
    assert unwrapped(octets, 0, packed, header) == septets
    assert unwrapped(octets, 8, packed, header) == octets, "UCS-2 is not packed"
    assert unwrapped(octets, 0, operator(), header) == octets


def parts(*octets: bytes, data_coding: int = 0, header: bytes = b"") -> list[Piece]:
    return [Piece(n, data_coding, header, each) for n, each in enumerate(octets, 1)]


def test_a_pair_cut_in_two_is_whole_again() -> None:
    assert text_of(parts(b"a\x1b", b"eb"), 2, operator()) == "a€b"
    face = "я😀".encode("utf-16-be")
    assert text_of(parts(face[:4], face[4:], data_coding=8), 2, operator()) == "я😀"
    assert text_of(parts(face[:3], face[3:], data_coding=8), 2, operator()) == "я😀"


def test_parts_in_any_order_and_twice() -> None:
    one, two, three = parts(b"one ", b"two ", b"three")
    assert text_of([three, one, two, one], 3, operator()) == "one two three"


@pytest.mark.parametrize(
    ("present", "text"),
    [
        ((1, 2, 3, 4), "abcd"),
        ((2, 3, 4), "[…]bcd"),
        ((1, 4), "a[…]d"),
        ((1, 3), "a[…]c[…]"),
        ((), "[…]"),
    ],
)
def test_what_is_missing_is_marked(present: tuple[int, ...], text: str) -> None:
    there = [piece for piece in parts(b"a", b"b", b"c", b"d") if piece.part in present]
    assert text_of(there, 4, operator()) == text
    assert MISSING == "[…]"


def test_parts_of_different_codings_are_read_each_by_its_own() -> None:
    mixed = [
        Piece(1, 0, b"", b"Hi "),
        Piece(2, 8, b"", "Сә".encode("utf-16-be")),
        Piece(3, 8, b"", "лем".encode("utf-16-be")),
        Piece(4, 0, TURKISH_SINGLE, b" \x1bS"),
    ]
    assert text_of(mixed, 4, operator()) == "Hi Сәлем Ş"


def test_packed_parts_are_unpacked_before_they_are_joined() -> None:
    packed = operator(alphabet=Alphabet.GSM7_PACKED)
    cut = [encode_gsm7("x" * 152), encode_gsm7("[rest]")]
    octets = [pack_to_end(septets, fill_bits=1) for septets in cut]
    pieces = parts(*(unwrapped(each, 0, packed, 6) for each in octets))
    assert text_of(pieces, 2, packed) == "x" * 152 + "[rest]"


def test_what_cannot_be_read_is_kept_as_digits() -> None:
    assert unreadable(b"\xffab") == "[unreadable] FF6162"
    assert unreadable(b"") == UNREADABLE
