"""What is printed, and what never is."""

import logging
from collections import Counter
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from habar.cli.bar import Bar
from habar.cli.rows import Display, good, name, printable, tally
from habar_client import Sent, Status


def _sent(recipient: str = "77771234567", code: int = 106) -> Sent:
    return Sent(1, 1, code, None, recipient, code == 106)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("77771234567", "77771234567"),
        ("\x1b[2Jhello\r\n\u202e", "?[2Jhello???"),
        ("7" * 100, "7" * 40 + "…"),
        ("Сәлем", "Сәлем"),
    ],
)
def test_nothing_of_a_file_steers_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_names_and_counts() -> None:
    assert name(_sent()) == "ACCEPTED"
    assert name(_sent(code=250)) == "250"
    assert tally(Counter({"BILLING": 1, "RECIPIENT": 3})) == "3 RECIPIENT, 1 BILLING"
    assert [good(Status(1, 1, code, None)) for code in (101, 102, 103, 106, 201)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_markup_of_a_recipient_is_only_text(capsys: pytest.CaptureFixture[str]) -> None:
    with Display(as_json=False) as display:
        display.sent(_sent("[bold]7[/bold]", code=203))
    assert capsys.readouterr().out.startswith("[bold]7[/bold]")


def test_a_display_leaves_the_log_as_it_was() -> None:
    logger = logging.getLogger("habar_client")
    before = list(logger.handlers)
    with Display(as_json=False):
        assert len(logger.handlers) == len(before) + 1
    assert logger.handlers == before


def test_notes_of_the_library_stand_above_the_bar(terminal: Any) -> None:
    screen = terminal()
    with Display(as_json=False, bar=True) as display:
        display.stage("sending", 2)
        logging.getLogger("habar_client").info("busy")
        display.sent(_sent())
        display.advance()
    shown = screen.getvalue()
    assert "\r\x1b[2Khabar: busy\n" in shown
    assert shown.endswith("\r\x1b[2K")


def test_json_on_a_terminal_has_no_heading(terminal: Any) -> None:
    screen = terminal()
    with Display(as_json=True) as display:
        display.sent(_sent())
    assert screen.getvalue().startswith('{"id": null')


def test_a_bar_counts_and_fits_its_line(terminal: Any) -> None:
    screen = terminal()
    bar = Bar(Console())
    bar.stage("sending", None)
    bar.stage("waiting", 3)
    bar.advance()
    bar.line("a line")
    bar.clear()
    shown = screen.getvalue().split("\r\x1b[2K")
    assert all(70 < Text.from_ansi(picture).cell_len <= 80 for picture in shown[1:3])
    assert "waiting" in shown[2]
    assert shown[-2].startswith("a line\nwaiting")
    assert shown[-1] == ""
