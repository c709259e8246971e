"""SMS:INDICATION:…: the handset's sign that voice mail, e-mail, a fax or a video message waits.

    <Indication action="SET">
      <MessageCount>3</MessageCount><MessageText>You have 3 new messages.</MessageText>
    </Indication>

It is said twice, so that every handset understands one of them: by the data_coding's message
waiting group (TS 23.038, 4), and by the header's special SMS message indication, which has the
count and knows video (TS 23.040, 9.2.3.24.2). A text is stored; without one the message is
discarded when the sign is set.
Guarantees: for any data a Content or UnreadableContent.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from habar.model.message_type import MessageType
from habar.wire.content.markup import attributes_of, fields_of, root_of
from habar.wire.content.values import Content, UnreadableContent
from habar.wire.text import Encoding, choose, encode_gsm7, encode_ucs2

_SPECIAL_INDICATION: Final = 0x01
_STORE: Final = 0x80
_DISCARD, _STORE_GSM7, _STORE_UCS2 = 0xC0, 0xD0, 0xE0
_ACTIVE: Final = 0x08
_MOST: Final = 255
"""Stands for so many or more."""
_FIELDS = ("messagecount", "messagetext")

_WAITING = {
    MessageType.VOICEMAIL: (0, 0x00),
    MessageType.FAX: (1, 0x01),
    MessageType.EMAIL: (2, 0x02),
    MessageType.VIDEO: (3, 0x07),  # data_coding has no video: `other`
}
"""The indication type in data_coding, and in the header."""


def indication(message_type: MessageType, data: str) -> Content:
    """Read an indication of this type. Raises UnreadableContent."""
    root = root_of(data, "indication")
    fields = fields_of(root, _FIELDS)
    count, text = _count(root, fields.get("messagecount", "")), fields.get("messagetext", "")
    in_coding, in_header = _WAITING[message_type]
    group, octets = _coded(text)
    return Content(
        group | (_ACTIVE if count else 0) | in_coding,
        0,
        bytes((_SPECIAL_INDICATION, 2, in_header | (_STORE if text else 0), count)),
        octets,
    )


def _count(root: etree._Element, written: str) -> int:
    """How many wait: 0 takes the sign away. One where nothing is said."""
    action = attributes_of(root, ("action",)).get("action", "").upper()
    if action not in ("SET", "CLEAR"):
        raise UnreadableContent("indication: action is neither SET nor CLEAR")
    if written and not (written.isascii() and written.isdigit() and len(written) <= 9):
        raise UnreadableContent("messagecount: no whole number")
    return 0 if action == "CLEAR" else min(int(written or 1), _MOST)


def _coded(text: str) -> tuple[int, bytes]:
    """The message waiting group, and the text in its alphabet."""
    if not text:
        return _DISCARD, b""
    if choose(text) is Encoding.GSM7:
        return _STORE_GSM7, encode_gsm7(text)
    return _STORE_UCS2, encode_ucs2(text)
