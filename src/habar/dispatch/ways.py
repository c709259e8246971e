"""The other operators, as a lane sees them when its own will not take a message."""

from __future__ import annotations

from typing import Protocol

from habar.model.message import Outgoing


class Ways(Protocol):
    """The dispatcher, for its lanes. Plain calls in the event loop."""

    def elsewhere(self, message: Outgoing, operator_id: int) -> int:
        """The operator to try after this one; the same where the message has no other."""

    def waiting(self, operator_id: int, account_id: int, priority: int, due_at: int) -> None:
        """A message has been put into that operator's queue."""
