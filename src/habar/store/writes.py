"""What a journal gathers: single writes, and how those of one transaction are grouped by kind.

Guarantees: groups are formed only where the order cannot be told from the outside: submissions,
parts accepted and receipts among each other (a receipt that stands before its part is one that
came early). Everything else keeps its place. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from habar.store.port import PartAccepted, ReceiptSeen

SUBMIT, PART, RECEIPT, SETTLE, ASK = range(5)
"""Kinds of writes. The first three commute with each other, the others keep their place."""
_RANKS = {PartAccepted: PART, ReceiptSeen: RECEIPT}


class Write:
    """One thing to be written, and whom to tell what came of it."""

    __slots__ = ("answer", "done", "item", "kind", "rows")

    def __init__(
        self, kind: int, item: Any, done: Callable[[Any], None] | None, rows: int = 1
    ) -> None:
        self.kind = kind
        self.item = item
        self.done = done
        self.rows = rows
        self.answer: Any = None

    @property
    def weight(self) -> int:
        """How many rows it stands for."""
        return len(self.item) if self.kind == SUBMIT else self.rows


def kind_of(event: object) -> int:
    """Where an event stands in a group."""
    return _RANKS.get(type(event), SETTLE)


def grouped(writes: Sequence[Write]) -> Iterator[list[list[Write]]]:
    """Lists by kind, to be done one after another; each a list for every kind."""
    groups: list[list[Write]] = [[], [], [], [], []]
    highest = 0
    for write in writes:
        if write.kind < highest and highest > RECEIPT:
            yield groups
            groups = [[], [], [], [], []]
            highest = 0
        groups[write.kind].append(write)
        highest = max(highest, write.kind)
    yield groups


def deal_out(writes: Sequence[Write], answers: Sequence[Any]) -> None:
    """Give each submission write its share of the outcomes of all of them, in order."""
    start = 0
    for write in writes:
        end = start + len(write.item)
        write.answer = list(answers[start:end])
        start = end
