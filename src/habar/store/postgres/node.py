"""This process on the database it shares: its run, its lease, and the clock that rules.

Guarantees: every transaction of the writer begins by `renew`, which locks this run's row: either
the run has not been ended, and cannot be before the transaction is; or Fenced is raised and nothing
is written. The number of each commit stands in the row, so that one whose answer was lost can be
looked up. `holds` is told by the monotonic clock and ends well before the lease does, so that
nobody can have taken over while it is True.

A run is ended by others once its lease has run out, by a process of the same name in the same
folder at once (the old process cannot live: the name's lock is taken), and by itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from habar import __version__
from habar.errors import HabarError
from habar.store.postgres.connection import Connection
from habar.store.postgres.sql import CALLBACKS, QUERIES

_SURE = 0.6
"""The part of its lease for which a node relies on it."""


class Fenced(HabarError):
    """Others have ended this run: nothing of the transaction has happened."""


@dataclass(frozen=True, slots=True)
class Who:
    """How a node presents itself."""

    name: str
    roles: tuple[str, ...]
    lease: float
    """Seconds."""


class Clock:
    """The database's, kept between looks at it by the clock that does not jump."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        """Milliseconds of the epoch when the monotonic clock stood at zero."""

    @property
    def set(self) -> bool:
        """Whether it was looked at."""
        return self._ahead is not None

    def now_ms(self) -> int:
        """UTC milliseconds."""
        ahead = self._ahead
        if ahead is None:
            return time.time_ns() // 1_000_000
        return int(time.monotonic() * 1000 + ahead)

    def note(self, told_ms: int, asked_at: float, answered_at: float) -> None:
        """The database said `told_ms` between two readings of the monotonic clock (seconds)."""
        earliest, latest = told_ms - answered_at * 1000, told_ms + 1 - asked_at * 1000
        if self._ahead is None or not earliest <= self._ahead <= latest:
            self._ahead = (earliest + latest) / 2


class Run:
    """This process's run; a new one after each loss."""

    def __init__(self, who: Who, home: str, clock: Clock) -> None:
        """`home`: the mark of the folder whose lock keeps the name (home.py)."""
        self.who = who
        self.home = home
        self.id = 0
        self.batch = 0
        """Number of the last commit that is known."""
        self.clock = clock
        self._asked_at = 0.0
        self._held_since = 0.0
        self._sure_until = 0.0

    @property
    def holds(self) -> bool:
        """See store.port.Store."""
        return time.monotonic() < self._sure_until

    @property
    def held_for(self) -> float:
        """Seconds for which it has not been away."""
        return time.monotonic() - self._held_since

    @property
    def over_for(self) -> float:
        """Seconds for which `holds` has been False."""
        return time.monotonic() - self._sure_until

    def was_away(self) -> None:
        """The server could not be asked for a time: others may have been unable to, as well."""
        self._held_since = time.monotonic()

    @property
    def lease_ms(self) -> int:
        """The lease in milliseconds."""
        return int(self.who.lease * 1000)

    async def begin(self, connection: Connection, now: int, recovered: int) -> None:
        """Begin a run, in a transaction of the caller's; `hold` when it is committed."""
        asked_at = time.monotonic()
        row = await connection.fetchrow(
            QUERIES["begin_run"],
            self.who.name,
            self.home,
            list(self.who.roles),
            __version__,
            now,
            self.lease_ms,
            recovered,
        )
        self.id, told_ms = row
        self.batch = 0
        self.clock.note(told_ms, asked_at, time.monotonic())
        self._asked_at = self._held_since = asked_at

    def hold(self) -> None:
        """What `begin` or `renew` asked for is committed."""
        self._sure_until = self._asked_at + self.who.lease * _SURE

    async def renew(self, connection: Connection) -> None:
        """At the beginning of a transaction: the run goes on; or raise Fenced.

        `renewed` is to be called when the transaction is committed.
        """
        asked_at = time.monotonic()
        told_ms = await connection.fetchval(
            QUERIES["renew_run"], self.id, self.batch + 1, self.lease_ms
        )
        if told_ms is None:
            self._sure_until = 0.0
            raise Fenced("this node's run was ended by another one")
        self.clock.note(told_ms, asked_at, time.monotonic())
        self._asked_at = asked_at

    def renewed(self) -> None:
        """The transaction that `renew` began is committed."""
        self.batch += 1
        self.hold()

    async def is_committed(self, connection: Connection) -> bool:
        """Whether the transaction after `batch` was committed; waits for one that is under way."""
        found = await connection.fetchval(QUERIES["last_batch"], self.id)
        return found is not None and found > self.batch


async def end_runs(connection: Connection, ids: list[int], at: int, *, died: bool) -> int:
    """End runs, in a transaction of the caller's: what they had in hand goes back to the queue.

    With `died` the operator may have it (`repeats`), unless that would have been marked; without,
    it has not left them. What is marked (BOARDED) is held either way. Answers how many messages
    that were. Call-backs wait again.
    """
    if not ids:
        return 0
    await connection.execute(QUERIES["end_runs"], ids)
    await connection.execute(QUERIES["free_binds"], ids)
    await connection.execute(CALLBACKS["release_claimed_calls"], ids)
    done = [await connection.execute(QUERIES["recover_boarded"], ids, at)]
    if died:
        done.append(await connection.execute(QUERIES["recover_claimed"], ids, at))
    done.append(await connection.execute(QUERIES["release_claimed"], ids))
    return sum(int(words.rpartition(" ")[2]) for words in done)
