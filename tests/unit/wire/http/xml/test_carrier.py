"""Where the document stands in a request: body, form field, query."""

from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from habar.wire.http.xml import PackageFault, document_of

FORM = "application/x-www-form-urlencoded"
TEXT = """<?xml version="1.0"?>
<package login="a" password="b+c"><message><msg>Сәлем &amp; 100%</msg></message></package>"""
DOCUMENT = TEXT.encode()


@pytest.mark.rule("xml.any-content-type")
@pytest.mark.parametrize(
    "content_type", ["", "text/xml", "application/xml", FORM, "text/plain; x", "%"]
)
@pytest.mark.parametrize("before", [b"", b"\n ", b"\xef\xbb\xbf", b" \xef\xbb\xbf\r\n"])
def test_a_body_that_is_a_document_under_any_type(content_type: str, before: bytes) -> None:
    assert document_of(b"", content_type, before + DOCUMENT) == before + DOCUMENT


@pytest.mark.rule("xml.get-query")
@pytest.mark.parametrize("quoting", [quote, quote_plus])
def test_a_query_parameter(quoting: Callable[[str], str]) -> None:
    query = b"x=1&xml=" + quoting(TEXT).encode() + b"&y=2"
    assert document_of(query, "", b"") == DOCUMENT


@pytest.mark.rule("xml.get-query")
def test_raw_spaces_and_raw_utf_8_in_the_query() -> None:
    document = "<package key='k'><message><msg>Vash kod 12 привет</msg></message></package>"
    assert document_of(f"xml={document}".encode(), "", b"") == document.encode()


@pytest.mark.rule("xml.form-field")
@pytest.mark.parametrize(
    "content_type", [FORM, FORM + "; charset=UTF-8", FORM.upper(), "", "text/xml"]
)
def test_a_form_field(content_type: str) -> None:
    assert document_of(b"", content_type, b"xml=" + quote_plus(TEXT).encode()) == DOCUMENT


@pytest.mark.rule("xml.form-field")
def test_a_form_field_behind_others_needs_the_type() -> None:
    body = b"a=b&xml=" + quote_plus(TEXT).encode()
    assert document_of(b"", FORM, body) == DOCUMENT
    with pytest.raises(PackageFault):
        document_of(b"", "text/plain", body)


def test_the_body_wins_over_the_query() -> None:
    assert document_of(b"xml=%3Cother/%3E", "", DOCUMENT) == DOCUMENT
    assert document_of(b"xml=%3Cother/%3E", FORM, b"xml=%3Cmine/%3E") == b"<mine/>"


@pytest.mark.parametrize("body", [b"", b"\n", b"xml=", b"a=b", b"junk"])
def test_a_body_without_a_document_leaves_the_query(body: bytes) -> None:
    assert document_of(b"xml=%3Cquery/%3E", FORM, body) == b"<query/>"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (b"", b""),
        (b"", b"hello"),
        (b"xml", b""),
        (b"xml=", b"xml="),
        (b"XML=%3Ca/%3E", b""),
        (b"axml=%3Ca/%3E", b"a=xml=1"),
        (b"action=sendmessage&recipient=7", b""),
    ],
)
def test_no_document_is_201(query: bytes, body: bytes) -> None:
    with pytest.raises(PackageFault) as caught:
        document_of(query, FORM, body)
    assert caught.value.code == 201


def test_the_first_field_that_is_not_empty_counts() -> None:
    assert document_of(b"xml=&xml=%3Ca/%3E&xml=%3Cb/%3E", "", b"") == b"<a/>"


def test_broken_percent_signs_are_left_alone() -> None:
    assert document_of(b"xml=%3Ca%3E50%!%zz%3C/a%3E%", "", b"") == b"<a>50%!%zz</a>%"
