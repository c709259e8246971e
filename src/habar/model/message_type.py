"""What sort of message a customer sends: a text, or one of the HTTP protocol's binary types.

Guarantees: the numbers are the message table's (its column `flash`, which was made when there were
but two of them) and never change; every type has the name by which customers write it
(spec/http.md, "Message types"). Pure. How a type goes on the air is wire.content's to know.
"""

from __future__ import annotations

from enum import IntEnum


class MessageType(IntEnum):
    """How a message's data is to be read, and what the handset does with it."""

    TEXT = 0
    FLASH = 1
    """A text of class 0: shown at once, not stored."""
    CLASS1 = 2
    """A text for the phone's memory."""
    CLASS2 = 3
    """A text for the SIM card."""
    BINARY = 4
    BINARY_XML = 5
    WAPPUSH = 6
    BOOKMARK = 7
    VCARD = 8
    VCALENDAR = 9
    VOICEMAIL = 10
    EMAIL = 11
    FAX = 12
    VIDEO = 13
    PICTURE = 14

    @property
    def is_text(self) -> bool:
        """Whether its data is the text itself."""
        return self < MessageType.BINARY


NAMES = {
    MessageType.TEXT: "SMS:TEXT",
    MessageType.FLASH: "SMS:TEXT:GSM7BIT:CLASS0",
    MessageType.CLASS1: "SMS:TEXT:GSM7BIT:CLASS1",
    MessageType.CLASS2: "SMS:TEXT:GSM7BIT:CLASS2",
    MessageType.BINARY: "SMS:BINARY",
    MessageType.BINARY_XML: "SMS:BINARY:XML",
    MessageType.WAPPUSH: "SMS:WAPPUSH",
    MessageType.BOOKMARK: "SMS:WAPPUSH:BOOKMARK",
    MessageType.VCARD: "SMS:VCARD",
    MessageType.VCALENDAR: "SMS:VCALENDAR",
    MessageType.VOICEMAIL: "SMS:INDICATION:VOICEMAIL",
    MessageType.EMAIL: "SMS:INDICATION:EMAIL",
    MessageType.FAX: "SMS:INDICATION:FAX",
    MessageType.VIDEO: "SMS:INDICATION:VIDEO",
    MessageType.PICTURE: "SMS:BINARY:PICTUREMESSAGE",
}
"""As the HTTP protocol writes them."""

BY_NAME = {name: kind for kind, name in NAMES.items()} | {
    "": MessageType.TEXT,
    "SMS": MessageType.TEXT,
}
"""The other way round, in capital letters; absent and `SMS` are a text."""
