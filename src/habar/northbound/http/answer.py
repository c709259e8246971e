"""An HTTP answer's octets, built by hand. Pure: the date is an argument.

Guarantees: no header given by an endpoint can break out of its line.
Does not know: connections, whose order the answers keep.
"""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus

from habar.northbound.http.request import Headers

CLOSE = b"Connection: close\r\n"
KEEP_ALIVE = b"Connection: keep-alive\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_WITHOUT_BODY = frozenset({204, 304})


def _status_line(status: int) -> bytes:
    known = status in HTTPStatus._value2member_map_
    phrase = HTTPStatus(status).phrase if known else "Status"
    return b"HTTP/1.1 %d %b\r\n" % (status, phrase.encode())


_STATUS_LINES = {status: _status_line(status) for status in range(200, 600)}


class BadAnswer(ValueError):
    """An endpoint's answer cannot be sent: unknown status, or a header that would end its line."""


def date_line(epoch_seconds: float) -> bytes:
    """Give the Date header's line for a time."""
    return b"Date: %b\r\n" % formatdate(epoch_seconds, usegmt=True).encode()


def header_lines(headers: Headers) -> bytes:
    """Give the headers' lines. Raises BadAnswer where one holds CR, LF or NUL."""
    if not headers:
        return b""
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    count = len(headers)
    if lines.count(b"\n") != count or lines.count(b"\r") != count or b"\0" in lines:
        raise BadAnswer("a header with a line's end in it")
    return lines


def encode(
    status: int, headers: Headers, body: bytes, *, date: bytes, connection: bytes = b""
) -> bytes:
    """Give the answer's octets. `date` and `connection` are whole lines. Raises BadAnswer."""
    first = _STATUS_LINES.get(status)
    if first is None:
        raise BadAnswer(f"status {status}")
    lines = header_lines(headers)
    if status in _WITHOUT_BODY:
        return b"%b%b%b%b\r\n" % (first, date, lines, connection)
    return b"%b%bContent-Length: %d\r\n%b%b\r\n%b" % (
        first,
        date,
        len(body),
        lines,
        connection,
        body,
    )


def encode_head_only(status: int, headers: Headers, *, date: bytes, connection: bytes) -> bytes:
    """Give the answer to a HEAD: no body, and nothing said about its length. Raises BadAnswer."""
    return b"%b%b%b%b\r\n" % (_STATUS_LINES[status], date, header_lines(headers), connection)
