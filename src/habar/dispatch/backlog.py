"""Who has messages waiting on disk, and when the first of them come due: what to look for when.

Hints from those who put messages there, made true now and then by what the store says (`merge`).
Guarantees: bounded memory, however many messages wait: for each account and priority only the
next few due times are kept, and `unsure` says when the rest must be asked of the store; a hint
that comes while a look at the disk is under way is not lost. Pure: `now` is an argument, in UTC
milliseconds.
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

    dues: list[int] = field(default_factory=list)
    """In order; a due time stands once however many messages share it."""
    cut: bool = False
    """There were more due times than are kept."""
    looking: bool = False
    """A claim is on its way to the store."""
    fresh: int | None = None
    """The earliest hint that came since."""

    def note(self, due_at: int) -> bool:
        """Take a hint; whether it changes when to look first."""
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
        """The store must be asked (`merge` its answer): at first, and after hints were cut."""

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, key: Key) -> bool:
        return key in self._waiting

    def hint(self, key: Key, due_at: int, now: int) -> bool:
        """A message of `key` may wait on disk, due then. True where that is news for `due`."""
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = Waiting()
        due_at = max(due_at, now)
        if waiting.looking and (waiting.fresh is None or due_at < waiting.fresh):
            waiting.fresh = due_at
        if waiting.dues and waiting.dues[0] <= now == due_at:
            return False
        return waiting.note(due_at)

    def merge(self, rows: Iterable[tuple[int, int, int]], now: int) -> None:
        """Take what the store says: (priority, account_id, due_at of the first)."""
        self.unsure = False
        for priority, account_id, due_at in rows:
            self.hint((priority, account_id), due_at, now)

    def is_due(self, key: Key, now: int) -> bool:
        """Whether older messages of `key` wait on disk, so that a new one must stand behind."""
        waiting = self._waiting.get(key)
        return waiting is not None and waiting.dues[0] <= now

    def due(self, now: int) -> list[Key]:
        """Whose messages are due and not being looked for."""
        return [
            key
            for key, waiting in self._waiting.items()
            if waiting.dues[0] <= now and not waiting.looking
        ]

    def next_due(self, now: int) -> int | None:
        """When the next that is not due yet comes due."""
        later = (w.dues[0] for w in self._waiting.values() if w.dues[0] > now)
        return min(later, default=None)

    def look(self, key: Key) -> None:
        """A claim for `key` goes to the store."""
        waiting = self._waiting[key]
        waiting.looking, waiting.fresh = True, None

    def looked(self, key: Key, now: int, *, more: bool) -> None:
        """The claim, made at `now`, is answered; without `more`, nothing that was due is left."""
        waiting = self._waiting[key]
        waiting.looking = False
        if more:
            return
        del waiting.dues[: bisect_right(waiting.dues, now)]
        if waiting.fresh is not None:
            waiting.note(waiting.fresh)
        if not waiting.dues:
            self.unsure = self.unsure or waiting.cut
            del self._waiting[key]
