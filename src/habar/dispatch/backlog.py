"""Who has messages waiting on disk, and when the first of them come due: what to look for when.

Hints from those who put messages there, made true now and then by what the store says (`merge`).
Guarantees: bounded memory, however many messages wait: for each account and priority a count and
the next few due times are kept, and `unsure` says when the rest must be asked of the store; a
hint that comes while a look at the disk is under way is not lost. Pure: `now` is an argument, in
UTC milliseconds.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

Key = tuple[int, int]
"""(priority, account_id); the lower priority number goes first."""

KEPT = 32
"""Due times kept of one account and priority."""


@dataclass(slots=True)
class Waiting:
    """What is known of one account's messages of one priority."""

    count: int = 0
    """Messages that are due and that no look has covered; an upper bound unless `vague`."""
    vague: bool = False
    """More may be due than were counted."""
    expected: int = 0
    """Counted when they were refused a place: the hint after their commit is no news."""
    dues: list[int] = field(default_factory=list)
    """Due times to come, in order, each once however many messages share it."""
    cut: bool = False
    """There were more due times than are kept."""
    first_only: bool = False
    """The store told the first due time; what comes after it is not known."""
    asked: int | None = None
    """What `count` was when the look under way began; None: none is under way."""
    asked_vaguely: bool = False
    closing: bool = False
    """The look under way brings everything that is due."""

    def is_due(self, now: int) -> bool:
        """Whether messages are due that are not here, and that no look is about to bring all."""
        brings_some = self.asked is not None and not self.closing
        return bool(self.count or self.vague or brings_some or self.is_late(now))

    def is_late(self, now: int) -> bool:
        """Whether a time has come that was to come."""
        return bool(self.dues) and self.dues[0] <= now

    def note(self, due_at: int) -> bool:
        """Keep a due time to come; whether it is the soonest."""
        dues = self.dues
        sooner = not dues or due_at < dues[0]
        if due_at in dues or (self.cut and due_at > dues[-1]):
            return False
        insort(dues, due_at)
        if len(dues) > KEPT:
            dues.pop()
            self.cut = True
        return sooner


class Backlog:
    """One operator's."""

    def __init__(self) -> None:
        self._waiting: dict[Key, Waiting] = {}
        self.unsure = True
        """The store must be asked (`merge` its answer): at first, and after due times were cut."""

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, key: Key) -> bool:
        return key in self._waiting

    # --- Hints -----------------------------------------------------------------------------------
    def refused(self, key: Key) -> None:
        """A message of `key` gets no place in memory and is about to be stored; it is due."""
        waiting = self._of(key)
        waiting.count += 1
        waiting.expected += 1

    def hint(self, key: Key, due_at: int, now: int) -> bool:
        """A message of `key` waits on disk, due then. True where that is news."""
        waiting = self._of(key)
        if due_at > now:
            return waiting.note(due_at)
        if waiting.expected:
            waiting.expected -= 1
            return False
        news = waiting.asked is None and not waiting.is_due(now)
        waiting.count += 1
        return news

    def merge(self, rows: Iterable[tuple[int, int, int]], now: int) -> None:
        """Take what the store says: (priority, account_id, due_at of the first)."""
        self.unsure = False
        for priority, account_id, due_at in rows:
            waiting = self._of((priority, account_id))
            waiting.first_only = True
            if due_at > now:
                waiting.note(due_at)
            else:
                waiting.vague = True

    def _of(self, key: Key) -> Waiting:
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = Waiting()
        return waiting

    # --- What is due -----------------------------------------------------------------------------
    def is_due(self, key: Key, now: int) -> bool:
        """Whether older messages of `key` wait on disk, so that a new one must stand behind."""
        waiting = self._waiting.get(key)
        return waiting is not None and waiting.is_due(now)

    def due(self, now: int) -> list[Key]:
        """Whose messages are due and not being looked for."""
        return [key for key, w in self._waiting.items() if w.asked is None and w.is_due(now)]

    def next_due(self, now: int) -> int | None:
        """When the next that is not due yet comes due."""
        later = (due for w in self._waiting.values() for due in w.dues if due > now)
        return min(later, default=None)

    # --- Looks -----------------------------------------------------------------------------------
    def look(self, key: Key, limit: int, now: int) -> bool:
        """A claim of `limit` messages goes to the store; whether it brings all that is due."""
        waiting = self._waiting[key]
        late = waiting.is_late(now)
        waiting.closing = not waiting.vague and not late and waiting.count < limit
        waiting.asked, waiting.count = waiting.count, 0
        waiting.asked_vaguely, waiting.vague = waiting.vague, False
        return waiting.closing

    def looked(self, key: Key, now: int, *, more: bool) -> None:
        """The claim, made at `now`, is answered; without `more`, nothing that was due is left."""
        waiting = self._waiting[key]
        waiting.asked, waiting.closing = None, False
        # Those refused before the look are on disk by now, or never will be: where a store could
        # not take them no hint comes, and must not be taken for one of another message.
        waiting.expected = min(waiting.expected, waiting.count)
        if more:
            waiting.vague = True
            return
        del waiting.dues[: bisect_right(waiting.dues, now)]
        if waiting.first_only or (waiting.cut and not waiting.dues):
            self.unsure, waiting.first_only = True, False
            waiting.cut = waiting.cut and bool(waiting.dues)
        if not (waiting.count or waiting.vague or waiting.dues):
            del self._waiting[key]

    def look_failed(self, key: Key) -> None:
        """The claim was not made: all is as it was."""
        waiting = self._waiting[key]
        waiting.count += waiting.asked or 0
        waiting.vague = waiting.vague or waiting.asked_vaguely
        waiting.asked, waiting.closing = None, False
