"""What a journal gathers: single writes, and how those of one transaction are grouped by kind.

Guarantees: groups are formed only where the order cannot be told from the outside: submissions,
parts accepted, receipts (one that stands before its part is one that came early), tries of
call-backs and what subscribers write (inbox_rows.by_kind) among each other. Everything else keeps
its place. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from habar.store.callbacks import CallTried
from habar.store.events import PartAccepted, ReceiptSeen
from habar.store.inbox import Noted, Received, Segment

SUBMIT, PART, RECEIPT, TRIED, SUBSCRIBER, SETTLE, ASK = range(7)
"""Kinds of writes. The first five commute with each other, the others keep their place."""
_RANKS: dict[type, int] = {PartAccepted: PART, ReceiptSeen: RECEIPT, CallTried: TRIED}
_RANKS |= dict.fromkeys((Segment, Received, Noted), SUBSCRIBER)


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
    groups: list[list[Write]] = [[] for _ in range(ASK + 1)]
    highest = 0
    for write in writes:
        if write.kind < highest and highest > SUBSCRIBER:
            yield groups
            groups = [[] for _ in range(ASK + 1)]
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
