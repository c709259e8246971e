"""What is called, exactly: the URL, the headers and the body for each kind of obligation.

- A message's state, by GET: the eleven parameters of spec/http.md, added to the URL's own.
- A message's state, by JSON: the object of spec/rest.md, signed.
- A subscriber's message, by GET, by a form, or by signed JSON: the parameters of spec/inbox.md.

Guarantees: each call has its obligation's id as `X-Habar-Event-Id`, the same in every try. Times
are in the account's zone, `YYYY-MM-DD HH:mm:ss`, and empty (null in JSON) where they are not known:
a parameter is never left out, so that no program trips over one. The text of a message whose URL no
server would take is empty there. Nothing that a subscriber or a customer wrote can become more than
a value. Pure: the time is an argument.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from habar.callbacks.exchange import Request
from habar.callbacks.reports import told
from habar.model.account import Account
from habar.model.message_type import NAMES, MessageType
from habar.model.times import moment
from habar.model.url import host_of
from habar.store.callbacks import Call, InboundCall, StateReport
from habar.store.inbox import CallMethod
from habar.wire.http.form import bounded, quoted, with_query

EVENT_ID = "X-Habar-Event-Id"
TIMESTAMP = "X-Habar-Timestamp"
SIGNATURE = "X-Habar-Signature"


def request_for(call: Call, account: Account, now: int) -> Request:
    """The call to be made at `now`. Raises InvalidUrl, which quotes no URL."""
    host_of(call.url)
    headers = {EVENT_ID: str(call.id)}
    event, zone = call.event, account.compat.timezone
    if call.method is CallMethod.JSON:
        body = msgspec.json.encode(
            _state_object(event, zone)
            if isinstance(event, StateReport)
            else _subscriber_object(event, zone)
        )
        headers["Content-Type"] = "application/json; charset=utf-8"
        headers |= signed(body, account.callback_secret, now)
        return Request("POST", call.url, headers, body, account.id)
    parameters = (
        _state_parameters(event, zone)
        if isinstance(event, StateReport)
        else _subscriber_parameters(event, zone)
    )
    if call.method is CallMethod.POST:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = _form(parameters, quoted).encode("ascii")
        return Request("POST", call.url, headers, body, account.id)
    # A subscriber's text is what the call is about: it is never left out, a message's own may be.
    written = bounded if isinstance(event, StateReport) else quoted
    url = call.url.partition("#")[0]  # a fragment is no web service's business
    return Request("GET", with_query(url, _form(parameters, written)), headers, None, account.id)


def signed(body: bytes, secret: str, now: int) -> dict[str, str]:
    """The headers by which a customer sees that it was us, and when; none without a secret."""
    if not secret:
        return {}
    timestamp = str(now // 1000)
    octets = timestamp.encode("ascii") + b"." + body
    mac = hmac.new(secret.encode("utf-8"), octets, hashlib.sha256)
    return {TIMESTAMP: timestamp, SIGNATURE: mac.hexdigest()}


def _form(parameters: Mapping[str, str], written: Callable[[str], str]) -> str:
    return "&".join(f"{name}={written(value)}" for name, value in parameters.items())


def _state_parameters(report: StateReport, zone: str) -> dict[str, str]:
    words = told(report)
    return {
        "statuscode": str(words.code),
        "statusmessage": words.message,
        "messageid": str(report.message_id),
        "recipient": str(report.recipient),
        "originator": report.sender,
        "messagetype": NAMES[MessageType(report.message_type)],
        "messagedata": report.text,
        "submitdate": _time(report.submitted_at, zone),
        "deliveredtonetworkdate": _time(report.sent_at, zone),
        "deliveredtohandsetdate": _time(_delivered_at(report, words.status), zone),
        "status": words.status,
    }


def _delivered_at(report: StateReport, status: str) -> int | None:
    return report.done_at if status == "deliveredtohandset" else None


def _state_object(report: StateReport, zone: str) -> dict[str, Any]:
    words = told(report)
    final = words.json_status in ("delivered", "undelivered")
    return {
        "message_id": str(report.message_id),
        "status": words.json_status,
        "extra_id": None if report.customer_id is None else str(report.customer_id),
        "callback_data": None,
        "done_at": _time(report.done_at, zone) or None if final else None,
        "err": words.code or None,
    }


def _subscriber_parameters(event: InboundCall, zone: str) -> dict[str, str]:
    return {
        "userin": event.userin,
        "passwordin": event.passwordin,
        "sender": event.sender,
        "short": short_of(event),
        "msgdata": event.text,
        "senttime": _time(event.sent_at, zone),
        "receivedtime": _time(event.received_at, zone),
        "messageid": str(event.inbound_id),
    }


def _subscriber_object(event: InboundCall, zone: str) -> dict[str, Any]:
    values: dict[str, Any] = _subscriber_parameters(event, zone)
    values["senttime"] = values["senttime"] or None
    return values | {"parts": event.parts, "missing": event.missing}


def short_of(event: InboundCall) -> str:
    """The short code as customers and operators write it, the transaction id behind it."""
    if event.transaction_id:
        return f"{event.short_code}#{event.transaction_id}"
    return event.short_code


def _time(ms: int | None, zone: str) -> str:
    return "" if ms is None else moment(ms, zone)
