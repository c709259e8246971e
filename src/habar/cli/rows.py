"""What the customer's commands print: a line a message, a progress bar, a summary.

Guarantees: results go to standard output, all else to standard error; the bar shows on a terminal
only; control characters of a file never reach the terminal. A line is written out at once.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.text import Text

from habar.cli.bar import Bar
from habar_client import Sent, Status
from habar_client.codes import State

_GOOD = {State.DELIVERED, State.ENROUTE}


class Display(logging.Handler):
    """Where a command's lines go. Use as a context: the bar ends with it.

    `as_json`: an object a line. `bar`: a progress bar, on a terminal. `first`: the first column.
    """

    def __init__(self, *, as_json: bool, bar: bool = False, first: str = "recipient") -> None:
        super().__init__(logging.INFO)
        self._json = as_json
        self._first = first
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(highlight=False, soft_wrap=True, stderr=True)
        self._on_terminal = sys.stdout.isatty()
        below = self._out if self._on_terminal else self._err
        self._bar = Bar(below) if bar and below.is_terminal else None
        self._headed = as_json or not self._on_terminal

    def __enter__(self) -> Self:
        logger = logging.getLogger("habar_client")
        logger.addHandler(self)
        logger.setLevel(logging.INFO)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.clear()
        logging.getLogger("habar_client").removeHandler(self)

    def stage(self, words: str, total: int | None) -> None:
        """What the bar counts from now on; None: nobody knows how many."""
        if self._bar:
            self._bar.stage(words, total)

    def advance(self) -> None:
        """One more is done."""
        if self._bar:
            self._bar.advance()

    def sent(self, row: Sent) -> None:
        """A line for what the gateway said to a message."""
        words = "" if row.accepted and not row.repeated else row.words
        fields = _fields(row) | {"recipient": row.recipient, "accepted": row.accepted}
        columns = [printable(row.recipient), row.sms_id, row.sms_count, row.meaning, words]
        self._line(fields, columns, "green" if row.accepted else "red")

    def status(self, row: Status, recipient: str | None = None) -> None:
        """A line for where a message is; `recipient` where the command knows it."""
        when = row.completed_at
        fields = _fields(row) | {
            "final": row.final,
            "completed_at": when.isoformat() if when else None,
        }
        if recipient:
            fields["recipient"] = recipient
        who = printable(recipient) if recipient else "" if row.id is None else str(row.id)
        words = row.words if row.error else when.isoformat(" ", "seconds") if when else ""
        colour = "green" if good(row) else "red" if row.final else "yellow"
        self._line(fields, [who, row.sms_id, row.sms_count, row.meaning, words], colour)

    def emit(self, record: logging.LogRecord) -> None:
        """The library's own notes: that the gateway is busy, and how long it is waited for."""
        words = f"habar: {record.getMessage()}"
        if self._bar:
            self._bar.line(words)
        else:
            self._err.print(words, markup=False)

    def _line(self, fields: dict[str, Any], columns: list[Any], colour: str) -> None:
        if not self._headed:
            self._headed = True
            self._write(Text(_layout([self._first, "sms_id", "SMS", "code", ""]), "dim"))
        if self._json:
            self._write(Text(json.dumps(fields, ensure_ascii=False)))
        else:
            self._write(_coloured(_layout(columns), columns[3], colour))

    def _write(self, line: Text) -> None:
        if not self._on_terminal:
            print(line.plain, flush=True)
        elif self._bar:
            with self._out.capture() as drawn:
                self._out.print(line, end="")
            self._bar.line(drawn.get())
        else:
            self._out.print(line)


def name(row: Sent | Status) -> str:
    """The name alone: `ACCEPTED`; for a code without one the code."""
    return row.meaning.rpartition(" ")[2]


def good(row: Status) -> bool:
    """The message ended as its sender wished, as far as can be known."""
    return row.state in _GOOD


def printable(text: str) -> str:
    """`text` on one line, without control characters, of bounded length."""
    safe = "".join(letter if letter.isprintable() else "?" for letter in text[:40])
    return safe if len(text) <= len(safe) else f"{safe}…"


def tally(counter: Counter[str]) -> str:
    """`3 RECIPIENT, 1 BILLING`, the most frequent first."""
    return ", ".join(f"{number} {what}" for what, number in counter.most_common())


def _fields(row: Sent | Status) -> dict[str, Any]:
    return {
        "id": row.id,
        "sms_id": row.sms_id,
        "sms_count": row.sms_count,
        "code": row.code,
        "name": name(row),
    }


def _layout(columns: list[Any]) -> str:
    recipient, sms_id, sms_count, code, words = columns
    return f"{recipient:<12}  {sms_id:>9}  {sms_count:>3}  {code:<17}  {words}".rstrip()


def _coloured(line: str, code: str, colour: str) -> Text:
    text = Text(line)
    start = line.find(f"  {code}")
    text.stylize(colour, start, start + 2 + len(code))
    return text
