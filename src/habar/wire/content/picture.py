"""SMS:BINARY:PICTUREMESSAGE: a small picture in black and white (Nokia Smart Messaging 3.0.0).

The data is hexadecimal: a picture message as the specification has it, `30` and its items (a text,
an OTA bitmap), or the OTA bitmap alone, which begins with `00`. It goes to port 5514.
A message's last bitmap that ends early is filled with white dots: so does the example of Ozeki NG's
manual, which programs have been written after.
Guarantees: what is sent has a bitmap as large as it says, and items as long as they say.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import pack
from typing import Final

from habar.wire.content.hexadecimal import octets
from habar.wire.content.ports import CLASS_1_OCTETS, ports
from habar.wire.content.values import Content, UnreadableContent

_PICTURE_PORT: Final = ports(5514)
_VERSION: Final = b"\x30"
_BITMAP: Final = 0x02
_ITEM_HEAD: Final = 3
_BITMAP_HEAD: Final = 4


def picture(data: str) -> Content:
    """Read a picture message or a bitmap. Raises UnreadableContent."""
    message = octets(data, "data")
    if len(message) > 0xFFFF:
        raise UnreadableContent("data: longer than a picture message can say")
    if message[:1] == b"\0":
        items = [(_BITMAP, message)]
    elif message[:1] == _VERSION:
        items = list(_items(message))
    else:
        raise UnreadableContent("data: begins neither with 30 (a message) nor with 00 (a bitmap)")
    bitmaps = [content for kind, content in items if kind == _BITMAP]
    if len(bitmaps) != 1:
        raise UnreadableContent("data: not one bitmap in it")
    _check(bitmaps[0])
    written = (pack(">BH", kind, len(content)) + content for kind, content in items)
    return Content(CLASS_1_OCTETS, 0, _PICTURE_PORT, _VERSION + b"".join(written))


def _items(message: bytes) -> Iterator[tuple[int, bytes]]:
    """What a message holds: a kind, a length of 16 bits, and so many octets, each."""
    at = 1
    while at < len(message):
        kind, start = message[at], at + _ITEM_HEAD
        length = int.from_bytes(message[at + 1 : start])
        content = message[start : start + length]
        if kind == _BITMAP and len(content) >= _BITMAP_HEAD:
            content = content.ljust(length, b"\0")
        if len(content) < length or start > len(message):
            raise UnreadableContent("data: an item is longer than the data")
        yield kind, content
        at = start + length


def _check(bitmap: bytes) -> None:
    """A head (00, width, height, 1 colour) and a bit for each dot, rows one after the other."""
    if len(bitmap) < _BITMAP_HEAD or bitmap[0] != 0 or bitmap[3] != 1:
        raise UnreadableContent("data: a bitmap does not begin with 00, width, height, 01")
    dots = bitmap[1] * bitmap[2]
    if not dots or len(bitmap) != _BITMAP_HEAD + -(-dots // 8):
        raise UnreadableContent("data: a bitmap has not as many dots as its width and height say")
