"""The states of a message, as every protocol of the gateway tells them (spec/xml.md, "Codes").

The numbers are the XML protocol's: they are the gateway's own names for the states in its tables
too, so that what staff read in the database is what customers were told.

What operators report is settled by two rules.

One thing told after another, of a part or of a whole message (`after`): what stands higher stays,
and of two that stand equally high the first.

| height | states | |
|---|---|---|
| 0 | 100 SCHEDULED, 106 ACCEPTED, nothing yet | open |
| 1 | 101 ENROUTE | the last that could be said: the operator has it, and reports no more |
| 2 | 107 UNKNOWN | the last that could be said: its receipt did not come, or it knows no more |
| 3 | 103 EXPIRED, 104 DELETED, 105 UNDELIVERABLE, 108 REJECTED, 109 DISCARDED | an end: failed |
| 4 | 102 DELIVERED | an end: the subscriber has it, whatever else was told |

A message from its parts (`of_parts`), the first line that holds:

| parts | message |
|---|---|
| one is open | open |
| all are equal | as they are |
| one has failed | 105 UNDELIVERABLE |
| one is 107 UNKNOWN | 107 UNKNOWN |
| one is 101 ENROUTE | 101 ENROUTE |

When receipts are no longer awaited, parts without one count as 107 UNKNOWN. A message that has what
its parts come to has it again after each further receipt, in whatever order they come; one that
ended otherwise (by its validity, by a customer's wish) is bettered by the first rule alone
(`of_message`).
"""

from __future__ import annotations

from collections.abc import Sequence
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
    BOARDED = 4
    """As CLAIMED, and marked before its first PDU was written: it may be at the operator's."""
    HELD = 5
    """In doubt: in nobody's hands, and sent by nobody, until query_sm or a person decides."""


IN_HAND = frozenset({Stage.CLAIMED, Stage.BOARDED})
"""A run has it."""


def visible_state(state: MessageState, *, due_at: int, now: int) -> MessageState:
    """What a customer is told: a scheduled message whose time has come is an accepted one.

    `due_at` and `now` are UTC milliseconds. Nothing is written when a schedule comes due.
    """
    if state is MessageState.SCHEDULED and due_at <= now:
        return MessageState.ACCEPTED
    return state


_LAST_WORDS = (MessageState.ENROUTE, MessageState.UNKNOWN)
"""Told where no end will be: the later one stands higher."""
_FAILED = frozenset(
    {
        MessageState.EXPIRED,
        MessageState.DELETED,
        MessageState.UNDELIVERABLE,
        MessageState.REJECTED,
        MessageState.DISCARDED,
    }
)
_HEIGHT = {
    **dict.fromkeys(_PASSING, 0),
    **{state: height for height, state in enumerate(_LAST_WORDS, 1)},
    **dict.fromkeys(_FAILED, 3),
    MessageState.DELIVERED: 4,
}


def is_open(receipt: MessageState) -> bool:
    """Whether a receipt of that state leaves its part open: a note on the way, not an end."""
    return receipt is MessageState.ENROUTE or not receipt.is_final


def after(known: MessageState | None, told: MessageState) -> MessageState:
    """The state of a part or message that an operator reports `told` on."""
    if known is None or _HEIGHT[told] > _HEIGHT[known]:
        return told
    return known


def of_parts(states: Sequence[MessageState | None]) -> MessageState | None:
    """The state of a message from its parts'; None while a part is still open."""
    kinds = set(states)
    if None in kinds or kinds & _PASSING:
        return None
    if len(kinds) == 1:
        return states[0]
    if kinds & _FAILED:
        return MessageState.UNDELIVERABLE
    return MessageState.UNKNOWN if MessageState.UNKNOWN in kinds else MessageState.ENROUTE


def of_given_up(states: Sequence[MessageState | None]) -> MessageState | None:
    """The state of a message whose parts without a receipt will have none: they count as 107."""
    return of_parts([MessageState.UNKNOWN if state is None else state for state in states])


def of_message(
    known: MessageState,
    before: Sequence[MessageState | None],
    now: Sequence[MessageState | None],
) -> MessageState:
    """The state of a message whose parts were `before` and are `now`, each in the same place."""
    if known.is_final and known is of_given_up(before):
        return of_given_up(now) or known
    told = of_parts(now)
    return known if told is None else after(known, told)
