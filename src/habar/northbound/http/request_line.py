"""The request line, read with the leniency real programs need (spec README, rule 5).

The first word is the method, the last the version, all between is the target. What a target may
not hold (spaces, raw UTF-8, a `#` of a text) is percent-encoded; an absolute form loses its origin
and an empty path becomes `/`. Pure. Does not know: headers, bodies, sockets.
"""

from __future__ import annotations

import re
from typing import NamedTuple

WELL_FORMED = re.compile(rb"([A-Z]{1,20}) (/[!\"$-~]*) HTTP/1\.([01])")
"""A line that the HTTP parser takes as it is: in origin form, printable, without a fragment."""

_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
_METHOD = re.compile(rb"[A-Z]{1,20}")
_ORIGIN = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)
_NOT_ALLOWED = re.compile(rb"[^!\"$-~]")
_LINE_BREAKERS = re.compile(rb"[\r\n\x00]")
_UPGRADE = re.compile(rb"\r\nupgrade[ \t]*:[^\r\n]*", re.IGNORECASE)


class BadRequestLine(ValueError):
    """The line cannot be read; `status` is the HTTP status to refuse with (400 or 505)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class RequestLine(NamedTuple):
    """Method, target in origin form, and the digit after `HTTP/1.`."""

    method: bytes
    target: bytes
    minor: bytes

    def encode(self) -> bytes:
        """Give the line as the HTTP parser takes it, without its end."""
        return b"%b %b HTTP/1.%b" % self


def repair(line: bytes) -> RequestLine:
    """Read a request line that is not well-formed. Raises BadRequestLine."""
    if _LINE_BREAKERS.search(line):
        raise BadRequestLine(400)
    method, _, rest = line.partition(b" ")
    target, _, version = rest.rstrip(b" \t").rpartition(b" ")
    known = _VERSION.fullmatch(version)
    if known is None or _METHOD.fullmatch(method) is None:
        raise BadRequestLine(400)
    if known[1] != b"1" or known[2] not in b"01":
        raise BadRequestLine(505)
    return RequestLine(method, origin_form(target), known[2])


def origin_form(target: bytes) -> bytes:
    """Turn a raw target into origin form (`/path?query`). Raises BadRequestLine."""
    target = _ORIGIN.sub(b"", target.lstrip(b" \t"), count=1) if target else target
    if not target or target.startswith(b"?"):
        target = b"/" + target
    if not target.startswith(b"/"):
        raise BadRequestLine(400)
    return _NOT_ALLOWED.sub(lambda octet: b"%%%02X" % octet[0][0], target)


def without_upgrade(head: bytes) -> bytes:
    """Take an offer to upgrade (Java's and curl's `Upgrade: h2c`) out of a request's head.

    We never upgrade, and the HTTP parser would skip the body of such a request.
    """
    return _UPGRADE.sub(b"", head)
