"""A progress bar under lines that scroll, quick enough for thousands of lines a second.

rich draws it, ten times a second at most; between that its last picture is put back under each new
line. (rich's own Live draws anew for each line, two milliseconds each: longer than an SMS takes.)
"""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

_PERIOD = 0.1
_CLEAR = "\r\x1b[2K"


class Rate(ProgressColumn):
    """How many a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """See rich."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} {self._unit}")


class Bar:
    """Counts what is done of one stage after another. `console` must be a terminal.

    `rate`: what is counted a second, if that is to be told, such as `numbers/s`.
    """

    def __init__(self, console: Console, *, rate: str = "") -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            *([Rate(rate)] if rate else []),
            TimeRemainingColumn(),
            console=console,
            auto_refresh=False,
            expand=True,
        )
        self._picture = ""
        self._drawn = 0.0

    def stage(self, words: str, total: int | None) -> None:
        """What is counted from now on; None: nobody knows how many there are."""
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._progress.add_task(words, total=total)
        self._drawn = 0.0
        self._write("")

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        for task in self._progress.task_ids:
            self._progress.advance(task, count)
        if time.monotonic() - self._drawn >= _PERIOD:
            self._write("")

    def line(self, text: str) -> None:
        """Put a line above the bar."""
        self._write(f"{text}\n")

    def clear(self) -> None:
        """Take the bar away."""
        self._picture = ""
        self._console.file.write(_CLEAR)
        self._console.file.flush()

    def _write(self, above: str) -> None:
        now = time.monotonic()
        if now - self._drawn >= _PERIOD:
            self._drawn = now
            with self._console.capture() as drawn:
                self._console.print(self._progress.get_renderable(), end="", soft_wrap=False)
            self._picture = drawn.get().rstrip("\n")
        self._console.file.write(f"{_CLEAR}{above}{self._picture}")
        self._console.file.flush()
