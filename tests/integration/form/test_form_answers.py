"""What is answered (spec/http.md, "Answer"), and messages asked for by either protocol."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree, html

from habar.model.account import HttpReply
from habar.model.status import MessageState
from habar.store.events import Finished

from .conftest import code, fields, words

ACCEPTED = """<?xml version="1.0" encoding="utf-8" ?>
<response>
  <action>sendmessage</action>
  <statuscode>0</statuscode><statusmessage>Message accepted for delivery</statusmessage><messageid>1</messageid><recipient>77771234567</recipient>
  <data><acceptreport>
    <statuscode>0</statuscode><statusmessage>Message accepted for delivery</statusmessage><messageid>1</messageid>
    <originator>INFO_KAZ</originator><recipient>77771234567</recipient><messagetype>SMS:TEXT</messagetype><messagedata>Test message.</messagedata>
  </acceptreport></data>
</response>
"""  # noqa: E501
REFUSED = (
    '<?xml version="1.0" encoding="utf-8" ?>\n'
    "<response><action>error</action><statuscode>203</statuscode><errorcode>203</errorcode>"
    "<errormessage>{0}</errormessage><data><errorcode>203</errorcode>"
    "<errormessage>{0}</errormessage><acceptreport><statuscode>203</statuscode>"
    "<statusmessage>{0}</statusmessage></acceptreport></data></response>\n"
).format("recipient is not a number of the form 77aabbbccdd")
HOSTILE = "</messagedata>&<statuscode>0\"'\r\n\x01]]>"


@pytest.mark.rule("http.superset", "http.answer-200", "http.answer-content-type")
async def test_the_answer_of_the_specification(caller):
    answer = await caller.get(
        messagetype="SMS:TEXT", originator="INFO_KAZ", messagedata="Test message."
    )
    assert answer.body.decode() == ACCEPTED
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.rule("http.error-layout", "http.answer-200")
async def test_the_error_of_the_specification(caller):
    answer = await caller.get(recipient="x")
    assert (answer.status, answer.body.decode()) == (200, REFUSED)


@pytest.mark.rule("http.documented")
async def test_the_documented_shape(gateway, caller):
    await gateway.change("shop", http_reply=HttpReply.DOCUMENTED)
    answer = await caller.get()
    assert answer.root.tag == "acceptreport"
    assert [each.tag for each in answer.root] == [
        "statuscode", "statusmessage", "messageid", "originator", "recipient", "messagetype",
        "messagedata",
    ]  # fmt: skip
    error = await caller.get(recipient="x")
    assert (error.root.tag, error.root[0].tag, code(error)) == ("acceptreport", "statuscode", "203")
    many = await caller.get(messagecount="2")
    assert [each.findtext("statuscode") for each in many.root.iter("acceptreport")] == ["0", "0"]


@pytest.mark.rule("http.ozeki")
async def test_the_live_shape(gateway, caller):
    await gateway.change("shop", http_reply=HttpReply.OZEKI)
    answer = await caller.get()
    assert [each.tag for each in answer.root] == ["action", "data"]
    assert answer.root.findtext("data/acceptreport/statuscode") == "0"
    error = await caller.get(recipient="x")
    assert [each.tag for each in error.root] == ["action", "data"]
    assert error.root.findtext("data/errorcode") == "203"


@pytest.mark.rule("http.first-statuscode")
@pytest.mark.parametrize("shape", HttpReply)
@pytest.mark.parametrize("kind", ["xml", "html", "urlencoded"])
@pytest.mark.parametrize(
    "wrong", [{"recipient": "x"}, {"recipient": None}, {"action": "x"}, {"password": "x"}]
)
async def test_the_first_statuscode_tells_an_error(gateway, caller, shape, kind, wrong):
    await gateway.change("shop", http_reply=shape)
    good = await caller.get(responseformat=kind)
    bad = await caller.get(responseformat=kind, messagedata="statuscode 0", **wrong)
    first = [re.search(r"statuscode\D*(\d+)", each.body.decode()) for each in (good, bad)]
    assert first[0][1] == "0"
    assert first[1][1] != "0"


@pytest.mark.rule("http.html")
async def test_html(caller):
    answer = await caller.get(responseformat="html", messagedata="<script>alert(1)</script>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = html.document_fromstring(answer.body)
    told = {row.findtext("th"): row.findtext("td") for row in page.iter("tr")}
    assert (told["statuscode"], told["messageid"]) == ("0", "1")
    assert told["messagedata"] == "<script>alert(1)</script>"
    assert not list(page.iter("script"))


@pytest.mark.rule("http.html", "http.urlencoded")
@pytest.mark.parametrize("wrong", [{"password": "x"}, {"username": None}, {"action": "x"}])
async def test_an_error_has_the_format_that_was_asked_for(caller, wrong):
    page = await caller.get(responseformat="html", **wrong)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    flat = fields(await caller.get(responseformat="urlencoded", **wrong))
    assert (flat["action"], flat["statuscode"] != "0") == ("error", True)


@pytest.mark.rule("http.urlencoded")
async def test_urlencoded(caller):
    answer = await caller.get(responseformat="urlencoded", messagedata="a&b=c+d Сәлем")
    assert answer.headers["content-type"] == "application/x-www-form-urlencoded"
    told = fields(answer)
    assert (told["action"], told["statuscode"], told["messageid"]) == ("sendmessage", "0", "1")
    assert told["messagedata"] == "a&b=c+d Сәлем"
    error = fields(await caller.get(responseformat="urlencoded", recipient="x"))
    assert (error["action"], error["statuscode"], error["errorcode"]) == ("error", "203", "203")


@pytest.mark.rule("http.responseformat-unknown")
async def test_an_unknown_format(caller):
    answer = await caller.get(responseformat="json")
    assert (code(answer), words(answer)) == (
        "400", "responseformat is none of xml, html, urlencoded"
    )  # fmt: skip
    assert caller.texts() == []


@pytest.mark.rule("http.escaping")
async def test_what_was_sent_stays_a_value(caller):
    answer = await caller.post(messagedata=HOSTILE)
    assert answer.root.findtext("data/acceptreport/messagedata") == HOSTILE.replace(
        "\x01", "\ufffd"
    )
    assert caller.texts() == [HOSTILE]
    many = await caller.post(messagecount="2", recipient=HOSTILE, originator=HOSTILE)
    assert [each.findtext("statuscode") for each in many.root.iter("acceptreport")] == ["203"] * 2


@pytest.mark.rule("http.continueurl")
@pytest.mark.parametrize("shape", HttpReply)
async def test_a_link_stands_behind_what_programs_read(gateway, caller, shape):
    await gateway.change("shop", http_reply=shape)
    plain = await caller.get(messagedata="a & b")
    linked = await caller.get(messagedata="a & b", continueurl="http://shop.kz/go?order=5")
    tags = [each.tag for each in plain.root.iter()]
    assert [each.tag for each in linked.root.iter()] == [*tags, "continueurl"]
    told = parse_qs(urlsplit(linked.root.findtext("continueurl")).query, keep_blank_values=True)
    assert list(told) == [
        "order", "statuscode", "statusmessage", "messageid", "recipient", "originator",
        "messagetype", "messagedata", "submitdate", "deliveredtonetworkdate",
        "deliveredtohandsetdate", "status",
    ]  # fmt: skip
    assert (told["order"], told["statuscode"], told["messageid"]) == (["5"], ["0"], ["2"])
    assert (told["messagedata"], told["submitdate"]) == (["a & b"], ["2025-10-09 13:53:20"])
    assert told["status"] == ["accepted"]


@pytest.mark.rule("http.continueurl")
async def test_a_link_in_the_other_formats(caller):
    page = await caller.get(responseformat="html", continueurl="http://shop.kz/?a='\"<b>")
    (link,) = html.document_fromstring(page.body).iter("a")
    assert link.get("href").startswith("http://shop.kz/?a='%22%3Cb%3E&statuscode=0&")
    told = fields(await caller.get(responseformat="urlencoded", continueurl="http://shop.kz/"))
    assert told["continueurl"].startswith("http://shop.kz/?statuscode=0&")


@pytest.mark.rule("http.redirecturl")
async def test_a_redirect(caller):
    answer = await caller.get(redirecturl="http://shop.kz/go?order=5#done")
    assert answer.status == 302
    parts = urlsplit(answer.headers["location"])
    told = parse_qs(parts.query)
    assert (parts.netloc, parts.fragment) == ("shop.kz", "done")
    assert (told["order"], told["statuscode"], told["messageid"]) == (["5"], ["0"], ["1"])
    assert code(answer) == "0"
    failed = await caller.get(redirecturl="http://shop.kz/", recipient="x")
    told = parse_qs(urlsplit(failed.headers["location"]).query)
    assert (failed.status, told["statuscode"], told["status"]) == (302, ["203"], ["deliveryfailed"])


@pytest.mark.rule("http.redirecturl", "http.continueurl")
@pytest.mark.parametrize(
    ("wrong", "said", "recipient"),
    [
        ({"recipient": "x"}, "203", "x"),
        ({"recipient": None}, "400", ""),
        ({"messagecount": "0"}, "400", "77771234567"),
        ({"messagecount": "1", "recipient": "1", "recipient0": "x"}, "203", "x"),
    ],
)
async def test_the_urls_are_told_which_message_was_refused(caller, wrong, said, recipient):
    asked = {"messagedata": "a & b", "messagetype": "sms:text", "originator": "TEXT_MSG"} | wrong
    refused = await caller.get(redirecturl="http://a.kz/", continueurl="http://b.kz/", **asked)
    assert code(refused) == said
    for url in (refused.headers["location"], refused.root.findtext("continueurl")):
        told = parse_qs(urlsplit(url).query, keep_blank_values=True)
        assert {name: told[name] for name in ("status", "statuscode", "submitdate")} == {
            "status": ["deliveryfailed"], "statuscode": [said], "submitdate": [""]
        }  # fmt: skip
        assert [told[name] for name in ("recipient", "originator", "messagetype")] == [
            [recipient], ["TEXT_MSG"], ["SMS:TEXT"]
        ]  # fmt: skip
        assert told["messagedata"] == ["a & b"]
    assert refused.root.find(".//acceptreport/recipient") is None or "messagecount" in wrong


@pytest.mark.rule("http.redirect-known-callers")
@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"password": None}, {"username": "x"}])
async def test_a_stranger_is_redirected_nowhere(caller, wrong):
    answer = await caller.get(redirecturl="http://evil.kz/", continueurl="http://evil.kz/", **wrong)
    assert answer.status == 200
    assert "location" not in answer.headers
    assert b"evil" not in answer.body


@pytest.mark.rule("http.url-unusable")
@pytest.mark.parametrize("name", ["redirecturl", "continueurl"])
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//evil.kz/",
        "data:text/html,x",
        "http://a/\r\nSet-Cookie: a=b",
        "/go",
    ],
)
async def test_a_url_that_cannot_be_used_refuses_the_request(caller, name, url):
    answer = await caller.get(**{name: url})
    assert (answer.status, code(answer)) == (200, "400")
    assert words(answer).startswith(f"{name}: ")
    assert set(answer.headers) == {
        "date", "content-type", "content-length", "cache-control", "connection"
    }  # fmt: skip
    assert caller.texts() == []


def ask(ids: str, **more: str) -> dict[str, str | None]:
    return {"action": "getmessagestatus", "messageid": ids, **more} | dict.fromkeys(
        ("recipient", "messagedata")
    )


@pytest.mark.rule("http.getmessagestatus")
async def test_what_became_of_messages(gateway, caller):
    for _ in range(4):
        await caller.get()
    await gateway.operator_took(1)
    await gateway.operator_reported(1, MessageState.DELIVERED)
    await gateway.operator_took(2, final=MessageState.ENROUTE)
    await gateway.event(Finished(3, MessageState.EXPIRED, "", gateway.now, refund=False))
    answer = await caller.get(**ask("1,2,3,4"))
    told = [{each.tag: each.text for each in item} for item in answer.root.iter("statusreport")]
    assert [item["status"] for item in told] == [
        "deliveredtohandset", "deliveredtonetwork", "deliveryfailed", "accepted"
    ]  # fmt: skip
    assert [item["state"] for item in told] == ["102", "101", "103", "106"]
    assert [item["statuscode"] for item in told] == ["0"] * 4
    assert told[0]["donedate"] == "2025-10-09 13:53:20"
    assert told[3]["donedate"] is None
    assert answer.root.findtext("status") == "deliveredtohandset"
    flat = fields(await caller.get(**ask("3", responseformat="urlencoded")))
    assert (flat["messageid"], flat["status"]) == ("3", "deliveryfailed")


@pytest.mark.rule("http.getmessagestatus-own")
async def test_messages_that_are_not_the_accounts(gateway, caller):
    await caller.get()
    await gateway.add("other")
    foreign = await caller.get(**ask("1", username="other", password="other"))
    assert (foreign.root.findtext("action"), code(foreign)) == ("error", "201")
    for ids in ("2", "x", "-1", "1" * 40):
        assert code(await caller.get(**ask(ids))) == "201"
    some = await caller.get(**ask("2,1"))
    assert [each.findtext("statuscode") for each in some.root.iter("statusreport")] == ["201", "0"]
    missing = await caller.get(**ask(""))
    assert (code(missing), words(missing)) == ("400", "messageid is missing")


@pytest.mark.rule("http.asked-by-xml")
async def test_sent_by_http_and_asked_for_by_xml(gateway, caller):
    sent = await caller.get()
    message_id = sent.root.findtext("messageid")
    asked = await gateway.status(f'sms_id="{message_id}"')
    assert (asked.codes, asked.ids) == ([106], [int(message_id)])


@pytest.mark.rule("http.xml-asked-for")
async def test_sent_by_xml_and_asked_for_by_http(gateway, caller, msg):
    sent = await gateway.send(msg(id="77"))
    answer = await caller.get(**ask(str(sent.ids[0])))
    assert (code(answer), answer.root.findtext("status")) == ("0", "accepted")


async def test_every_answer_can_be_read_by_an_xml_reader(caller):
    for more in ({}, {"recipient": None}, {"messagecount": "3"}, {"action": None}, ask("1")):
        assert etree.fromstring((await caller.get(**more)).body) is not None
