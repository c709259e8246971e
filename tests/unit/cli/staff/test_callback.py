"""`habar callback`: what is owed, every try, who is paused, and calling again."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from habar.admin.call_lines import STAGES
from habar.cli.callback import _watching
from habar.store.callbacks import CallFilter, CallKind, CallStage, HostQueue, Try

from ...admin.scripted import NOW, ScriptedCallbacks, call
from .conftest import Staff

Done = Callable[..., str]
Refused = Callable[..., str]
FAILED = Try(1, NOW + 10, 120, 500, "", "Oops\x1b[2J")
FAR = 32_000_000_000_000
"""A time that is to come for long."""


@pytest.fixture
def some(callbacks: ScriptedCallbacks) -> None:
    callbacks.put(
        call(15, FAILED),
        call(16, FAILED, stage=CallStage.GIVEN_UP, ended_at=NOW + 86_400_000),
        call(17, kind=CallKind.INBOUND, subject=7, stage=CallStage.CLAIMED),
    )


def test_the_list(done: Done, some: None) -> None:
    lines = done("callback", "list").splitlines()
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "17 2025-10-09 13:53:20 acme subscriber's message 7 http://acme.example:80 in-hand 0 -",
        (
            "16 2025-10-09 13:53:20 acme message 801: 102 DELIVERED http://acme.example:80"
            " given-up 1 HTTP 500"
        ),
        (
            "15 2025-10-09 13:53:20 acme message 801: 102 DELIVERED http://acme.example:80"
            " waiting 1 HTTP 500"
        ),
    ]


def test_every_condition(done: Done, some: None, callbacks: ScriptedCallbacks) -> None:
    done("account", "add", "acme", "--generate")
    done(
        *("callback", "list", "--account", "acme", "--state", "done", "--message", "801"),
        *("--host", "http://acme.example/", "--since", "2025-10-09 13:53"),
        *("--until", "2025-10-09 13:54"),
    )
    minute = NOW - NOW % 60_000
    assert callbacks.asked == [
        CallFilter(
            account_id=1,
            kind=CallKind.STATE,
            stage=CallStage.DONE,
            host="http://acme.example:80",
            subject=801,
            since=minute,
            until=minute + 60_000,
        )
    ]
    done("callback", "list", "--inbound", "7", "--since", "-2h")
    assert callbacks.asked[-1][1] is CallKind.INBOUND


@pytest.mark.parametrize("stage", CallStage)
def test_every_state_can_be_asked_for(
    done: Done, callbacks: ScriptedCallbacks, stage: CallStage
) -> None:
    done("callback", "list", "--state", STAGES[stage])
    assert callbacks.asked == [CallFilter(stage=stage)]


@pytest.mark.parametrize("columns", [80, 120])
def test_tables_fit_a_terminal(
    done: Done,
    some: None,
    callbacks: ScriptedCallbacks,
    wide: Callable[[int], None],
    columns: int,
) -> None:
    wide(columns)
    callbacks.queues = [HostQueue("http://down.example:80", NOW, 1, 9, FAR, NOW, "no answer " * 20)]
    for words in (("list",), ("show", "16"), ("hosts",)):
        assert max(map(len, done("callback", *words).splitlines())) <= columns


def test_one_with_every_try(done: Done, refused: Refused, some: None) -> None:
    assert done("callback", "show", "16").splitlines() == [
        "call-back  16",
        "account    acme",
        "about      message 801: 102 DELIVERED",
        "since      2025-10-09 13:53:20",
        "called     GET http://acme.example/report?a=1",
        "host       http://acme.example:80",
        "state      given-up",
        "tries      1",
        "ended      2025-10-10 13:53:20",
        "",
        "try  at                    ms  result    answer",
        "  1  2025-10-09 13:53:20  120  HTTP 500  'Oops\\x1b[2J'",
    ]
    assert "next try   2025-10-09 13:53:40" in done("callback", "show", "15").splitlines()
    assert refused("callback", "show", "99") == "there is no call-back 99"


def test_one_that_the_gateway_answers_by_itself(done: Done, callbacks: ScriptedCallbacks) -> None:
    tried = Try(1, NOW, 0, 0, "", "")
    own = {"kind": CallKind.INBOUND, "subject": 7, "host": "", "stage": CallStage.DONE}
    callbacks.put(call(18, tried, **own)._replace(url=""))
    [_, line] = done("callback", "list").splitlines()
    assert line.split("message 7")[1].split() == ["-", "done", "1", "the", "gateway", "answered"]
    shown = done("callback", "show", "18").splitlines()
    assert "called     nobody: the gateway answers by itself" in shown
    assert "host       -" in shown


def test_hosts(done: Done, callbacks: ScriptedCallbacks) -> None:
    callbacks.queues = [
        HostQueue("http://fine.example:80", NOW, 1, 0, 0, 0, ""),
        HostQueue("http://down.example:80", NOW, 1, 9, FAR, NOW, "refused"),
    ]
    lines = [line.split() for line in done("callback", "hosts").splitlines()]
    assert lines[1][0] == "http://down.example:80"
    assert lines[1][3:] == ["9", "2025-10-09", "13:53:20", "2984-01-15", "13:53:20", "refused"]
    assert lines[2] == ["http://fine.example:80", "2025-10-09", "13:53:20", "0", "-", "-", "-"]


class TestReplaying:
    def test_some(self, done: Done, refused: Refused, some: None) -> None:
        assert done("callback", "replay", "16", "17") == "called again: 1 of 2\n"
        assert refused("callback", "replay", "17").startswith("none is called again")
        assert refused("callback", "replay", "99") == "there is no call-back 99"

    def test_all_given_up_ones_once_it_is_confirmed(
        self, done: Done, some: None, callbacks: ScriptedCallbacks
    ) -> None:
        told = done("callback", "replay", "--all", stdin="y\n")
        assert told.startswith("Call 1 call-backs again? [y/N]")
        assert told.endswith("called again: 1\n")
        assert callbacks.batches[0][0] == [16]

    def test_where_there_is_none_nothing_is_asked(self, done: Done) -> None:
        assert done("callback", "replay", "--all") == "called again: 0\n"

    def test_it_is_not_confirmed(
        self, staff: Staff, some: None, callbacks: ScriptedCallbacks
    ) -> None:
        assert staff("callback", "replay", "--all", stdin="n\n").exit_code == 1
        assert callbacks.batches == []

    def test_all_of_another_state_without_asking(
        self, done: Done, some: None, callbacks: ScriptedCallbacks
    ) -> None:
        told = done("callback", "replay", "--all", "--yes", "--state", "waiting")
        assert told == "called again: 1\n"
        assert callbacks.batches[0][0] == [15]

    @pytest.mark.parametrize("words", [(), ("--all", "16"), ("16", "--host", "http://a")])
    def test_either_some_or_all(self, refused: Refused, some: None, words: tuple[str, ...]) -> None:
        sentence = refused("callback", "replay", *words, code=2)
        assert sentence.startswith("give numbers of call-backs, or --all")


def test_a_time_that_is_none(refused: Refused, some: None) -> None:
    sentence = refused("callback", "list", "--since", "soon", code=2)
    assert sentence == "'soon' is no time: YYYY-MM-DD HH:MM, HH:MM, or 30m, 2h, 1d ago"


def test_a_bar_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=80)
    monkeypatch.setattr("rich.console.Console", lambda: console)
    with _watching(2) as progress:
        progress(2)
    assert "called again" in drawn.getvalue()
    assert drawn.getvalue().endswith("\r\x1b[2K")
