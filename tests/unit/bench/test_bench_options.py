"""What may be asked for, and that the page tells all of it."""

import re
from pathlib import Path

import pytest
import typer
from bench.__main__ import main
from bench.database import Choice, Engine
from typer.main import get_command

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "benchmarks.md"
URL = "postgresql://habar:sesame@127.0.0.1/habar"


def test_the_page_lists_every_option_and_no_other() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(main)
    options = {name for one in get_command(app).params for name in one.opts}
    told = re.findall(r"^\| `(--[a-z-]+)", PAGE.read_text("utf-8"), re.MULTILINE)
    assert set(told) == options - {"--help"}
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    "choice",
    [Choice(), Choice(Engine.POSTGRESQL, 1, 1), Choice(Engine.POSTGRESQL, 3, 0, URL)],
    ids=["sqlite", "ours", "theirs"],
)
def test_what_can_be(choice: Choice) -> None:
    assert choice.fault() == ""


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(Engine.SQLITE, 2), "several nodes need --database postgresql"),
        (Choice(Engine.SQLITE, 1, 1), "several nodes need --database postgresql"),
        (Choice(Engine.SQLITE, 1, 0, URL), "--url is for --database postgresql"),
        (Choice(Engine.POSTGRESQL, 1, 0, URL + " sesame"), "--url: a space"),
    ],
    ids=["nodes", "callers", "url", "fault"],
)
def test_what_cannot_be_is_told_without_the_password(choice: Choice, words: str) -> None:
    assert choice.fault().startswith(words)
    assert "sesame" not in choice.fault() + repr(choice)
