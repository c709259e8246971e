"""Messages that are no texts, made for the air (spec/http.md, "Message types").

`encode` makes octets of a customer's data: the same when it is counted and whenever it is sent.
Guarantees: pure; for any data it gives Content or raises UnreadableContent, within a time that the
data's size bounds. Knows no operator; texts of any class are wire.text's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from habar.model.message_type import MessageType
from habar.wire.content.binary import binary
from habar.wire.content.binary_xml import binary_xml
from habar.wire.content.bookmark import bookmark
from habar.wire.content.cards import vcalendar, vcard
from habar.wire.content.coding import alphabet_of
from habar.wire.content.indications import indication
from habar.wire.content.picture import picture
from habar.wire.content.values import Content, UnreadableContent
from habar.wire.content.wappush import wappush

__all__ = ["LONGEST", "Content", "UnreadableContent", "alphabet_of", "encode"]

LONGEST: Final = 100_000
"""Characters of data that are looked at: 255 SMS in hexadecimal, and room for white space."""

_READERS: dict[int, Callable[[str], Content]] = {
    MessageType.BINARY: binary,
    MessageType.BINARY_XML: binary_xml,
    MessageType.WAPPUSH: wappush,
    MessageType.BOOKMARK: bookmark,
    MessageType.VCARD: vcard,
    MessageType.VCALENDAR: vcalendar,
    MessageType.VOICEMAIL: partial(indication, MessageType.VOICEMAIL),
    MessageType.EMAIL: partial(indication, MessageType.EMAIL),
    MessageType.FAX: partial(indication, MessageType.FAX),
    MessageType.VIDEO: partial(indication, MessageType.VIDEO),
    MessageType.PICTURE: picture,
}


def encode(message_type: int, data: str) -> Content:
    """Make a message of a type that is no text. Raises UnreadableContent, also for another type."""
    reader = _READERS.get(message_type)
    if reader is None:
        raise UnreadableContent("its type is a text's, or none")
    if len(data) > LONGEST:
        raise UnreadableContent(f"over {LONGEST} characters")
    content = reader(data)
    content.check()
    return content
