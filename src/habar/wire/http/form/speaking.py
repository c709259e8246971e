"""Whose a request is, the XML protocol's or the HTTP protocol's: both are served at one path.

Seen from the request line's query and the body, never from the content type: real programs declare
a form for an XML document. Pure, and quick, for it stands before every request: of a body no more
than the first _LOOKED_AT octets are looked at.
"""

from __future__ import annotations

import re

from habar.wire.http.xml.reading import BLANK

_LOOKED_AT = 65_536
_XML_FIELD = re.compile(
    rb"(?:^|&)xml=(?:[\s+]|%20|%0[9AD]|\xef\xbb\xbf|%EF%BB%BF)*(?:<|%3C)", re.IGNORECASE
)
_NAMES = (
    rb"(?:action|username|password|recipient|originator|messagedata|messagetype|messagecount)[0-9]*"
)
_OWN_NAME = re.compile(rb"(?:^|[?&;])" + _NAMES + rb"=", re.IGNORECASE)
_OWN_PART = re.compile(rb"[;\s]name=\"?" + _NAMES + rb"[\"\r\n]", re.IGNORECASE)
"""In multipart/form-data."""
_PACKAGE_TAG = re.compile(rb"</?package")


def is_package(query: bytes, body: bytes) -> bool:
    """Whether it carries an XML document: as its body, or in a field `xml`."""
    content = body[:_LOOKED_AT].lstrip(BLANK)
    if content.startswith(b"<"):
        return True
    return _XML_FIELD.search(query) is not None or _XML_FIELD.search(content) is not None


def speaks(query: bytes, body: bytes) -> bool:
    """Whether a parameter of the HTTP protocol stands in it, and no broken package."""
    if _OWN_NAME.search(query):
        return True
    content = body[:_LOOKED_AT].lstrip(BLANK)
    if _PACKAGE_TAG.search(content):
        return False
    return _OWN_NAME.search(content) is not None or _OWN_PART.search(content) is not None
