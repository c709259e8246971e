"""What the journal is told of messages and receipts, and asked of them: the port's part for these.

Guarantees: values; what each does is said with it, and proven for every engine by tests/contract.
Times are UTC milliseconds. Knows no engine.
"""

from __future__ import annotations

from typing import NamedTuple

from habar.model.status import MessageState

# --- Events: what happened outside, to be written down whatever it takes -------------------------
AWAITED_MS = 262_800_000
"""How long receipts are awaited where nobody says: the three days that messages live by default,
and an hour."""


class PartAccepted(NamedTuple):
    """The operator has taken one part of a message.

    With `last` the message leaves the window: SENT until its receipts have come or `awaited_until`
    (EndAwaited), or DONE with `final_state` where the operator gives no receipts. A receipt that
    came earlier than this is applied in the same transaction. One that has ended already stays so.
    """

    message_id: int
    part: int
    """From 1."""
    operator_id: int
    operator_message_id: str
    at: int
    last: bool
    final_state: MessageState | None = None
    awaited_until: int | None = None
    """None: AWAITED_MS from `at`."""


class Postponed(NamedTuple):
    """A passing error: back to the queue, not before `due_at`."""

    message_id: int
    due_at: int
    error: str
    """The operator's error in the field's words, for example `ESME_RTHROTTLED`."""
    at: int
    uncertain: bool = False
    """The operator never answered and may have it already: its story says so (`repeats`)."""
    operator_id: int | None = None
    """To this operator's queue instead of its own."""


class Finished(NamedTuple):
    """The message has ended without (or in spite of) receipts.

    With `refund` the price goes back, once ever; the test allowance likewise.
    """

    message_id: int
    state: MessageState
    error: str
    at: int
    refund: bool


class Released(NamedTuple):
    """Claimed messages go back to the queue as they were (the link is down, we are stopping).

    With `uncertain` the operator may have them already: their story says so (`repeats`).
    """

    message_ids: tuple[int, ...]
    uncertain: bool
    at: int


class Boarded(NamedTuple):
    """Claimed messages are about to be written to the operator: BOARDED.

    When `done` is told a message, they may be written: should this run die, they are held and do
    not go back to the queue. None: this run has none of them any more, and may write none.
    """

    message_ids: tuple[int, ...]
    at: int


class Held(NamedTuple):
    """The operator may have them, and nobody knows: HELD, and their story says so (`repeats`)."""

    message_ids: tuple[int, ...]
    error: str
    """Why there is a doubt."""
    at: int


class ReceiptSeen(NamedTuple):
    """The operator reports on one part. `candidates` are the ids it may mean, best first."""

    operator_id: int
    candidates: tuple[str, ...]
    state: MessageState
    """ACCEPTED or ENROUTE here mean: a note on the way, the part stays open."""
    error: str
    done_at: int | None
    """The operator's own time of it, if it gave one."""
    at: int
    raw: str
    """The receipt as it came, at most 255 characters, for staff."""
    whole: bool = False
    """It speaks for all parts of the message, also those that the operator has not taken yet."""


# --- Questions that write ------------------------------------------------------------------------
class Claim(NamedTuple):
    """Take up to `limit` due messages of one account and priority into this run's hands.

    Oldest due time first. Answer: list of `model.message.Outgoing`. One that has expired is not
    given out: it ends here (EXPIRED), as by ExpireWaiting.
    """

    operator_id: int
    priority: int
    account_id: int
    limit: int
    now: int


class ExpireWaiting(NamedTuple):
    """End waiting messages whose `expires_at` is past, or that were due before `due_before`.

    At most `limit`; state EXPIRED; refunded unless the operator has a part of it. Answer:
    list[int] of message ids.
    """

    now: int
    due_before: int
    limit: int


class EndAwaited(NamedTuple):
    """End SENT messages whose receipts are no longer awaited at `now`, at most `limit`.

    Parts without a receipt count as UNKNOWN (model.status.of_given_up). Nothing is refunded.
    A receipt that comes later still betters the message. Answer: list[int] of message ids.
    """

    now: int
    limit: int


class Moved(NamedTuple):
    """Send waiting messages to other operators: `moves` are (message id, operator id).

    One moves only while it waits for `from_operator` and no operator has a part of it; then it is
    due at once, or when its customer wants it. Answer: list[int] of the ids that moved.
    """

    moves: tuple[tuple[int, int], ...]
    from_operator: int
    now: int


class ClaimHeld(NamedTuple):
    """Take up to `limit` of an operator's messages that were held at `now` or before, to ask about.

    The longest held first. They are BOARDED in this run's hands: what is not known better when the
    run ends is held again. Expired ones are given out too. Answer: as of Claim.
    """

    operator_id: int
    limit: int
    now: int


class Withdraw(NamedTuple):
    """A customer deletes a message before it goes out.

    Answer: MessageState.DELETED where that happened (refunded) or had happened; None where the
    message is this account's but has gone to the operator, be it in part, or is in another node's
    hands; NotFound is given to `done` as value.
    `in_hand` tells that the dispatcher has just taken it out of its own memory.
    """

    account_id: int
    message_id: int
    in_hand: bool
    now: int
