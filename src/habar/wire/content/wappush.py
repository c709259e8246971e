"""SMS:WAPPUSH: a link that the handset shows or opens, as a service indication or loading.

    <si><indication href="http://shop.kz/1" action="signal-high">New prices</indication></si>
    <sl href="http://shop.kz/1" action="execute-low"/>

The documents are those of WAP-167 and WAP-168, as WBXML in a WSP push to port 2948.
Guarantees: for any data a Content or UnreadableContent. Opens no link.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from lxml import etree

from habar.wire.content import wbxml, wsp
from habar.wire.content.markup import attributes_of, children_of, name_of, root_of, text_of
from habar.wire.content.ports import CLASS_1_OCTETS, ports
from habar.wire.content.values import Content, UnreadableContent

_PUSH_PORTS: Final = ports(2948, 9200)
"""From wap-wsp to wap-push (WAP-259, 3)."""
_WBXML_1_2: Final = 0x02
_SI_1_0, _SL_1_0 = 0x05, 0x06
"""Public identifiers (WAP-192, 7.2)."""

_SI, _INDICATION, _INFO, _ITEM = 0x05, 0x06, 0x07, 0x08
"""Tags of WAP-167, 9.3.1."""
_SI_ACTION = {
    "signal-none": b"\x05",
    "signal-low": b"\x06",
    "signal-medium": b"\x07",
    "signal-high": b"\x08",
    "delete": b"\x09",
}
_SI_TIMES = {"created": b"\x0a", "si-expires": b"\x10"}
_SI_HREF = {"": 0x0B, "http://": 0x0C, "http://www.": 0x0D, "https://": 0x0E, "https://www.": 0x0F}
_SI_ID, _CLASS = b"\x11", b"\x12"
"""Attributes of 9.3.2."""

_SL: Final = 0x05
_SL_ACTION = {"execute-low": b"\x05", "execute-high": b"\x06", "cache": b"\x07"} | {
    "signal-low": b"\x05",  # so Ozeki NG's manual writes them
    "signal-high": b"\x06",
    "signal-cache": b"\x07",
}
_SL_HREF = {"": 0x08, "http://": 0x09, "http://www.": 0x0A, "https://": 0x0B, "https://www.": 0x0C}
"""Tag and attributes of WAP-168, 9.3."""

_URL_VALUES = {".com/": 0x85, ".edu/": 0x86, ".net/": 0x87, ".org/": 0x88}
"""The same for both (9.3.3)."""

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)
_NO_URL = re.compile(r"[\s\x00-\x1f\x7f]")


def wappush(data: str) -> Content:
    """Read a service indication or loading. Raises UnreadableContent."""
    root = root_of(data, "si", "sl")
    if name_of(root) == "si":
        content_type, public_id, body = wsp.SERVICE_INDICATION, _SI_1_0, _indication(root)
    else:
        content_type, public_id, body = wsp.SERVICE_LOADING, _SL_1_0, _loading(root)
    document = wbxml.document(_WBXML_1_2, public_id, body)
    return Content(CLASS_1_OCTETS, 0, _PUSH_PORTS, wsp.push(content_type, document))


def url_of(text: str, where: str) -> str:
    """A link as it is written. Raises UnreadableContent for one that is empty or has blanks."""
    url = text.strip()
    if not url or _NO_URL.search(url):
        raise UnreadableContent(f"{where}: no URL")
    return url


def _indication(si: etree._Element) -> bytes:
    attributes_of(si, ())
    children = children_of(si, ("indication", "info"))
    if [name_of(child) for child in children] not in (["indication"], ["indication", "info"]):
        raise UnreadableContent("si: not one indication (and after it at most one info)")
    indication, *info = children
    text = text_of(indication)
    content = wbxml.element(
        _INDICATION, _indication_attributes(indication), wbxml.string(text) if text else b""
    )
    return wbxml.element(_SI, content=content + b"".join(map(_info, info)))


def _indication_attributes(indication: etree._Element) -> bytes:
    given = attributes_of(indication, ("href", "si-id", "created", "si-expires", "action"))
    if not (given.get("href") or given.get("si-id")):
        raise UnreadableContent("indication: neither href nor si-id")
    if given.get("action", "").lower() == "delete" and not given.get("si-id"):
        raise UnreadableContent("indication: action delete without si-id")
    return b"".join(_of_indication(name, value) for name, value in given.items() if value)


def _of_indication(name: str, value: str) -> bytes:
    if name == "href":
        return wbxml.tokenised(url_of(value, "href"), _SI_HREF, _URL_VALUES)
    if name == "action":
        return _action(value, _SI_ACTION)
    if name in _SI_TIMES:
        return _SI_TIMES[name] + wbxml.opaque(_time(value, name))
    return _SI_ID + wbxml.string(value)


def _info(info: etree._Element) -> bytes:
    items = children_of(info, ("item",))
    if not items:
        raise UnreadableContent("info: no item in it")
    return wbxml.element(_INFO, _class(info), b"".join(map(_item, items)))


def _item(item: etree._Element) -> bytes:
    text = text_of(item)
    return wbxml.element(_ITEM, _class(item), wbxml.string(text) if text else b"")


def _class(element: etree._Element) -> bytes:
    given = attributes_of(element, ("class",))
    return _CLASS + wbxml.string(given["class"]) if given else b""


def _loading(sl: etree._Element) -> bytes:
    given = attributes_of(sl, ("href", "action"))
    if children_of(sl, ()):
        raise UnreadableContent("sl: it has no content")
    url = url_of(given.get("href", ""), "href")
    attributes = wbxml.tokenised(url, _SL_HREF, _URL_VALUES)
    if given.get("action"):
        attributes += _action(given["action"], _SL_ACTION)
    return wbxml.element(_SL, attributes)


def _action(value: str, tokens: dict[str, bytes]) -> bytes:
    try:
        return tokens[value.lower()]
    except KeyError:
        raise UnreadableContent(f"action: none of {', '.join(tokens)}") from None


def _time(value: str, name: str) -> bytes:
    """A %DateTime: two digits in an octet, octets of zero at the end left out (WAP-167, 9.2.2)."""
    written = _TIME.fullmatch(value)
    if written is None or not _is_moment(value):
        raise UnreadableContent(f"{name}: no time YYYY-MM-DDThh:mm:ssZ")
    return bytes.fromhex("".join(written.groups())).rstrip(b"\0")


def _is_moment(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
