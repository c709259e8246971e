"""An answer's octets."""

from __future__ import annotations

import pytest

from habar.northbound.http.answer import (
    CLOSE,
    BadAnswer,
    date_line,
    encode,
    encode_head_only,
)

DATE = date_line(0)


def test_an_answer_octet_by_octet():
    assert DATE == b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    octets = encode(200, [(b"A", b"b"), (b"C", b"")], b"body", date=DATE, connection=CLOSE)
    assert octets == (
        b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 4\r\n"
        b"A: b\r\nC: \r\nConnection: close\r\n\r\nbody"
    )


def test_no_content_has_no_length():
    assert encode(204, [], b"ignored", date=DATE) == b"HTTP/1.1 204 No Content\r\n" + DATE + b"\r\n"


def test_a_status_without_a_name_can_be_sent():
    assert encode(299, [], b"", date=DATE).startswith(b"HTTP/1.1 299 Status\r\n")


def test_a_head_says_nothing_of_the_length():
    octets = encode_head_only(200, [(b"Allow", b"GET")], date=DATE, connection=b"")
    assert octets == b"HTTP/1.1 200 OK\r\n" + DATE + b"Allow: GET\r\n\r\n"


@pytest.mark.parametrize("octets", [b"a\r\nb: c", b"a\nb", b"a\rb", b"a\x00b"])
def test_no_header_breaks_out_of_its_line(octets):
    for header in ((octets, b"v"), (b"n", octets)):
        with pytest.raises(BadAnswer):
            encode(200, [header], b"", date=DATE)


@pytest.mark.parametrize("status", [0, 100, 199, 600, -1])
def test_no_other_status_is_sent(status):
    with pytest.raises(BadAnswer):
        encode(status, [], b"", date=DATE)
