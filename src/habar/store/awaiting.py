"""Until when receipts are awaited, and what a message ends as whose receipts are awaited no more.

Pure, for every engine. A moment that is kept for a message that the operator has (`next_at`) lies
after its parts were taken, always. One that does not is from before receipts were awaited for a
time, be it written by a node of an older version: such a message is awaited as long as others are
where nobody says for how long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from habar.model.status import MessageState, of_given_up
from habar.store.events import AWAITED_MS, PartAccepted


def awaited_until(event: PartAccepted) -> int:
    """When the receipts of a message are given up whose last part this is."""
    if event.awaited_until is None:
        return event.at + AWAITED_MS
    return max(event.awaited_until, event.at + 1)


class Overdue(NamedTuple):
    """A message that the operator has, and whose moment has come."""

    message_id: int
    parts: int
    awaited_until: int


class Judged(NamedTuple):
    """What becomes of messages that are overdue."""

    ended: list[tuple[int, MessageState]]
    """(message id, state)."""
    later: list[tuple[int, int]]
    """(message id, until when they are awaited) of those that nobody had given a moment."""


def judged(overdue: Iterable[Overdue], known: Iterable[Sequence[Any]]) -> Judged:
    """`known`: (message id, state, time it was taken) of each part that an operator has."""
    states: dict[int, list[MessageState | None]] = {}
    sent: dict[int, int] = {}
    for message_id, state, sent_at in known:
        states.setdefault(message_id, []).append(None if state is None else MessageState(state))
        sent[message_id] = max(sent_at, sent.get(message_id, 0))
    result = Judged([], [])
    for message_id, parts, until in overdue:
        if until <= sent.get(message_id, 0):
            result.later.append((message_id, sent[message_id] + AWAITED_MS))
            continue
        told = states.get(message_id, [])
        state = of_given_up(told + [None] * (parts - len(told)))
        result.ended.append((message_id, state or MessageState.UNKNOWN))
    return result
