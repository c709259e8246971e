"""UCS-2 octets worked out by hand from the Unicode code charts."""

import pytest

from habar.wire.text import UnencodableText, decode_ucs2, encode_ucs2


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("Привет", "041F04400438043204350442"),
        ("Қазақ әңгіме", "049A043004370430049B002004D904A304330456043C0435"),
        ("😀", "D83DDE00"),  # 0x1F600 - 0x10000 = 0xF600: high D800+0x3D, low DC00+0x200
        ("", ""),
    ],
)
def test_texts_are_utf_16_big_endian_without_a_mark(text: str, octets: str) -> None:
    assert encode_ucs2(text) == bytes.fromhex(octets)
    assert decode_ucs2(bytes.fromhex(octets)) == text


@pytest.mark.parametrize("text", ["a\ud83d", "a\ude00b", "a\ude00\ud83d"])
def test_a_lone_surrogate_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(UnencodableText, match="index 1"):
        encode_ucs2(text)


def test_broken_octets_read_as_replacement() -> None:
    assert decode_ucs2(b"\x04\x1f\x04") == "П\ufffd"
    assert decode_ucs2(b"\xd8\x3d\x04\x1f") == "\ufffdП"
    assert decode_ucs2(b"\xde\x00") == "\ufffd"
