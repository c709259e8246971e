"""The work of `habar send`: messages out, results shown and counted, whatever ends it.

Guarantees: however it ends (done, refused, an error, Ctrl-C) what was answered has been shown, and
the summary says how many messages were under way whose outcome is not known. Keeps the counts only;
with waiting, also each accepted message's number and recipient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from habar.cli.recipients import BadFile, Entry
from habar.cli.rows import Display, good, name, tally
from habar_client import Client, Message, Sent, Status, WaitTimeout

PACKAGE = 250
"""Messages of a package: large enough to be quick, small enough for a bar that moves."""


@dataclass(frozen=True, slots=True)
class Template:
    """What all messages of one command have in common."""

    text: str | None
    """The text of recipients that bring none of their own."""
    sender: str | None = None
    first_id: int | None = None
    at: datetime | None = None
    until: datetime | None = None
    flash: bool = False

    def messages(self, entries: Iterable[Entry]) -> Iterator[Message]:
        """A message for each entry; ids count up. Raises BadFile, naming the line."""
        for index, entry in enumerate(entries):
            text = entry.text or self.text
            if not text:
                raise BadFile(f"line {entry.line} has no text, and the command line gives none")
            own_id = None if self.first_id is None else self.first_id + index
            try:
                yield Message(
                    entry.recipient, text, self.sender, own_id, self.at, self.until, self.flash
                )
            except ValueError as error:
                raise BadFile(f"line {entry.line}: {error}") from None


class Sending:
    """One command's sending, counted."""

    def __init__(self, client: Client, display: Display, *, remember: bool) -> None:
        self._client = client
        self._display = display
        self._remember = remember
        self._taken = 0
        self._answered = 0
        self._parts = 0
        self._accepted = 0
        self._refused: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()
        self.failures = 0
        """Messages that were refused, or did not end as wished."""
        self.pending: dict[int, str] = {}
        """Whom to wait for: `sms_id` and recipient."""

    def run(self, messages: Iterator[Message], total: int | None) -> None:
        """Send all; errors and KeyboardInterrupt go to the caller."""
        self._display.stage("sending", total)
        for row in self._client.send_many(self._counted(messages), package_size=PACKAGE):
            self._answered += 1
            self._count(row)
            self._display.sent(row)
            self._display.advance()

    def wait(self, timeout: float) -> None:
        """Show each accepted message's end. What is not final in time is shown as it is."""
        self._display.stage("waiting", len(self.pending))
        try:
            for status in self._client.wait_all(list(self.pending), timeout=timeout):
                self._end(status)
                self._display.advance()
        except WaitTimeout as late:
            for status in late.pending:
                self._end(status)

    def summary(self) -> Iterator[str]:
        """What came of it, a sentence a line; nothing where the rows have said everything."""
        lost = self._taken - self._answered
        if self._answered > 1 or (lost and self._answered):
            words = f"{self._accepted} accepted ({self._parts} SMS)"
            refused = sum(self._refused.values())
            if refused:
                words += f", {refused} refused ({tally(self._refused)})"
            yield words
        if sum(self._ends.values()) > 1:
            yield tally(self._ends)

    def under_way(self) -> str:
        """How many messages were under way when it ended; `` for none."""
        lost = self._taken - self._answered
        if not lost:
            return ""
        which = "the message was" if lost == 1 else f"the last {lost} messages were"
        return f"whether {which} accepted is not known"

    def _counted(self, messages: Iterator[Message]) -> Iterator[Message]:
        for message in messages:
            self._taken += 1
            yield message

    def _count(self, row: Sent) -> None:
        if not row.accepted:
            self._refused[name(row)] += 1
            self.failures += 1
            return
        self._accepted += 1
        self._parts += row.sms_count
        if self._remember and row.sms_id:
            self.pending[row.sms_id] = row.recipient

    def _end(self, status: Status) -> None:
        self._ends[name(status)] += 1
        self.failures += not good(status)
        self._display.status(status, self.pending.get(status.sms_id))
