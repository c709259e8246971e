"""The rows of parts, and of their messages, as a batch of receipts changes them in memory.

What a receipt changes of its part, and the parts of their message, is said by model.status: also of
a message that has ended already, by its receipts or without them; money that was given back is not
taken again. A receipt for the whole message is told of all its parts, and ends the message though
some may not be taken yet. Of several parts with one operator's id the newest open one is meant,
else the newest.

Pure: knows what a receipt means, not how rows are read and written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from habar.model.status import MessageState, after, is_open, of_message
from habar.store.events import ReceiptSeen

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

    def settle(
        self,
        before: Sequence[MessageState | None],
        now: Sequence[MessageState | None],
        at: int,
    ) -> None:
        """End, or better its end, where its parts were and are so."""
        self._become(of_message(self.state, before, now), at)

    def end(self, told: MessageState, at: int) -> None:
        """End, or better its end, whatever is known of its parts."""
        self._become(after(self.state, told), at)

    def _become(self, state: MessageState, at: int) -> None:
        if state is not self.state:
            self.state, self.changed_at = state, at


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
        "was",
    )

    def __init__(self, row: Sequence[Any], message: MessageRow) -> None:
        """`row`: operator_id, operator_message_id, then the columns from message_id to receipts."""
        self.message = message
        self.changed = False
        self.message_id: int = row[2]
        self.part: int = row[3]
        self.sent_at: int = row[4]
        self.state = None if row[5] is None else MessageState(row[5])
        self.was = self.state  # before this batch
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
        self.hear(receipt)

    def hear(self, receipt: ReceiptSeen) -> None:
        """What a receipt says, be it that of another part, which speaks for this one too."""
        if is_open(receipt.state):
            return
        told = after(self.state, receipt.state)
        if told is not self.state:
            self.changed = True
            self.state = told
            self.error, self.done_at = receipt.error, receipt.done_at
            self.receipt_at = receipt.at


def meant(parts: Sequence[PartRow]) -> PartRow | None:
    """Of the parts of one name, the newest open one, else the newest."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return max([part for part in parts if part.state is None] or parts, key=lambda p: p.age)


def ends_all(receipt: ReceiptSeen) -> bool:
    """Whether it ends its message by itself."""
    return receipt.whole and not is_open(receipt.state)
