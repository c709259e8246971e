"""What docs/reference/call-backs.md says is what is done."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from habar.callbacks.exchange import LARGEST_ANSWER
from habar.callbacks.requests import request_for
from habar.callbacks.settings import CallerSettings
from habar.store.inbox import CallMethod

from .conftest import DEMO, SECRET, START, call, report, subscriber

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
PAGES = [REFERENCE / "call-backs.md", REFERENCE / "call-backs.ru.md"]


def fences(page, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def names(page):
    cells = re.findall(r"^\| (`[^|]+) \|", page.read_text("utf-8"), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)}


def signed_call(now):
    return request_for(call(9, report(), method=CallMethod.JSON), DEMO, now)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_parameter_and_header_is_told(page):
    state = parse_qs(urlsplit(request_for(call(), DEMO, START).url).query, keep_blank_values=True)
    inbound = request_for(call(event=subscriber()), DEMO, START)
    told = parse_qs(urlsplit(inbound.url).query, keep_blank_values=True)
    signed = signed_call(START)
    assert {*state, *told, *json.loads(signed.body)} <= names(page)
    assert {name for name in signed.headers if name.startswith("X-")} <= names(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_are_what_is_called(page):
    [example, answer] = fences(page, "text")
    told = parse_qs(urlsplit(example.split()[1]).query)
    event = report(submitted_at=START, message_id=1042)
    ours = parse_qs(urlsplit(request_for(call(event=event), DEMO, START).url).query)
    assert list(told)[1:] == list(ours)
    times = {"submitdate", "deliveredtonetworkdate", "deliveredtohandsetdate"}
    assert {n: v for n, v in told.items() if n not in {*times, "order"}} == {
        n: v for n, v in ours.items() if n not in times
    }
    assert answer.startswith("{SMS:TEXT}{}")
    [document] = fences(page, "json")
    assert list(json.loads(document)) == list(json.loads(signed_call(START).body))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_sample_knows_our_signature(page):
    [code] = fences(page, "python")
    scope = {}
    exec(code, scope)
    is_genuine = scope["is_genuine"]
    request = signed_call(int(time.time() * 1000))
    assert is_genuine(request.headers, request.body, SECRET)
    assert not is_genuine(request.headers, request.body + b" ", SECRET)
    assert not is_genuine(request.headers, request.body, "other")
    old = signed_call(START)
    stale = dict(old.headers, **{"X-Habar-Timestamp": "1000000000"})
    assert not is_genuine(stale, old.body, SECRET)


@pytest.mark.skipif(shutil.which("php") is None, reason="php is not installed")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_php_sample_knows_our_signature(page):
    [code] = fences(page, "php")
    request = signed_call(int(time.time() * 1000))
    stamp, mac = request.headers["X-Habar-Timestamp"], request.headers["X-Habar-Signature"]
    script = code + "\n[, $stamp, $mac, $body, $secret] = $argv;\n"
    script += "echo is_genuine($stamp, $mac, $body, $secret) ? 'yes' : 'no';"
    body = request.body.decode()
    told = [
        subprocess.run(
            ["php", "-r", script.removeprefix("<?php"), "--", stamp, mac, text, SECRET],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for text in (body, body + " ")
    ]
    assert told == ["yes", "no"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_figures_are_the_defaults(page):
    text = page.read_text("utf-8")
    settings = CallerSettings()
    pauses = [settings.retry.pause(n, 0.5) // 1_000 for n in range(1, 5)]
    assert ", ".join(map(str, pauses)) in text
    assert f"{settings.retry.give_up_after // 3_600_000} " in text
    assert f"{settings.state_seconds:g} " in text
    assert f"{settings.subscriber_seconds:g}" in text
    assert f" {settings.per_host} " in text
    assert f"{LARGEST_ANSWER // 1024} " in text


def test_no_secret_no_signature_as_the_page_says():
    plain = replace(DEMO, callback_secret="")
    request = request_for(call(9, report(), method=CallMethod.JSON), plain, START)
    assert not any(name.startswith("X-Habar-S") for name in request.headers)
