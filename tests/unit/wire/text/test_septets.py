"""Packing against TS 23.038, 6.1.2.1, by hand."""

import pytest

from habar.wire.text import pack_septets, pack_to_end, unpack_septets, unpack_to_end


@pytest.mark.parametrize(
    ("septets", "octets"),
    [
        (b"", ""),
        (b"A", "41"),  # 0.1000001
        (b"AB", "4121"),  # B = 1000010: its lowest bit is 0, then 0.100001
        (b"hello", "E8329BFD06"),
        (b"hellohello", "E8329BFD4697D9EC37"),
        (b"12345678", "31D98C56B3DD70"),  # eight septets are exactly seven octets
    ],
)
def test_septets_pack_lowest_bit_first(septets: bytes, octets: str) -> None:
    assert pack_septets(septets).hex().upper() == octets
    assert unpack_septets(bytes.fromhex(octets), len(septets)) == septets


def test_fill_bits_put_the_text_on_a_septet_behind_a_six_octet_header() -> None:
    # 48 header bits leave 1 fill bit. H = 1001000, i = 1101001:
    # 0x48 + (0x69 << 7) = 0x34C8, shifted by one 0x6990, lowest octet first.
    assert pack_septets(b"Hi", fill_bits=1) == b"\x90\x69"
    assert unpack_septets(b"\x90\x69", 2, fill_bits=1) == b"Hi"


def test_seven_spare_bits_need_the_count() -> None:
    packed = pack_septets(b"1234567")
    assert unpack_septets(packed, 7) == b"1234567"
    assert unpack_septets(packed, 8) == b"1234567\x00"


def test_fewer_septets_come_where_the_octets_end() -> None:
    assert unpack_septets(b"\x41", 5) == b"A"
    assert unpack_septets(b"", 5, fill_bits=3) == b""
    assert unpack_septets(b"\x41", 0) == b""


def test_160_septets_fill_140_octets() -> None:
    assert len(pack_septets(b"x" * 160)) == 140
    assert len(pack_septets(b"x" * 153, fill_bits=1)) == 134


def test_what_is_no_septet_and_no_fill_is_refused() -> None:
    with pytest.raises(ValueError, match="no septet"):
        pack_septets(b"a\x80")
    with pytest.raises(ValueError, match="0 to 6"):
        pack_septets(b"a", fill_bits=7)
    with pytest.raises(ValueError, match="0 to 6"):
        unpack_septets(b"a", 1, fill_bits=-1)


@pytest.mark.parametrize(
    ("septets", "fill_bits", "octets"),
    [
        # '8' would be 0x38 << 1 = 0x70 in the last octet; CR is 0x0D << 1 = 0x1A (6.1.2.3.1)
        (b"1234567", 0, "31D98C56B3DD1A"),
        (b"12345678", 0, "31D98C56B3DD70"),
        (b"A", 0, "41"),
        # 1 + 8 * 7 bits: the last octet holds the top bit of '8', then CR, 0x0D << 1
        (b"12345678", 1, "62B219AD66BBE11A"),
    ],
)
def test_seven_spare_bits_at_the_end_are_a_carriage_return(
    septets: bytes, fill_bits: int, octets: str
) -> None:
    assert pack_to_end(septets, fill_bits=fill_bits).hex().upper() == octets


def test_a_whole_user_data_field_is_not_made_longer() -> None:
    assert len(pack_to_end(b"x" * 160)) == 140
    assert len(pack_to_end(b"x" * 153, fill_bits=1)) == 134
    assert pack_to_end(b"") == b""


@pytest.mark.parametrize("fill_bits", range(7))
def test_all_is_unpacked_where_nobody_counted(fill_bits: int) -> None:
    for length in range(170):
        septets = bytes(1 + place % 12 for place in range(length))  # neither zero nor CR
        packed = pack_septets(septets, fill_bits=fill_bits)
        assert unpack_to_end(packed, fill_bits=fill_bits) == septets
        ended = pack_to_end(septets, fill_bits=fill_bits)
        assert unpack_to_end(ended, fill_bits=fill_bits) == septets


def test_only_what_fills_the_end_exactly_is_taken_for_padding() -> None:
    assert unpack_to_end(pack_septets(b"1234567\0")) == b"1234567"
    assert unpack_to_end(pack_septets(b"1234567\r")) == b"1234567"
    assert unpack_to_end(pack_septets(b"12\0")) == b"12\0"
    assert unpack_to_end(pack_septets(b"\0\r")) == b"\0\r"
    assert unpack_to_end(b"") == b""
    assert unpack_to_end(b"\x01", fill_bits=6) == b""
    with pytest.raises(ValueError, match="fill bits"):
        unpack_to_end(b"", fill_bits=7)


def test_a_long_payload_is_unpacked_in_no_time() -> None:
    assert len(unpack_to_end(pack_septets(b"x" * 70_001))) == 70_001
