r"""A body of multipart/form-data (RFC 7578): what PHP's curl sends when it is given an array.

Lenient: the boundary is taken from the body where the content type is missing or says none; a
closing boundary may be missing. A file's content counts as a value. Content-Transfer-Encoding,
which RFC 7578 forbids here, is not looked at. Pure; whatever the octets are, nothing is raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TYPE = re.compile(r"\s*multipart/form-data\s*(?:;|\Z)", re.IGNORECASE)
_BOUNDARY = re.compile(
    r';\s*boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE
)
_FIRST_LINE = re.compile(
    rb"--([^\r\n]{1,200})\r?\n(?:[^\r\n]+\r?\n){0,3}?Content-Disposition[ \t]*:[ \t]*form-data",
    re.IGNORECASE,
)
_NAME = re.compile(rb'[;\s]name\s*=\s*(?:"([^"\r\n]*)"|([^\s;"]+))', re.IGNORECASE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


def boundary_of(content_type: str, body: bytes) -> bytes:
    """The boundary of a multipart body, b"" where it is none."""
    if not body.startswith(b"--"):
        return b""
    declared = _BOUNDARY.search(content_type) if _TYPE.match(content_type) else None
    if declared:
        boundary = (declared[1] or declared[2]).encode("latin-1", "replace")
        if body.startswith(b"--" + boundary):
            return boundary
    found = _FIRST_LINE.match(body)
    return found[1].rstrip() if found else b""


def fields(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and values of the parts, in their order; parts without a name are passed over."""
    delimiter = b"\n--" + boundary
    start = len(delimiter) - 1
    while 0 < start < len(body) and not body.startswith(b"--", start):
        end = body.find(delimiter, start)
        part = body[start:] if end < 0 else body[start:end].removesuffix(b"\r")
        head, value = _split(part)
        name = _NAME.search(head)
        if name:
            yield (name[1] if name[1] is not None else name[2]), value
        start = end + len(delimiter) if end >= 0 else -1


def _split(part: bytes) -> tuple[bytes, bytes]:
    """A part's header and its content."""
    found = _HEAD_END.search(part)
    return (part[: found.start()], part[found.end() :]) if found else (part, b"")
