"""The sample receivers of call-backs, as processes, each told states as the gateway tells them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .programs import NO_PHP, SETTINGS, Program, php, python, signed

TOLD = {
    "token": SETTINGS["TOKEN"],
    "order": "17",
    "statuscode": "0",
    "statusmessage": "Delivered to the handset",
    "messageid": "1042",
    "recipient": "77771234567",
    "originator": "INFO_KAZ",
    "messagetype": "SMS:TEXT",
    "messagedata": "Сәлем",
    "submitdate": "2026-11-24 12:00:00",
    "deliveredtonetworkdate": "2026-11-24 12:00:01",
    "deliveredtohandsetdate": "2026-11-24 12:00:05",
    "status": "deliveredtohandset",
}
BODY = {
    "message_id": "1042",
    "status": "undelivered",
    "extra_id": "17",
    "callback_data": None,
    "done_at": "2026-11-24 12:00:05",
    "err": 103,
}
Kept = Callable[[], list[tuple[str, str, str]]]


@pytest.fixture(
    params=["python", pytest.param("php", marks=NO_PHP)],
)
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Program, Kept]]:
    """The program, and what it has written down."""

    def in_database() -> list[tuple[str, str, str]]:
        with sqlite3.connect(tmp_path / "states.db") as database:
            rows = database.execute("SELECT * FROM state").fetchall()
        database.close()
        return rows

    def in_file() -> list[tuple[str, str, str]]:
        file = tmp_path / "states.log"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(one[0], one[1], one[2]) for one in map(json.loads, lines)]

    if request.param == "python":
        with python("states.py", tmp_path) as program:
            yield program, in_database
    else:
        with php("state.php", tmp_path) as program:
            yield program, in_file


def test_a_state_by_get_is_written_down(receiver: tuple[Program, Kept]) -> None:
    program, kept = receiver
    assert program.get(TOLD) == (200, "OK")
    assert kept() == [("1042", "deliveredtohandset", "0")]


def test_a_state_by_signed_json_is_written_down(receiver: tuple[Program, Kept]) -> None:
    program, kept = receiver
    body = json.dumps(BODY).encode()
    assert program.post_json(body, signed(body)) == (200, "OK")
    assert kept() == [("1042", "undelivered", "103")]


def test_an_event_that_comes_twice_is_taken_once(receiver: tuple[Program, Kept]) -> None:
    program, kept = receiver
    event = {"X-Habar-Event-Id": "5"}
    for status in ("delivered", "never"):
        body = json.dumps(BODY | {"status": status, "err": None}).encode()
        assert program.post_json(body, signed(body) | event) == (200, "OK")
    assert kept() == [("1042", "delivered", "0")]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Habar-Timestamp": "now"},
        signed(b"another body"),
        signed(json.dumps(BODY).encode(), secret="wrong"),
        signed(json.dumps(BODY).encode(), age=900),
        signed(json.dumps(BODY).encode()) | {"X-Habar-Signature": "é"},
    ],
)
def test_what_is_not_the_gateways_is_refused(
    receiver: tuple[Program, Kept], headers: dict[str, str]
) -> None:
    program, kept = receiver
    assert program.post_json(json.dumps(BODY).encode(), headers)[0] == 403
    assert kept() == []


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_get_without_the_word_is_refused(receiver: tuple[Program, Kept], token: str) -> None:
    program, kept = receiver
    assert program.get(TOLD | {"token": token})[0] == 403
    assert kept() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"message_id": "1"}', b"\xff", b"null"])
def test_what_says_nothing_is_refused(receiver: tuple[Program, Kept], body: bytes) -> None:
    program, kept = receiver
    assert program.post_json(body, signed(body))[0] == 400
    assert program.get({"token": SETTINGS["TOKEN"], "status": "deliveredtohandset"})[0] == 400
    assert kept() == []
