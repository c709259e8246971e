"""Answers: shapes, formats, and nothing that breaks out of them."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from lxml import etree, html

from habar.model.account import HttpReply
from habar.wire.http.form import ERROR, Answer, ResponseFormat, write

ITEM = {
    "statuscode": "0",
    "statusmessage": "Message accepted for delivery",
    "messageid": "1042",
    "originator": "INFO_KAZ",
    "recipient": "77771234567",
    "messagetype": "SMS:TEXT",
    "messagedata": "Test message.",
}
SENT = Answer("sendmessage", "acceptreport", [ITEM])
REFUSED = {"statuscode": "203", "statusmessage": "no <number>"}
FAILED = Answer(ERROR, "acceptreport", [REFUSED])
HOSTILE = "</messagedata><statuscode>0</statuscode>&\"']]>\r\n\x00\x0b\ufffe\u0085😀"


def xml(answer: Answer, shape: HttpReply = HttpReply.SUPERSET) -> str:
    return write(answer, ResponseFormat.XML, shape).decode()


def test_the_superset_is_the_specifications() -> None:
    assert xml(SENT) == (
        '<?xml version="1.0" encoding="utf-8" ?>\n'
        "<response>\n"
        "  <action>sendmessage</action>\n"
        "  <statuscode>0</statuscode><statusmessage>Message accepted for delivery</statusmessage>"
        "<messageid>1042</messageid><recipient>77771234567</recipient>\n"
        "  <data><acceptreport>\n"
        "    <statuscode>0</statuscode><statusmessage>Message accepted for delivery</statusmessage>"
        "<messageid>1042</messageid>\n"
        "    <originator>INFO_KAZ</originator><recipient>77771234567</recipient>"
        "<messagetype>SMS:TEXT</messagetype><messagedata>Test message.</messagedata>\n"
        "  </acceptreport></data>\n"
        "</response>\n"
    )


def test_the_other_shapes() -> None:
    ozeki = xml(SENT, HttpReply.OZEKI)
    root = xml(SENT).splitlines(keepends=True)[3]
    assert "messageid" in root
    assert ozeki == xml(SENT).replace(root, "")
    documented = etree.fromstring(xml(SENT, HttpReply.DOCUMENTED).encode())
    assert documented.tag == "acceptreport"
    assert [(child.tag, child.text) for child in documented] == list(ITEM.items())


def test_an_error_is_the_specifications() -> None:
    error = "<errorcode>203</errorcode><errormessage>no &lt;number&gt;</errormessage>"
    report = (
        "<acceptreport><statuscode>203</statuscode>"
        "<statusmessage>no &lt;number&gt;</statusmessage></acceptreport>"
    )
    declaration = '<?xml version="1.0" encoding="utf-8" ?>\n'
    assert xml(FAILED) == (
        f"{declaration}<response><action>error</action><statuscode>203</statuscode>{error}"
        f"<data>{error}{report}</data></response>\n"
    )
    assert xml(FAILED, HttpReply.OZEKI) == (
        f"{declaration}<response><action>error</action><data>{error}{report}</data></response>\n"
    )
    assert xml(FAILED, HttpReply.DOCUMENTED) == f"{declaration}{report}\n"


@pytest.mark.parametrize("shape", HttpReply)
def test_several_messages_have_a_report_each(shape: HttpReply) -> None:
    second = {**REFUSED, "recipient": "7"}
    root = etree.fromstring(
        xml(Answer("sendmessage", "acceptreport", [ITEM, second]), shape).encode()
    )
    reports = list(root.iter("acceptreport"))
    assert [report.findtext("statuscode") for report in reports] == ["0", "203"]
    assert [report.findtext("messageid") for report in reports] == ["1042", None]
    if shape is HttpReply.SUPERSET:
        assert (root.findtext("statuscode"), root.findtext("messageid")) == ("0", "1042")


@pytest.mark.parametrize("shape", HttpReply)
@pytest.mark.parametrize("kind", ResponseFormat)
def test_the_first_statuscode_of_an_error_is_not_0(kind: ResponseFormat, shape: HttpReply) -> None:
    text = write(FAILED, kind, shape).decode()
    first = re.search(r"statuscode\D*(\d+)", text)
    assert first is not None
    assert first[1] == "203"


def test_html() -> None:
    page = html.document_fromstring(
        write(Answer("sendmessage", "x", [ITEM, REFUSED]), ResponseFormat.HTML, HttpReply.OZEKI)
    )
    tables = [
        {row.findtext("th"): row.findtext("td") for row in table.iter("tr")}
        for table in page.iter("table")
    ]
    assert tables == [ITEM, REFUSED]


def test_urlencoded() -> None:
    def pairs(answer: Answer) -> list[tuple[str, str]]:
        text = write(answer, ResponseFormat.URLENCODED, HttpReply.OZEKI).decode("ascii")
        return parse_qsl(text, strict_parsing=True)

    assert pairs(SENT) == [("action", "sendmessage"), *ITEM.items()]
    assert pairs(FAILED) == [
        ("action", "error"),
        ("statuscode", "203"),
        ("errorcode", "203"),
        ("errormessage", "no <number>"),
        ("statusmessage", "no <number>"),
    ]
    many = dict(pairs(Answer("sendmessage", "acceptreport", [ITEM, REFUSED])))
    assert (many["messageid"], many["messageid0"], many["statuscode1"]) == ("1042", "1042", "203")


@pytest.mark.parametrize("shape", HttpReply)
@pytest.mark.parametrize("several", [False, True])
def test_what_was_sent_stays_a_value(shape: HttpReply, several: bool) -> None:
    hostile = {**ITEM, "messagedata": HOSTILE, "recipient": HOSTILE}
    answer = Answer("sendmessage", "acceptreport", [hostile] * (1 + several), continueurl=HOSTILE)
    root = etree.fromstring(xml(answer, shape).encode())
    reports = list(root.iter("acceptreport"))
    cleaned = re.sub("[\0\x0b\ufffe]", "\ufffd", HOSTILE)
    assert [report.findtext("messagedata") for report in reports] == [cleaned] * (1 + several)
    assert [each.text for each in root.iter("continueurl")] == [cleaned]
    page = write(answer, ResponseFormat.HTML, shape).decode()
    assert "</messagedata>" not in page
    assert page.count("<table>") == 1 + several
    parsed = parse_qsl(write(answer, ResponseFormat.URLENCODED, shape).decode("ascii"))
    assert ("messagedata", HOSTILE) in parsed


@pytest.mark.parametrize("shape", HttpReply)
@pytest.mark.parametrize("answer", [SENT, FAILED])
def test_a_link_changes_nothing_before_it(answer: Answer, shape: HttpReply) -> None:
    url = "http://shop.kz/?a=1&statuscode=0"
    linked = Answer(answer.action, answer.element, answer.items, continueurl=url)
    for kind, mark in (
        (ResponseFormat.HTML, "<p><a "),
        (ResponseFormat.URLENCODED, "&continueurl="),
    ):
        before, found, _ = write(linked, kind, shape).decode().partition(mark)
        assert found
        assert write(answer, kind, shape).decode().startswith(before)
    root = etree.fromstring(xml(linked, shape).encode())
    assert (root[-1].tag, root[-1].text) == ("continueurl", url)
    bare = etree.fromstring(xml(answer, shape).encode())
    assert [each.tag for each in root.iter()][:-1] == [each.tag for each in bare.iter()]
