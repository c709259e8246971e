"""Our requests that wait for an answer, by sequence_number.

Guarantees: never more than `size` requests of the application at once; a sequence_number runs from
1 to 0x7FFFFFFF and round again, and none is used twice while an answer to it may still come.
The connection's own requests (bind, unbind, enquire_link) and those that the application sends
aside share the numbers but not the slots.
Does not know: PDUs, bytes, and what a token means.
"""

from typing import NamedTuple

from habar.wire.smpp.constants import MAX_SEQUENCE, RESPONSE_BIT, CommandId
from habar.wire.smpp.errors import WindowFullError

_GENERIC_NACK = int(CommandId.GENERIC_NACK)


class Entry(NamedTuple):
    """A request on its way: the owner's token, its command_id, when its answer is overdue."""

    token: object
    command_id: int
    deadline: float

    def answered_by(self, command_id: int) -> bool:
        """True for the request's own response, and for generic_nack, which may answer any."""
        return command_id == self.command_id | RESPONSE_BIT or command_id == _GENERIC_NACK


class Window:
    """The open requests.

    `requests` and `aside` are the application's, those need a slot and these none; `control` are
    the connection's own.
    """

    __slots__ = ("_next", "aside", "control", "requests", "size")

    def __init__(self, size: int, first_sequence: int) -> None:
        if size < 1 or not 1 <= first_sequence <= MAX_SEQUENCE:
            raise ValueError("a window has at least one slot, a sequence starts within 1..2^31-1")
        self.size = size
        self.requests: dict[int, Entry] = {}
        self.aside: dict[int, Entry] = {}
        self.control: dict[int, Entry] = {}
        self._next = first_sequence

    def number(self) -> int:
        """Take the next sequence_number that no open request uses."""
        number = self._next
        while number in self.requests or number in self.control or number in self.aside:
            number = number + 1 if number < MAX_SEQUENCE else 1
        self._next = number + 1 if number < MAX_SEQUENCE else 1
        return number

    def claim(self, token: object, command_id: int, deadline: float) -> int:
        """Take a slot and a sequence_number for a request of the application.

        Raises WindowFullError.
        """
        if len(self.requests) >= self.size:
            raise WindowFullError(f"{self.size} requests are unanswered")
        number = self.number()
        self.requests[number] = Entry(token, command_id, deadline)
        return number

    def claim_aside(self, token: object, command_id: int, deadline: float) -> int:
        """Take a sequence_number for a request of the application that needs no slot."""
        number = self.number()
        self.aside[number] = Entry(token, command_id, deadline)
        return number

    def claim_control(self, command_id: int, deadline: float) -> int:
        """Take a sequence_number for a request of the connection's own; it needs no slot."""
        number = self.number()
        self.control[number] = Entry(None, command_id, deadline)
        return number

    def settle(self, sequence_number: int, command_id: int) -> Entry | None:
        """Free and return the application's request that this response answers, or None."""
        entry = self.requests.get(sequence_number)
        if entry is None or not entry.answered_by(command_id):
            return None
        del self.requests[sequence_number]
        return entry

    def settle_aside(self, sequence_number: int, command_id: int) -> Entry | None:
        """Free and return the request sent aside that this response answers, or None."""
        entry = self.aside.get(sequence_number)
        if entry is None or not entry.answered_by(command_id):
            return None
        del self.aside[sequence_number]
        return entry

    def settle_control(self, sequence_number: int, command_id: int) -> Entry | None:
        """Free and return the connection's own request that this response answers, or None."""
        entry = self.control.get(sequence_number)
        if entry is None or not entry.answered_by(command_id):
            return None
        del self.control[sequence_number]
        return entry

    def asks(self, command_id: int) -> bool:
        """Whether a request of the connection's own of this kind waits for its answer."""
        return any(entry.command_id == command_id for entry in self.control.values())

    def forget_control(self, command_id: int) -> None:
        """Wait no longer for the connection's own requests of this kind."""
        for number in [n for n, entry in self.control.items() if entry.command_id == command_id]:
            del self.control[number]

    def overdue(self, now: float) -> list[Entry]:
        """Free and return the application's requests whose time is up, oldest first.

        Where the response time was shortened while requests were open, those wait as long as the
        older ones before them.
        """
        return _overdue(self.requests, now) + (_overdue(self.aside, now) if self.aside else [])

    def overdue_control(self, now: float) -> int | None:
        """The command_id of a request of the connection's own whose time is up, or None."""
        late = (entry.command_id for entry in self.control.values() if entry.deadline <= now)
        return next(late, None)

    def deadlines(self) -> list[float]:
        """When the oldest request of each kind, and each of the connection's own, is overdue."""
        oldest = [
            next(iter(entries.values())).deadline
            for entries in (self.requests, self.aside)
            if entries
        ]
        return oldest + [entry.deadline for entry in self.control.values()]

    def close(self) -> tuple[object, ...]:
        """Forget every open request; return the tokens of the application's, oldest first."""
        tokens = tuple(self.tokens())
        self.requests.clear()
        self.aside.clear()
        self.control.clear()
        return tokens

    def tokens(self) -> list[object]:
        """The tokens of the application's open requests, oldest first; last those sent aside."""
        return [entry.token for entry in (*self.requests.values(), *self.aside.values())]


def _overdue(entries: dict[int, Entry], now: float) -> list[Entry]:
    late = []
    for number, entry in entries.items():
        if entry.deadline > now:
            break  # deadlines grow with the order of insertion
        late.append(number)
    return [entries.pop(number) for number in late]
