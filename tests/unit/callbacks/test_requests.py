"""What is called, exactly, as spec/http.md, spec/rest.md and spec/inbox.md have it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from habar.callbacks.requests import request_for, signed
from habar.model.message_type import MessageType
from habar.model.status import MessageState
from habar.model.url import InvalidUrl
from habar.store.inbox import CallMethod

from .conftest import DEMO, SECRET, START, call, report, subscriber


def query_of(request):
    pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


# --- A message's state, by GET -------------------------------------------------------------------
@pytest.mark.rule("http.callback-parameters")
def test_the_eleven_parameters():
    request = request_for(call(9, report()), DEMO, START)
    assert request.method == "GET"
    assert request.body is None
    assert request.headers == {"X-Habar-Event-Id": "9"}
    assert request.url.startswith("http://a.kz:80/cb?")
    assert query_of(request) == {
        "statuscode": "0",
        "statusmessage": "Delivered to the handset",
        "messageid": "1042",
        "recipient": "77771234567",
        "originator": "INFO_KAZ",
        "messagetype": "SMS:TEXT",
        "messagedata": "Test message.",
        "submitdate": "2026-09-21 19:13:20",
        "deliveredtonetworkdate": "2026-09-21 19:13:21",
        "deliveredtohandsetdate": "2026-09-21 19:13:22",
        "status": "deliveredtohandset",
    }


@pytest.mark.rule("http.callback-status")
def test_a_message_that_the_network_has():
    told = query_of(request_for(call(event=report(state=MessageState.ENROUTE)), DEMO, START))
    assert told["status"] == "deliveredtonetwork"
    assert told["statuscode"] == "0"
    assert told["deliveredtohandsetdate"] == ""


@pytest.mark.rule("http.callback-error")
def test_a_failure_carries_the_operators_code_and_words():
    failed = report(state=MessageState.UNDELIVERABLE, error="err:027 (absent subscriber)")
    told = query_of(request_for(call(event=failed), DEMO, START))
    assert (told["status"], told["statuscode"]) == ("deliveryfailed", "27")
    assert told["statusmessage"] == "absent subscriber"
    assert told["deliveredtohandsetdate"] == ""


@pytest.mark.parametrize(("text", "there"), [("ж" * 800, True), ("ж" * 900, False)])
def test_a_text_with_which_no_server_would_take_the_url_is_empty(text, there):
    request = request_for(call(event=report(text=text)), DEMO, START)
    assert query_of(request)["messagedata"] == (text if there else "")
    assert len(request.url) < 8_000


@pytest.mark.rule("http.callback-parameters")
def test_times_that_are_not_known_are_empty():
    told = query_of(
        request_for(
            call(event=report(state=MessageState.EXPIRED, sent_at=None, done_at=None)), DEMO, START
        )
    )
    assert told["deliveredtonetworkdate"] == told["deliveredtohandsetdate"] == ""
    assert told["submitdate"]


def test_times_are_in_the_accounts_zone():
    there = replace(DEMO, compat=replace(DEMO.compat, timezone="Europe/London"))
    told = query_of(request_for(call(event=report()), there, START))
    assert told["submitdate"] == "2026-09-21 15:13:20"


@pytest.mark.rule("inbox.get")
@pytest.mark.parametrize(
    ("url", "before"),
    [
        ("http://a.kz/cb", "http://a.kz/cb?"),
        ("http://a.kz/cb?", "http://a.kz/cb?"),
        ("http://a.kz", "http://a.kz?"),
        ("http://a.kz/cb?id=7", "http://a.kz/cb?id=7&"),
        ("http://a.kz/cb?id=7&", "http://a.kz/cb?id=7&"),
        ("http://a.kz/cb?q=a%26b#top", "http://a.kz/cb?q=a%26b&"),
        ("http://a.kz/cb#top", "http://a.kz/cb?"),
    ],
)
def test_parameters_are_added_to_the_urls_own(url, before):
    assert request_for(call(url=url), DEMO, START).url.startswith(before + "statuscode=0&")


def test_whatever_a_text_says_stays_one_value():
    text = "a&status=x#y\r\nHost: evil\0%00+;= Привет 😀"
    request = request_for(call(event=report(text=text)), DEMO, START)
    assert query_of(request)["messagedata"] == text
    assert request.url.isascii()
    assert not set("\r\n\0 #") & set(request.url)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.kz/\r\nX-Evil: 1",
        "http://a.kz/\0",
        "http://user:word@a.kz/",
        "http://a.kz@127.0.0.1/",
        "ftp://a.kz/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "//a.kz/",
        "http://",
        "http://a.kz:99999/",
        "http://[::1/",
        "http://a.kz/" + "x" * 2_000,
    ],
)
def test_what_is_no_url_to_be_called(url):
    with pytest.raises(InvalidUrl) as error:
        request_for(call(url=url), DEMO, START)
    assert "word" not in str(error.value).replace("password", "")


@pytest.mark.parametrize("kind", list(MessageType))
def test_every_message_type_has_its_name(kind):
    told = query_of(request_for(call(event=report(message_type=int(kind))), DEMO, START))
    assert told["messagetype"].startswith("SMS:")


# --- A message's state, by JSON ------------------------------------------------------------------
def state_object(**changes):
    request = request_for(call(9, report(**changes), method=CallMethod.JSON), DEMO, START)
    assert request.method == "POST"
    assert request.url == "http://a.kz:80/cb"
    return json.loads(request.body)


def test_a_state_by_json():
    assert state_object(customer_id=55) == {
        "message_id": "1042",
        "status": "delivered",
        "extra_id": "55",
        "callback_data": None,
        "done_at": "2026-09-21 19:13:22",
        "err": None,
    }


def test_a_failure_by_json():
    told = state_object(state=MessageState.UNDELIVERABLE, error="kcell: ESME_RINVDSTADR")
    assert (told["status"], told["err"]) == ("undelivered", 11)


def test_done_at_is_null_until_the_end():
    told = state_object(state=MessageState.ENROUTE)
    assert (told["status"], told["done_at"], told["extra_id"]) == ("sent", None, None)


def test_the_signature_is_over_the_timestamp_and_the_body():
    request = request_for(call(9, report(), method=CallMethod.JSON), DEMO, START + 999)
    stamp = request.headers["X-Habar-Timestamp"]
    assert stamp == "1790000000"
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + request.body, hashlib.sha256)
    assert request.headers["X-Habar-Signature"] == expected.hexdigest()
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert request.headers["X-Habar-Event-Id"] == "9"


def test_a_known_signature():
    """Worked out with openssl: printf '1790000000.{}' | openssl dgst -sha256 -hmac s3cret."""
    assert signed(b"{}", SECRET, START)["X-Habar-Signature"] == (
        "0d84afbca530158326e0549a7a1c3579755f9b8ba4cceba2c143dbe14147b60f"
    )


def test_without_a_secret_nothing_is_signed():
    plain = replace(DEMO, callback_secret="")
    request = request_for(call(9, report(), method=CallMethod.JSON), plain, START)
    assert not {"X-Habar-Timestamp", "X-Habar-Signature"} & set(request.headers)


# --- A subscriber's message ----------------------------------------------------------------------
INBOUND = {
    "userin": "svc",
    "passwordin": "let-me-in",
    "sender": "77771234567",
    "short": "8785#12345",
    "msgdata": "инфо & more",
    "senttime": "",
    "receivedtime": "2026-09-21 19:13:20",
    "messageid": "5",
}


def inbound_request(method):
    event = subscriber(transaction_id="12345", text="инфо & more")
    return request_for(call(3, event, method=method), DEMO, START)


@pytest.mark.rule("inbox.get", "inbox.parameters", "inbox.credentials", "inbox.transaction-id")
def test_a_subscribers_message_by_get():
    request = inbound_request(CallMethod.GET)
    assert query_of(request) == INBOUND
    assert "short=8785%2312345" in request.url


def test_a_subscribers_text_is_never_left_out():
    long = call(event=subscriber(text="ж" * 5_000))
    assert query_of(request_for(long, DEMO, START))["msgdata"] == "ж" * 5_000


@pytest.mark.rule("inbox.post", "inbox.parameters", "inbox.credentials")
def test_a_subscribers_message_by_a_form():
    request = inbound_request(CallMethod.POST)
    assert request.url == "http://a.kz:80/cb"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(request.body.decode(), keep_blank_values=True)) == INBOUND


@pytest.mark.rule("inbox.json", "inbox.parameters", "inbox.credentials")
def test_a_subscribers_message_by_json():
    request = inbound_request(CallMethod.JSON)
    told = json.loads(request.body)
    assert told == INBOUND | {"senttime": None, "parts": 1, "missing": 0}
    assert "X-Habar-Signature" in request.headers


@pytest.mark.rule("inbox.whole-text", "inbox.utf8")
@pytest.mark.parametrize("method", [CallMethod.GET, CallMethod.POST, CallMethod.JSON])
@pytest.mark.parametrize(
    "text", ["Инфо a&short=1#x\r\nHost: evil\0%00+;= Сәлем 😀", '{"sender": "7"}', ""]
)
def test_whatever_a_subscriber_wrote_stays_one_value_in_utf8(method, text):
    event = subscriber(text=text)
    request = request_for(call(3, event, url="http://a.kz/in?own=1", method=method), DEMO, START)
    if method is CallMethod.JSON:
        told = json.loads(request.body.decode("utf-8"))
    elif method is CallMethod.POST:
        told = dict(parse_qsl(request.body.decode("ascii"), keep_blank_values=True))
    else:
        told = query_of(request)
        assert told.pop("own") == "1"
    assert (told["msgdata"], told["short"], told["sender"]) == (text, "8785", "77771234567")
    assert set(INBOUND) <= set(told) <= {*INBOUND, "parts", "missing"}


@pytest.mark.rule("inbox.times")
def test_a_subscribers_times_are_in_the_accounts_zone_almaty_unless_set():
    event = subscriber(sent_at=START - 1_000)
    told = query_of(request_for(call(event=event), DEMO, START))
    assert (told["senttime"], told["receivedtime"]) == (
        "2026-09-21 19:13:19",
        "2026-09-21 19:13:20",
    )
    there = replace(DEMO, compat=replace(DEMO.compat, timezone="Europe/London"))
    assert query_of(request_for(call(event=event), there, START))["senttime"].endswith("15:13:19")


@pytest.mark.rule("inbox.times")
def test_the_time_it_was_sent_where_that_is_known():
    request = request_for(call(event=subscriber(sent_at=START - 1_000)), DEMO, START)
    assert query_of(request)["senttime"] == "2026-09-21 19:13:19"


def test_no_secret_shows_in_a_repr():
    request = inbound_request(CallMethod.GET)
    assert "let-me-in" not in repr(request) + repr(call(event=subscriber()))
