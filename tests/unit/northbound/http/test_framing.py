"""The cursor that cuts chunked bodies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.northbound.http.framing import MORE, BadChunk, ChunkCursor

BODY = b"5;x=y\r\nhello\r\n1\r\n\n\r\n0\r\nA: b\r\n\r\n"


def cut_all(octets: bytes, limit: int = 100) -> list[bytes]:
    cursor, pieces, start = ChunkCursor(limit), [], 0
    while start < len(octets):
        end = cursor.cut(octets, start)
        if end == MORE:
            break
        pieces.append(octets[start:end])
        start = end
    return pieces


def test_lines_and_data_are_cut_apart():
    assert cut_all(BODY) == [
        b"5;x=y\r\n",
        b"hello\r\n",
        b"1\r\n",
        b"\n\r\n",
        b"0\r\n",
        b"A: b\r\n",
        b"\r\n",
    ]


@given(st.lists(st.integers(1, 9)))
def test_the_cut_of_the_stream_does_not_matter(sizes):
    cursor, held, taken, rest = ChunkCursor(100), b"", b"", BODY
    for size in [*sizes, len(BODY)]:
        held, rest = held + rest[:size], rest[size:]
        while held and (end := cursor.cut(held, 0)) != MORE:
            taken, held = taken + held[:end], held[end:]
    assert taken + held == BODY
    assert held == b""


def test_data_is_told_from_lines():
    cursor = ChunkCursor(100)
    assert not cursor.in_data
    cursor.cut(b"5\r\nhe", 0)
    assert cursor.in_data
    cursor.cut(b"5\r\nhe", 3)
    assert cursor.in_data
    cursor.cut(b"llo\r\n", 0)
    assert not cursor.in_data


@pytest.mark.parametrize(
    "line", [b"\r\n", b"g\r\n", b"-1\r\n", b"1\n", b" 1\r\n", b"123456789\r\n"]
)
def test_a_broken_size_is_refused(line):
    with pytest.raises(BadChunk):
        cut_all(line)


@pytest.mark.parametrize("octets", [b"1" * 2_000, b"1;" + b"a" * 2_000 + b"\r\n"])
def test_a_size_line_has_a_limit(octets):
    with pytest.raises(BadChunk):
        cut_all(octets)


@pytest.mark.parametrize("trailers", [b"a: " + b"b" * 200, b"a: b\r\n" * 30])
def test_trailers_have_a_limit_together(trailers):
    assert len(cut_all(b"0\r\n" + trailers[:60])) >= 1
    with pytest.raises(BadChunk):
        cut_all(b"0\r\n" + trailers)
