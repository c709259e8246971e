"""Never two calls about one subject (a message, a subscriber's message) at a time.

The store gives out one at a time, the oldest first; this holds where it cannot: where two nodes
made two at once. Guarantees: the second waits for the first to have ended; where the first was put
off, the second goes back to the store with it.
"""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from habar.callbacks.lane import Lane
from habar.store.callbacks import Call, CallKind, InboundCall

Key: TypeAlias = tuple[CallKind, int]


def subject_of(call: Call) -> Key:
    """What the call is about."""
    event = call.event
    if isinstance(event, InboundCall):
        return CallKind.INBOUND, event.inbound_id
    return CallKind.STATE, event.message_id


class Subjects:
    """Those of which a call is under way."""

    def __init__(self) -> None:
        self._behind: dict[Key, deque[tuple[Lane, Call]]] = {}

    def enter(self, lane: Lane, call: Call) -> bool:
        """Whether the call may be made now; else it is kept here."""
        behind = self._behind.get(subject_of(call))
        if behind is None:
            self._behind[subject_of(call)] = deque()
            return True
        behind.append((lane, call))
        return False

    def leave(self, call: Call) -> list[tuple[Lane, Call]]:
        """The call has ended: those that waited for that, in order."""
        return list(self._behind.pop(subject_of(call)))

    def clear(self) -> list[tuple[Lane, Call]]:
        """All that wait, for whatever is under way: they wait here no more."""
        waiting = [one for behind in self._behind.values() for one in behind]
        for behind in self._behind.values():
            behind.clear()
        return waiting
