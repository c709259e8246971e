"""The request as an endpoint sees it."""

from __future__ import annotations

import pytest

from habar.northbound.http.request import Request


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/api", b"/api", b""),
        (b"/api?", b"/api", b""),
        (b"/api?a=b?c", b"/api", b"a=b?c"),
        (b"/?x", b"/", b"x"),
    ],
)
def test_path_and_query_are_the_target_s_halves(target, path, query):
    request = Request(b"GET", target)
    assert (request.path, request.query) == (path, query)


def test_headers_are_found_by_lower_case_names():
    request = Request(b"GET", b"/", headers={b"host": b"gw:809", b"a": b""})
    assert request.header(b"host") == b"gw:809"
    assert request.header(b"none") == b""
    assert request.host == "gw:809"
    assert Request(b"GET", b"/").host == ""
    assert Request(b"GET", b"/", headers={b"host": b"\xff"}).host == ""


def test_its_repr_has_no_secrets():
    said = repr(Request(b"POST", b"/api?password=s3cret", body=b"s3cret"))
    assert said == "<Request b'POST' b'/api' 6 octets>"
