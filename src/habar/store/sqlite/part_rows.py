"""The rows of parts, and of their messages, that a batch of receipts is about.

Guarantees: a row is read once a batch, changed in memory, written once; several receipts may be
about the same one. Memory is bounded by the batch, also where an operator repeats its ids without
end. Knows what is in the tables, not what a receipt means.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from habar.model.status import MessageState
from habar.store.operator_key import operator_key
from habar.store.part_rows import NAMESAKES, MessageRow, Name, PartRow, meant
from habar.store.sqlite.sql import QUERIES, slices


class PartRows:
    """The rows in hand of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._messages: dict[int, MessageRow] = {}
        self._parts: dict[tuple[int, int], PartRow] = {}
        self._named: dict[Name, list[PartRow]] = {}

    def load(self, names: Iterable[Name]) -> None:
        """Read the parts of those names that are not in hand yet."""
        keys: dict[Name, int] = {}
        for name in names:
            if name not in self._named:
                self._named[name] = []
                key = operator_key(name[1])
                if key is not None:
                    keys[name] = key
        if not keys:
            return
        for statement, values in slices("parts_by_keys", list(keys.values())):
            limit = 4 * len(values)
            rows = self._connection.execute(statement, (*values, limit)).fetchall()
            if len(rows) == limit:
                rows = self._namesakes({name for name, key in keys.items() if key in values})
            for row in rows:
                self._keep(row)

    def named(self, name: Name) -> PartRow | None:
        """The newest open part of that name, else the newest."""
        parts = self._named.get(name)
        if parts is None:
            self.load([name])
            parts = self._named[name]
        return meant(parts)

    def numbered(self, message_id: int, part: int) -> PartRow | None:
        """The part of that number."""
        if (message_id, part) not in self._parts:
            for row in self._connection.execute(QUERIES["part_by_number"], (message_id, part)):
                self._keep(row)
        return self._parts.get((message_id, part))

    def others(self, part: PartRow) -> list[PartRow]:
        """The other parts of that part's message that the operator has taken."""
        numbers = range(1, part.message.parts + 1)
        found = [self.numbered(part.message_id, n) for n in numbers if n != part.part]
        return [other for other in found if other is not None]

    def settle(self, part: PartRow, at: int) -> None:
        """What becomes of the part's message."""
        if part.message.parts == 1:
            part.message.settle([part.was], [part.state], at)
            return
        before: dict[int, MessageState | None] = dict.fromkeys(range(1, part.message.parts + 1))
        now = before.copy()
        for number, state in self._connection.execute(QUERIES["part_states"], (part.message_id,)):
            before[number] = now[number] = None if state is None else MessageState(state)
            held = self._parts.get((part.message_id, number))
            if held is not None:
                now[number] = held.state
        part.message.settle([*before.values()], [*now.values()], at)

    def save(self) -> None:
        """Write what has changed."""
        self._connection.executemany(
            QUERIES["set_part"],
            [
                (p.state, p.error, p.done_at, p.receipt_at, p.receipts, p.message_id, p.part)
                for p in self._parts.values()
                if p.changed
            ],
        )
        settled = [
            (message.state, message.changed_at, message_id)
            for message_id, message in self._messages.items()
            if message.changed_at is not None
        ]
        if settled:
            self._connection.executemany(QUERIES["settle_message"], settled)

    def _namesakes(self, names: set[Name]) -> list[tuple[Any, ...]]:
        """Where an operator repeats its ids: the newest few of each name."""
        rows: list[tuple[Any, ...]] = []
        for operator_id, text in sorted(names):
            found = (operator_key(text), operator_id, NAMESAKES)
            rows += self._connection.execute(QUERIES["parts_by_key"], found).fetchall()
        return rows

    def _keep(self, row: tuple[Any, ...]) -> None:
        part = self._parts.get((row[2], row[3]))
        if part is None:
            message = self._messages.get(row[2])
            if message is None:
                message = self._messages[row[2]] = MessageRow(*row[10:12])
            part = self._parts[row[2], row[3]] = PartRow(row, message)
        named = self._named.get((row[0], row[1]))
        if named is not None and part not in named:
            named.append(part)
