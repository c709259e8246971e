"""Whose a request is."""

from __future__ import annotations

import pytest

from habar.wire.http.form import is_package, speaks


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (b"", b"<package/>"),
        (b"", b"\xef\xbb\xbf\r\n <package/>"),
        (b"action=sendmessage", b"<package/>"),
        (b"xml=%3Cpackage/%3E", b""),
        (b"xml=%3cpackage/%3E", b""),
        (b"xml=<package/>", b""),
        (b"a=1&xml=+%0A%3Cpackage/%3E", b""),
        (b"", b"xml=%EF%BB%BF%3Cpackage/%3E"),
        (b"", b"a=1&xml=%3Cpackage/%3E"),
    ],
)
def test_a_package(query: bytes, body: bytes) -> None:
    assert is_package(query, body)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (b"action=sendmessage&messagedata=a", b""),
        (b"", b"Action=sendmessage"),
        (b"", b"\r\n action=sendmessage"),
        (b"", b"--x\r\nContent-Disposition: form-data; name=ACTION\r\n\r\nsendmessage"),
        (b"", b"a=1&messagedata0=a<b"),
        (b"?USERNAME=a", b""),
        (b"a=1&amp;recipient0=7", b""),
        (b"", b'--x\r\nContent-Disposition: form-data; name="action"\r\n\r\nsendmessage'),
        (b"action=sendmessage&reporturl=http://a/?xml=1", b""),
        (b"action=sendmessage&messagedata=%26xml=%3Ca", b""),
        (b"messagedata=<b>", b""),
    ],
)
def test_the_http_protocol(query: bytes, body: bytes) -> None:
    assert not is_package(query, body)
    assert speaks(query, body)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (b"", b""),
        (b"xml=", b""),
        (b"xml=garbage", b""),
        (b"", b"garbage"),
        (b"", b'spackage login="a" password="b"><message/></package>'),
        (b"", b'password="b"><message><msg recipient="7"/></message></package>'),
        (b"", b'x<package login="a"&password="b"/>'),
        (b"", b'<msg recipient="7"'.lstrip(b"<")),
        (b"transaction=1", b"{}"),
    ],
)
def test_neither(query: bytes, body: bytes) -> None:
    assert not is_package(query, body)
    assert not speaks(query, body)


def test_no_more_than_the_beginning_of_a_body_is_looked_at() -> None:
    far = b"&" * 100_000
    assert not is_package(b"", far + b"xml=%3Ca/%3E")
    assert not speaks(b"", far + b"action=sendmessage")
    assert speaks(b"action=sendmessage", far)
