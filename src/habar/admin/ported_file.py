"""A file of ported numbers (CSV), read row by row.

The form: two columns, msisdn and network, named by a first line or in that order; `;` or `,`
between them; UTF-8, with or without a byte order mark; numbers as 77…, +77… or 87….

Guarantees: memory is one line's, whatever the file; a line that cannot be read stops nothing and is
told with its number. Knows no store.
"""

from __future__ import annotations

import csv
from collections.abc import Container, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TextIO

from habar.errors import InvalidValue
from habar.model.account import RecipientForm
from habar.model.address import parse_recipient

_LONGEST_LINE = 1000
"""Characters; what is longer is no row of two short values."""
_COLUMNS = ("msisdn", "network")


class Row(NamedTuple):
    """A line of the file: a number and its network, or (`wrong`) why it is none."""

    line: int
    """From 1."""
    msisdn: int = 0
    network: str = ""
    wrong: str = ""


def read(path: Path, networks: Container[str], network: str | None = None) -> Iterator[Row]:
    """Every line but the empty ones and the first where it names the columns.

    Only `networks` are known; letters' case does not matter. With `network` all numbers are that
    one's, and only they are looked at. Raises InvalidValue where the file cannot be opened or names
    other columns.
    """
    try:
        # What is not UTF-8 becomes a sign that no number and no name has.
        file = path.open(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise InvalidValue(f"{path}: {error.strerror}") from error
    with file:
        yield from _rows(file, networks, network)


def _rows(file: TextIO, networks: Container[str], network: str | None) -> Iterator[Row]:
    lines = _lines(file)
    first = next((line for line in lines if line[1].strip()), None)
    if first is None:
        return
    delimiter = ";" if ";" in first[1] else ","
    head = [cell.lower() for cell in _cells(first[1], delimiter)]
    wanted = _COLUMNS if network is None else _COLUMNS[:1]
    columns = _columns(head, wanted)
    if columns is None:
        columns = tuple(range(len(wanted)))
        lines = chain([first], lines)
    for number, line in lines:
        if cells := _cells(line, delimiter):
            yield _row(number, cells, columns, networks, network)


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; of an overlong one only its beginning, which is no row either."""
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        yield number, line
        while line and not line.endswith("\n"):
            line = file.readline(_LONGEST_LINE)


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells without blanks and quotes: neither value has one inside, so none is significant.

    A quote that is never closed thus spoils its own line only.
    """
    rows = csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE)
    cells = [cell.strip().strip('"').strip() for cell in next(rows, [])]
    return cells if any(cells) else []


def _columns(head: list[str], wanted: tuple[str, ...]) -> tuple[int, ...] | None:
    """Where what is wanted stands, if these are the names of columns."""
    if not any(name in head for name in _COLUMNS):
        return None
    if not all(name in head for name in wanted):
        raise InvalidValue(f"the first line names columns, but not {' and '.join(wanted)}")
    return tuple(head.index(name) for name in wanted)


def _row(
    line: int,
    cells: list[str],
    columns: tuple[int, ...],
    networks: Container[str],
    network: str | None,
) -> Row:
    if len(cells) <= max(columns):
        return Row(line, wrong="a number and a network are wanted")
    msisdn = parse_recipient(cells[columns[0]], RecipientForm.NORMALISE)
    if msisdn is None:
        return Row(line, wrong=f"{cells[columns[0]][:40]!r} is no mobile number")
    if network is None:
        network = cells[columns[1]].lower()
        if network not in networks:
            return Row(line, msisdn, wrong=f"{network[:40]!r} is no network that has a range")
    return Row(line, msisdn, network)
