"""Leniency with the request line, without sockets."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from habar.northbound.http.request_line import (
    WELL_FORMED,
    BadRequestLine,
    RequestLine,
    origin_form,
    repair,
    without_upgrade,
)


class Parsed:
    def __init__(self, head: bytes) -> None:
        self.url = b""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(head)

    def on_url(self, url: bytes) -> None:
        self.url += url


# NUL, CR and LF cannot stand in a line; an origin (http://…) would be taken off
raw_targets = st.binary(max_size=60).map(
    lambda octets: b"/" + octets.translate(None, delete=b"\x00\r\n")
)


@given(raw_targets)
@example(b"/" + bytes(range(1, 10)) + bytes(range(14, 256)))
def test_every_raw_target_becomes_one_that_the_parser_takes_and_means_the_same(raw):
    line = repair(b"GET " + raw + b" HTTP/1.1")
    assert WELL_FORMED.fullmatch(line.encode())
    assert Parsed(line.encode() + b"\r\n\r\n").url == line.target
    assert httptools.parse_url(line.target).path is not None
    assert unquote_to_bytes(line.target) == unquote_to_bytes(raw)


@given(raw_targets)
def test_what_is_well_formed_is_what_needs_no_repair(raw):
    line = b"GET " + raw + b" HTTP/1.1"
    if WELL_FORMED.fullmatch(line):
        assert repair(line).encode() == line


def test_the_first_word_is_the_method_and_the_last_the_version():
    line = repair("POST /api?t=Vash kod 12 привет HTTP/1.0".encode())
    assert (line.method, line.minor) == (b"POST", b"0")
    assert line.target.startswith(b"/api?t=Vash%20kod%2012%20%D0%BF")


def test_white_space_around_the_target_is_the_separators_own():
    assert repair(b"GET   /a HTTP/1.1  ") == RequestLine(b"GET", b"/a", b"1")
    assert repair(b"GET /a  HTTP/1.1").target == b"/a%20"
    assert repair(b"GET HTTP/1.1").target == b"/"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"GET", 400),
        (b"GET /", 400),
        (b" GET / HTTP/1.1", 400),
        (b"GET / http/1.1", 400),
        (b"GET / HTTP/1.1x", 400),
        (b"GET / HTTP/1.2", 505),
        (b"GET / HTTP/3.1", 505),
    ],
)
def test_the_unreadable_has_a_status(raw, status):
    with pytest.raises(BadRequestLine) as refused:
        repair(raw)
    assert refused.value.status == status


@pytest.mark.parametrize("raw", [b"*", b"gw:443", b"api", b"ftp://gw/"])
def test_only_origin_and_absolute_forms_are_targets(raw):
    with pytest.raises(BadRequestLine):
        origin_form(raw)


def test_an_upgrade_is_taken_out_and_nothing_else():
    head = b"GET / HTTP/1.1\r\nUpgrade: h2c\r\nX-Upgrade: a\r\nConnection: Upgrade\r\n\r\n"
    assert without_upgrade(head) == (
        b"GET / HTTP/1.1\r\nX-Upgrade: a\r\nConnection: Upgrade\r\n\r\n"
    )
