"""`habar shortcode`: what it takes, shows, and never shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from habar.store.inbox import CallMethod, Rule

from .conftest import Staff, beside

Done = Callable[..., str]
Refused = Callable[..., str]
URL = "http://acme.example/in"
ADD = ("shortcode", "add", "8785", "--account", "acme")


@pytest.fixture
def acme(done: Done) -> Done:
    done("account", "add", "acme", "--kind", "full", "--generate")
    return done


@pytest.fixture
def rule(tmp_path: Path) -> Callable[[], Rule]:
    """The one short code that the gateway finds in its database."""

    def read() -> Rule:
        [found] = beside(tmp_path / "habar-data", lambda store: store.inbox.rules())
        return found

    return read


def test_a_web_service(acme: Done, rule: Callable[[], Rule]) -> None:
    told = acme(
        *(*ADD, "--url", URL, "--method", "post", "--userin", "gw", "--passwordin-stdin"),
        stdin="s3cret\n",
    )
    assert told == f"8785 is acme's: POST {URL}\n"
    assert (rule().userin, rule().passwordin) == ("gw", "s3cret")
    shown = acme("shortcode", "show", "8785")
    lines = [tuple(line.split(maxsplit=1)) for line in shown.splitlines()]
    assert lines[:-1] == [
        ("code", "8785"),
        ("keyword", "-"),
        ("account", "acme"),
        ("does", f"POST {URL}"),
        ("userin", "gw"),
        ("passwordin", "set"),
    ]
    assert lines[-1][0] == "added"


def test_a_password_is_asked_for_twice_and_not_echoed(acme: Done, rule: Callable[[], Rule]) -> None:
    told = acme(*ADD, "--url", URL, "--passwordin", stdin="s3cret\ns3cret\n")
    assert "s3cret" not in told
    assert rule().passwordin == "s3cret"


def test_a_password_from_a_file(
    acme: Done, refused: Refused, rule: Callable[[], Rule], tmp_path: Path
) -> None:
    (tmp_path / "word").write_text("s3cret\n")
    acme(*ADD, "--url", URL, "--passwordin-file", "word")
    assert rule().passwordin == "s3cret"
    (tmp_path / "word").write_text("")
    change = ("shortcode", "set", "8785", "--passwordin-file")
    assert refused(*change, "word", code=2) == "word: no password on its first line"
    assert refused(*change, "none", code=2) == "none cannot be read: No such file or directory"
    (tmp_path / "word").write_bytes(b"\xff")
    assert refused(*change, "word", code=2) == "word cannot be read: not UTF-8"
    assert "give one of" in refused(*change, "word", "--passwordin", code=2)


def test_the_list(acme: Done) -> None:
    acme(*ADD)
    acme(*ADD, "--keyword", "WIN", "--reply", "Thanks")
    assert acme("shortcode", "list").splitlines() == [
        "code  keyword  account  does",
        "8785  -        acme     inbox only",
        "8785  win      acme     answers 'Thanks'",
    ]


def test_a_change_and_the_end(acme: Done, refused: Refused, rule: Callable[[], Rule]) -> None:
    acme(*ADD, "--keyword", "win", "--url", URL)
    change = ("shortcode", "set", "8785", "--keyword", "WIN")
    assert acme(*change, "--url", "", "--reply", "Hi") == "8785 win is acme's: answers 'Hi'\n"
    assert rule().method is CallMethod.AUTO
    assert refused(*change, code=2).startswith("nothing to change")
    assert acme("shortcode", "remove", "8785", "--keyword", "win") == "8785 win is removed\n"
    assert refused("shortcode", "show", "8785") == "there is no short code 8785"


def test_what_cannot_be(acme: Done, refused: Refused, staff: Staff) -> None:
    assert "exclude one another" in refused(*ADD, "--url", URL, "--reply", "Hi")
    assert "habar account set acme --callback-secret" in refused(
        *ADD, "--url", URL, "--method", "json"
    )
    assert "2 to 15 digits" in refused("shortcode", "add", "87a", "--account", "acme")
    nobody = refused("shortcode", "add", "8785", "--account", "nobody")
    assert nobody == "there is no account nobody"
    assert staff("shortcode", "add", "8785").exit_code == 2
