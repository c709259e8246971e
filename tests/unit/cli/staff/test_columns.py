"""Tables in terminals that are too narrow for them, and in pipes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from habar.cli.columns import printable, short, show_pairs, show_table

HEAD = ("node", "bind", "state", "since", "last error")
ROWS = [
    ("one", "1", "up", "2026-11-27", "-"),
    ("two", "12", "down", "2026-11-27", "nobody answered at that address"),
]
RIGHT = frozenset({"bind"})


def test_in_a_pipe_a_row_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(HEAD, ROWS, RIGHT)
    assert capsys.readouterr().out.splitlines() == [
        "node  bind  state  since       last error",
        "one      1  up     2026-11-27  -",
        "two     12  down   2026-11-27  nobody answered at that address",
    ]


def test_a_last_column_is_broken_at_its_words(
    capsys: pytest.CaptureFixture[str], wide: Callable[[int], None]
) -> None:
    wide(52)
    show_table(HEAD, ROWS, RIGHT)
    assert capsys.readouterr().out.splitlines()[2:] == [
        "two     12  down   2026-11-27  nobody answered at",
        "                               that address",
    ]


def test_what_is_too_wide_stands_in_several_tables_with_its_keys(
    capsys: pytest.CaptureFixture[str], wide: Callable[[int], None]
) -> None:
    wide(34)
    show_table(HEAD, ROWS, RIGHT, keys=2)
    assert capsys.readouterr().out.splitlines() == [
        "node  bind  state  since",
        "one      1  up     2026-11-27",
        "two     12  down   2026-11-27",
        "",
        "node  bind  last error",
        "one      1  -",
        "two     12  nobody answered at",
        "            that address",
    ]


@pytest.mark.parametrize("columns", [10, 20, 40, 80, 200])
def test_nothing_is_lost_at_any_width(
    capsys: pytest.CaptureFixture[str], wide: Callable[[int], None], columns: int
) -> None:
    wide(columns)
    show_table(HEAD, ROWS, RIGHT)
    words = set(capsys.readouterr().out.split())
    assert words >= {word for row in (HEAD, *ROWS) for cell in row for word in cell.split()}


def test_a_cell_may_have_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("at", "takes"), [("1", "account bank\nsender BANK"), ("2", "all")], frozenset())
    assert capsys.readouterr().out.splitlines() == [
        "at  takes",
        "1   account bank",
        "    sender BANK",
        "2   all",
    ]


def test_a_pair_that_is_too_long_is_broken_under_its_value(
    capsys: pytest.CaptureFixture[str], wide: Callable[[int], None]
) -> None:
    wide(30)
    show_pairs([("a", "1"), ("name", "some words that go on and on")])
    assert capsys.readouterr().out.splitlines() == [
        "a     1",
        "name  some words that go on",
        "      and on",
    ]


def test_what_is_cut_says_so() -> None:
    assert short("abcdef", 6) == "abcdef"
    assert short("abc defg", 5) == "abc…"


def test_what_others_wrote_moves_no_cursor() -> None:
    assert (
        printable("Салем\x1b[2J\n") == "Салем\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}"
    )
