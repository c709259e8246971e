"""The gateway's own words put into the XML protocol's: outcomes, statuses and refusals to rows.

Guarantees: every Refusal has its code (a test holds the table complete); the rows stand in the
order of what was asked. Only translates: decides nothing, reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from habar.errors import Refusal
from habar.model import message as model
from habar.model.account import Account, XmlAcceptCode
from habar.model.message import MessageStatus, Outcome
from habar.model.status import MessageState
from habar.model.times import format_time
from habar.query import Deletion
from habar.submit.checks import read_id
from habar.wire.http.xml import (
    MsgIn,
    Ref,
    delete_row,
    delete_section,
    message_row,
    message_section,
    phone_row,
    prices_section,
    status_row,
    status_section,
)

UNKNOWN, FORMAT, AUTHORIZATION = 200, 201, 202
"""Package errors."""

CODES: dict[Refusal, int] = {
    Refusal.TIME: 200,
    Refusal.TYPE: 200,
    Refusal.FAULT: 200,
    Refusal.ID: 201,
    Refusal.DUPLICATE_ID: 201,
    Refusal.SENDER: 202,
    Refusal.RECIPIENT: 203,
    Refusal.OPTED_OUT: 203,
    Refusal.LENGTH: 204,
    Refusal.CONTENT: 204,
    Refusal.ACCOUNT_BLOCKED: 205,
    Refusal.BALANCE: 206,
    Refusal.LIMIT: 207,
    Refusal.TOO_LATE: 211,
}
"""spec/xml.md, "Codes" and "The family's further commands"."""

_ACCEPTED_IS_ONE = 1
_NO_MESSAGE = 0
"""The id that no message has: ids begin at 1."""


def sent(account: Account, items: Sequence[MsgIn], outcomes: Sequence[Outcome]) -> str:
    """The `message` that answers the messages in `items`."""
    one = account.compat.xml_accept_code is XmlAcceptCode.ONE
    return message_section(
        message_row(item.id, outcome.message_id, outcome.parts, _code(outcome, one=one))
        for item, outcome in zip(items, outcomes, strict=True)
    )


def not_sent(items: Sequence[MsgIn]) -> str:
    """The `message` where the store failed after other sections were done."""
    code = CODES[Refusal.FAULT]
    return message_section(message_row(item.id, 0, 0, code) for item in items)


def reported(
    account: Account, refs: Sequence[Ref], statuses: Iterable[MessageStatus | None]
) -> str:
    """The `status` that answers `refs`; what is not the account's reads 201 and nothing else."""
    zone = account.compat.timezone
    return status_section(
        _report(ref, status, zone) for ref, status in zip(refs, statuses, strict=True)
    )


def not_reported(refs: Sequence[Ref]) -> str:
    """The `status` where the store could not be read after other sections were done."""
    return status_section(_unknown(ref, CODES[Refusal.FAULT]) for ref in refs)


def deleted(refs: Sequence[Ref], deletions: Iterable[Deletion]) -> str:
    """The `delete` that answers `refs`."""
    return delete_section(
        _deletion(ref, deletion) for ref, deletion in zip(refs, deletions, strict=True)
    )


def priced(phones: Sequence[str], price: Callable[[str], int | None]) -> str:
    """The `prices` that answers `phones`."""
    return prices_section(phone_row(phone, price(phone)) for phone in phones)


def asked(refs: Sequence[Ref]) -> list[model.Ref]:
    """Which messages rows mean: `sms_id` decides where it stands beside `id`."""
    return [_by_sms_id(ref.sms_id) if ref.sms_id else _by_id(ref.id) for ref in refs]


def _by_sms_id(sms_id: str) -> model.Ref:
    return model.Ref(None, read_id(sms_id) or _NO_MESSAGE)


def _by_id(customer_id: str | None) -> model.Ref:
    own = read_id(customer_id)
    return model.Ref(None, _NO_MESSAGE) if own is None else model.Ref(own, None)


def _code(outcome: Outcome, *, one: bool) -> int:
    if outcome.refusal is not None:
        return CODES[outcome.refusal]
    return _ACCEPTED_IS_ONE if one else outcome.state


def _report(ref: Ref, status: MessageStatus | None, zone: str) -> str:
    if status is None:
        return _unknown(ref, CODES[Refusal.ID])
    completed = None
    if status.completed_at is not None and MessageState(status.state).is_final:
        completed = format_time(status.completed_at, zone)
    return status_row(ref.id, status.message_id, status.parts, status.state, completed)


def _deletion(ref: Ref, deletion: Deletion) -> str:
    code = MessageState.DELETED if deletion.refusal is None else CODES[deletion.refusal]
    if deletion.status is None:
        return _unknown(ref, code)
    return delete_row(ref.id, deletion.status.message_id, deletion.status.parts, code)


def _unknown(ref: Ref, code: int) -> str:
    """A row that says no more of the message than was asked."""
    return status_row(ref.id, read_id(ref.sms_id), None, code)
