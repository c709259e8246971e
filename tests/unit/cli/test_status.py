"""`habar status`: what is asked and what is shown."""

from typing import Any

import pytest

from habar_client.exchange import Lost


def test_by_either_number(gateway: Any, run: Any) -> None:
    gateway.states = {17: [106]}
    result = run("status", "17", "--id", "4")
    assert result.stdout.splitlines() == [
        "                     17    1  106 ACCEPTED",
        "4                     4    1  102 DELIVERED      2026-01-01 12:00:00+05:00",
    ]
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_unknown_number(gateway: Any, run: Any) -> None:
    gateway.states = {5: [201]}
    result = run("status", "5")
    assert result.stdout == "                      5    1  201 ID             no such message\n"
    assert result.exit_code == 1


def test_json(gateway: Any, run: Any, objects: Any) -> None:
    gateway.states = {5: [100]}
    assert objects(run("status", "5", "6", "--json")) == [
        {
            "id": None,
            "sms_id": 5,
            "sms_count": 1,
            "code": 100,
            "name": "SCHEDULED",
            "final": False,
            "completed_at": None,
        },
        {
            "id": None,
            "sms_id": 6,
            "sms_count": 1,
            "code": 102,
            "name": "DELIVERED",
            "final": True,
            "completed_at": "2026-01-01T12:00:00+05:00",
        },
    ]


def test_waiting(gateway: Any, run: Any) -> None:
    gateway.states = {5: [106, 106, 105]}
    result = run("status", "5", "--wait")
    assert [line[30:47] for line in result.stdout.splitlines()] == ["105 UNDELIVERABLE"]
    assert (result.exit_code, len(gateway.packages)) == (0, 3)


def test_waiting_ends_in_time(gateway: Any, run: Any) -> None:
    gateway.states = {5: [106]}
    result = run("status", "5", "--wait", "--wait-timeout", "0")
    assert "106 ACCEPTED" in result.stdout
    assert result.exit_code == 1


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5"])
def test_what_is_no_number_is_refused(gateway: Any, run: Any, number: str) -> None:
    assert run("status", "--", number).exit_code == 2
    assert gateway.packages == []


def test_a_number_too_large(gateway: Any, run: Any) -> None:
    result = run("status", str(2**63))
    assert (result.exit_code, gateway.packages) == (2, [])
    assert "must be a number from 1 to 2^63-1" in result.stderr


def test_no_number_at_all(gateway: Any, run: Any) -> None:
    result = run("status", "--json")
    assert result.exit_code == 2
    assert "which messages?" in result.stderr


def test_no_answer(gateway: Any, run: Any) -> None:
    gateway.script = [Lost("the connection ended", posted=True)] * 3
    result = run("status", "5")
    assert result.stderr.splitlines()[-1] == "habar: the connection ended"
    assert result.exit_code == 2


def test_ctrl_c(gateway: Any, run: Any) -> None:
    gateway.script = [KeyboardInterrupt()]
    result = run("status", "5", "--wait")
    assert (result.stderr, result.exit_code) == ("habar: interrupted\n", 130)


def test_a_terminal_sees_a_heading(
    gateway: Any, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from habar.cli import app

    monkeypatch.setenv("HABAR_KEY", "k")
    screen = terminal()
    gateway.states = {1: [105], 2: [106]}
    with pytest.raises(SystemExit):
        app(["status", "1", "2"], prog_name="habar")
    shown = screen.getvalue()
    assert shown.startswith("\x1b[2mid ")
    assert "\x1b[31m  105 UNDELIVERABLE\x1b[0m" in shown
    assert "\x1b[33m  106 ACCEPTED\x1b[0m" in shown
