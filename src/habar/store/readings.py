"""What can be read of a store: how much waits and for whom, and a message's whole story.

Values, part of the store's port. Times are UTC milliseconds, money is tiyn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from habar.model.message import Outgoing, Submission
from habar.model.status import MessageState, Stage


class WaitingAccount(NamedTuple):
    """An account that has messages in an operator's queue, and when the first of them is due."""

    priority: int
    account_id: int
    due_at: int


class Counts(NamedTuple):
    """How much there is of everything, for /metrics."""

    waiting: int
    claimed: int
    """In a run's hands."""
    unmatched_receipts: int
    held: int = 0
    """In doubt."""


class Place(NamedTuple):
    """Where a message stands in an operator's queue."""

    priority: int
    account_id: int
    next_at: int
    message_id: int


def going_on(waiting: Iterable[WaitingAccount], after: Place | None) -> Iterator[Place]:
    """After which place to go on with each account that waits; `after`: the last that was told."""
    for priority, account_id, _ in waiting:
        if after is not None and (priority, account_id) == after[:2]:
            yield after
        elif after is None or (priority, account_id) > after[:2]:
            yield Place(priority, account_id, -1, -1)


class Queued(NamedTuple):
    """A message that waits and is due."""

    place: Place
    message: Outgoing


class HeldMessage(NamedTuple):
    """A message of which nobody knows whether the operator has it."""

    message_id: int
    operator_id: int
    at: int
    """When the doubt came up."""
    recipient: int
    error: str
    """Why there is one."""


class SentPart(NamedTuple):
    """A part that an operator has taken."""

    part: int
    operator_message_id: str
    state: MessageState | None
    """None: no final receipt yet."""


class Sent(NamedTuple):
    """What was sent to an operator under which names."""

    operator_id: int
    sender: str
    recipient: int
    stage: Stage
    parts: tuple[SentPart, ...]


@dataclass(frozen=True, slots=True)
class PartStory:
    """One part of a message: what the operator said of it, and when."""

    part: int
    operator_id: int
    operator_message_id: str
    sent_at: int
    state: MessageState | None
    error: str
    done_at: int | None
    receipt_at: int | None
    receipts: int
    """How many receipts came for it."""


@dataclass(frozen=True, slots=True)
class Story:
    """A message's whole story, told from its rows.

    `submission.due_at` is the customer's wish; passing errors do not change it.
    """

    message_id: int
    account_id: int
    login: str
    submission: Submission
    """As it was accepted; `state` and `stage` as they are now."""
    operator: str
    attempts: int
    repeats: int
    uncertain_at: int | None
    """When a process or link died with the message in hand: it may have gone out twice."""
    last_error: str
    sent_at: int | None
    completed_at: int | None
    refunded: int
    """Tiyn given back."""
    parts: tuple[PartStory, ...]

    @property
    def route_id(self) -> int:
        """The route that chose its operator; 0: the default."""
        return self.submission.route_id


@dataclass(frozen=True, slots=True)
class UnmatchedReceipt:
    """A receipt that belongs to no message we know."""

    id: int
    operator_id: int
    operator_message_id: str
    state: MessageState
    error: str
    at: int
    raw: str
