"""`habar inbound`: subscribers' messages as they are listed, told and sent on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from habar.store.callbacks import CallKind, CallStage
from habar.store.inbox import CallMethod, InboundState, Received
from habar.store.port import Store

from ...admin.scripted import NOW, ScriptedCallbacks, ScriptedInbox, call, inbound
from .conftest import beside, written

Done = Callable[..., str]
Refused = Callable[..., str]


@pytest.fixture
def some(inbox: ScriptedInbox) -> None:
    inbox.put(
        inbound(7),
        inbound(
            8,
            login="acme",
            state=InboundState.DELIVERED,
            transaction_id="",
            text="Қалың\n\x1b[2J" + "x" * 60,
        ),
    )


def test_the_list(done: Done, some: None) -> None:
    assert done("inbound", "list").splitlines() == [
        "id  came in              from         to          account  state      text",
        (
            " 8  2025-10-09 13:53:20  77771234567  8785        acme     delivered"
            "  Қалың \N{REPLACEMENT CHARACTER}[2J" + "x" * 49 + "…"
        ),
        (" 7  2025-10-09 13:53:20  77771234567  8785#12345  -        unrouted   Win a car"),
    ]


def test_only_some(done: Done, refused: Refused, some: None, inbox: ScriptedInbox) -> None:
    done("account", "add", "acme", "--generate")
    done("inbound", "list", "--unrouted")
    done(
        "inbound", "list", "--state", "kept", "--account", "acme", "--code", "8785", "--limit", "5"
    )
    assert inbox.asked == [
        (None, (InboundState.UNROUTED,), None, 50),
        (1, (InboundState.KEPT,), "8785", 5),
    ]
    assert "give one of them" in refused("inbound", "list", "--unrouted", "--state", "kept", code=2)


@pytest.mark.parametrize("state", InboundState)
def test_every_state_can_be_asked_for(
    done: Done, inbox: ScriptedInbox, state: InboundState
) -> None:
    done("inbound", "list", "--state", state.name.lower())
    assert inbox.asked == [(None, (state,), None, 50)]


@pytest.mark.parametrize("columns", [80, 120])
def test_the_list_fits_a_terminal(
    done: Done, some: None, wide: Callable[[int], None], columns: int
) -> None:
    wide(columns)
    assert max(map(len, done("inbound", "list").splitlines())) <= columns


def test_the_story(done: Done, refused: Refused, some: None) -> None:
    told = done("inbound", "show", "7").splitlines()
    assert told[0] == "2025-10-09 13:53:20  came in by kcell, from 77771234567 to 8785#12345"
    assert told[-1].endswith("now UNROUTED: nobody has that short code or keyword")
    assert refused("inbound", "show", "9") == "there is no subscriber's message 9"


def test_a_story_fits_a_terminal_and_moves_no_cursor(
    done: Done, inbox: ScriptedInbox, wide: Callable[[int], None]
) -> None:
    inbox.put(inbound(7, note="no reply: \x1b[2J" + "because " * 20))
    wide(80)
    lines = done("inbound", "show", "7").splitlines()
    assert max(map(len, lines)) <= 80
    (first,) = (number for number, line in enumerate(lines) if "note: no reply" in line)
    assert lines[first + 1].startswith(" " * 21 + "because because")
    assert "\x1b" not in "".join(lines)


@pytest.fixture
def nobodys(done: Done, tmp_path: Path) -> Done:
    """Two messages in the database that are nobody's, and an account."""
    done("account", "add", "acme", "--generate")
    beside(tmp_path / "habar-data", lambda store: came_in(store, "Win a car", "Lose"))
    return done


async def came_in(store: Store, *texts: str) -> None:
    operator = await store.books.ensure_operator("kcell")
    for text in texts:
        event = Received(
            account_id=0,
            shortcode_id=0,
            operator_id=operator,
            sender="77771234567",
            short_code="8785",
            transaction_id="",
            text=text,
            data_coding=0,
            parts=1,
            missing=0,
            sent_at=None,
            at=NOW,
            method=CallMethod.NONE,
            host="",
            reply="",
        )
        await written(store.journal.record, event)


ADD = (*("shortcode", "add", "8785", "--keyword", "win"), *("--account", "acme", "--reply", "Hi"))


def test_assigning(nobodys: Done, refused: Refused) -> None:
    assign = ("inbound", "assign", "1")
    assert nobodys(*assign, "--account", "acme") == "1 is in the inbox of acme\n"
    nobodys(*ADD)
    told = nobodys(*assign, "--code", "8785", "--keyword", "WIN")
    assert told == "1 is owed to 8785 win now\n"
    assert refused(*assign, "--account", "acme") == (
        "subscriber's message 1 is WAITING: it is its customer's already"
    )
    for words in ((), ("--keyword", "win"), ("--code", "8785", "--account", "acme")):
        assert refused(*assign, *words, code=2).startswith("give --code")


def test_rerouting(nobodys: Done) -> None:
    nobodys(*ADD)
    assert nobodys("inbound", "reroute") == "1 of 2 are somebody's now, 1 stay nobody's\n"
    [_, row] = nobodys("inbound", "list", "--unrouted").splitlines()
    assert row.endswith("Lose")


def test_replaying(
    done: Done, refused: Refused, inbox: ScriptedInbox, callbacks: ScriptedCallbacks
) -> None:
    inbox.put(inbound(7), callback_ids=(15,))
    callbacks.put(call(15, kind=CallKind.INBOUND, subject=7, stage=CallStage.GIVEN_UP))
    assert done("inbound", "replay", "7") == "called again: 1 of 1 (call-backs 15)\n"
    callbacks.put(call(15, stage=CallStage.CLAIMED))
    assert refused("inbound", "replay", "7").startswith("none is called again")
    inbox.put(inbound(8))
    assert "habar inbound assign" in refused("inbound", "replay", "8")
