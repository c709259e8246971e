"""Rows in columns, for a terminal of any width and for pipes.

Guarantees: nothing is cut off. What is too wide for a terminal is told in several tables, each of
which begins with the columns that say what a row is, and a last column that is still too wide is
broken at its words. In a pipe a row is a line, however long. What others wrote moves no cursor.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

import typer

_GAP = "  "
_NARROWEST = 20
"""Characters: a last column is not broken into less."""

_WHEN = 21
"""Characters of a story's line before its text."""

Rows = Sequence[Sequence[str]]


def show_table(
    head: Sequence[str], rows: Rows, right: frozenset[str], *, keys: int = 1, indent: str = ""
) -> None:
    """Print a table; columns named in `right` are flush right. Only a terminal sees bold.

    The first `keys` columns stand in each table where it takes several. A cell may have lines.
    """
    room = _width()
    for number, columns in enumerate(_tables(head, rows, keys, room and room - len(indent))):
        if number:
            typer.echo()
        chosen = [[row[at] for at in columns] for row in rows]
        _show([head[at] for at in columns], chosen, right, room and room - len(indent), indent)


def show_pairs(pairs: Sequence[tuple[str, str]], *, indent: str = "") -> None:
    """Print names and values, a pair a line."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        first, *more = broken(value, len(indent) + width + len(_GAP))
        typer.echo(f"{indent}{name:<{width}}{_GAP}{first}".rstrip())
        for line in more:
            typer.echo(f"{indent}{'':<{width}}{_GAP}{line}")


def show_story(lines: Iterable[str]) -> None:
    """Print what happened, a time and a text each (admin.story_lines); long texts on several."""
    for line in lines:
        when, text = line[:_WHEN], printable(line[_WHEN:])
        first, *more = broken(text, _WHEN)
        typer.echo(f"{when}{first}".rstrip())
        for rest in more:
            typer.echo(f"{'':{_WHEN}}{rest}")


def broken(text: str, used: int) -> list[str]:
    """`text` in lines that fit on the terminal beside `used` characters; one in a pipe."""
    room = _width()
    if not room:
        return [text]
    return _lines(text, room - used)


def printable(text: str) -> str:
    """What somebody else wrote, without what would move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def short(text: str, most: int) -> str:
    """At most so many characters; a text that was cut says so by its last sign."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _width() -> int:
    """Characters of a line of the terminal; 0: there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def _tables(head: Sequence[str], rows: Rows, keys: int, room: int) -> Iterator[list[int]]:
    """Which columns stand together; one that has no end stands where its least part fits."""
    widths = [_widest(column) for column in zip(head, *rows, strict=True)]
    widths[-1] = min(widths[-1], max(_NARROWEST, len(head[-1])))
    first = list(range(keys))
    columns = list(first)
    for at in range(keys, len(head)):
        needed = sum(widths[n] for n in (*columns, at)) + len(_GAP) * len(columns)
        if room and needed > room and len(columns) > keys:
            yield columns
            columns = list(first)
        columns.append(at)
    yield columns


def _show(head: Sequence[str], rows: Rows, right: frozenset[str], room: int, indent: str) -> None:
    widths = [_widest(column) for column in zip(head, *rows, strict=True)]
    before = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    last = room - before if room else 0

    def line(cells: Sequence[str]) -> str:
        placed = (
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(head, cells, widths, strict=True)
        )
        return f"{indent}{_GAP.join(placed)}".rstrip()

    typer.secho(line(head), bold=True)
    for row in rows:
        cells = [cell.split("\n") for cell in row]
        if last:
            cells[-1] = [part for text in cells[-1] for part in _lines(text, last)]
        for number in range(max(map(len, cells))):
            typer.echo(line([lines[number] if number < len(lines) else "" for lines in cells]))


def _lines(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, max(_NARROWEST, room), break_on_hyphens=False) or [""]


def _widest(cells: Sequence[str]) -> int:
    return max(len(line) for cell in cells for line in cell.split("\n"))
