"""Marks messages on disk before their first PDU is written, where the operator's data ask for it.

After a death the gateway then knows which messages were in the window and which were not.
Guarantees: a message comes out of `next` after its mark is on disk, and not at all where the store
says that it is this run's no more; what was taken from the plan
and did not go is given back by `clear`. An operator that may be sent things twice pays nothing: its
messages pass straight through. Knows no links.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from habar.dispatch.plan import Plan
from habar.model.message import Outgoing
from habar.store.events import Boarded
from habar.store.port import Journal


class Boarding:
    """One lane's. `changed` is called when there may be more to send."""

    def __init__(self, plan: Plan, journal: Journal, changed: Callable[[], None]) -> None:
        self.marking = 0
        """Messages whose mark is on its way to the disk."""
        self._plan = plan
        self._journal = journal
        self._changed = changed
        self._marked: deque[Outgoing] = deque()

    @property
    def inside(self) -> int:
        """Messages that have left the plan and not gone out."""
        return self.marking + len(self._marked)

    def mark(self, room: int, now: int) -> None:
        """Have so many messages ready for the window, those that are ready already included."""
        wanted = room - self.inside
        messages: list[Outgoing] = []
        while wanted > len(messages):
            message = self._plan.next()
            if message is None:
                break
            messages.append(message)
        if not messages:
            return
        self.marking += len(messages)
        ids = tuple(message.message_id for message in messages)

        def marked(message_id: int | None) -> None:
            self.marking -= len(messages)
            if message_id is not None:  # else they are ours no more
                self._marked.extend(messages)
            self._changed()

        self._journal.record(Boarded(ids, now), marked)
        self._journal.hurry()

    def put(self, message: Outgoing) -> None:
        """One that is marked already goes next."""
        self._marked.appendleft(message)

    def next(self) -> Outgoing | None:
        """The next message that is marked."""
        return self._marked.popleft() if self._marked else None

    def clear(self) -> list[Outgoing]:
        """Take out what is marked and has not gone."""
        messages = list(self._marked)
        self._marked.clear()
        return messages
