"""Any text: what is cut joins again, the count is right, every part fits and stands alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from habar.wire.text import (
    Encoding,
    Part,
    choose,
    count_parts,
    decode_gsm7,
    decode_ucs2,
    encode_gsm7,
    join,
    pack_septets,
    parse_udh,
    split,
    unpack_septets,
)
from habar.wire.text.gsm7 import fits

GSM = "".join(chr(code) for code in range(0x2100) if fits(chr(code)))
any_text = st.one_of(
    st.text(max_size=700),
    st.text(alphabet=GSM, max_size=1000),
    st.text(alphabet="abc{}€[]^", max_size=1000),
    st.text(alphabet="яқә😀🇰🇿", max_size=500),
)
bits = st.sampled_from([8, 16])


@settings(max_examples=600, deadline=None)
@given(any_text, bits, st.integers(0, 2**40))
def test_what_is_split_joins_again(text: str, reference_bits: int, reference: int) -> None:
    segments = split(text, reference=reference, reference_bits=reference_bits)
    assert count_parts(text, reference_bits=reference_bits) == (
        segments.encoding,
        len(segments.parts),
    )
    assert segments.encoding is choose(text)
    assert join(segments.encoding, segments.parts) == text


@settings(max_examples=600, deadline=None)
@given(any_text, bits)
def test_every_part_fits_and_reads_alone(text: str, reference_bits: int) -> None:
    segments = split(text, reference=77, reference_bits=reference_bits)
    gsm = segments.encoding is Encoding.GSM7
    alone = ""
    for number, part in enumerate(segments.parts, 1):
        used = len(part.udh) * 8 + len(part.payload) * (7 if gsm else 8)
        assert used <= 140 * 8
        alone += decode_gsm7(part.payload) if gsm else decode_ucs2(part.payload)
        if len(segments.parts) > 1:
            place = parse_udh(part.udh).concatenation
            assert place == (77, len(segments.parts), number, reference_bits)
    assert alone == text  # no pair was split: the parts decode one by one


@given(st.text(alphabet=GSM, max_size=160), st.integers(0, 6))
def test_packing_comes_back(text: str, fill_bits: int) -> None:
    septets = encode_gsm7(text)
    packed = pack_septets(septets, fill_bits=fill_bits)
    assert unpack_septets(packed, len(septets), fill_bits=fill_bits) == septets
    assert decode_gsm7(septets) == text


@settings(max_examples=2000, deadline=None)
@given(st.binary(max_size=60))
def test_any_octets_are_survived(data: bytes) -> None:
    header = parse_udh(data)
    assert 0 <= header.size <= len(data)
    assert sum(2 + len(content) for _, content in header.elements) <= max(0, header.size - 1)
    decode_gsm7(data).encode("utf-8")
    decode_ucs2(data).encode("utf-8")
    for encoding in Encoding:
        join(encoding, [Part(data[: header.size], data[header.size :])]).encode("utf-8")
