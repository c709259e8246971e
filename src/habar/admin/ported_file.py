"""A file of ported numbers (CSV), read row by row.

The form: two columns, msisdn and network, named by a first line or in that order; `;` or `,`
between them; UTF-8, with or without a byte order mark; numbers as 77…, +77… or 87….

Guarantees: memory is one line's, whatever the file; a line that cannot be read stops nothing and is
told with its number. Knows no store.
"""

from __future__ import annotations

import csv
from collections.abc import Container, Iterator
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


def read(path: Path, networks: Container[str]) -> Iterator[Row]:
    """Every line but the empty ones and the first where it names the columns.

    Only `networks` are known; letters' case does not matter. Raises InvalidValue where the file
    cannot be opened or names other columns.
    """
    try:
        # What is not UTF-8 becomes a sign that no number and no name has.
        file = path.open(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise InvalidValue(f"{path}: {error.strerror}") from error
    with file:
        yield from _rows(file, networks)


def _rows(file: TextIO, networks: Container[str]) -> Iterator[Row]:
    lines = _lines(file)
    first = next((line for line in lines if line[1].strip()), None)
    if first is None:
        return
    delimiter = ";" if ";" in first[1] else ","
    head = [cell.lower() for cell in _cells(first[1], delimiter)]
    columns = _columns(head)
    if columns is None:
        columns = (0, 1)
        yield _row(first[0], _cells(first[1], delimiter), columns, networks)
    for number, line in lines:
        if cells := _cells(line, delimiter):
            yield _row(number, cells, columns, networks)


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


def _columns(head: list[str]) -> tuple[int, int] | None:
    """Where the number and the network stand, if these are the names of columns."""
    named = [name in head for name in _COLUMNS]
    if not any(named):
        return None
    if not all(named):
        raise InvalidValue(f"the first line names columns, but not both {' and '.join(_COLUMNS)}")
    return head.index(_COLUMNS[0]), head.index(_COLUMNS[1])


def _row(line: int, cells: list[str], columns: tuple[int, int], networks: Container[str]) -> Row:
    if len(cells) <= max(columns):
        return Row(line, wrong="a number and a network are wanted")
    msisdn = parse_recipient(cells[columns[0]], RecipientForm.NORMALISE)
    if msisdn is None:
        return Row(line, wrong=f"{cells[columns[0]][:40]!r} is no mobile number")
    network = cells[columns[1]].lower()
    if network not in networks:
        return Row(line, msisdn, wrong=f"{network[:40]!r} is no network that has a range")
    return Row(line, msisdn, network)
