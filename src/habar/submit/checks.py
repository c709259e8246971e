"""The checks of one message that need neither the store nor the rate limit.

They speak in a set order, and the first that fails is the answer: id, type, times (those three are
the reading of the row), recipient, sender, length, account (spec/xml.md, "Codes"); limit and
balance come after them, in the door and in the store.

Decided where the specification is silent:
- An id may have leading zeros (it means the number); a sign, white space and other scripts' digits
  are refused, and so is an empty id.
- A text of nothing but white space is an empty one.
- A text that no SMS can carry (half of a surrogate pair) is refused as LENGTH.
- `date_end` before `date_beg` is accepted: the message waits and expires unsent.

Pure: the clock is an argument. Knows no protocol.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

from habar.errors import Refusal
from habar.model.account import Account
from habar.model.address import parse_recipient
from habar.model.message_type import MessageType
from habar.model.times import parse_time
from habar.wire.content import UnreadableContent, encode
from habar.wire.text import UnencodableText, count_parts

Draft: TypeAlias = tuple[
    str | int | None,  # the customer's id
    str | None,  # recipient
    str | None,  # sender
    str | int | None,  # date_beg: text in the account's zone, or UTC milliseconds
    str | int | None,  # date_end: the same
    str | int | None,  # type: text as XML has it ("0", absent; "1" is flash), or a MessageType
    str,  # text
]
"""A message as a protocol read it; "" counts as absent for all but the id and the text."""

LARGEST_ID = 2**63 - 1
_ID_DIGITS = len(str(LARGEST_ID))
_LONG = 10_000
"""Characters from which counting a text takes longer than looking up that it was counted."""
_LONGEST_VALUE = 256
"""Characters of a time or a recipient; a longer one is none, however much of it is white space."""
_TYPES: dict[str | int | None, int] = {
    None: MessageType.TEXT,
    "": MessageType.TEXT,
    "0": MessageType.TEXT,
    "1": MessageType.FLASH,
} | {kind: kind for kind in MessageType}
_BINARY = int(MessageType.BINARY)


class Checked(NamedTuple):
    """A draft read. What a failed check leaves unread has a harmless value."""

    refusal: Refusal | None
    customer_id: int | None
    recipient: int
    sender: str
    message_type: int
    data_coding: int
    parts: int
    """Of the text, also where the message is refused; 0 where it has none."""
    beg: int | None
    end: int | None


def read_id(text: str | int | None) -> int | None:
    """A message id from 1 to 2^63-1, the customer's or the gateway's; None: it is none."""
    if isinstance(text, str):
        if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS):
            return None
        text = int(text)
    return text if text is not None and 0 < text <= LARGEST_ID else None


def check(account: Account, draft: Draft) -> Checked:
    """Read a draft; `refusal` is the first check that failed, if any."""
    raw_id, raw_recipient, sender, raw_beg, raw_end, kind, text = draft
    refusal: Refusal | None = None
    customer_id = None
    if raw_id is not None:
        customer_id = read_id(raw_id)
        if customer_id is None:
            refusal = Refusal.ID
    message_type = _TYPES.get(kind)
    if message_type is None:
        message_type, refusal = 0, refusal or Refusal.TYPE
    beg = end = None
    if raw_beg or raw_end:
        zone = account.compat.timezone
        beg, beg_is_read = _time(raw_beg, zone)
        end, end_is_read = _time(raw_end, zone)
        if not (beg_is_read and end_is_read):
            refusal = refusal or Refusal.TIME
    recipient = None
    if raw_recipient and len(raw_recipient) <= _LONGEST_VALUE:
        recipient = parse_recipient(raw_recipient, account.compat.recipient)
    sender = sender or account.default_sender
    data_coding, parts, unfit = _length(text, message_type, account.max_parts)
    if refusal is None:
        if recipient is None:
            refusal = Refusal.RECIPIENT
        elif sender not in account.senders:
            refusal = Refusal.SENDER
        elif unfit:
            refusal = unfit
        elif account.blocked:
            refusal = Refusal.ACCOUNT_BLOCKED
    return Checked(
        refusal, customer_id, recipient or 0, sender, message_type, data_coding, parts, beg, end
    )


def parts_of_one(text: str) -> tuple[int, int]:
    """The data_coding and the parts of a text that is no customer's; 0 parts: it cannot be sent."""
    return _parts(text)


def _length(text: str, message_type: int, max_parts: int) -> tuple[int, int, Refusal | None]:
    """The data_coding, the parts, and the refusal where they are too many or none."""
    count = _parts_of_long if len(text) > _LONG else _parts
    binary = message_type if message_type >= _BINARY else 0  # texts of any class are alike
    encoding, parts = count(text, binary)
    if 0 < parts <= max_parts:
        return encoding, parts, None
    return encoding, parts, Refusal.CONTENT if binary and not parts else Refusal.LENGTH


def _parts(text: str, binary: int = 0) -> tuple[int, int]:
    """The data_coding and the parts; 0 parts: nothing that could be sent.

    `binary` is the type of a message that is no text.
    """
    if binary:
        return _parts_of_content(text, binary)
    if not text or text.isspace():
        return 0, 0
    try:
        return count_parts(text)
    except UnencodableText:
        return 0, 0


def _parts_of_content(data: str, message_type: int) -> tuple[int, int]:
    try:
        content = encode(message_type, data)
    except UnreadableContent:
        return 0, 0
    return content.data_coding, content.parts


# A default text stands in every message of its package: it is counted once, not a million times.
_parts_of_long = lru_cache(maxsize=1)(_parts)


def _time(value: str | int | None, zone: str) -> tuple[int | None, bool]:
    """The UTC milliseconds, and whether the value could be read; absent can."""
    if isinstance(value, int):
        return value, True
    if not value:
        return None, True
    moment = parse_time(value, zone) if len(value) <= _LONGEST_VALUE else None
    return moment, moment is not None
