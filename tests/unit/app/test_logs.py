"""The log: one form for everybody's lines, on standard error, without values of variables."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from msgspec import convert

from habar.app.logs import set_up
from habar.config import LogSettings


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers.clear()
    yield
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)


def fail() -> None:
    password = "s3cret"
    raise LookupError(len(password))


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_json_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(LogSettings())
    structlog.get_logger("habar").info("сәлем", messages=3)
    (line,) = told(capsys)
    assert "сәлем" in line
    found = json.loads(line)
    assert found.pop("timestamp").endswith("Z")
    assert found == {"event": "сәлем", "level": "info", "messages": 3}


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(LogSettings(format="console"))
    structlog.get_logger("habar").warning("link down", operator="kcell")
    (line,) = told(capsys)
    assert "link down" in line
    assert "operator=kcell" in line
    assert "\x1b" not in line  # no terminal, no colours


@pytest.mark.parametrize(
    ("level", "shown"), [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)]
)
def test_the_level_is_the_least_that_is_shown(
    capsys: pytest.CaptureFixture[str], level: str, shown: int
) -> None:
    set_up(convert({"level": level}, LogSettings))
    log = structlog.get_logger("habar")
    for method in (log.debug, log.info, log.warning):
        method("x")
    assert len(told(capsys)) == shown


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_values(capsys: pytest.CaptureFixture[str], form: str) -> None:
    set_up(convert({"format": form}, LogSettings))
    try:
        fail()
    except LookupError as error:
        structlog.get_logger("habar").error("a fault", exc_info=error)
    text = "\n".join(told(capsys))
    assert "LookupError" in text
    assert "in fail" in text
    assert "= 's3cret'" not in text
    assert "│" not in text


def test_libraries_lines_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(LogSettings())
    logging.getLogger("asyncio").info("not shown")
    logging.getLogger("asyncio").error("%s was never retrieved", "a task")
    (line,) = told(capsys)
    found = json.loads(line)
    assert (found["event"], found["level"], found["logger"]) == (
        "a task was never retrieved",
        "error",
        "asyncio",
    )
