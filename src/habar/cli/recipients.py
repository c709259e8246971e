"""A file of recipients, one a line, each with a text of its own or without.

The form: `77771234567`, or `77771234567,text`; `;` and a tab separate as well as a comma (the first
line that has one decides); a text with line ends or separators at its ends stands in double quotes
as in CSV; lines that begin with `#` and empty ones are passed over; UTF-8.

Guarantees: memory does not grow with the file; a fault names its line. Judges no numbers: that is
the gateway's business.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 64 * 1024
"""Characters of a line, or of a text in quotes, at most."""

_SEPARATORS = ",;\t"


class BadFile(Exception):
    """The file cannot be used; the words name the line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A recipient of the file."""

    recipient: str
    text: str
    """`` where the line has none."""
    line: int


def read(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The recipients of a file's lines. Raises BadFile at the first line that cannot be read."""
    source = _Lines(lines)
    separator = None
    while (first := source.next_entry()) is not None:
        number = source.number
        separator = separator or next((mark for mark in first if mark in _SEPARATORS), None)
        source.push_back(first)
        yield _entry(source.row(separator or ","), separator or ",", number)


class _Lines:
    """Lines decoded and counted; a line can be put back for the reader of CSV."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._back: str | None = None
        self.number = 0

    def next_entry(self) -> str | None:
        """The next line that is no comment and not empty; None at the end."""
        for line in self:
            if line.strip() and not line.lstrip().startswith("#"):
                return line
        return None

    def push_back(self, line: str) -> None:
        self._back = line
        self.number -= 1

    def row(self, separator: str) -> list[str]:
        """One row of CSV, over as many lines as its quotes hold."""
        first = self.number + 1
        try:
            return next(csv.reader(self._bounded(), delimiter=separator, strict=True))
        except csv.Error as error:
            raise BadFile(f"line {first}: the quotes are wrong ({error})") from None

    def _bounded(self) -> Iterator[str]:
        first, size = self.number + 1, 0
        for line in self:
            size += len(line)
            if size > LONGEST:
                raise BadFile(f"line {first} is too long; is a quote not closed?")
            yield line

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self._back = self._back, None
        if line is None:
            octets = next(self._lines)
            try:
                line = octets.decode("utf-8-sig" if self.number == 0 else "utf-8")
            except UnicodeDecodeError:
                words = f"line {self.number + 1} is not UTF-8; save the file as UTF-8"
                raise BadFile(words) from None
        self.number += 1
        return line


def _entry(cells: list[str], separator: str, line: int) -> Entry:
    recipient, *texts = cells
    # A text with separators but without quotes means them: they are put back as they were.
    return Entry(recipient.strip(), separator.join(texts).strip(" "), line)
