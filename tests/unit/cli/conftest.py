"""The customer's commands before a gateway that lives in the test: nothing goes over a network."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from habar.cli import app
from habar.wire.http import xml
from habar_client import Client
from habar_client.exchange import Lost, Reply


class FakeGateway:
    """Accepts every `77…`, knows its states, and does what a test scripts first."""

    def __init__(self) -> None:
        self.packages: list[xml.Package] = []
        self.script: list[Reply | Lost | BaseException | None] = []
        """What comes in place of the next answers; None: the answer itself."""
        self.codes: dict[str, int] = {}
        """What a recipient's messages are answered with."""
        self.states: dict[int, list[int]] = {}
        """What questions about a message are answered with, one after another."""
        self.clients: list[Client] = []
        self._next = 0

    @property
    def messages(self) -> list[xml.MsgIn]:
        sections = [section for package in self.packages for section in package.sections]
        return [row for x in sections if isinstance(x, xml.MessageSection) for row in x.items]

    def post(self, client: Client, body: bytes) -> Reply | Lost:
        self.clients.append(client)
        scripted = self.script.pop(0) if self.script else None
        if isinstance(scripted, BaseException):
            raise scripted
        if scripted is not None:
            return scripted
        package = xml.parse(body)
        self.packages.append(package)
        return Reply(200, xml.package([self._section(section) for section in package.sections]))

    def _section(self, section: Any) -> str:
        if isinstance(section, xml.StatusSection):
            return xml.status_section([self._status(ref) for ref in section.items])
        return xml.message_section([self._accept(row) for row in section.items])

    def _accept(self, row: xml.MsgIn) -> str:
        code = self.codes.get(row.recipient or "", 106)
        if code not in (1, 100, 106):
            return xml.message_row(row.id, 0, 1, code)
        self._next += 1
        return xml.message_row(row.id, self._next, 1, code)

    def _status(self, ref: xml.Ref) -> str:
        sms_id = int(ref.sms_id or ref.id or 0)
        codes = self.states.get(sms_id, [102])
        code = codes.pop(0) if len(codes) > 1 else codes[0]
        when = "2026-01-01T12:00:00" if 102 <= code <= 105 else None
        return xml.status_row(ref.id, sms_id, 1, code, when)


Run = Callable[..., Result]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    fake = FakeGateway()
    monkeypatch.setattr(Client, "_post", lambda client, body: fake.post(client, body))
    monkeypatch.setattr("habar_client.exchange._FIRST_PAUSE", 0.0)
    monkeypatch.setattr("habar_client.poll._FIRST_PAUSE", 0.0)
    return fake


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`habar ARGUMENTS`, as the account demo unless `env` says otherwise."""
    for name in ("URL", "LOGIN", "PASSWORD", "KEY"):
        monkeypatch.delenv(f"HABAR_{name}", raising=False)

    def run(*arguments: str, env: dict[str, str] | None = None, stdin: bytes = b"") -> Result:
        account = {"HABAR_LOGIN": "demo", "HABAR_PASSWORD": "s3cret"} if env is None else env
        return CliRunner().invoke(app, list(arguments), env=account, input=stdin)

    return run


@pytest.fixture
def objects() -> Callable[[Result], list[dict[str, Any]]]:
    return lambda result: [json.loads(line) for line in result.stdout.splitlines()]


class Terminal(io.StringIO):
    """Something that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Makes standard output and error one terminal, 80 columns wide.

    To be called in the test: between a fixture and its test pytest puts its own streams back.
    """
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")

    def begin() -> Terminal:
        screen = Terminal()
        monkeypatch.setattr("sys.stdout", screen)
        monkeypatch.setattr("sys.stderr", screen)
        return screen

    return begin
