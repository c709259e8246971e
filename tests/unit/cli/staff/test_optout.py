"""`habar optout`."""

from __future__ import annotations

from collections.abc import Callable

from habar.store.inbox import OptOut

from ...admin.scripted import NOW, ScriptedInbox
from .conftest import Staff


def test_it_is_put_down_listed_and_taken_back(done: Callable[..., str]) -> None:
    done("account", "add", "acme", "--generate")
    add = ("optout", "add", "8 777 123-45-67", "--account", "acme")
    assert done(*add) == "77771234567 gets no messages of acme\n"
    done("optout", "add", "77011112233", "--account", "acme")
    head, *rows = [
        line.split() for line in done("optout", "list", "--account", "acme").splitlines()
    ]
    assert head == ["number", "account", "since", "said", "to"]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("77011112233", "acme", "staff"),
        ("77771234567", "acme", "staff"),
    ]
    assert len(done("optout", "list", "--limit", "1").splitlines()) == 2
    remove = ("optout", "remove", "77771234567", "--account", "acme")
    assert done(*remove) == "77771234567 may get messages of acme\n"
    assert "77771234567" not in done("optout", "list")


def test_the_list_says_to_which_short_code_it_was_said(
    done: Callable[..., str], inbox: ScriptedInbox
) -> None:
    done("account", "add", "acme", "--generate")
    inbox.out = [OptOut(1, 77011112233, "8785", True, NOW, 2)]
    assert done("optout", "list").splitlines() == [
        "number       account  since                said to",
        "77011112233  acme     2025-10-09 13:53:20  8785",
    ]


def test_what_cannot_be(refused: Callable[..., str], staff: Staff) -> None:
    nobody = refused("optout", "add", "77771234567", "--account", "nobody")
    assert nobody == "there is no account nobody"
    assert "no mobile number" in refused("optout", "add", "123", "--account", "nobody")
    assert staff("optout", "add", "77771234567").exit_code == 2
