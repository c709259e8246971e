r"""SMS:VCARD and SMS:VCALENDAR: a business card, an appointment (vCard 2.1, vCalendar 1.0).

The data is the card's text; it goes to the port that phones have for it (Nokia Smart Messaging
3.0.0; IANA: 9204 wap-vcard, 9205 wap-vcal). Lines end in CR LF on the air, however they are ended
in the data; a card in one line with `\r\n` or `\n` written out is read as lines.
Characters beyond ASCII go in UTF-8: a line that has any, in a card of the versions that know the
parameter, gets `CHARSET=UTF-8` and `ENCODING=8BIT` (vCard 2.1, 2.1.5 and 2.1.7) unless it says a
CHARSET itself.
Guarantees: nothing else of a card is changed. What it says is not checked.
"""

from __future__ import annotations

import re
from typing import Final

from habar.wire.content.ports import CLASS_1_OCTETS, ports
from habar.wire.content.values import Content, UnreadableContent

_VCARD_PORT: Final = ports(9204)
_VCALENDAR_PORT: Final = ports(9205)
_LINE_END = re.compile(r"\r\n|\r|\n")
_WRITTEN_LINE_END = re.compile(r"\\r\\n|\\n")
_OLD_VERSION = re.compile(r"VERSION:\s*(?:1\.0|2\.1)\s*", re.IGNORECASE)


def vcard(data: str) -> Content:
    """Read a business card. Raises UnreadableContent."""
    return _card(data, "VCARD", _VCARD_PORT)


def vcalendar(data: str) -> Content:
    """Read an appointment. Raises UnreadableContent."""
    return _card(data, "VCALENDAR", _VCALENDAR_PORT)


def _card(data: str, kind: str, port: bytes) -> Content:
    lines = _lines(data)
    if lines[0].rstrip().upper() != f"BEGIN:{kind}":
        raise UnreadableContent(f"the first line is not BEGIN:{kind}")
    if lines[-1].rstrip().upper() != f"END:{kind}":
        raise UnreadableContent(f"the last line is not END:{kind}")
    if any(map(_OLD_VERSION.fullmatch, lines)):
        lines = [_with_charset(line) for line in lines]
    try:
        octets = "".join(f"{line}\r\n" for line in lines).encode("utf-8")
    except UnicodeEncodeError:
        raise UnreadableContent("a character that is none (half of a surrogate pair)") from None
    return Content(CLASS_1_OCTETS, 0, port, octets)


def _lines(data: str) -> list[str]:
    card = data.strip().removeprefix("\ufeff")
    lines = _LINE_END.split(card)
    if len(lines) == 1:
        lines = _WRITTEN_LINE_END.split(card)
    if not lines[-1]:  # the end of the last line, written out
        lines = lines[:-1]
    return lines or [""]


def _with_charset(line: str) -> str:
    name, colon, value = line.partition(":")
    if value.isascii() or line[:1].isspace() or "CHARSET=" in name.upper():
        return line
    encoding = "" if "ENCODING=" in name.upper() else ";ENCODING=8BIT"
    return f"{name};CHARSET=UTF-8{encoding}{colon}{value}"
