"""Alphabets of one octet a character: what stands for what they lack, by hand."""

import re
from pathlib import Path

import pytest

from habar.wire.text import (
    NEAREST_ASCII,
    NEAREST_LATIN1,
    UnencodableText,
    encode_ascii,
    encode_iso8859_5,
    encode_latin1,
    fits_iso8859_5,
    swap_octets,
)
from habar.wire.text.gsm7 import _ALL


@pytest.mark.parametrize(("text", "octets"), [("@£{}", b"@\xa3{}"), ("é€Δ", b"\xe9ED")])
def test_latin1(text: str, octets: bytes) -> None:
    assert encode_latin1(text) == octets


@pytest.mark.parametrize(("text", "octets"), [("@£{}", b"@L{}"), ("é€Δ", b"eED"), ("", b"")])
def test_ascii(text: str, octets: bytes) -> None:
    assert encode_ascii(text) == octets


def test_all_of_the_gsm_alphabet_is_written_one_octet_a_character() -> None:
    assert len(encode_latin1(_ALL)) == len(encode_ascii(_ALL)) == len(_ALL)


def test_nothing_is_replaced_that_need_not_be() -> None:
    assert set(NEAREST_LATIN1) == {char for char in _ALL if ord(char) > 0xFF}
    assert set(NEAREST_ASCII) == {char for char in _ALL if ord(char) > 0x7F}
    assert all(letter.isascii() and len(letter) == 1 for letter in NEAREST_ASCII.values())


def test_russian_in_iso_8859_5() -> None:
    # А is U+0410 and 0xB0, and so on to я, U+044F and 0xEF; Ё 0xA1, ё 0xF1, № 0xF0.
    assert encode_iso8859_5("Привет") == b"\xbf\xe0\xd8\xd2\xd5\xe2"
    assert encode_iso8859_5("Ёж №1") == b"\xa1\xd6 \xf01"
    assert fits_iso8859_5("Ёж №1")


@pytest.mark.parametrize("text", ["Сәлем", "қ", "ң", "ғ", "ү", "ұ", "ө", "һ", "«да»", "😀"])
def test_what_iso_8859_5_lacks(text: str) -> None:
    assert not fits_iso8859_5(text)
    with pytest.raises(UnencodableText):
        encode_iso8859_5(text)


def test_what_is_not_of_the_gsm_alphabet_is_refused() -> None:
    for encode in (encode_latin1, encode_ascii):
        with pytest.raises(UnencodableText, match="at index 1"):
            encode("aя")


def test_octets_swap_in_each_unit() -> None:
    assert swap_octets(b"\x04\x1f\xd8\x3d\xde\x00") == b"\x1f\x04\x3d\xd8\x00\xde"
    assert swap_octets(b"") == b""


def test_the_documentation_tells_what_is_written_for_what() -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "operator-texts.md"
    table = re.findall(r"^\| `(.)` \| (.*) \| (.*) \|$", page.read_text("utf-8"), re.MULTILINE)
    for column, nearest in ((1, NEAREST_LATIN1), (2, NEAREST_ASCII)):
        assert {char: row[0] for row in table for char in row[column].split()} == nearest
