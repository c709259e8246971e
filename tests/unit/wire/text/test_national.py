"""National language shift tables against TS 23.038, annex A, by hand."""

import pytest

from habar.wire.text import NO_TABLES, Tables, decode_gsm7, decode_national, parse_udh, tables_of
from habar.wire.text.national import (
    LOCKING,
    PORTUGUESE,
    SINGLE,
    SPANISH,
    TURKISH,
)

TR, ES, PT = TURKISH, SPANISH, PORTUGUESE


@pytest.mark.parametrize(
    ("septets", "tables", "text"),
    [
        # A.2.1, A.3.1
        (b"\x1bSeker \x1bi\x1bg", Tables(0, TR), "Şeker ığ"),
        (b"\x1c\x1d\x0b\x0c\x07\x04@\x60", Tables(TR, 0), "ŞşĞğı€İç"),
        (b"\x1bS\x1c", Tables(TR, TR), "ŞŞ"),
        # A.2.2
        (b"\x1baqu\x1b\x69 \x1bU\x1b\x09", Tables(0, ES), "áquí Úç"),
        # A.2.3, A.3.3
        (b"\x1b{o \x1b\x7f", Tables(0, PT), "ão â"),
        (b"S{o Paulo \x12\x17\x18", Tables(PT, 0), "São Paulo ª\\€"),
        (b"\x1b\x12\x05\x1b\x05", Tables(PT, PT), "Φéê"),
        (b"\x1b\x12", Tables(PT, 0), "ª"),  # the default extension has none: the alphabet's
        # what every table keeps of the default extension (6.2.1.1)
        (b"\x1b<\x1b>\x1be", Tables(0, TR), "[]€"),
        (b"\x1b\x1b}\x1b", Tables(0, ES), " ñ "),
        (b"\x80A", Tables(TR, 0), "\ufffdA"),
    ],
)
def test_texts_by_hand(septets: bytes, tables: Tables, text: str) -> None:
    assert decode_national(septets, tables) == text


@pytest.mark.parametrize("language", [0, 6, 13, 14, 255])
def test_a_language_that_is_not_known_reads_by_the_default_tables(language: int) -> None:
    septets = bytes(range(128)) + b"\x1be\x1b"
    assert decode_national(septets, Tables(language, language)) == decode_gsm7(septets)


def test_spanish_has_no_locking_shift_table() -> None:
    assert decode_national(b"\x09\x60", Tables(SPANISH, 0)) == decode_gsm7(b"\x09\x60")


def test_the_tables_are_whole() -> None:
    for alphabet in LOCKING.values():
        assert len(alphabet) == 128
        assert len(set(alphabet)) == 128
        assert alphabet[0x1B] == "\x1b"
        assert alphabet[0x20:0x23] == ' !"'
        assert alphabet[0x30:0x3A] == "0123456789"
        assert alphabet[0x41:0x5B] == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        assert alphabet[0x61:0x7B] == "abcdefghijklmnopqrstuvwxyz"
    for escaped in SINGLE.values():
        assert {0x0A: "\f", 0x14: "^", 0x28: "{", 0x40: "|", 0x65: "€"}.items() <= escaped.items()
        assert 0x1B not in escaped


def test_a_header_names_them() -> None:
    assert tables_of(parse_udh(b"\x06\x24\x01\x01\x25\x01\x03").elements) == Tables(PT, TR)
    assert tables_of(parse_udh(b"\x06\x24\x01\x01\x24\x01\x02").elements) == Tables(0, ES)
    assert tables_of(parse_udh(b"\x04\x24\x02\x01\x01").elements) == NO_TABLES
    assert tables_of(()) == NO_TABLES
