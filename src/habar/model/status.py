"""The states of a message, as every protocol of the gateway tells them (spec/xml.md, "Codes").

The numbers are the XML protocol's: they are the gateway's own names for the states in its tables
too, so that what staff read in the database is what customers were told.
"""

from __future__ import annotations

from enum import IntEnum


class MessageState(IntEnum):
    """What has become of a message."""

    SCHEDULED = 100
    ENROUTE = 101
    DELIVERED = 102
    EXPIRED = 103
    DELETED = 104
    UNDELIVERABLE = 105
    ACCEPTED = 106
    UNKNOWN = 107
    REJECTED = 108
    DISCARDED = 109

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be learned: clients stop asking at such a state."""
        return self not in _PASSING


_PASSING = frozenset({MessageState.SCHEDULED, MessageState.ACCEPTED})


class Stage(IntEnum):
    """Where a message is on its way through the gateway (internal; customers never see it)."""

    WAITING = 0
    """In the queue: nobody has it in hand; it may be taken when it is due."""
    CLAIMED = 1
    """In the memory of the process that owns its operator's link; perhaps in the open window."""
    SENT = 2
    """The operator has taken every part; receipts are awaited."""
    DONE = 3
    """Final."""


def visible_state(state: MessageState, *, due_at: int, now: int) -> MessageState:
    """What a customer is told: a scheduled message whose time has come is an accepted one.

    `due_at` and `now` are UTC milliseconds. Nothing is written when a schedule comes due.
    """
    if state is MessageState.SCHEDULED and due_at <= now:
        return MessageState.ACCEPTED
    return state


def of_parts(states: list[MessageState | None]) -> MessageState | None:
    """The state of a message from its parts' receipts; None while a part is still open.

    All delivered: delivered. Otherwise the worst that any part has come to, in the order
    rejected, undeliverable, expired, deleted, discarded, unknown, enroute.
    """
    if any(state is None or not state.is_final for state in states):
        return None
    for worst in _WORST_FIRST:
        if worst in states:
            return worst
    return MessageState.DELIVERED


_WORST_FIRST = (
    MessageState.REJECTED,
    MessageState.UNDELIVERABLE,
    MessageState.EXPIRED,
    MessageState.DELETED,
    MessageState.DISCARDED,
    MessageState.UNKNOWN,
    MessageState.ENROUTE,
)


def is_open(receipt: MessageState) -> bool:
    """Whether a receipt of that state leaves its part open: a note on the way, not an end."""
    return receipt is MessageState.ENROUTE or not receipt.is_final


def after(known: MessageState | None, told: MessageState) -> MessageState:
    """The state of a part or message that an operator reports `told` on.

    The first end stays, save that delivered wins over every failure: the subscriber has it.
    101 ENROUTE was no end, only the last that could be said.
    """
    if known is None or is_open(known) or told is MessageState.DELIVERED:
        return told
    return known
