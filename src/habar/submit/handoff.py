"""How a freshly accepted message reaches its operator's link without being read back from disk.

The submit door asks for room before the commit and hands the message over after it. Implemented by
the dispatcher; given to the door by `app`. Everything here is a plain call in the event loop.
"""

from __future__ import annotations

from typing import Protocol

from habar.model.message import Outgoing


class Handoff(Protocol):
    """The dispatcher as the door sees it."""

    def reserve(self, operator_id: int, account_id: int, priority: int) -> bool:
        """Ask for room in memory for one more message of this account.

        True: a place is reserved; the message is stored as CLAIMED, and then either `take` or
        `release` is called once. False (the link is down, the room is used up, or older messages
        of the account wait on disk): it is stored as WAITING and `waiting` is called.
        """

    def release(self, operator_id: int, account_id: int, priority: int) -> None:
        """The reserved place is not needed: the message was refused or not stored."""

    def take(self, operator_id: int, message: Outgoing) -> None:
        """The message of a reserved place is committed: send it."""

    def waiting(self, operator_id: int, account_id: int, priority: int, due_at: int) -> None:
        """A message was committed to the queue; a hint to look for it when it is due."""

    def withdraw(self, message_id: int) -> bool:
        """Take a message out of memory before it is sent. False: not here, or sent already."""
