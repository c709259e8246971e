"""Packages as documents: calls' values to bytes, by joining strings.

Guarantees: well-formed UTF-8 XML for every Message that could be made; texts arrive letter for
letter, line ends included. Only what the protocol's documentation has is written, and only the
attributes that say something. Knows no HTTP and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from habar_client.values import Message, check_characters

_DECLARATION = '<?xml version="1.0" encoding="utf-8" ?>\n'
_IN_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_IN_ATTRIBUTE = {**_IN_TEXT, '"': "&quot;", "\t": "&#9;", "\n": "&#10;"}
_TEXT = re.compile("[&<>\r]")
_ATTRIBUTE = re.compile('[&<>"\t\n\r]')


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks: login and password, or a key. In no repr."""

    login: str | None = None
    password: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.key:
            if self.login or self.password:
                raise ValueError("give login and password, or a key, not both")
        elif not (self.login and self.password):
            raise ValueError("a login and a password are needed, or a key")
        for name in ("login", "password", "key"):
            check_characters(name, getattr(self, name) or "")

    def attributes(self) -> str:
        """The attributes of `package`."""
        if self.key:
            return f' key="{_attribute(self.key)}"'
        return (
            f' login="{_attribute(self.login or "")}" password="{_attribute(self.password or "")}"'
        )


@dataclass(frozen=True, slots=True)
class Ref:
    """A message asked about: by the gateway's number, or by the customer's own."""

    sms_id: int | None = None
    id: int | None = None


def sending(who: Credentials, messages: Iterable[Message], zone: ZoneInfo) -> bytes:
    """The package that sends `messages`; times are told as wall-clock times of `zone`."""
    return _package(who, "message", "".join(_msg(message, zone) for message in messages))


def asking(who: Credentials, command: str, refs: Iterable[Ref]) -> bytes:
    """The package that asks about (`status`) or deletes (`delete`) messages."""
    rows = (
        f'<msg id="{ref.id}"/>\n' if ref.sms_id is None else f'<msg sms_id="{ref.sms_id}"/>\n'
        for ref in refs
    )
    return _package(who, command, "".join(rows))


def asking_balance(who: Credentials) -> bytes:
    """The package that asks for the balance."""
    return _document(who, "<balance/>\n")


def asking_prices(who: Credentials, recipients: Iterable[str]) -> bytes:
    """The package that asks what an SMS to each number costs. Raises ValueError: see Message."""
    rows = []
    for recipient in recipients:
        check_characters("recipient", recipient)
        rows.append(f"<phone>{_text(recipient)}</phone>\n")
    return _package(who, "prices", "".join(rows))


def wall_clock(moment: datetime, zone: ZoneInfo) -> str:
    """`YYYY-MM-DD HH:mm:ss` in `zone`: the form that the documentation gives for requests."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds")


def _msg(message: Message, zone: ZoneInfo) -> str:
    row = "<msg" if message.id is None else f'<msg id="{message.id}"'
    row += f' recipient="{_attribute(message.recipient)}"'
    if message.sender is not None:
        row += f' sender="{_attribute(message.sender)}"'
    if message.at is not None:
        row += f' date_beg="{wall_clock(message.at, zone)}"'
    if message.until is not None:
        row += f' date_end="{wall_clock(message.until, zone)}"'
    if message.flash:
        row += ' type="1"'
    return f"{row}>{_text(message.text)}</msg>\n"


def _package(who: Credentials, section: str, rows: str) -> bytes:
    return _document(who, f"<{section}>\n{rows}</{section}>\n")


def _document(who: Credentials, content: str) -> bytes:
    return f"{_DECLARATION}<package{who.attributes()}>\n{content}</package>\n".encode()


def _text(value: str) -> str:
    return _TEXT.sub(lambda found: _IN_TEXT[found[0]], value)


def _attribute(value: str) -> str:
    return _ATTRIBUTE.sub(lambda found: _IN_ATTRIBUTE[found[0]], value)
