"""What goes in and comes out of a call, as frozen values.

Guarantees: a Message can always be written as XML: what cannot be (control characters, a naive
datetime, an id that is no positive 64-bit number) is a ValueError when the Message is made. Texts
are in no repr. Times are aware datetimes. Knows nothing of HTTP and XML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from habar_client.codes import (
    NO_CODE,
    PASSING_CODES,
    MessageError,
    State,
    error_of,
    name_of,
    state_of,
    words_of,
)

MAX_ID = 2**63 - 1
"""The largest `id` of a customer's own that the protocol takes."""

# XML 1.0 has no way to write these, not even as references.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Message:
    """An SMS to be sent."""

    recipient: str
    """`77aabbbccdd`: 11 digits. The gateway judges it, not this library."""
    text: str = field(repr=False)
    sender: str | None = None
    """What the subscriber sees; None: the account's default."""
    id: int | None = None
    """Your own number, unique in the account. With one, a lost answer can be repeated safely."""
    at: datetime | None = None
    """When to send; aware. None: now."""
    until: datetime | None = None
    """After this the message is no longer wanted; aware."""
    flash: bool = False

    def __post_init__(self) -> None:
        for name in ("recipient", "text", "sender"):
            check_characters(name, getattr(self, name) or "")
        if self.id is not None:
            check_id("id", self.id)
        for name in ("at", "until"):
            moment = getattr(self, name)
            if moment is not None and moment.utcoffset() is None:
                raise ValueError(f"{name} needs a time zone: it is a naive datetime")


@dataclass(frozen=True, slots=True)
class Sent:
    """What the gateway said to one message."""

    sms_id: int
    """The gateway's number for the message; 0: it has none, it was refused."""
    sms_count: int
    """How many SMS the text takes; 0 where the answer does not say."""
    code: int
    """106, 100 or 1 for accepted, else the error; 0: the answer does not mention the message."""
    id: int | None
    recipient: str
    accepted: bool
    """The gateway has the message: it took it now, or when the package went out the first time."""
    repeated: bool = False
    """The `id` was used before, by the message `sms_id`.

    With `accepted`: this call's own first attempt, whose answer was lost. Without: a message of an
    earlier call; whether it was this one, you know.
    """

    @property
    def error(self) -> MessageError | None:
        """Why it was refused; None for an accepted message, and for a code that has no name."""
        return None if self.accepted else error_of(self.code)

    @property
    def meaning(self) -> str:
        """The code with its name, for people: `106 ACCEPTED`."""
        return f"{self.code} {name_of(self.code)}".rstrip()

    @property
    def words(self) -> str:
        """What the code means, for people."""
        if self.repeated:
            return f"id used before, by {self.sms_id}"
        return words_of(self.code)


@dataclass(frozen=True, slots=True)
class Status:
    """Where a message is."""

    sms_id: int
    """0 where it was asked for by `id` and the answer does not say."""
    sms_count: int
    code: int
    id: int | None
    completed_at: datetime | None = None
    """When the state became final; aware, in the client's zone."""

    @property
    def state(self) -> State | None:
        """The state; None for an error: the account has no such message (201)."""
        return state_of(self.code)

    @property
    def error(self) -> MessageError | None:
        """201 ID for a message that the account does not have; None where there is a state."""
        return error_of(self.code)

    @property
    def final(self) -> bool:
        """Nothing more will be learned: stop asking."""
        return self.code not in PASSING_CODES and self.code != NO_CODE

    @property
    def delivered(self) -> bool:
        """The phone has it."""
        return self.code == State.DELIVERED

    @property
    def meaning(self) -> str:
        """The code with its name, for people: `102 DELIVERED`."""
        return f"{self.code} {name_of(self.code)}".rstrip()

    @property
    def words(self) -> str:
        """What the code means, for people."""
        return "no such message" if self.code == MessageError.ID else words_of(self.code)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of a wish to delete a message."""

    sms_id: int
    sms_count: int
    code: int
    """104: deleted, and refunded; 211: the operator has it already; 201: no such message."""
    id: int | None

    @property
    def deleted(self) -> bool:
        """The message will not be sent."""
        return self.code == State.DELETED

    @property
    def error(self) -> MessageError | None:
        """Why it was not deleted."""
        return error_of(self.code)


@dataclass(frozen=True, slots=True)
class Balance:
    """The account's money."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Price:
    """What one SMS to a number costs."""

    recipient: str
    amount: Decimal | None
    """None: the gateway has no price for the number."""
    currency: str | None


def check_characters(name: str, value: str) -> None:
    """Raise ValueError where `value` has a character that XML cannot carry."""
    found = _NOT_XML.search(value)
    if found:
        raise ValueError(f"{name} has the character U+{ord(found[0]):04X}, which XML cannot carry")


def check_id(name: str, value: int) -> None:
    """Raise ValueError where `value` is no number from 1 to 2^63-1."""
    if not 1 <= value <= MAX_ID:
        raise ValueError(f"{name} must be a number from 1 to 2^63-1")
