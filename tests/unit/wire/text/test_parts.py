"""Choosing, counting, cutting and joining, at every border."""

import pytest

from habar.wire.text import (
    Encoding,
    Part,
    Segments,
    TooManyParts,
    UnencodableText,
    choose,
    count_parts,
    join,
    split,
)
from habar.wire.text.gsm7 import encode_gsm7
from habar.wire.text.ucs2 import encode_ucs2

KAZAKH = "Құрметті клиент, Сіздің кодыңыз: 4812. Ешкімге айтпаңыз!"


def sizes(segments: Segments) -> list[int]:
    return [len(part.payload) for part in segments.parts]


def test_data_coding_values_are_smpps() -> None:
    assert (Encoding.GSM7, Encoding.UCS2) == (0, 8)


@pytest.mark.parametrize("text", ["", "Test", "a{b}", "Ünïcode".replace("ï", "i"), "€", "Ω", "@_"])
def test_gsm_is_chosen_where_every_character_fits(text: str) -> None:
    assert choose(text) is Encoding.GSM7


@pytest.mark.parametrize("text", ["Тест", KAZAKH, "hi 😀", "tab\t", "`", "«x»", "Test я"])
def test_ucs2_is_chosen_where_one_does_not(text: str) -> None:
    assert choose(text) is Encoding.UCS2


@pytest.mark.parametrize(
    ("text", "encoding", "count8", "count16"),
    [
        ("", Encoding.GSM7, 1, 1),
        ("x" * 160, Encoding.GSM7, 1, 1),
        ("x" * 161, Encoding.GSM7, 2, 2),
        ("x" * 304, Encoding.GSM7, 2, 2),
        ("x" * 305, Encoding.GSM7, 2, 3),
        ("x" * 306, Encoding.GSM7, 2, 3),
        ("x" * 307, Encoding.GSM7, 3, 3),
        ("é" * 160, Encoding.GSM7, 1, 1),
        ("é" * 161, Encoding.GSM7, 2, 2),
        ("€" * 80, Encoding.GSM7, 1, 1),
        ("€" * 81, Encoding.GSM7, 2, 2),
        ("€" * 152, Encoding.GSM7, 2, 2),  # 76 pairs a part: 153 is odd
        ("€" * 153, Encoding.GSM7, 3, 3),
        ("я" * 70, Encoding.UCS2, 1, 1),
        ("я" * 71, Encoding.UCS2, 2, 2),
        ("я" * 132, Encoding.UCS2, 2, 2),
        ("я" * 134, Encoding.UCS2, 2, 3),
        ("я" * 135, Encoding.UCS2, 3, 3),
        ("я" * 200, Encoding.UCS2, 3, 4),
        ("😀" * 35, Encoding.UCS2, 1, 1),
        ("😀" * 36, Encoding.UCS2, 2, 2),
        ("😀" * 66, Encoding.UCS2, 2, 2),  # 33 pairs a part: 67 is odd
        ("😀" * 67, Encoding.UCS2, 3, 3),
        ("x" * 100_000, Encoding.GSM7, 654, 658),
    ],
)
def test_parts_are_counted(text: str, encoding: Encoding, count8: int, count16: int) -> None:
    assert count_parts(text) == (encoding, count8)
    assert count_parts(text, reference_bits=16) == (encoding, count16)
    if max(count8, count16) <= 255:
        assert len(split(text, reference=1).parts) == count8
        assert len(split(text, reference=1, reference_bits=16).parts) == count16


def test_one_part_has_no_header() -> None:
    assert split("Test", reference=7) == Segments(Encoding.GSM7, (Part(b"", b"Test"),))
    assert split("", reference=7) == Segments(Encoding.GSM7, (Part(b"", b""),))


def test_200_cyrillic_letters_are_three_whole_parts() -> None:
    text = "абвгд" * 40
    segments = split(text, reference=0x2A)
    assert segments.encoding is Encoding.UCS2
    assert sizes(segments) == [134, 134, 132]
    assert [part.udh.hex() for part in segments.parts] == [
        "0500032a0301",
        "0500032a0302",
        "0500032a0303",
    ]
    assert b"".join(part.payload for part in segments.parts) == text.encode("utf-16-be")


def test_16_bit_references() -> None:
    segments = split("x" * 161, reference=0x1F00A5, reference_bits=16)
    assert [part.udh.hex() for part in segments.parts] == ["06080400a50201", "06080400a50202"]
    assert sizes(segments) == [152, 9]


def test_every_part_fits_into_140_octets() -> None:
    for bits in (8, 16):
        for part in split("я" * 300, reference=1, reference_bits=bits).parts:
            assert len(part.udh) + len(part.payload) <= 140
        for part in split("x" * 900, reference=1, reference_bits=bits).parts:
            assert len(part.udh) * 8 + len(part.payload) * 7 <= 140 * 8


@pytest.mark.parametrize(("bits", "room"), [(8, 153), (16, 152)])
def test_an_esc_pair_is_never_split(bits: int, room: int) -> None:
    text = "x" * (room - 1) + "€" + "y" * 20
    segments = split(text, reference=1, reference_bits=bits)
    assert sizes(segments) == [room - 1, 22]
    assert segments.parts[1].payload.startswith(b"\x1b\x65")
    whole = "x" * (room - 2) + "€" + "y" * 20  # ends just at the border: stays where it is
    assert sizes(split(whole, reference=1, reference_bits=bits)) == [room, 20]


@pytest.mark.parametrize(("bits", "room"), [(8, 67), (16, 66)])
def test_a_surrogate_pair_is_never_split(bits: int, room: int) -> None:
    text = "я" * (room - 1) + "😀" + "y" * 20
    segments = split(text, reference=1, reference_bits=bits)
    assert sizes(segments) == [2 * room - 2, 44]
    assert segments.parts[1].payload.startswith(b"\xd8\x3d\xde\x00")
    whole = "я" * (room - 2) + "😀" + "y" * 20
    assert sizes(split(whole, reference=1, reference_bits=bits)) == [2 * room, 40]


@pytest.mark.parametrize("text", ["a\ud800", "я\udfff", "\udc00\ud800"])
def test_lone_surrogates_are_refused_everywhere(text: str) -> None:
    for function in (choose, count_parts, lambda text: split(text, reference=1)):
        with pytest.raises(UnencodableText, match="lone surrogate"):
            function(text)


def test_255_parts_are_the_most() -> None:
    assert len(split("x" * 153 * 255, reference=1).parts) == 255
    with pytest.raises(TooManyParts, match="256"):
        split("x" * (153 * 255 + 1), reference=1)


@pytest.mark.parametrize("text", ["x", "x" * 500, "я", "я" * 500, "€", "😀" * 50])
def test_other_reference_bits_are_refused_for_every_text(text: str) -> None:
    with pytest.raises(ValueError, match="8 or 16"):
        count_parts(text, reference_bits=7)
    with pytest.raises(ValueError, match="8 or 16"):
        split(text, reference=1, reference_bits=7)


@pytest.mark.parametrize("text", ["", "Test", KAZAKH * 5, "😀я" * 90, "{€}" * 120, "x" * 1000])
def test_what_is_split_joins_again_in_any_order(text: str) -> None:
    segments = split(text, reference=9)
    assert join(segments.encoding, segments.parts) == text
    assert join(segments.encoding, reversed(segments.parts)) == text
    assert join(segments.encoding, segments.parts * 2) == text


def test_a_missing_part_is_left_out() -> None:
    first, _, third = split("a" * 153 + "b" * 153 + "c" * 9, reference=9).parts
    assert join(Encoding.GSM7, [third, first]) == "a" * 153 + "c" * 9


def test_pairs_that_somebody_else_split_are_whole_again() -> None:
    octets = encode_ucs2("я😀")
    halves = [
        Part(b"\x05\x00\x03\x01\x02\x02", octets[4:]),
        Part(b"\x05\x00\x03\x01\x02\x01", octets[:4]),
    ]
    assert join(Encoding.UCS2, halves) == "я😀"
    septets = encode_gsm7("a€")
    halves = [
        Part(b"\x05\x00\x03\x01\x02\x01", septets[:2]),
        Part(b"\x05\x00\x03\x01\x02\x02", septets[2:]),
    ]
    assert join(Encoding.GSM7, halves) == "a€"


def test_nothing_joins_to_nothing() -> None:
    assert join(Encoding.UCS2, []) == ""
