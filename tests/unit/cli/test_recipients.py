"""Files of recipients, as editors and spreadsheets write them."""

from collections.abc import Iterator

import pytest

from habar.cli.recipients import LONGEST, BadFile, Entry, read


def _read(content: bytes) -> list[tuple[str, str]]:
    return [(entry.recipient, entry.text) for entry in read(content.splitlines(keepends=True))]


@pytest.mark.parametrize(
    ("content", "entries"),
    [
        (b"", []),
        (b"77771234567", [("77771234567", "")]),
        (
            b"\xef\xbb\xbf77771234567\r\n\r\n  # x\n 77011234567 \n",
            [("77771234567", ""), ("77011234567", "")],
        ),
        (b"7,Salem\n8,x", [("7", "Salem"), ("8", "x")]),
        (b"7, Salem \n", [("7", "Salem")]),
        (b"7;Salem; alem\n8;a,b\n", [("7", "Salem; alem"), ("8", "a,b")]),
        (b"7\tSalem, alem\n", [("7", "Salem, alem")]),
        (b"7,one, two,three\n", [("7", "one, two,three")]),
        (b'7,"two\nlines, ""quoted"""\n8\n', [("7", 'two\nlines, "quoted"'), ("8", "")]),
        (b'7,"with\n# no comment\n\nin it"\n', [("7", "with\n# no comment\n\nin it")]),
        (b"7\n8,x\n9,y\n", [("7", ""), ("8", "x"), ("9", "y")]),
        (b"7,#1\n", [("7", "#1")]),
        ("7,Сәлем 😀\n".encode(), [("7", "Сәлем 😀")]),
        (b",x\n", [("", "x")]),
    ],
)
def test_forms(content: bytes, entries: list[tuple[str, str]]) -> None:
    assert _read(content) == entries


def test_entries_know_their_line() -> None:
    entries = list(read([b"# x\n", b'7,"a\n', b'b"\n', b"\n", b"8\n"]))
    assert entries == [Entry("7", "a\nb", 2), Entry("8", "", 5)]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"7\n\xff\n", "line 2 is not UTF-8"),
        ("7\n".encode("utf-16"), "line 1 is not UTF-8"),
        (b'7\n8,"a\n', "line 2: the quotes are wrong"),
        (b'7,"a"b\n', "line 1: the quotes are wrong"),
        (b'7\n8,"' + b"x\n" * LONGEST, "line 2 is too long; is a quote not closed"),
        (b"7," + b"x" * LONGEST, "line 1 is too long"),
    ],
)
def test_faults_name_their_line(content: bytes, complaint: str) -> None:
    with pytest.raises(BadFile, match=complaint):
        _read(content)


def test_a_file_is_read_as_it_is_needed() -> None:
    taken = 0

    def lines() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"77771234567\n"

    entries = read(lines())
    for number in range(1, 1000):
        assert next(entries).line == number
        assert taken == number
