"""The GSM 7-bit alphabet against TS 23.038, 6.2.1: codes worked out by hand from its tables."""

import pytest

from habar.wire.text import UnencodableText, decode_gsm7, encode_gsm7
from habar.wire.text.gsm7 import fits, is_plain

# (character, code) read off the table of 6.2.1: one from every row and every odd place.
BASIC = [
    ("@", 0x00), ("£", 0x01), ("$", 0x02), ("¥", 0x03), ("è", 0x04), ("é", 0x05), ("ù", 0x06),
    ("ì", 0x07), ("ò", 0x08), ("Ç", 0x09), ("\n", 0x0A), ("Ø", 0x0B), ("ø", 0x0C), ("\r", 0x0D),
    ("Å", 0x0E), ("å", 0x0F), ("Δ", 0x10), ("_", 0x11), ("Φ", 0x12), ("Γ", 0x13), ("Λ", 0x14),
    ("Ω", 0x15), ("Π", 0x16), ("Ψ", 0x17), ("Σ", 0x18), ("Θ", 0x19), ("Ξ", 0x1A), ("Æ", 0x1C),
    ("æ", 0x1D), ("ß", 0x1E), ("É", 0x1F), (" ", 0x20), ("!", 0x21), ('"', 0x22), ("#", 0x23),
    ("¤", 0x24), ("%", 0x25), ("'", 0x27), ("-", 0x2D), ("/", 0x2F), ("0", 0x30), ("9", 0x39),
    ("?", 0x3F), ("¡", 0x40), ("A", 0x41), ("Z", 0x5A), ("Ä", 0x5B), ("Ö", 0x5C), ("Ñ", 0x5D),
    ("Ü", 0x5E), ("§", 0x5F), ("¿", 0x60), ("a", 0x61), ("z", 0x7A), ("ä", 0x7B), ("ö", 0x7C),
    ("ñ", 0x7D), ("ü", 0x7E), ("à", 0x7F),
]  # fmt: skip
EXTENDED = [
    ("\f", 0x0A), ("^", 0x14), ("{", 0x28), ("}", 0x29), ("\\", 0x2F), ("[", 0x3C), ("~", 0x3D),
    ("]", 0x3E), ("|", 0x40), ("€", 0x65),
]  # fmt: skip


@pytest.mark.parametrize(("char", "code"), BASIC)
def test_a_basic_character_is_one_septet(char: str, code: int) -> None:
    assert encode_gsm7(char) == bytes([code])
    assert decode_gsm7(bytes([code])) == char


@pytest.mark.parametrize(("char", "code"), EXTENDED)
def test_a_character_of_the_extension_table_is_esc_and_one_septet(char: str, code: int) -> None:
    assert encode_gsm7(char) == bytes([0x1B, code])
    assert decode_gsm7(bytes([0x1B, code])) == char


def test_the_alphabet_has_127_characters_and_the_table_10() -> None:
    every = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    fitting = [char for char in every if fits(char)]
    assert len(fitting) == 127 + 10
    assert decode_gsm7(encode_gsm7("".join(fitting))) == "".join(fitting)


@pytest.mark.parametrize(
    "char", ["`", "\t", "\x00", "\x1b", "ç", "Ә", "я", "—", "«", "😀", "\ud800"]
)
def test_what_the_alphabet_lacks_does_not_fit(char: str) -> None:
    assert not fits(char)
    with pytest.raises(UnencodableText, match="index 2"):
        encode_gsm7("ab" + char)


def test_plain_is_ascii_at_one_septet_a_character() -> None:
    assert is_plain("Test @ $_")
    assert is_plain("")
    assert not is_plain("{}")  # two septets each
    assert not is_plain("é")  # one septet, not ASCII
    assert not is_plain("`")


def test_mixed_text_is_worked_out_by_hand() -> None:
    assert encode_gsm7("a[1]@€") == b"a\x1b\x3c1\x1b\x3e\x00\x1b\x65"


def test_unknown_escapes_read_as_the_standard_says() -> None:
    assert decode_gsm7(b"\x1ba") == "a"  # not in the table: the default alphabet's character
    assert decode_gsm7(b"\x1b\x1b") == " "  # a further table that nobody has defined
    assert decode_gsm7(b"a\x1b") == "a "
    assert decode_gsm7(b"\x1b\x1b\x65") == " e"  # the pair is used up, so no euro sign


def test_octets_that_are_no_septets_read_as_replacement() -> None:
    assert decode_gsm7(b"a\x80\xffb") == "a\ufffd\ufffdb"
    assert decode_gsm7(b"\x1b\x80") == "\ufffd"
