"""Receipts that match nothing yet: kept where staff can see them, found by the part they outran.

Guarantees: a receipt counts as early for ten minutes; after that an operator's id may have been
given to another message. Nearly every part is spared a look into the table: the keys of the
receipts of the last ten minutes are in memory. Where there are too many of them, the table is
asked. A key too many in memory does no harm, so a rolled-back transaction need not be undone here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from habar.model.status import MessageState
from habar.store.events import PartAccepted, ReceiptSeen
from habar.store.operator_key import operator_key
from habar.store.sqlite.sql import QUERIES

EARLY_MS = 600_000
"""How long before its part a receipt may have come."""
_CAPACITY = 50_000


class Parked:
    """The keys of the receipts that were parked lately."""

    def __init__(self, connection: sqlite3.Connection, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._recent: dict[int, int] = {}
        self._crowded_until = 0
        rows = connection.execute(QUERIES["recently_parked"], (capacity + 1,)).fetchall()
        for key, at in reversed(rows):
            self._note(key, at)

    def park(self, connection: sqlite3.Connection, receipt: ReceiptSeen) -> None:
        """Keep a receipt aside, under every id that it may mean."""
        candidates = [name for name in receipt.candidates if name]
        cursor = connection.execute(
            QUERIES["park_receipt"],
            (
                receipt.operator_id,
                candidates[0] if candidates else "",
                receipt.state,
                receipt.error,
                receipt.done_at,
                receipt.at,
                receipt.raw,
                receipt.whole,
            ),
        )
        for name in candidates:
            key = operator_key(name)
            connection.execute(QUERIES["park_key"], (key, cursor.lastrowid, name))
            if key is not None:
                self._note(key, receipt.at)

    def unpark(self, connection: sqlite3.Connection, event: PartAccepted) -> list[ReceiptSeen]:
        """The receipts that came before this part, oldest first; they are parked no more."""
        key = operator_key(event.operator_message_id)
        if key is None or (key not in self._recent and event.at >= self._crowded_until):
            return []
        name = event.operator_message_id
        rows = connection.execute(
            QUERIES["parked_receipts"], (key, name, event.operator_id, event.at - EARLY_MS)
        ).fetchall()
        connection.executemany(QUERIES["unpark_receipt"], [(row[0],) for row in rows])
        return [receipt_of(row)._replace(candidates=(name,)) for row in rows]

    def _note(self, key: int, at: int) -> None:
        if len(self._recent) >= self._capacity:
            self._forget_before(at - EARLY_MS)
        if len(self._recent) >= self._capacity:
            self._crowded_until = at + EARLY_MS
            return
        self._recent.pop(key, None)
        self._recent[key] = at

    def _forget_before(self, at: int) -> None:
        for key, noted in list(self._recent.items()):
            if noted >= at:
                return
            del self._recent[key]


def receipt_of(row: Sequence[Any]) -> ReceiptSeen:
    """A row of those that are kept aside, as it was seen."""
    _, operator_id, name, state, error, done_at, at, raw, whole = row
    known = MessageState(state)
    return ReceiptSeen(operator_id, (name,), known, error, done_at, at, raw, bool(whole))
