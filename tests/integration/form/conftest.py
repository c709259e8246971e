"""The gateway of the XML protocol's tests, which serves both protocols, and ways to ask it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from ..xml.conftest import (  # fixtures, too
    NOW,
    Answer,
    Gateway,
    authority,
    client_tls,
    gateway,
    msg,
    msg_function,
    package,
    package_function,
    server_tls,
)

__all__ = [
    "NOW", "Answer", "Caller", "Gateway", "authority", "caller", "client_tls", "gateway", "msg",
    "msg_function", "package", "package_function", "server_tls",
]  # fmt: skip

FORM = "application/x-www-form-urlencoded"


class Caller:
    """A customer's program of the HTTP protocol; the account is `shop`."""

    def __init__(self, gateway: Gateway, database: Path) -> None:
        self.gateway = gateway
        self._database = database

    @staticmethod
    def parameters(**more: str | None) -> dict[str, str]:
        """A message's parameters; None leaves one out."""
        usual = {
            "action": "sendmessage",
            "username": "shop",
            "password": "shop",
            "recipient": "77771234567",
            "messagedata": "Test",
        }
        return {name: value for name, value in (usual | more).items() if value is not None}

    def query(self, **more: str | None) -> str:
        return urlencode(self.parameters(**more))

    async def get(self, path: str = "/", **more: str | None) -> Answer:
        return await self.gateway.request("GET", f"{path}?{self.query(**more)}")

    async def post(self, path: str = "/", **more: str | None) -> Answer:
        body = self.query(**more).encode()
        return await self.gateway.request("POST", path, body, headers={"Content-Type": FORM})

    def texts(self) -> list[str]:
        """What went to the operator."""
        return [message.text for message in self.gateway.link.taken]

    def reports(self) -> list[tuple[int, str]]:
        """The message_report table: who is told of which message."""
        with closing(sqlite3.connect(self._database)) as database:
            return database.execute("SELECT message_id, url FROM message_report").fetchall()


def code(answer: Answer) -> str:
    """The first statuscode."""
    found = next(answer.root.iter("statuscode"))
    return str(found.text)


def words(answer: Answer) -> str:
    found = next(answer.root.iter("statusmessage"))
    return str(found.text)


def fields(answer: Answer) -> dict[str, Any]:
    """A urlencoded answer."""
    return dict(parse_qsl(answer.body.decode("ascii"), keep_blank_values=True))


@pytest.fixture
def caller(gateway: Gateway, tmp_path: Path) -> Caller:
    return Caller(gateway, tmp_path / "habar.db")
