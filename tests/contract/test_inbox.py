"""Subscribers' messages, what is owed for them, and short codes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from habar.errors import Conflict, InvalidValue, NotFound
from habar.model.message import Protocol
from habar.model.status import MessageState
from habar.store.callbacks import CallKind, CallStage, CallTried, ClaimCalls
from habar.store.inbox import (
    CallMethod,
    InboundRow,
    InboundState,
    InboxCounts,
    Noted,
    Rule,
)

from .conftest import HOUR, NOW
from .subscribers import HOST, WHO, known, received, rule, together

CALLS = (
    "SELECT id, account_id, kind, subject, at, host, stage, next_at, attempts, since FROM callback"
    " ORDER BY id"
)
STRANGE = "Қазақша 👍\0\U0010ffff\U0010ffff0 '\";--"
INT64 = (1 << 63) - 1


@pytest.fixture
def inbox(desk: Any) -> Any:
    return desk.store.inbox


async def state(desk: Any, inbound_id: int) -> InboundState:
    return (await known(desk, inbound_id)).row.state


def set_state(engine: Any, inbound_id: int, state: InboundState, at: int) -> None:
    """As a call that was made, or given up, leaves it."""
    stage = CallStage.WAITING if state == InboundState.WAITING else CallStage.DONE
    engine.change(
        f"UPDATE inbound SET state = {int(state)}, done_at = {at} WHERE id = {inbound_id}"
    )
    engine.change(
        f"UPDATE callback SET stage = {int(stage)} WHERE kind = 2 AND subject = {inbound_id}"
    )


# --- What comes in --------------------------------------------------------------------------------
async def test_a_message_is_kept_with_all_that_came_with_it(desk: Any) -> None:
    rule_id = await rule(desk, method=CallMethod.GET, url="https://example.org/in")
    inbound_id = await desk.recorded(
        received(
            desk,
            shortcode_id=rule_id,
            transaction_id="12345",
            text=STRANGE,
            parts=3,
            missing=1,
            sent_at=NOW - 5,
        )
    )
    story = await known(desk, inbound_id)
    assert story.row == InboundRow(
        id=inbound_id,
        account_id=desk.account,
        login="shop",
        operator="kcell",
        sender="77771234567",
        short_code="8785",
        transaction_id="12345",
        text=STRANGE,
        data_coding=8,
        parts=3,
        missing=1,
        sent_at=NOW - 5,
        received_at=NOW,
        state=InboundState.WAITING,
        note="",
        done_at=None,
    )
    assert isinstance(story.row.state, InboundState)
    assert story.rule is not None
    assert (story.rule.id, story.rule.url) == (rule_id, "https://example.org/in")
    assert story.answers == ()


async def test_any_character_may_stand_anywhere(desk: Any) -> None:
    inbound_id = await desk.recorded(
        received(
            desk, sender=STRANGE, short_code=STRANGE, transaction_id=STRANGE, text="", reply=STRANGE
        )
    )
    row = (await known(desk, inbound_id)).row
    assert (row.sender, row.short_code, row.transaction_id, row.text) == (*[STRANGE] * 3, "")
    [found] = await desk.store.inbox.messages(short_code=STRANGE)
    assert found == row


@pytest.mark.rule("inbox.stored-first")
async def test_what_is_owed_for_it_is_committed_with_it(engine: Any, desk: Any, again: Any) -> None:
    inbound_id = await desk.recorded(received(desk))
    desk = await again(desk)
    call_id, *call = engine.rows(CALLS)[0]
    kind, stage = CallKind.INBOUND, CallStage.WAITING
    assert call == [desk.account, kind, inbound_id, NOW, HOST, stage, NOW, 0, NOW]
    assert (await known(desk, inbound_id)).callback_ids == (call_id,)
    await desk.store.close()


@pytest.mark.parametrize(
    ("account", "method", "expected"),
    [
        (0, CallMethod.NONE, InboundState.UNROUTED),
        (0, CallMethod.GET, InboundState.UNROUTED),
        (1, CallMethod.NONE, InboundState.KEPT),
        (1, CallMethod.GET, InboundState.WAITING),
        (1, CallMethod.POST, InboundState.WAITING),
        (1, CallMethod.JSON, InboundState.WAITING),
        (1, CallMethod.AUTO, InboundState.WAITING),
    ],
)
async def test_somebody_is_owed_it_where_it_has_an_owner_and_a_way(
    engine: Any, desk: Any, account: int, method: CallMethod, expected: InboundState
) -> None:
    host = "" if method == CallMethod.AUTO else HOST
    event = received(desk, account_id=account * desk.account, method=method, host=host)
    inbound_id = await desk.recorded(event)
    story = await known(desk, inbound_id)
    assert (story.row.state, story.row.done_at) == (expected, None)
    assert len(story.callback_ids) == (expected == InboundState.WAITING)
    assert [call[5] for call in engine.rows(CALLS)] == [host] * len(story.callback_ids)


async def test_nobodys_message_of_an_operator_that_is_gone(desk: Any) -> None:
    inbound_id = await desk.recorded(received(desk, account_id=0, operator_id=99))
    story = await known(desk, inbound_id)
    assert (story.row.login, story.row.operator, story.rule) == ("", "", None)


async def test_a_thousand_in_one_turn_are_answered_each_with_its_own(desk: Any) -> None:
    events = [
        received(
            desk,
            text=f"number {n}",
            account_id=desk.account if n % 3 else 0,
            method=CallMethod.NONE if n % 7 == 0 else CallMethod.JSON,
        )
        for n in range(1000)
    ]
    ids = await together(desk, *events)
    assert None not in ids
    assert ids == sorted({*ids})
    rows = {row.id: row for row in await desk.store.inbox.messages(limit=2000)}
    assert [rows[one].text for one in ids] == [event.text for event in events]
    owed = [
        one
        for one, e in zip(ids, events, strict=True)
        if e.account_id and e.method != CallMethod.NONE
    ]
    assert [one for one in ids if rows[one].state == InboundState.WAITING] == owed
    for one in (ids[1], ids[999], ids[7]):
        assert len((await known(desk, one)).callback_ids) == (one in owed)


async def test_one_that_the_store_refuses_harms_no_neighbour(engine: Any, desk: Any) -> None:
    events = [
        received(desk),
        received(desk, text="half a smiley \ud83d"),
        received(desk, data_coding=None),
        received(desk, text="after"),
    ]
    first, *refused, last = await together(desk, *events)
    assert refused == [None, None]
    assert [row.id for row in await desk.store.inbox.messages()] == [last, first]
    assert len(engine.rows(CALLS)) == 2
    assert desk.store.journal.healthy


@pytest.mark.rule("inbox.says-why")
async def test_a_note_is_read_beside_the_message(desk: Any) -> None:
    ids = await together(desk, received(desk), received(desk))
    assert await desk.recorded(Noted(ids[0], f"no reply: {STRANGE}")) == ids[0]
    assert await together(desk, Noted(ids[1], "a"), Noted(999, "b"), Noted(ids[1], "c")) == [
        ids[1],
        None,
        ids[1],
    ]
    notes = [(await known(desk, one)).row.note for one in ids]
    assert notes == [f"no reply: {STRANGE}", "c"]


async def test_messages_that_answer_it_are_told_with_it(desk: Any) -> None:
    inbound_id = await desk.recorded(received(desk))
    ids = [
        await desk.new(reply_to=inbound_id, protocol=Protocol.REPLY, text=f"{n}\0") for n in (1, 2)
    ]
    await desk.new()
    assert (await known(desk, inbound_id)).answers == (
        (ids[0], "1\0", MessageState.ACCEPTED),
        (ids[1], "2\0", MessageState.ACCEPTED),
    )


async def test_what_is_not_there_has_no_story(inbox: Any) -> None:
    for number in (1, 0, -1, INT64, INT64 + 1):
        assert await inbox.story(number) is None


async def test_one_that_its_web_service_has_taken_is_delivered_and_goes(
    engine: Any, desk: Any, inbox: Any
) -> None:
    made = await rule(desk, method=CallMethod.GET, url="https://example.org/in")
    inbound_id = await desk.recorded(received(desk, shortcode_id=made))
    [call] = await desk.asked(ClaimCalls(HOST, 10, NOW))
    tried = CallTried(call.id, NOW + 1, 5, 200, "", "", CallStage.DONE, NOW + 6)
    assert await desk.recorded(tried) == call.id
    assert await state(desk, inbound_id) == InboundState.DELIVERED
    assert await inbox.tidy(NOW + HOUR, 10) == 1
    assert (await inbox.story(inbound_id), engine.rows(CALLS)) == (None, [])
    assert engine.rows("SELECT callback_id FROM callback_try") == []


# --- Lists ----------------------------------------------------------------------------------------
async def various(engine: Any, desk: Any) -> dict[str, int]:
    """A message of each kind: ids by a name."""
    demo = (await desk.store.books.account("demo")).credentials.account.id
    events = {
        "unrouted": received(desk, account_id=0, short_code="1111"),
        "waiting": received(desk),
        "undelivered": received(desk),
        "delivered": received(desk, short_code="2222"),
        "kept": received(desk, method=CallMethod.NONE),
        "demo's": received(desk, account_id=demo),
    }
    ids = await together(desk, *events.values())
    by_name = dict(zip(events, ids, strict=True))
    set_state(engine, by_name["undelivered"] or 0, InboundState.UNDELIVERED, NOW + 2)
    set_state(engine, by_name["delivered"] or 0, InboundState.DELIVERED, NOW + 1)
    return by_name  # type: ignore[return-value]


async def test_lists_have_the_newest_first_and_what_is_asked_for(engine: Any, desk: Any) -> None:
    ids = await various(engine, desk)
    names = {number: name for name, number in ids.items()}

    async def listed(**wanted: Any) -> list[str]:
        return [names[row.id] for row in await desk.store.inbox.messages(**wanted)]

    every = ["demo's", "kept", "delivered", "undelivered", "waiting", "unrouted"]
    assert await listed() == every
    assert await listed(limit=2) == every[:2]
    assert await listed(before_id=ids["delivered"]) == every[3:]
    assert await listed(account_id=desk.account) == every[1:5]
    assert await listed(account_id=desk.account, before_id=ids["kept"], limit=2) == every[2:4]
    assert await listed(account_id=0) == ["unrouted"]
    assert await listed(short_code="2222") == ["delivered"]
    assert await listed(short_code="8785", limit=2) == ["demo's", "kept"]
    assert await listed(states=[InboundState.WAITING]) == ["demo's", "waiting"]
    both = [InboundState.WAITING, InboundState.UNDELIVERED]
    assert await listed(states=both) == ["demo's", "undelivered", "waiting"]
    assert await listed(states=[*both, *both], limit=1) == ["demo's"]
    assert await listed(states=both, account_id=desk.account) == ["undelivered", "waiting"]
    assert await listed(states=both, short_code="2222") == []
    assert await listed(states=both, before_id=ids["undelivered"]) == ["waiting"]
    assert await listed(states=[InboundState.UNROUTED], account_id=0) == ["unrouted"]
    assert await listed(states=[InboundState.UNROUTED], account_id=desk.account) == []
    ended = [InboundState.KEPT, InboundState.DELIVERED]
    assert await listed(states=ended) == ["kept", "delivered"]
    assert await listed(states=ended, account_id=desk.account, short_code="8785") == ["kept"]
    assert await listed(states=ended, short_code="2222") == ["delivered"]
    assert await listed(states=list(InboundState)) == every


async def test_counts_are_of_what_is_open(engine: Any, desk: Any) -> None:
    assert await desk.store.inbox.counts() == InboxCounts(0, 0, 0, 0)
    await various(engine, desk)
    assert await desk.store.inbox.counts() == InboxCounts(1, 2, 1, 0)


# --- Sending on -----------------------------------------------------------------------------------
@pytest.mark.rule("inbox.unrouted")
async def test_an_unrouted_one_is_given_to_a_rule(engine: Any, desk: Any) -> None:
    inbound_id = await desk.recorded(received(desk, account_id=0, method=CallMethod.NONE))
    rule_id = await rule(desk, method=CallMethod.POST, url="https://example.org/", reply="ok")
    [own] = await desk.store.inbox.rules()
    await desk.store.inbox.assign(inbound_id, own, HOST, **WHO)
    story = await known(desk, inbound_id)
    assert (story.row.account_id, story.row.state) == (desk.account, InboundState.WAITING)
    assert story.rule is not None
    assert story.rule.id == rule_id
    [(call_id, *call)] = engine.rows(CALLS)
    at, kind, stage = WHO["now"], CallKind.INBOUND, CallStage.WAITING
    assert call == [desk.account, kind, inbound_id, at, HOST, stage, at, 0, at]
    assert story.callback_ids == (call_id,)
    words = ("ann", "inbound assign", str(inbound_id), "account shop, short code 8785")
    assert engine.audit()[-1] == words


@pytest.mark.rule("inbox.sent-on-by-hand")
async def test_an_undelivered_one_is_owed_anew(engine: Any, desk: Any, inbox: Any) -> None:
    inbound_id = await desk.recorded(received(desk))
    set_state(engine, inbound_id, InboundState.UNDELIVERED, NOW)
    own = Rule("8785", desk.account, "k", CallMethod.AUTO, reply="yes")
    await inbox.assign(inbound_id, own, "", **WHO)
    story = await known(desk, inbound_id)
    assert (story.row.state, story.row.done_at) == (InboundState.WAITING, None)
    assert len(story.callback_ids) == 2
    assert engine.rows("SELECT reply FROM inbound") == [("yes",)]


async def test_one_may_be_kept_for_an_account_that_is_not_called(
    engine: Any, desk: Any, inbox: Any
) -> None:
    inbound_id = await desk.recorded(received(desk, account_id=0))
    await inbox.assign(inbound_id, Rule("8785", desk.account), "", **WHO)
    assert await state(desk, inbound_id) == InboundState.KEPT
    assert engine.rows(CALLS) == []
    await inbox.assign(inbound_id, Rule("1", desk.account, method=CallMethod.GET), HOST, **WHO)
    assert await state(desk, inbound_id) == InboundState.WAITING


async def test_one_that_is_owed_or_delivered_is_given_to_nobody(
    engine: Any, desk: Any, inbox: Any
) -> None:
    inbound_id = await desk.recorded(received(desk))
    own = Rule("8785", desk.account, method=CallMethod.GET)
    for of in (InboundState.WAITING, InboundState.DELIVERED):
        set_state(engine, inbound_id, of, NOW)
        before = engine.audit(), await known(desk, inbound_id)
        with pytest.raises(Conflict, match=of.name):
            await inbox.assign(inbound_id, own, HOST, **WHO)
        assert (engine.audit(), await known(desk, inbound_id)) == before


async def test_what_is_not_there_is_given_to_nobody(desk: Any, inbox: Any) -> None:
    with pytest.raises(NotFound, match="message 5"):
        await inbox.assign(5, Rule("8785", desk.account), "", **WHO)
    inbound_id = await desk.recorded(received(desk, account_id=0))
    with pytest.raises(NotFound, match="account number 99"):
        await inbox.assign(inbound_id, Rule("8785", 99), "", **WHO)
    assert await state(desk, inbound_id) == InboundState.UNROUTED


# --- What goes ------------------------------------------------------------------------------------
async def test_what_has_ended_goes_by_its_age_and_what_is_open_never(
    engine: Any, desk: Any, inbox: Any
) -> None:
    ids = await various(engine, desk)
    names = {number: name for name, number in ids.items()}
    assert await inbox.tidy(NOW, 100) == 0
    assert await inbox.tidy(NOW + 1, 100) == 1  # what is kept counts from when it came
    assert await inbox.tidy(NOW + HOUR, 100) == 1
    assert await inbox.tidy(NOW + HOUR, 100) == 0
    left = [names[row.id] for row in await inbox.messages()]
    assert left == ["demo's", "undelivered", "waiting", "unrouted"]
    subjects = {ids[name] for name in ("demo's", "undelivered", "waiting")}
    assert {call[3] for call in engine.rows(CALLS)} == subjects
    assert await inbox.story(ids["delivered"]) is None


async def test_one_that_is_owed_again_stays(engine: Any, desk: Any, inbox: Any) -> None:
    """A replay under way, whatever the message's own state is by then."""
    inbound_id = await desk.recorded(received(desk))
    engine.change("UPDATE inbound SET state = 2, done_at = 5")
    for stage in (CallStage.WAITING, CallStage.CLAIMED, CallStage.BLOCKED):
        engine.change(f"UPDATE callback SET stage = {int(stage)}")
        assert await inbox.tidy(NOW, 100) == 0
    engine.change("UPDATE callback SET stage = 2")
    assert await inbox.tidy(NOW, 100) == 1
    assert await inbox.story(inbound_id) is None


async def test_the_oldest_go_first_and_no_more_than_asked(
    engine: Any, desk: Any, inbox: Any
) -> None:
    events = [received(desk, method=CallMethod.NONE, at=NOW - n) for n in range(250)]
    ids = await together(desk, *events)
    assert await inbox.tidy(NOW, 1) == 1
    assert await inbox.story(ids[-1]) is None
    assert await inbox.tidy(NOW + 1, 205) == 205
    assert len(await inbox.messages(limit=500)) == 44
    assert await inbox.tidy(NOW + 1, 205) == 44


async def test_an_id_is_not_given_again(desk: Any, inbox: Any, again: Any) -> None:
    inbound_id = await desk.recorded(received(desk, method=CallMethod.NONE))
    assert await inbox.tidy(NOW + 1, 100) == 1
    desk = await again(desk)
    assert await desk.recorded(received(desk)) == inbound_id + 1
    await desk.store.close()


# --- Short codes ----------------------------------------------------------------------------------
def full(desk: Any) -> Rule:
    return Rule(
        code="8785",
        account_id=desk.account,
        keyword="пицца",
        method=CallMethod.GET,
        url="https://Example.org/in?a=1",
        userin="gate",
        passwordin="s3cr3t",
        reply="Рахмет",
    )


async def test_a_rule_is_made_and_read_with_all_its_fields(engine: Any, desk: Any) -> None:
    inbox = desk.store.inbox
    version = await inbox.version()
    made = await inbox.add_rule(full(desk), **WHO)
    assert await inbox.rules() == [replace(full(desk), id=made, created_at=WHO["now"])]
    assert isinstance((await inbox.rules())[0].method, CallMethod)
    assert await inbox.version() != version
    assert engine.audit()[-1] == ("ann", "shortcode add", "8785 пицца", "account shop")
    assert engine.rows("SELECT host FROM shortcode") == [("https://example.org:443",)]


async def test_rules_come_by_code_and_keyword(desk: Any) -> None:
    for code, keyword in (("9", "b"), ("8785", "я"), ("8785", "a"), ("8785", ""), ("9", "")):
        await rule(desk, code, keyword)
    found = [(one.code, one.keyword) for one in await desk.store.inbox.rules()]
    assert found == [("8785", ""), ("8785", "a"), ("8785", "я"), ("9", ""), ("9", "b")]


async def test_a_code_and_keyword_have_one_owner(engine: Any, desk: Any, inbox: Any) -> None:
    await rule(desk, keyword="a")
    other = await rule(desk, keyword="b")
    before = await inbox.rules(), await inbox.version(), engine.audit()
    with pytest.raises(Conflict, match="8785 a has an owner"):
        await rule(desk, keyword="a")
    with pytest.raises(Conflict):
        await inbox.change_rule(Rule("8785", desk.account, "a", id=other), **WHO)
    assert (await inbox.rules(), await inbox.version(), engine.audit()) == before


async def test_what_is_no_account_or_url_owns_nothing(engine: Any, desk: Any, inbox: Any) -> None:
    made = await rule(desk)
    before = await inbox.rules(), await inbox.version(), engine.audit()
    unfit: list[tuple[type[Exception], Rule]] = [
        (NotFound, Rule("1", 99, id=made)),
        (InvalidValue, Rule("1", desk.account, url="ftp://example.org/", id=made)),
        (InvalidValue, Rule("1", desk.account, url="nonsense", id=made)),
    ]
    for error, one in unfit:
        with pytest.raises(error):
            await inbox.add_rule(one, **WHO)
        with pytest.raises(error):
            await inbox.change_rule(one, **WHO)
    assert (await inbox.rules(), await inbox.version(), engine.audit()) == before


async def test_a_rule_is_changed_and_its_changes_audited_by_name(engine: Any, desk: Any) -> None:
    inbox = desk.store.inbox
    made = await inbox.add_rule(full(desk), **WHO)
    version = await inbox.version()
    changed = replace(full(desk), id=made, passwordin="0ther", url="http://other.example/")
    await inbox.change_rule(changed, actor="bob", now=NOW + 99)
    assert await inbox.rules() == [replace(changed, created_at=WHO["now"])]
    assert engine.rows("SELECT host FROM shortcode") == [("http://other.example:80",)]
    assert await inbox.version() != version
    assert engine.audit()[-1] == ("bob", "shortcode set", "8785 пицца", "url, passwordin")
    assert "0ther" not in repr((engine.audit(), await inbox.rules()))


async def test_a_change_to_the_same_is_none(engine: Any, desk: Any, inbox: Any) -> None:
    made = await rule(desk)
    before = await inbox.version(), engine.audit()
    await inbox.change_rule(Rule("8785", desk.account, id=made), **WHO)
    assert (await inbox.version(), engine.audit()) == before


async def test_a_rule_is_removed_and_its_messages_stay(engine: Any, desk: Any) -> None:
    inbox = desk.store.inbox
    made = await rule(desk, keyword="a")
    inbound_id = await desk.recorded(received(desk, shortcode_id=made))
    version = await inbox.version()
    await inbox.remove_rule(made, **WHO)
    assert (await inbox.rules(), await inbox.version() != version) == ([], True)
    assert engine.audit()[-1] == ("ann", "shortcode remove", "8785 a", "")
    story = await known(desk, inbound_id)
    assert (story.row.account_id, story.rule) == (desk.account, None)
    assert await rule(desk, keyword="a") > made


async def test_what_is_no_rule_is_neither_changed_nor_removed(desk: Any, inbox: Any) -> None:
    with pytest.raises(NotFound, match="rule 5"):
        await inbox.change_rule(Rule("8785", desk.account, id=5), **WHO)
    with pytest.raises(NotFound, match="rule 5"):
        await inbox.remove_rule(5, **WHO)


async def test_a_command_has_the_inbox_beside_the_gateway(engine: Any, desk: Any) -> None:
    inbound_id = await desk.recorded(received(desk, account_id=0))
    version = await desk.store.inbox.version()
    beside = await engine.beside()
    made = await beside.inbox.add_rule(full(desk), **WHO)
    [own] = await beside.inbox.rules()
    await beside.inbox.assign(inbound_id, own, HOST, **WHO)
    await beside.inbox.set_opt_out(desk.account, 77770000001, active=True, **WHO)
    assert [row.id for row in await beside.inbox.messages()] == [inbound_id]
    assert (await beside.inbox.counts()).waiting == 1
    await beside.close()
    assert await desk.store.inbox.version() != version
    assert [one.id for one in await desk.store.inbox.rules()] == [made]
    assert await state(desk, inbound_id) == InboundState.WAITING


# --- Two nodes ------------------------------------------------------------------------------------
async def test_two_nodes_give_no_id_twice(pair: Any) -> None:
    one, other = pair
    answers = await asyncio.gather(
        *[desk.recorded(received(desk, text=f"{n}")) for n in range(200) for desk in pair]
    )
    assert len({*answers}) == 400
    assert len(await other.store.inbox.messages(account_id=one.account, limit=500)) == 400


async def test_of_two_people_one_gives_a_message_away(engine: Any, pair: Any) -> None:
    one, _ = pair
    inbound_id = await one.recorded(received(one, account_id=0))
    own = Rule("8785", one.account, method=CallMethod.GET)
    found = await asyncio.gather(
        *[desk.store.inbox.assign(inbound_id, own, HOST, **WHO) for desk in pair],
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "NoneType"]
    assert len(engine.rows(CALLS)) == 1


async def test_two_nodes_tidy_at_once(pair: Any) -> None:
    one, _ = pair
    await together(one, *[received(one, method=CallMethod.NONE) for _ in range(300)])
    gone = 0
    while await one.store.inbox.messages(limit=1):
        gone += sum(await asyncio.gather(*[d.store.inbox.tidy(NOW + 1, 200) for d in pair]))
    assert gone == 300
