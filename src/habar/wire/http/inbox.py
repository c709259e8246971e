r"""The formatted answer of a customer's web service to a subscriber's message (spec/inbox.md).

`{SMS:TEXT}{}{SHORT}{SUBSCRIBER}{TEXT}`: SHORT is the short code, SUBSCRIBER the subscriber, TEXT
what goes back to them. `{SMS:TEXT:FORMATTED}` is the same, with octets in TEXT written as `\0x0A`.
An empty answer and `{}` mean that the message was received and nothing goes back; so does a TEXT of
nothing but white space, for there is no empty SMS.

Guarantees: braces inside TEXT belong to it, its last one ends it, and what follows that is not
read. A byte order mark and white space in front are passed over, for PHP programs leave them there.
What is no such answer is refused with one reason, which quotes nothing of it. Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_BLANK = b" \t\r\n\v\f"
_BOM = b"\xef\xbb\xbf"
_HEAD = re.compile(
    rb"\{\s*(SMS:TEXT(?::FORMATTED)?)\s*\}\s*\{[^{}]*\}\s*\{([^{}]*)\}\s*\{([^{}]*)\}\s*\{",
    re.IGNORECASE,
)
_ESCAPE = re.compile(rb"\\0x([0-9A-Fa-f]{2})")
_NONE_SUCH = "the answer is not of the form {SMS:TEXT}{}{SHORT}{SUBSCRIBER}{TEXT}"


class UnreadableAnswer(ValueError):
    """The answer cannot be sent to anybody; the text says why, without the answer."""


class InboxAnswer(NamedTuple):
    """What goes back, and to whom the web service addressed it."""

    short: str
    """As it came, without `+`; perhaps with the operator's transaction id behind `#`."""
    subscriber: str
    """As it came, without `+`."""
    text: str


def parse_answer(body: bytes) -> InboxAnswer | None:
    """Read an answer; None: received, and nothing goes back. Raises UnreadableAnswer."""
    body = body.strip(_BLANK)
    while body.startswith(_BOM):
        body = body[len(_BOM) :].lstrip(_BLANK)
    if not body or (body[:1] == b"{" and body[-1:] == b"}" and not body[1:-1].strip(_BLANK)):
        return None
    head = _HEAD.match(body)
    if head is None:
        raise UnreadableAnswer(_NONE_SUCH)
    end = body.rfind(b"}", head.end())
    if end < 0:
        raise UnreadableAnswer("the answer's text has no closing brace")
    raw = body[head.end() : end]
    if head[1].upper().endswith(b"FORMATTED"):
        raw = _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), raw)
    text = _decoded(raw)
    if not text or text.isspace():  # as the submit door sees it
        return None
    return InboxAnswer(_address(head[2]), _address(head[3]), text)


def addressed_wrongly(
    answer: InboxAnswer, *, short_code: str, transaction_id: str, subscriber: str
) -> str | None:
    """Why the answer is not one to that message, in words for staff; None: it is one.

    The transaction id may be left off; it goes back to the operator in either case.
    """
    short, mark, transaction = answer.short.partition("#")
    if short.strip() != short_code:
        return "the answer's short code is not that of the message"
    if mark and transaction.strip() != transaction_id.strip():
        return "the answer's transaction id is not that of the message"
    if answer.subscriber != subscriber:
        return "the answer's subscriber is not that of the message"
    return None


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableAnswer(f"the answer's text is not UTF-8 ({error.reason})") from None
    if "\0" in text:
        raise UnreadableAnswer("the answer's text has a NUL character in it")
    return text


def _address(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip().removeprefix("+").strip()
