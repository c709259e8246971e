"""The closed list of reasons for which Habar says no, and the errors its parts raise.

A refusal is an answer to a customer: protocol-neutral here, each protocol's adapter translates it
with a complete table (a test holds every table complete). An error is what one part of Habar
raises to another. Neither ever carries a password, a key or a message's text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Reason:
    """What a refusal means: whether the same request may succeed later, and the public words."""

    retryable: bool
    text: str


class Refusal(Enum):
    """Why one message (or one command about a message) was refused."""

    TIME = Reason(False, "a time could not be read")
    TYPE = Reason(False, "unknown type of message")
    ID = Reason(False, "the message id is not a number from 1 to 2^63-1, or is not known")
    DUPLICATE_ID = Reason(False, "the message id was used before")
    SENDER = Reason(False, "the sender is not one of the account's")
    RECIPIENT = Reason(False, "the recipient is not a number of the form 77aabbbccdd")
    OPTED_OUT = Reason(False, "the subscriber wants no messages of this account")
    LENGTH = Reason(False, "the text is empty or has too many parts")
    CONTENT = Reason(False, "the data is not what this type of message asks for")
    ACCOUNT_BLOCKED = Reason(True, "the account is blocked for sending")
    LIMIT = Reason(True, "the allowance or a limit of the account is used up")
    BALANCE = Reason(True, "the balance does not cover the message")
    TOO_LATE = Reason(False, "the message has gone to the operator already")
    FAULT = Reason(True, "the gateway could not store the message")

    @property
    def retryable(self) -> bool:
        """Whether the same message may be accepted later."""
        return self.value.retryable

    @property
    def text(self) -> str:
        """Words for people: public, without secrets."""
        return self.value.text


class HabarError(Exception):
    """The root of all errors that Habar raises on purpose."""


class StoreUnavailable(HabarError):
    """The store cannot take writes at the moment: nothing of the call has happened.

    Unless the text says that this is not known.
    """


class StoreFault(HabarError):
    """The store refused one write for a reason of its own: that write has not happened."""


class SchemaMismatch(HabarError):
    """The database's schema is not the one that this version needs."""


class AlreadyOpen(HabarError):
    """Another process has this database open as its gateway."""


class NoOperator(HabarError):
    """No operator is served, so a message has no way to go."""


class Conflict(HabarError):
    """A record of that name exists already."""


class NotFound(HabarError):
    """There is no record of that name or id."""


class InvalidValue(HabarError):
    """A value given by staff is not acceptable; the text says what and where."""
