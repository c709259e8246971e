"""Answers from bytes to rows, and rows to the messages they answer.

Guarantees: for any bytes the outcome is an Answer, a PackageError or a Garbled, soon: a DTD is not
read, nothing is fetched. Reading is lenient, as gateways differ: missing attributes, other order,
white space, unknown elements. Never guesses: a message whose row cannot be told has none.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from habar_client.codes import ACCEPTED_CODES, NO_CODE, MessageError
from habar_client.errors import AuthorizationError, PackageError
from habar_client.request import Ref
from habar_client.values import Balance, Deleted, Message, Price, Sent, Status

_MAX_DIGITS = 19


class Garbled(Exception):
    """The bytes are no answer of the protocol's."""

    def __init__(self, words: str, *, cut: bool = False) -> None:
        super().__init__(words)
        self.cut = cut
        """They begin like one: it was probably cut off."""


@dataclass(frozen=True, slots=True)
class Row:
    """One `msg` of an answer."""

    id: int | None
    sms_id: int
    sms_count: int
    code: int
    date_completed: str = ""


class Answer:
    """A package that the gateway answered with."""

    def __init__(self, package: ET.Element) -> None:
        self._package = package

    def rows(self, section: str) -> list[Row]:
        """The `msg` of all sections of that name, in order."""
        return [_row(msg) for msg in self._package.findall(f"{section}/msg")]

    def balance(self) -> Balance:
        """The `balance`. Raises Garbled where there is none."""
        amount = _money(self._package.findtext("balance/amount"))
        if amount is None:
            raise Garbled("the answer has no balance")
        return Balance(amount, (self._package.findtext("balance/currency") or "").strip())

    def prices(self) -> list[Price]:
        """The `phone` of all `prices`, in order."""
        return [
            Price((phone.text or "").strip(), _money(phone.get("price")), phone.get("currency"))
            for phone in self._package.findall("prices/phone")
        ]


def read(body: bytes) -> Answer:
    """Read an answer. Raises PackageError where it says one, Garbled where it is none."""
    package = _tree(body)
    if package.tag != "package":
        raise Garbled("the answer is XML, but no package of this protocol")
    error = package.find("error")
    if error is not None:
        code = _number(error.text) or int(MessageError.UNKNOWN)
        raise AuthorizationError(code) if code == MessageError.SENDER else PackageError(code)
    return Answer(package)


def sent(messages: Sequence[Message], rows: Sequence[Row], *, again: bool) -> list[Sent]:
    """What the answer says to each message, in the messages' order.

    `again`: the package went out before and its answer was lost, so that a used `id` is the first
    attempt's own doing.
    """
    asked = [Ref(id=message.id) for message in messages]
    return [
        _sent(message, row, again)
        for message, row in zip(messages, assign(asked, rows), strict=True)
    ]


def statuses(refs: Sequence[Ref], rows: Sequence[Row], zone: ZoneInfo) -> list[Status]:
    """What the answer says to each question, in the questions' order."""
    return [
        Status(
            row.sms_id or ref.sms_id or 0,
            row.sms_count,
            row.code,
            ref.id if row.id is None else row.id,
            _moment(row.date_completed, zone),
        )
        for ref, row in zip(refs, assign(refs, rows), strict=True)
    ]


def deletions(refs: Sequence[Ref], rows: Sequence[Row]) -> list[Deleted]:
    """What the answer says to each wish, in the wishes' order."""
    return [
        Deleted(
            row.sms_id or ref.sms_id or 0,
            row.sms_count,
            row.code,
            ref.id if row.id is None else row.id,
        )
        for ref, row in zip(refs, assign(refs, rows), strict=True)
    ]


def assign(refs: Sequence[Ref], rows: Sequence[Row]) -> list[Row]:
    """Each question's row: by position where nothing speaks against it, else by the numbers.

    A question without a row gets one with NO_CODE.
    """
    if len(refs) == len(rows) and all(map(_agree, refs, rows)):
        return list(rows)
    by_id: dict[int | None, deque[Row]] = defaultdict(deque)
    by_sms_id: dict[int | None, deque[Row]] = defaultdict(deque)
    for row in rows:
        by_id[row.id].append(row)
        by_sms_id[row.sms_id].append(row)
    found = []
    for ref in refs:
        if ref.sms_id is not None:
            pool = by_sms_id[ref.sms_id]
        elif ref.id is not None:
            pool = by_id[ref.id]
        else:
            pool = deque()
        found.append(pool.popleft() if pool else Row(ref.id, 0, 0, NO_CODE))
    return found


def _agree(ref: Ref, row: Row) -> bool:
    if ref.sms_id is not None:
        return row.sms_id in (0, ref.sms_id)
    return ref.id is None or row.id in (None, ref.id)


def _sent(message: Message, row: Row, again: bool) -> Sent:
    repeated = row.code == MessageError.ID and row.sms_id > 0 and message.id is not None
    return Sent(
        sms_id=row.sms_id,
        sms_count=row.sms_count,
        code=row.code,
        id=message.id,
        recipient=message.recipient,
        accepted=row.code in ACCEPTED_CODES or (repeated and again),
        repeated=repeated,
    )


def _tree(body: bytes) -> ET.Element:
    try:
        document = body.decode("utf-8-sig").lstrip()
    except UnicodeDecodeError:
        raise Garbled("the answer is not UTF-8") from None
    if document[:14].lower().startswith(("<html", "<!doctype html")):
        raise Garbled("the answer is a web page")
    if "<!DOCTYPE" in document:
        raise Garbled("the answer has a DOCTYPE")
    begins_well = document.startswith(("<?xml", "<package"))
    try:
        return ET.fromstring(document)  # noqa: S314 - no DOCTYPE, so no entities
    except ET.ParseError:
        raise Garbled("the answer is not well-formed XML", cut=begins_well) from None


def _row(msg: ET.Element) -> Row:
    own = _number(msg.get("id"))
    return Row(
        id=own,
        sms_id=_number(msg.get("sms_id")) or 0,
        sms_count=_number(msg.get("sms_count")) or 0,
        code=_number(msg.text) or NO_CODE,
        date_completed=msg.get("date_completed", ""),
    )


def _number(text: str | None) -> int | None:
    digits = (text or "").strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS:
        return int(digits)
    return None


def _money(text: str | None) -> Decimal | None:
    try:
        amount = Decimal((text or "").strip().replace(",", "."))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
