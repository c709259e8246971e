"""The load's half of the protocols: requests made beforehand, answers checked cheaply.

Guarantees: pure; an answer counts as whole acceptance only if every message in it reads 106 and
has an `sms_id`. Knows nothing of sockets.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple
from urllib.parse import urlencode

_HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n<package login="%b" password="%b"><message>'
SENDER = "TEXT_MSG"
_MSG = b'<msg id="%d" recipient="%b%08d" sender="%b">m%08d the quick brown fox jumps</msg>'
_TAIL = b"</message></package>"
_ACCEPTED = b">106</msg>"
_ROW = re.compile(rb'<msg[^>]* sms_id="(\d+)"[^>]*>(\d+)</msg>')
_CODE = re.compile(rb"<statuscode>(\d+)</statuscode>")
_MESSAGE = re.compile(rb"<messageid>(\d+)</messageid>")
_FAULT = re.compile(rb"<error>(\d+)</error>")


class Prefix:
    """First digits of recipients, by which the sink tells who sent a message."""

    MEASURED = "771"
    NEIGHBOUR = "772"
    WARM = "773"


def package(login: str, password: str, prefix: str, first: int, size: int) -> bytes:
    """A document of `size` messages, numbered from `first` on (below 100 000 000)."""
    digits, sender = prefix.encode(), SENDER.encode()
    rows = [
        _MSG % (number + 1, digits, number, sender, number) for number in range(first, first + size)
    ]
    return b"".join((_HEAD % (login.encode(), password.encode()), *rows, _TAIL))


def recipient(prefix: str, number: int) -> str:
    """Whom the message with this number goes to."""
    return f"{prefix}{number:08}"


def post(host: str, port: int, document: bytes) -> bytes:
    """A keep-alive POST of a document to /api."""
    return _posted(host, port, "text/xml; charset=utf-8", document)


def _posted(host: str, port: int, kind: str, body: bytes) -> bytes:
    head = (
        f"POST /api HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def form(host: str, port: int, login: str, password: str, to: str, report_url: str) -> bytes:
    """A keep-alive POST of one message by the HTTP protocol, with its `reporturl`."""
    values = {
        "action": "sendmessage",
        "username": login,
        "password": password,
        "recipient": to,
        "originator": SENDER,
        "messagedata": f"m{to[-8:]} the quick brown fox jumps",
        "reporturl": report_url,
    }
    return _posted(host, port, "application/x-www-form-urlencoded", urlencode(values).encode())


class Reply(NamedTuple):
    """One HTTP response."""

    status: int
    body: bytes
    rest: bytes
    """What follows it in the buffer."""


def reply(buffer: bytes) -> Reply | None:
    """The first response in a buffer, None while it is not whole.

    Raises ValueError for one without Content-Length.
    """
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = buffer[:end].lower()
    _, found, after = head.partition(b"\r\ncontent-length:")
    if not found:
        raise ValueError("a response without Content-Length")
    body = end + 4
    stop = body + int(after.partition(b"\r\n")[0])
    if len(buffer) < stop:
        return None
    return Reply(int(head[9:12]), buffer[body:stop], buffer[stop:])


def form_accepted(answer: Reply, faults: Counter[str]) -> int:
    """1 where the HTTP protocol's one message was accepted, else 0; then its code is counted."""
    code, message = _CODE.search(answer.body), _MESSAGE.search(answer.body)
    if answer.status == 200 and code and code[1] == b"0" and message and message[1] != b"0":
        return 1
    words = f"statuscode {code[1].decode()}" if code else "no statuscode"
    faults[f"HTTP {answer.status}, {words}"] += 1
    return 0


def accepted(answer: Reply, size: int, faults: Counter[str]) -> int:
    """How many of `size` messages were accepted; what was not is counted by its words."""
    body = answer.body
    if (
        answer.status == 200
        and body.count(_ACCEPTED) == size == body.count(b' sms_id="')
        and b' sms_id="0"' not in body
    ):
        return size
    good = 0
    rows = _ROW.findall(body)
    for sms_id, code in rows:
        if code != b"106":
            faults[f"message {code.decode()}"] += 1
        elif sms_id == b"0":
            faults["message 106 without sms_id"] += 1
        else:
            good += 1
    if len(rows) != size:
        fault = _FAULT.search(body)
        words = f"package {fault[1].decode()}" if fault else "rows missing"
        faults[f"HTTP {answer.status}, {words}"] += size - len(rows)
    return good
