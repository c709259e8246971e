"""The values that travel between the parts: what is submitted, what became of it, what is sent.

All are NamedTuples: a submission stands in the order of the message table's columns, so that the
hot path builds one tuple a message and copies nothing. Times are UTC milliseconds, money is tiyn.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from habar.errors import Refusal
from habar.model.account import DuplicateId
from habar.model.status import MessageState, Stage


class Protocol(IntEnum):
    """The door by which a message came in."""

    XML = 1
    HTTP = 2
    SOAP = 3
    REST = 4
    SMPP = 5
    REPLY = 6
    """The gateway itself, with an answer to a subscriber's message."""


class Reports(IntEnum):
    """Who is told what becomes of a message."""

    NONE = 0
    OWN = 1
    """The URL that came with the message."""
    ACCOUNT = 2
    """Its account's default, as it is when there is something to tell."""


BLANKED = ""
"""What stands in place of a text that was removed by its age: no accepted message has an empty
one (submit/checks.py)."""


class Submission(NamedTuple):
    """A message as the submit door hands it to the store's journal.

    The fields down to `reply_to` are the message table's columns in their order; those after it are
    for the admission. `refusal` set means: checked and refused already, but the id speaks
    first, so the store must still see whether it was used before; nothing is written.
    """

    account_id: int
    customer_id: int | None
    """The customer's own id (`id` in XML), 1 to 2^63-1."""
    protocol: int
    sender: str
    recipient: int
    text: str
    data_coding: int
    """Of a text `habar.wire.text.Encoding`: 0 GSM 7-bit, 8 UCS-2; else as it goes on the air."""
    message_type: int
    """model.message_type.MessageType; the column is called `flash`."""
    parts: int
    priority: int
    created_at: int
    due_at: int
    expires_at: int | None
    """`date_end`: not wanted after it."""
    operator_id: int
    stage: int = Stage.WAITING
    """CLAIMED when the dispatcher reserved room for it in memory."""
    state: int = MessageState.ACCEPTED
    """ACCEPTED, SCHEDULED, or EXPIRED for one that came too late to be wanted."""
    price: int = 0
    """Tiyn for the whole message, reserved when accepted."""
    route_id: int = 0
    """The route that chose its operator; 0: none did, the default."""
    reports: int = Reports.NONE
    reply_to: int = 0
    """The subscriber's message that it answers, which pins it to its operator; 0: none."""

    on_duplicate: int = DuplicateId.REJECT
    refusal: Refusal | None = None
    day: int = 0
    """Today's ordinal in the account's zone, for the daily limit."""
    daily_limit: int | None = None
    report_url: str = ""
    """With Reports.OWN."""
    report_host: str = ""
    """Of it, by `model.url.host_of`."""


MESSAGE_COLUMNS = Submission._fields[: Submission._fields.index("reply_to") + 1]
"""The columns of the message table that a submission fills, after the id."""


class Outcome(NamedTuple):
    """What became of a submission, in the order of the submissions.

    Refused: `refusal` is set and `message_id` is 0, save for a duplicate id, which names the
    message that has it. Accepted: `state` is the first answer (also for an idempotent repeat,
    whose `repeat` is true: nothing new was stored).
    """

    message_id: int
    parts: int
    state: int
    refusal: Refusal | None = None
    repeat: bool = False


class Known(NamedTuple):
    """The message that holds a customer's id already."""

    message_id: int
    parts: int
    state: int
    """The state it was first answered with: ACCEPTED or SCHEDULED."""
    recipient: int
    text: str


class Outgoing(NamedTuple):
    """A message in the dispatcher's hands: all that sending it needs."""

    message_id: int
    account_id: int
    priority: int
    sender: str
    recipient: int
    text: str
    data_coding: int
    message_type: int
    parts: int
    due_at: int
    expires_at: int | None
    attempts: int = 0
    """How often it was put off by a passing error."""
    repeats: int = 0
    """How often a process or link died with it in hand, or an answer about it never came."""
    reply_to: int = 0
    """Not 0: it goes by its operator or not at all."""
    sent_parts: tuple[int, ...] = ()
    """Parts (from 1) that the operator has taken in an earlier attempt."""


class MessageStatus(NamedTuple):
    """What a customer may ask of a message."""

    message_id: int
    customer_id: int | None
    parts: int
    state: int
    due_at: int
    completed_at: int | None


class Ref(NamedTuple):
    """How a customer names a message; `message_id` decides where both are given."""

    customer_id: int | None
    message_id: int | None
