"""From octets to parameters: every leniency, and every refusal."""

from __future__ import annotations

import pytest

from habar.wire.http.form import MAX_FORM, FormFault, messages, read
from habar.wire.http.form.parameters import MAX_PARAMETERS, Parameters

FORM = "application/x-www-form-urlencoded"


def value(query: bytes = b"", body: bytes = b"", content_type: str = "", name: str = "a") -> str:
    return read(query, content_type, body).get(name)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"a=1", "1"),
        (b"A=1", "1"),
        (b"b=2&a=1", "1"),
        (b"?a=1", "1"),
        (b"b=2&amp;a=1", "1"),
        (b"b=2&amp;amp;a=1", "1"),
        pytest.param(b"b=2&" + b"amp;" * (MAX_FORM // 4 - 4) + b"a=1", "1", id="garbled for long"),
        (b"%41=1", "1"),
        (b" a =1", "1"),
        (b"+a+=1", "1"),
        (b"a=1=2", "1=2"),
        (b"a=x+y%20z", "x y z"),
        (b"a=%2B7%26%3D", "+7&="),
        (b"a=100%", "100%"),
        (b"a=100%25%zz%4", "100%%zz%4"),
        ("a=Сәлем".encode(), "Сәлем"),
        (b"a=%D0%A1%D3%99", "Сә"),
        (b"a=1&a=2", "2"),
        (b"a=1&a=", "1"),
        (b"a=", ""),
        (b"a", ""),
        (b"", ""),
        (b"&&=&a=1&", "1"),
        (b"a=1;b=2", "1;b=2"),
    ],
)
def test_a_query(query: bytes, expected: str) -> None:
    assert value(query) == expected


@pytest.mark.parametrize("content_type", [FORM, "", "text/plain", "multipart/form-data", 'x;;="'])
def test_a_form_body_whatever_it_is_called(content_type: str) -> None:
    assert value(body=b"\xef\xbb\xbf\r\n b=2&a=x+y\r\n", content_type=content_type) == "x y"


def test_the_body_counts_before_the_query_and_fills_it_up() -> None:
    parameters = read(b"a=query&b=query&c=query", FORM, b"b=body&c=")
    assert [parameters.get(name) for name in "abc"] == ["query", "body", "query"]


def multipart(*parts: bytes, boundary: bytes = b"----x7", end: bytes = b"--\r\n") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + (
        b"--" + boundary + end
    )


PART = b'Content-Disposition: form-data; name="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (multipart(PART + b"x+y%20&b=1"), "x+y%20&b=1"),
        (multipart(PART + b"one\r\ntwo\r\n"), "one\r\ntwo\r\n"),
        (multipart(PART.replace(b'"a"', b"A") + b"1"), "1"),
        (multipart(PART.replace(b"form-data", b'form-data; filename="f"') + b"1"), "1"),
        (multipart(b"Content-Type: text/plain; charset=utf-8\r\n" + PART + "ә".encode()), "ә"),
        (multipart(PART.replace(b'"a"', b'"b"') + b"2", PART + b"1"), "1"),
        (multipart(b"no head", PART + b"1"), "1"),
        (multipart(PART + b"1", end=b""), "1"),
        (multipart(PART + b"1").replace(b"\r\n", b"\n"), "1"),
        (b"\r\n" + multipart(PART + b"1"), "1"),
        (multipart(PART + b"--not the boundary"), "--not the boundary"),
        (multipart(PART), ""),
        (b"------x7", ""),
        (b"--", ""),
    ],
)
@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=----x7", 'Multipart/Form-Data;boundary="----x7"', "", FORM],
)
def test_multipart(body: bytes, expected: str, content_type: str) -> None:
    assert value(body=body, content_type=content_type) == expected


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("a=привет".encode("cp1251"), "a is not UTF-8"),
        (b"a=%EF%F0%E8", "a is not UTF-8"),
        (b"a=%ED%A0%80", "a is not UTF-8"),
        (b"a=x%00", "a has a NUL character in it"),
    ],
)
def test_values_that_are_no_text(query: bytes, words: str) -> None:
    parameters = read(query + b"&b=1", "", b"")
    assert parameters.get("b") == "1"
    with pytest.raises(FormFault, match=words) as raised:
        parameters.get("a")
    assert raised.value.words == words


def test_what_is_missing_is_named() -> None:
    with pytest.raises(FormFault, match=r"^recipient is missing$"):
        read(b"recipient=", "", b"").required("recipient")


def test_too_much_is_refused() -> None:
    fits = b"a=" + b"1" * (MAX_FORM - 2)
    assert len(value(fits)) == MAX_FORM - 2
    for query, body in ((fits, b"1"), (b"1", fits)):
        with pytest.raises(FormFault, match="larger than"):
            read(query, "", body)


@pytest.mark.parametrize("in_body", [False, True])
def test_too_many_are_refused(in_body: bool) -> None:
    def parameters(count: int) -> tuple[bytes, str, bytes]:
        form = b"&".join([b"a=1"] * count)
        return (b"", "", form) if in_body else (form, "", b"")

    assert read(*parameters(MAX_PARAMETERS)).get("a") == "1"
    with pytest.raises(FormFault, match="more than"):
        read(*parameters(MAX_PARAMETERS + 1))
    with pytest.raises(FormFault, match="more than"):
        read(*parameters(200_000))


def test_no_value_shows_in_a_repr() -> None:
    assert "s3cret" not in repr(read(b"password=s3cret", "", b""))


class Counted(bytes):
    """Octets that know how often they were read."""

    times = 0

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        self.times += 1
        return super().decode(encoding, errors)


@pytest.mark.parametrize("octets", [b"SHOP", b"\xff"])
def test_a_value_is_read_once_however_many_messages_ask_for_it(octets: bytes) -> None:
    default = Counted(octets)
    parameters = Parameters(
        {"messagecount": b"1000", "recipient": b"7", "messagedata": b"x", "originator": default}
    )
    assert len(messages(parameters)) == 1000
    assert default.times == 1
