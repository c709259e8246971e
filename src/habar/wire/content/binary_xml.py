"""SMS:BINARY:XML: an SMS told field by field, each in hexadecimal.

    <sms><pid>00</pid><dcs>F5</dcs><udh>0605040B8423F0</udh><ud>EA06…</ud></sms>

`udh` has its length octet. `ud` is what follows it: octets, UTF-16BE, or under a 7-bit `dcs` one
septet an octet, as SMPP carries them (SMPP 3.4, 5.2.22). `pid` and `dcs` are 00 where they are
absent, `udh` and `ud` empty.
Guarantees: what is sent is what was written, save that what one SMS cannot hold is cut into parts.
"""

from lxml import etree

from habar.wire.content.hexadecimal import octet, octets
from habar.wire.content.markup import attributes_of, fields_of, root_of
from habar.wire.content.values import Content, UnreadableContent
from habar.wire.text import Encoding, parse_udh

_FIELDS = ("pid", "dcs", "udh", "ud")


def binary_xml(data: str) -> Content:
    """Read the fields. Raises UnreadableContent."""
    fields = _fields(root_of(data, "sms"))
    content = Content(
        octet(fields.get("dcs") or "00", "dcs"),
        octet(fields.get("pid") or "00", "pid"),
        _elements(octets(fields.get("udh", ""), "udh")),
        octets(fields.get("ud", ""), "ud"),
    )
    alphabet, user_data = content.alphabet, content.data
    if alphabet is Encoding.GSM7 and user_data and max(user_data) > 0x7F:
        raise UnreadableContent("ud: an octet over 7F, where dcs says septets")
    if alphabet is Encoding.UCS2 and len(user_data) % 2:
        raise UnreadableContent("ud: an odd number of octets, where dcs says UCS-2")
    return content


def _fields(sms: etree._Element) -> dict[str, str]:
    attributes_of(sms, ())
    fields = fields_of(sms, _FIELDS)
    if not (fields.get("ud") or fields.get("udh")):
        raise UnreadableContent("sms: neither udh nor ud")
    return fields


def _elements(udh: bytes) -> bytes:
    """The information elements of a header. Raises UnreadableContent where it is garbled."""
    if not udh:
        return b""
    read = parse_udh(udh)
    held = sum(2 + len(content) for _, content in read.elements)
    if read.size != len(udh) or held != len(udh) - 1:
        raise UnreadableContent("udh: its lengths do not agree with its octets")
    if len(udh) > 140:
        raise UnreadableContent("udh: over 140 octets")
    return udh[1:]
