"""Message ids: small numbers in order, drawn from the database in blocks.

Guarantees: an id that anybody was told is never given again, whatever happens in between; a crash
leaves a gap of at most a block, a clean stop none. A transaction that is rolled back must restore
the mark it began with, because the row that reserves the block is rolled back too.
"""

from __future__ import annotations

import sqlite3

from habar.store.sqlite.sql import QUERIES

BLOCK = 1000
Mark = tuple[int, int]


class Ids:
    """The sequence of one run."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._next: int = connection.execute(QUERIES["next_id"]).fetchone()[0]
        self._end = self._next

    @property
    def mark(self) -> Mark:
        """Where the sequence stands, for `restore`."""
        return self._next, self._end

    def restore(self, mark: Mark) -> None:
        """Back to `mark`: the transaction has not happened."""
        self._next, self._end = mark

    def first_of(self, count: int, connection: sqlite3.Connection) -> int:
        """The first of `count` unused ids, reserved by the transaction at hand."""
        if self._next + count > self._end:
            end = self._next + count + BLOCK
            connection.execute(QUERIES["reserve_ids"], (end,))
            self._end = end
        return self._next

    def used(self, count: int) -> None:
        """That many of them are given away."""
        self._next += count

    def give_back(self, connection: sqlite3.Connection) -> None:
        """A clean stop: what was reserved and not used is free again."""
        connection.execute(QUERIES["reserve_ids"], (self._next,))
        self._end = self._next
