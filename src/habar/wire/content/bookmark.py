"""SMS:WAPPUSH:BOOKMARK: a link for the handset's bookmarks.

    <CHARACTERISTIC-LIST>
      <CHARACTERISTIC TYPE="BOOKMARK">
        <PARM NAME="NAME" VALUE="Shop"/><PARM NAME="URL" VALUE="http://shop.kz"/>
      </CHARACTERISTIC>
    </CHARACTERISTIC-LIST>

The document and its tokens are those of Nokia's and Ericsson's Over The Air Settings Specification
(7.0), which phones of most makers have taken; no standard of the WAP Forum has a bookmark by SMS.
Guarantees: for any data a Content or UnreadableContent. Opens no link.
"""

from typing import Final

from lxml import etree

from habar.wire.content import wbxml, wsp
from habar.wire.content.markup import attributes_of, children_of, root_of
from habar.wire.content.ports import CLASS_1_OCTETS, ports
from habar.wire.content.values import Content, UnreadableContent
from habar.wire.content.wappush import url_of

_SETTINGS_PORTS: Final = ports(49999, 49154)
_TYPE: Final = wsp.named_type("application/x-wap-prov.browser-bookmarks")
_WBXML_1_1, _UNKNOWN_PUBLIC_ID = 0x01, 0x01
_LIST, _CHARACTERISTIC, _PARM = 0x05, 0x06, 0x07
_TYPE_BOOKMARK: Final = b"\x7f"
_NAME_NAME, _NAME_URL, _VALUE = b"\x15", b"\x17", b"\x11"


def bookmark(data: str) -> Content:
    """Read a list of bookmarks. Raises UnreadableContent."""
    root = root_of(data, "characteristic-list")
    attributes_of(root, ())
    entries = children_of(root, ("characteristic",))
    if not entries:
        raise UnreadableContent("characteristic-list: no characteristic in it")
    body = wbxml.element(_LIST, content=b"".join(map(_entry, entries)))
    document = wbxml.document(_WBXML_1_1, _UNKNOWN_PUBLIC_ID, body)
    return Content(CLASS_1_OCTETS, 0, _SETTINGS_PORTS, wsp.push(_TYPE, document))


def _entry(entry: etree._Element) -> bytes:
    if attributes_of(entry, ("type",)).get("type", "").upper() != "BOOKMARK":
        raise UnreadableContent("characteristic: its type is not BOOKMARK")
    values: dict[str, str] = {}
    for parm in children_of(entry, ("parm",)):
        given = attributes_of(parm, ("name", "value"))
        name = given.get("name", "").upper()
        if name not in ("NAME", "URL") or name in values:
            raise UnreadableContent("parm: not one NAME and one URL")
        values[name] = given.get("value", "")
    url = url_of(values.get("URL", ""), "URL")
    name = values.get("NAME", "").strip() or url
    return wbxml.element(
        _CHARACTERISTIC, _TYPE_BOOKMARK, _parm(_NAME_NAME, name) + _parm(_NAME_URL, url)
    )


def _parm(name: bytes, value: str) -> bytes:
    return wbxml.element(_PARM, name + _VALUE + wbxml.string(value))
