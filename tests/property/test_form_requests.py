"""Any octets: Parameters or a FormFault; any texts: an answer that its readers can read."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qsl, quote_plus

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from habar.model.account import HttpReply
from habar.model.url import InvalidUrl
from habar.wire.http.form import (
    Answer,
    FormFault,
    ResponseFormat,
    is_package,
    link,
    message_ids,
    messages,
    read,
    response_format,
    speaks,
    write,
)

NAMES = ["action", "recipient", "messagedata", "messagecount", "recipient1", "MessageID", "xml"]
SCRAPS = [
    b"&", b"=", b"?", b"%", b"%4", b"%00", b"%FF", b"+", b";", b"&amp;", b"\r\n", b"\r\n\r\n",
    b"--", b"--x", b"--x--", b"\r\n--x\r\n", b"Content-Disposition: form-data; name=", b'"', b"<",
    "ә".encode(), b"\xff", b"\x00", *(name.encode() for name in NAMES), b"2", b"1001",
]  # fmt: skip
octets = st.lists(st.sampled_from(SCRAPS) | st.binary(max_size=8), max_size=30).map(b"".join)
content_types = st.sampled_from(["", "multipart/form-data; boundary=x", "text/plain"]) | st.text()
texts = st.text(max_size=30) | st.sampled_from(["]]>", "<a>", "&amp;", "\r\n", "\x00", "\ufffe"])
values = texts.filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))


@given(octets, content_types, octets)
def test_any_octets_are_read_or_refused(query: bytes, content_type: str, body: bytes) -> None:
    is_package(query, body)
    speaks(query, body)
    with suppress(FormFault):
        parameters = read(query, content_type, body)
        for ask in (messages, message_ids, response_format):
            with suppress(FormFault):
                ask(parameters)


@given(st.dictionaries(st.sampled_from(NAMES[:4]), values.filter(lambda t: "\0" not in t)))
def test_what_is_written_is_read(wanted: dict[str, str]) -> None:
    form = "&".join(f"{name}={quote_plus(value)}" for name, value in wanted.items()).encode()
    for query, body in ((form, b""), (b"", form)):
        found = read(query, "", body)
        assert {name: found.get(name) for name in wanted} == wanted


@given(
    st.lists(st.fixed_dictionaries({"statuscode": st.just("1"), "statusmessage": texts,
                                    "messagedata": texts}), min_size=1, max_size=3),
    texts,
    st.sampled_from(["sendmessage", "error"]),
    st.sampled_from(HttpReply),
)  # fmt: skip
def test_answers_can_be_read(
    items: list[dict[str, str]], url: str, action: str, shape: HttpReply
) -> None:
    answer = Answer(action, "acceptreport", items, continueurl=url)
    root = etree.fromstring(write(answer, ResponseFormat.XML, shape))
    assert sum(1 for _ in root.iter("acceptreport")) == len(items)
    page = html.document_fromstring(write(answer, ResponseFormat.HTML, shape))
    assert sum(1 for _ in page.iter("table")) == len(items)
    pairs = parse_qsl(write(answer, ResponseFormat.URLENCODED, shape).decode("ascii"))
    assert ("action", action) in pairs


@given(texts.map(lambda text: "http://a/" + text), texts)
def test_links_are_printable_ascii(url: str, value: str) -> None:
    with suppress(InvalidUrl):
        made = link(url, {"statuscode": "0", "messagedata": value})
        assert made.isascii()
        assert made.isprintable()
        assert " " not in made
