"""What is said on the simulator's control socket: one JSON line in, JSON lines out.

    {"do": "deliver", "from": "77771234567", "to": "8785", "text": "Hello", "wait": 5}

    {"event": "kept", "parts": 1, "receivers": 1}
    {"event": "sent", "part": 1}
    {"event": "acknowledged", "part": 1}
    {"event": "reply", "from": "8785", "to": "77771234567", "text": "Thank you", "id": "17"}
    {"event": "end", "acknowledged": true, "replied": true}

Guarantees: what is read is checked, whole, or refused with words; nothing raises but
`UnreadableLine`. Knows no socket.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct, field

from habar.errors import HabarError
from habar.simulator.subscribers import PartWay, SentEncoding, SubscriberMessage

SOCKET = "simulator.sock"
"""Its name in a sandbox's data folder."""
LONGEST_LINE = 512 * 1024
"""Octets of a request: the longest text in 255 parts, every character escaped, has room."""
LONGEST_WAIT = 600.0
ACKNOWLEDGED_WITHIN = 10.0
"""Seconds for which the acknowledgement is waited for."""
_LONGEST_PATH = 107  # sun_path has 108 octets with its NUL (unix(7))
_MOST_SENT = 1_000

Part: TypeAlias = Annotated[int, Meta(ge=1, le=255)]


class ControlError(HabarError):
    """The control socket cannot be had; the text says why, in one sentence."""


class UnreadableLine(ValueError):
    """A line is none of ours; the text says why."""


class Deliver(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="deliver", tag_field="do"
):
    """Hand on a subscriber's message; the fields of SubscriberMessage."""

    sender: str = field(name="from")
    recipient: str = field(name="to")
    text: str
    transaction: str = ""
    part_way: PartWay = "udh8"
    encoding: SentEncoding = "auto"
    data_sm: bool = False
    order: Annotated[tuple[Part, ...], Meta(max_length=_MOST_SENT)] = ()
    wait: Annotated[float, Meta(ge=0, le=LONGEST_WAIT)] = 5.0
    """Seconds for the reply, from the acknowledgement on; 0: it is not waited for."""

    @property
    def message(self) -> SubscriberMessage:
        """The same for the simulator."""
        return SubscriberMessage(
            self.sender,
            self.recipient,
            self.text,
            self.transaction,
            self.part_way,
            self.encoding,
            self.data_sm,
            self.order,
        )


class Kept(Struct, frozen=True, tag="kept", tag_field="event"):
    """It is the SMSC's now, until it is acknowledged."""

    parts: int
    """deliver_sm (or data_sm) to be sent."""
    receivers: int
    """Links by which it can go; 0: the gateway is not bound, and it waits."""


class Sent(Struct, frozen=True, tag="sent", tag_field="event"):
    """A part has gone to the gateway."""

    part: int


class Acknowledged(Struct, frozen=True, tag="acknowledged", tag_field="event"):
    """The gateway has answered ESME_ROK."""

    part: int


class Refused(Struct, frozen=True, tag="refused", tag_field="event", omit_defaults=True):
    """The gateway has refused a part, or the simulator all of it (then `part` is 0)."""

    why: str
    part: int = 0
    again: bool = False
    """It goes again."""


class Replied(Struct, frozen=True, tag="reply", tag_field="event"):
    """A submit_sm from the short code to the subscriber was taken."""

    sender: str = field(name="from")
    recipient: str = field(name="to")
    text: str
    id: str


class End(Struct, frozen=True, tag="end", tag_field="event"):
    """Nothing more is told."""

    acknowledged: bool
    """Every part."""
    replied: bool


Line: TypeAlias = Kept | Sent | Acknowledged | Refused | Replied | End

_encode = msgspec.json.Encoder().encode
_request = msgspec.json.Decoder(Deliver).decode
_line = msgspec.json.Decoder(Line).decode


def request_of(line: bytes) -> Deliver:
    """Read a request. Raises UnreadableLine."""
    try:
        return _request(line)
    except (ValueError, RecursionError) as error:
        raise UnreadableLine(f"the request cannot be read: {error}") from None


def line_of(line: bytes) -> Line:
    """Read a line of the answer. Raises UnreadableLine."""
    try:
        said: Line = _line(line)
    except (ValueError, RecursionError) as error:
        raise UnreadableLine(f"the answer cannot be read: {error}") from None
    return said


def octets_of(said: Deliver | Line) -> bytes:
    """Write a line, with its end."""
    return _encode(said) + b"\n"


def checked_path(path: Path) -> str:
    """Give the path as the system takes it. Raises ControlError where it is too long."""
    octets = len(os.fsencode(path))
    if octets > _LONGEST_PATH:
        raise ControlError(
            f"{path} is too long for a Unix socket: {octets} octets, at most {_LONGEST_PATH}"
        )
    return str(path)
