"""The protocol's numbers by name: states of messages, errors of messages.

Guarantees: all codes of the protocol's documentation, and 211 of its family, have a name and words
for people. A code that is not listed is never an error of this library: it stays a number.
"""

from __future__ import annotations

from enum import IntEnum

ACCEPTED_CODES = frozenset({1, 100, 106})
"""Codes of a sending answer that mean accepted: 106, 100 (scheduled), and the old 1."""

PASSING_CODES = frozenset({1, 100, 106})
"""Codes of a status answer after which it is worth asking again; every other one is final."""

NO_CODE = 0
"""Stands for the code of a message that the answer says nothing of. No code of the protocol."""


class State(IntEnum):
    """Where a message is. 100 and 106 are passing, every other state is final."""

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


class MessageError(IntEnum):
    """Why a message was refused, or a question about it."""

    UNKNOWN = 200
    ID = 201
    SENDER = 202
    RECIPIENT = 203
    LENGTH = 204
    USER_DISABLE = 205
    BILLING = 206
    OVERLIMIT = 207
    TOO_LATE = 211


_WORDS = {
    NO_CODE: "not in the answer",
    1: "accepted",
    State.SCHEDULED: "waits for its time",
    State.ENROUTE: "the operator has it, and nothing more will be learned",
    State.DELIVERED: "delivered",
    State.EXPIRED: "not delivered in time",
    State.DELETED: "deleted before delivery",
    State.UNDELIVERABLE: "cannot be delivered",
    State.ACCEPTED: "accepted, on its way",
    State.UNKNOWN: "the operator does not know what became of it",
    State.REJECTED: "the operator refused it",
    State.DISCARDED: "thrown away on the way",
    MessageError.UNKNOWN: "bad date or type, or a fault",
    MessageError.ID: "bad id, or one used before",
    MessageError.SENDER: "not the account's sender",
    MessageError.RECIPIENT: "not 11 digits beginning 77",
    MessageError.LENGTH: "empty or too many SMS",
    MessageError.USER_DISABLE: "the account is blocked",
    MessageError.BILLING: "the balance is too low",
    MessageError.OVERLIMIT: "allowance or limit used up",
    MessageError.TOO_LATE: "the operator has it already",
}

_PACKAGE_WORDS = {
    200: "the gateway failed, and did nothing of the package",
    201: "the gateway cannot read the package",
    202: "the gateway does not know this login, password or key",
}


def state_of(code: int) -> State | None:
    """The state that a status row's code means; None where it means an error.

    The 1 of accounts that are set to it is ACCEPTED.
    """
    if code == 1:
        return State.ACCEPTED
    return State(code) if code in _STATES else None


def error_of(code: int) -> MessageError | None:
    """The error that a row's code means; None where it is no error or no known one."""
    return MessageError(code) if code in _ERRORS else None


def name_of(code: int) -> str:
    """The name of a code in capitals, as the documentation has it; `` for one without a name."""
    known = state_of(code) or error_of(code)
    return known.name if known else ""


def words_of(code: int) -> str:
    """What a message's code means, for people; `` for one that is not known."""
    return _WORDS.get(code, "")


def package_words(code: int) -> str:
    """What a package's error means, for people."""
    return _PACKAGE_WORDS.get(code, "the gateway refused the package")


_STATES = frozenset(State)
_ERRORS = frozenset(MessageError)
