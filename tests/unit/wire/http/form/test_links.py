"""continueurl and redirecturl."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from habar.model.url import InvalidUrl
from habar.wire.http.form import RESULTS, link
from habar.wire.http.form.links import LONGEST_VALUE

RESULT = {"statuscode": "0", "messageid": "17", "messagedata": "Сәлем & +7\r\nX: y", "more": "no"}


@pytest.mark.parametrize(
    ("url", "begins"),
    [
        ("http://shop.kz", "http://shop.kz?statuscode=0&"),
        ("http://shop.kz/ok", "http://shop.kz/ok?statuscode=0&"),
        ("http://shop.kz/?", "http://shop.kz/?statuscode=0&"),
        ("http://shop.kz/?a=1", "http://shop.kz/?a=1&statuscode=0&"),
        ("http://shop.kz/?a=1&", "http://shop.kz/?a=1&statuscode=0&"),
        ("http://shop.kz/?a=%D0%A1", "http://shop.kz/?a=%D0%A1&statuscode=0&"),
        ("http://shop.kz/привет?a", "http://shop.kz/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82?a&stat"),
        ("https://[::1]:81/'\"<>", "https://[::1]:81/'%22%3C%3E?statuscode=0"),
    ],
)
def test_the_result_goes_behind_the_urls_own_query(url: str, begins: str) -> None:
    assert link(url, RESULT).startswith(begins)


def test_every_parameter_is_there() -> None:
    found = parse_qsl(urlsplit(link("http://a/?x=1", RESULT)).query, keep_blank_values=True)
    assert [name for name, _ in found] == ["x", *RESULTS]
    assert dict(found)["messagedata"] == RESULT["messagedata"]
    assert dict(found)["deliveredtohandsetdate"] == ""


def test_the_fragment_stays_the_last() -> None:
    parts = urlsplit(link("http://a/#top?x=1", RESULT))
    assert parts.fragment == "top?x=1"
    assert parse_qs(parts.query)["messageid"] == ["17"]


def test_it_is_printable_ascii() -> None:
    made = link("http://shop.kz/\u0085\u2028п?a=\xad", RESULT)
    assert made.isascii()
    assert made.isprintable()
    assert " " not in made


def test_a_value_that_no_server_would_take_is_left_out() -> None:
    for size, there in ((LONGEST_VALUE, True), (LONGEST_VALUE + 1, False)):
        made = link("http://a", {**RESULT, "messagedata": "x" * size})
        assert ("x" * size in made) is there


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//a", "ftp://a", "http://a/\r\nX: y", "http://u:p@a/", "a"]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        link(url, RESULT)
