"""Sent by one protocol and asked for by the other; and states told as they come.

The gateway and the operator are processes, and so is the customer's page: examples/web-service's
state.php, whose web server's log shows what it was called with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ..examples.programs import NO_PHP, SETTINGS, php
from .conftest import SHOP
from .customer import ask, states
from .gateway import Gateway
from .receiving import LOOPBACK, Desk, Form, told
from .smsc_process import SmscProcess
from .waiting import eventually

Make = Callable[..., Awaitable[Gateway]]
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
WORD = SETTINGS["TOKEN"]
GOOD = "77771234567"


def kept(folder: Path) -> list[list[str]]:
    """What the page has written down: message, status, error."""
    file = folder / "states.log"
    lines = file.read_text().splitlines() if file.exists() else []
    return [json.loads(line) for line in lines]


def undated(call: dict[str, str]) -> dict[str, str]:
    return {name: TIME.sub("TIME", value) for name, value in call.items()}


@NO_PHP
@pytest.mark.rule("http.reporturl", "http.asked-by-xml", "http.callback-parameters")
@pytest.mark.rule("http.callback-status", "http.callback-error", "http.callback-order")
async def test_a_reporturl_is_told_each_state_in_order(
    produce: Make, smsc_process: SmscProcess, tmp_path: Path
) -> None:
    smsc = smsc_process
    gateway = await produce(smsc.port, more=LOOPBACK)
    async with gateway:
        form = Form(gateway.port, SHOP)
        with php("state.php", tmp_path) as page:
            url = f"http://127.0.0.1:{page.port}/state.php?token={WORD}&order="
            sent = await form.send("Сәлем & {привет}", GOOD, reporturl=url + "17")
            undelivered = await form.send("x", "77000000105", reporturl=url + "18")
            rejected = await form.send("x", "77000000108", reporturl=url + "19")
            network, handset = await told(page, sent, 2)
            tried, failed = await told(page, undelivered, 2)
            [refused] = await told(page, rejected, 1)
        asked = {
            "token": WORD,
            "order": "17",
            "messageid": str(sent),
            "recipient": GOOD,
            "originator": "TEXT_MSG",
            "messagetype": "SMS:TEXT",
            "messagedata": "Сәлем & {привет}",
            "submitdate": "TIME",
            "deliveredtonetworkdate": "TIME",
            "statuscode": "0",
        }
        assert undated(network) == asked | {
            "status": "deliveredtonetwork",
            "statusmessage": "Delivered to the network",
            "deliveredtohandsetdate": "",
        }
        assert undated(handset) == asked | {
            "status": "deliveredtohandset",
            "statusmessage": "Delivered to the handset",
            "deliveredtohandsetdate": "TIME",
        }
        assert tried["status"] == "deliveredtonetwork"
        errors = [
            (call["status"], call["statuscode"], call["statusmessage"])
            for call in (failed, refused)
        ]
        assert errors == [
            ("deliveryfailed", "1", "err:001"),
            ("deliveryfailed", "11", "ESME_RINVDSTADR"),
        ]
        assert refused["deliveredtonetworkdate"] == refused["deliveredtohandsetdate"] == ""
        of_sent = [line[1:] for line in kept(tmp_path) if line[0] == str(sent)]
        assert of_sent == [["deliveredtonetwork", "0"], ["deliveredtohandset", "0"]]

        # Sent by HTTP, asked for by XML.
        found = await states(gateway.port, SHOP, [sent, undelivered, rejected])
        assert found == {sent: 102, undelivered: 105, rejected: 108}


@NO_PHP
@pytest.mark.rule("http.xml-asked-for")
async def test_what_was_sent_by_xml_is_told_and_asked_for_by_http(
    produce: Make, smsc_process: SmscProcess, tmp_path: Path
) -> None:
    smsc = smsc_process
    gateway = await produce(smsc.port, more=LOOPBACK)
    desk = Desk(gateway, "--config", "habar.toml")
    async with gateway:
        said = await desk.account("set", "shop", "--callback-secret")
        found = re.search(r"^callback secret +(\S+)", said, re.MULTILINE)
        assert found, said
        gateway.secrets = (*gateway.secrets, found[1])
        form = Form(gateway.port, SHOP)
        with php("state.php", tmp_path, CALLBACK_SECRET=found[1]) as page:
            url = f"http://127.0.0.1:{page.port}/state.php?token={WORD}&by=account"
            await desk.account("set", "shop", f"report_url={url}")
            answer = await ask(gateway.port, SHOP.message("Сәлем", GOOD, id="7"))
            [sms_id] = [row.sms_id for row in answer.rows]
            network, handset = await told(page, sms_id, 2)
            assert (network["by"], network["status"]) == ("account", "deliveredtonetwork")
            assert handset["status"] == "deliveredtohandset"
            # By JSON, signed, which the page checks.
            await desk.account("set", "shop", "report_format=json")
            failed = await form.send("x", "77000000105")

            def in_json() -> list[list[str]]:
                return [line for line in kept(tmp_path) if line[0] == str(failed)]

            await eventually(lambda: len(in_json()) == 2)
            assert in_json() == [[str(failed), "sent", "0"], [str(failed), "undelivered", "1"]]
        # Sent by XML, asked for by HTTP; one that is another's is nobody's.
        status = await form.ask(action="getmessagestatus", messageid=str(sms_id))
        assert status == {
            "statuscode": "0",
            "messageid": str(sms_id),
            "status": "deliveredtohandset",
            "state": "102",
        }
        other = await form.ask(action="getmessagestatus", messageid="999999")
        assert other["statuscode"] == "201"
