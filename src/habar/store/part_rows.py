"""The rows of parts, and of their messages, as a batch of receipts changes them in memory.

Rules: a part's final state stays, save that delivered comes after a failure: then delivered wins
(model.status.after). When all parts of a message are known, the message has the state of
model.status.of_parts. A message that has ended already, by its receipts or without them, is
changed by the same rule; money that was given back is not taken again. Of several parts with one
operator's id the newest open one is meant, else the newest.

Pure: knows what a receipt means, not how rows are read and written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from habar.model.status import MessageState, after, is_open, of_parts
from habar.store.port import ReceiptSeen

NAMESAKES = 8
"""So many parts of one name are looked at, the newest messages' first, where there are many."""
Name = tuple[int, str]
"""(operator_id, operator_message_id)."""


class MessageRow:
    """What a message's parts may change of it."""

    __slots__ = ("changed_at", "parts", "state")

    def __init__(self, parts: int, state: int) -> None:
        self.parts = parts
        self.state = MessageState(state)
        self.changed_at: int | None = None

    def settle(self, states: Sequence[MessageState | None], at: int) -> None:
        """End, or better its end, where all its parts are known."""
        told = of_parts(list(states))
        if told is not None and after(self.state, told) is not self.state:
            self.state, self.changed_at = told, at


class PartRow:
    """A part that the operator has taken."""

    __slots__ = (
        "changed",
        "done_at",
        "error",
        "message",
        "message_id",
        "part",
        "receipt_at",
        "receipts",
        "sent_at",
        "state",
    )

    def __init__(self, row: Sequence[Any], message: MessageRow) -> None:
        """`row`: operator_id, operator_message_id, then the columns from message_id to receipts."""
        self.message = message
        self.changed = False
        self.message_id: int = row[2]
        self.part: int = row[3]
        self.sent_at: int = row[4]
        self.state = None if row[5] is None else MessageState(row[5])
        self.error: str = row[6]
        self.done_at: int | None = row[7]
        self.receipt_at: int | None = row[8]
        self.receipts: int = row[9]

    @property
    def age(self) -> tuple[int, int, int]:
        """Greater is newer."""
        return self.sent_at, self.message_id, self.part

    def take(self, receipt: ReceiptSeen) -> None:
        """Note the receipt, and what it says where that is news."""
        self.changed = True
        self.receipts += 1
        if is_open(receipt.state):
            return
        told = after(self.state, receipt.state)
        if told is not self.state:
            self.state = told
            self.error, self.done_at = receipt.error, receipt.done_at
            self.receipt_at = receipt.at


def meant(parts: Sequence[PartRow]) -> PartRow | None:
    """Of the parts of one name, the newest open one, else the newest."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return max([part for part in parts if part.state is None] or parts, key=lambda p: p.age)
