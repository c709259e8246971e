"""The library and the customer's commands before the gateway itself, in its sandbox."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from habar_client import AuthorizationError, Client, Message, State

_URL = re.compile(r"http://127\.0\.0\.1:(\d+)/api")


@dataclass(frozen=True)
class Sandbox:
    url: str
    data: Path


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data = tmp_path_factory.mktemp("sandbox")
    command = [sys.executable, "-m", "habar", "serve", "--data", str(data), "--port", "0"]
    with (
        (data / "log").open("w") as log,
        subprocess.Popen(
            [*command, "--simulator-port", "0"], stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdout is not None
        said = (_URL.search(line) for line in process.stdout)
        port = next((found[1] for found in said if found), None)
        assert port, (data / "log").read_text()
        # Its log goes to its output too: read on, so that it never waits for a reader.
        drain = threading.Thread(target=process.stdout.read)
        drain.start()
        yield Sandbox(f"127.0.0.1:{port}", data)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        drain.join(10)


@pytest.fixture
def shell(kind: Any, shell: Any, sandbox: Sandbox) -> Any:
    """As the account that may send what it likes."""
    return type(shell)(kind, sandbox.url)


SHOP = {"login": "shop", "password": "shop"}


def test_a_message_is_delivered(shell: Any) -> None:
    sent = shell.call("send", "77000000102", "Сәлем, әлем! 😀", settings=SHOP)
    assert (sent.accepted, sent.code, sent.sms_count) == (True, 106, 1)
    status = shell.call("wait", sent.sms_id, settings=SHOP)
    assert (status.state, status.sms_id) == (State.DELIVERED, sent.sms_id)
    assert abs(datetime.now(UTC) - status.completed_at) < timedelta(minutes=5)


def test_refusals_and_neighbours_in_packages(shell: Any) -> None:
    messages = [
        Message(recipient, "x", sender)
        for recipient, sender in [
            ("77010000001", "INFO_KAZ"),
            ("87010000001", "INFO_KAZ"),
            ("77010000002", "STRANGER"),
            ("77010000003", "SHOP"),
        ]
    ]
    rows = shell.call("send_many", messages, package_size=3, settings=SHOP)
    assert [row.code for row in rows] == [106, 203, 202, 106]
    assert [row.recipient for row in rows] == [message.recipient for message in messages]


def test_an_id_is_used_once_and_a_repeat_tells_the_first(kind: Any, shell: Any) -> None:
    own_id = 1000 + (kind is Client)
    first = shell.call("send", "77010000001", "x", id=own_id, settings=SHOP)
    again = shell.call("send", "77010000001", "x", id=own_id, settings=SHOP)
    assert first.accepted
    assert (again.accepted, again.repeated, again.sms_id) == (False, True, first.sms_id)
    assert shell.call("status", ids=own_id, settings=SHOP)[0].sms_id == first.sms_id


def test_a_scheduled_message_can_be_deleted(shell: Any) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    sent = shell.call("send", "77010000001", "x", at=tomorrow, settings=SHOP)
    assert (sent.accepted, sent.code) == (True, State.SCHEDULED)
    gone, unknown = shell.call("delete", [sent.sms_id, 2**40], settings=SHOP)
    assert (gone.deleted, unknown.deleted, unknown.code) == (True, False, 201)
    assert shell.call("status", sent.sms_id, settings=SHOP)[0].state is State.DELETED


def test_money(shell: Any) -> None:
    balance = shell.call("balance", settings=SHOP)
    assert (balance.currency, balance.amount > 0) == ("KZT", True)
    price = shell.call("prices", ["77010000001"], settings=SHOP)[0]
    assert isinstance(price.amount, Decimal)


def test_wrong_credentials(shell: Any) -> None:
    with pytest.raises(AuthorizationError):
        shell.call("balance", settings={"login": "shop", "password": "wrong"})


def test_over_tls_with_the_sandboxs_certificate(shell: Any, sandbox: Sandbox) -> None:
    settings = SHOP | {
        "url": f"https://{sandbox.url}",
        "ca": sandbox.data / "tls-certificate.pem",
    }
    assert shell.call("balance", settings=settings).amount > 0


ROOT = Path(__file__).parents[3]
PAGES = [
    "client/README.md",
    "docs/how-to/send-from-python.md",
    "docs/how-to/send-from-python.ru.md",
]


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_examples_run(
    page: str, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / page).read_text("utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert examples
    for example in examples:
        assert "127.0.0.1:8090" in example
        code = example.replace("http://127.0.0.1:8090", f"http://{sandbox.url}")
        exec(compile(code, page, "exec"), {})
        said = capsys.readouterr().out
        assert said
        assert not re.search(r"\b20\d [A-Z]|False|refused|отказано", said)


def test_the_commands(sandbox: Sandbox, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("77000000102\n77000000105,another\n87000000000\n")
    account = {"HABAR_URL": sandbox.url, "HABAR_LOGIN": "shop", "HABAR_PASSWORD": "shop"}

    def habar(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "habar", *arguments],
            env=os.environ | account,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    sent = habar("send", "--recipients", str(numbers), "Salem", "--wait", "--id", "5000")
    lines = [line.split() for line in sent.stdout.splitlines()]
    assert [(line[0], line[3]) for line in lines[:3]] == [
        ("77000000102", "106"),
        ("77000000105", "106"),
        ("87000000000", "203"),
    ]
    assert {(line[0], line[3]) for line in lines[3:]} == {
        ("77000000102", "102"),
        ("77000000105", "105"),
    }
    assert "2 accepted (2 SMS), 1 refused (1 RECIPIENT)" in sent.stderr
    assert sent.returncode == 1
    asked = habar("status", lines[0][1], "--id", "5001")
    assert [line.split()[-4] for line in asked.stdout.splitlines()] == ["102", "105"]
    assert asked.returncode == 0
