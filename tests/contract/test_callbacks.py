"""What customers are owed to be told: claimed, tried, put off, given up, called again."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from habar.model.account import AccountKind
from habar.model.status import MessageState
from habar.store.books import NewAccount
from habar.store.callbacks import (
    CallCounts,
    CallFilter,
    CallKind,
    CallStage,
    HostQueue,
    HostSeen,
    InboundCall,
    Try,
)
from habar.store.inbox import CallMethod, InboundState

from .calling import (
    HOST,
    HOUR,
    LATER,
    NOW,
    OWN,
    OWN_HOST,
    URL,
    WHO,
    accepted,
    claim,
    end,
    give_up,
    inbound,
    one,
    owed,
    own,
    release,
    rule,
    tried,
    words,
)
from .watching import PATIENCE, given_up

WAITING, CLAIMED, DONE = CallStage.WAITING, CallStage.CLAIMED, CallStage.DONE
GIVEN_UP, BLOCKED = CallStage.GIVEN_UP, CallStage.BLOCKED
ENROUTE, DELIVERED = MessageState.ENROUTE, MessageState.DELIVERED


async def state_of(engine: Any, number: int = 1) -> tuple[int, int | None]:
    [row] = engine.rows(f"SELECT state, done_at FROM inbound WHERE id = {number}")
    return row[0], row[1]


async def several(desk: Any, count: int, host: str = OWN_HOST, at: int = NOW) -> list[int]:
    """Messages of which a word is owed; the first of them is due first."""
    made = []
    for n in range(count):
        made.append(await own(desk, host=host, url=host + "/", price=0))
        await desk.accept(made[-1], f"{host} {at} {n}", at=at + n)
    return made


# --- Claims ---------------------------------------------------------------------------------------
async def test_the_longest_due_come_first_and_no_more_than_asked_for(desk: Any) -> None:
    made = await several(desk, 5)
    assert [c.event.message_id for c in await claim(desk, limit=2)] == made[:2]
    assert [c.event.message_id for c in await claim(desk, limit=9)] == made[2:]
    assert await claim(desk) == []
    assert {row.stage for row in await owed(desk)} == {CLAIMED}


async def test_what_is_not_due_yet_is_left_alone(desk: Any) -> None:
    await several(desk, 3)
    assert len(await claim(desk, now=NOW + 1)) == 2
    assert len(await claim(desk, now=NOW + 2)) == 1


async def test_another_hosts_are_left_alone(desk: Any) -> None:
    await several(desk, 2)
    [other] = await several(desk, 1, "http://other.example:80")
    assert [c.event.message_id for c in await claim(desk, "http://other.example:80")] == [other]


async def test_many_are_claimed_and_tried_at_once(desk: Any) -> None:
    made = await several(desk, 300)
    calls = await claim(desk, limit=1000)
    assert [call.event.message_id for call in calls] == made
    answers = await desk.all_recorded([tried(call.id) for call in calls])
    assert answers == [call.id for call in calls]
    assert {row.stage for row in await owed(desk)} == {DONE}


# --- Tries ----------------------------------------------------------------------------------------
async def test_a_try_that_succeeds_ends_it(desk: Any) -> None:
    await accepted(desk)
    call = await one(desk)
    assert await end(desk, call.id, at=LATER, ms=250) == call.id
    [row] = await owed(desk)
    assert (row.stage, row.attempts, row.ended_at) == (DONE, 1, LATER + 250)
    assert (row.last_status, row.last_error) == (200, "")
    story = await desk.store.callbacks.story(call.id)
    assert story.row == row
    assert (story.url, story.method) == (OWN, CallMethod.GET)
    assert story.tries == (Try(1, LATER, 250, 200, "", "ok"),)


async def test_a_try_that_fails_puts_it_off_under_the_same_id(desk: Any) -> None:
    await accepted(desk)
    call = await one(desk)
    failed = {"status": 503, "error": "zero \x00", "answer": "no \x00"}
    assert await end(desk, call.id, WAITING, next_at=LATER + 9, **failed) == call.id
    assert await claim(desk, now=LATER + 8) == []
    again = await one(desk, now=LATER + 9)
    assert (again.id, again.attempts, again.since) == (call.id, 1, call.since)
    await end(desk, call.id, WAITING, next_at=LATER + 99, status=0, error="timed out", answer="")
    [row] = await owed(desk)
    assert (row.stage, row.next_at, row.attempts) == (WAITING, LATER + 99, 2)
    assert (row.last_status, row.last_error, row.ended_at) == (0, "timed out", None)
    story = await desk.store.callbacks.story(call.id)
    assert [(t.number, t.error, t.answer) for t in story.tries] == [
        (1, "zero \x00", "no \x00"),
        (2, "timed out", ""),
    ]


async def test_a_try_may_give_it_up_and_the_next_of_its_subject_waits(desk: Any) -> None:
    message = await accepted(desk)
    await desk.receipt("1")
    call = await one(desk)
    await end(desk, call.id, GIVEN_UP, at=LATER, ms=7)
    assert await words(desk, message) == [(ENROUTE, GIVEN_UP), (DELIVERED, WAITING)]
    assert await claim(desk, now=LATER + 6) == []
    assert (await one(desk, now=LATER + 7)).event.state == DELIVERED


async def test_while_it_is_put_off_the_next_of_its_subject_is_blocked(desk: Any) -> None:
    message = await accepted(desk)
    await desk.receipt("1")
    await end(desk, (await one(desk)).id, WAITING, next_at=LATER + 5)
    assert await words(desk, message) == [(ENROUTE, WAITING), (DELIVERED, BLOCKED)]


async def test_of_three_each_waits_for_the_one_before(desk: Any) -> None:
    await accepted(desk)
    await desk.receipt("1", state=MessageState.UNDELIVERABLE)
    await desk.receipt("1", at=NOW + 9000)
    seen = []
    for _ in range(3):
        call = await one(desk)
        seen.append(call.event.state)
        await end(desk, call.id)
    assert seen == [ENROUTE, MessageState.UNDELIVERABLE, DELIVERED]
    assert await claim(desk) == []


async def test_what_is_not_in_hand_is_not_changed_by_a_try(desk: Any) -> None:
    await accepted(desk)
    [before] = await owed(desk)
    assert await end(desk, before.id) is None
    assert await end(desk, 4711) is None
    assert await owed(desk) == [before]
    call = await one(desk)
    await end(desk, call.id)
    [ended] = await owed(desk)
    assert await end(desk, call.id, GIVEN_UP) is None
    assert await owed(desk) == [ended]
    assert len((await desk.store.callbacks.story(call.id)).tries) == 1


async def test_of_two_tries_told_at_once_the_first_counts(desk: Any) -> None:
    await accepted(desk)
    call = await one(desk)
    answers = await desk.all_recorded([tried(call.id), tried(call.id, GIVEN_UP)])
    assert answers == [call.id, None]
    assert [row.stage for row in await owed(desk)] == [DONE]


async def test_a_try_and_a_receipt_in_one_turn(desk: Any) -> None:
    message = await accepted(desk)
    call = await one(desk)
    told, done = desk.receipt("1"), desk.recorded(tried(call.id))
    desk.store.journal.hurry()
    assert (await told, await done) == (message, call.id)
    assert await words(desk, message) == [(ENROUTE, DONE), (DELIVERED, WAITING)]


async def test_a_try_that_the_store_refuses_harms_no_other(desk: Any) -> None:
    await several(desk, 2)
    first, second = await claim(desk)
    spoiled = tried(first.id, error="\ud800")
    assert await desk.all_recorded([spoiled, tried(second.id)]) == [None, second.id]
    assert [row.stage for row in await owed(desk)] == [CLAIMED, DONE]


async def test_released_ones_wait_as_they_were(desk: Any) -> None:
    await several(desk, 3)
    before = await owed(desk)
    ids = [call.id for call in await claim(desk)]
    assert await release(desk, 4711, *ids[:2]) == ids[0]
    assert [row.stage for row in await owed(desk)] == [WAITING, WAITING, CLAIMED]
    assert (await owed(desk))[:2] == before[:2]
    assert await release(desk, *ids[:2]) is None
    assert await end(desk, ids[0]) is None


# --- Hosts ----------------------------------------------------------------------------------------
async def test_each_host_with_what_waits_is_told_with_its_first_time(desk: Any) -> None:
    callbacks = desk.store.callbacks
    assert await callbacks.hosts() == []
    await several(desk, 3)
    await several(desk, 2, "http://other.example:80", NOW - 50)
    other = HostQueue("http://other.example:80", NOW - 50, desk.account, 0, 0, 0, "")
    assert await callbacks.hosts() == [other, HostQueue(OWN_HOST, NOW, desk.account, 0, 0, 0, "")]
    await claim(desk, limit=1)
    assert await callbacks.hosts() == [
        other,
        HostQueue(OWN_HOST, NOW + 1, desk.account, 0, 0, 0, ""),
    ]
    await claim(desk)
    assert await callbacks.hosts() == [other]


async def test_of_many_hosts_some_are_told_from_one_on(desk: Any) -> None:
    names = [f"http://h{number}.example:80" for number in range(5)]
    for name in reversed(names):
        await several(desk, 2, name)
    callbacks = desk.store.callbacks
    assert [one.host for one in await callbacks.hosts("", 3)] == names[:3]
    assert [one.host for one in await callbacks.hosts(names[2], 3)] == names[2:]
    assert [one.host for one in await callbacks.hosts(names[4] + "0", 3)] == []


async def test_a_host_that_fails_is_told_so_until_it_answers(desk: Any) -> None:
    callbacks = desk.store.callbacks
    await accepted(desk)
    assert await desk.recorded(HostSeen(OWN_HOST, 5, LATER + 9, "refused \x00", LATER)) is None
    await desk.recorded(HostSeen("http://no.queue:80", 1, 0, "timed out", LATER))
    assert await callbacks.hosts() == [
        HostQueue(OWN_HOST, NOW + 1000, desk.account, 5, LATER + 9, LATER, "refused \x00")
    ]
    assert (await callbacks.counts()).hosts_paused == 1
    await desk.recorded(HostSeen(OWN_HOST, 6, LATER + 99, "timed out", LATER + 20))
    assert await callbacks.hosts() == [
        HostQueue(OWN_HOST, NOW + 1000, desk.account, 6, LATER + 99, LATER, "timed out")
    ]
    assert await desk.recorded(HostSeen(OWN_HOST, 0, 0, "", LATER)) is None
    assert await callbacks.hosts() == [HostQueue(OWN_HOST, NOW + 1000, desk.account, 0, 0, 0, "")]
    assert (await callbacks.counts()).hosts_paused == 0


# --- Giving up ------------------------------------------------------------------------------------
async def test_what_has_waited_too_long_is_given_up_and_the_next_waits(desk: Any) -> None:
    message = await accepted(desk)
    await desk.receipt("1")
    assert await give_up(desk, NOW + 1000) == 0
    assert await give_up(desk, NOW + 1001) == 1
    assert await words(desk, message) == [(ENROUTE, GIVEN_UP), (DELIVERED, WAITING)]
    assert [row.ended_at for row in await owed(desk)] == [LATER, None]
    assert await give_up(desk, NOW + 5001) == 1
    assert {row.stage for row in await owed(desk)} == {GIVEN_UP}
    assert (await desk.store.callbacks.counts()).given_up == 2


async def test_no_more_are_given_up_than_asked_for_and_none_in_hand(desk: Any) -> None:
    await several(desk, 5)
    held = await claim(desk, limit=1)
    assert await give_up(desk, LATER, limit=3) == 3
    assert await give_up(desk, LATER, limit=3) == 1
    assert await end(desk, held[0].id) == held[0].id


async def test_one_that_is_blocked_by_nothing_waits_again(desk: Any, engine: Any) -> None:
    message = await accepted(desk)
    await desk.receipt("1")
    await several(desk, 2)
    engine.change(f"UPDATE callback SET stage = 2, ended_at = 5 WHERE state = {ENROUTE:d}")
    assert await claim(desk) == []
    assert await give_up(desk, now=NOW + 6000) == 0
    assert (await words(desk, message))[1] == (DELIVERED, BLOCKED), "looked at after a while"
    await give_up(desk, now=LATER)
    assert (await words(desk, message))[1] == (DELIVERED, WAITING)
    assert (await one(desk, now=LATER)).event.state == DELIVERED


async def test_one_that_is_blocked_rightly_stays_so_and_is_looked_at_again(
    desk: Any, engine: Any
) -> None:
    message = await accepted(desk)
    await desk.receipt("1", state=MessageState.UNDELIVERABLE)
    await desk.receipt("1", at=NOW + 9000)
    for _ in range(2):
        await give_up(desk, now=LATER)
        assert [stage for _, stage in await words(desk, message)] == [WAITING, BLOCKED, BLOCKED]
    engine.change(f"UPDATE callback SET stage = 2, ended_at = 5 WHERE state = {ENROUTE:d}")
    await give_up(desk, now=LATER + HOUR // 2)
    assert [stage for _, stage in await words(desk, message)] == [DONE, BLOCKED, BLOCKED]
    await give_up(desk, now=LATER + 2 * HOUR)
    assert [stage for _, stage in await words(desk, message)] == [DONE, WAITING, BLOCKED]


# --- Subscribers' messages ------------------------------------------------------------------------
async def test_all_that_is_told_of_a_subscribers_message(desk: Any, engine: Any) -> None:
    rule(engine, desk)
    inbound(engine, desk)
    call = await one(desk, HOST)
    assert (call.method, call.url, call.host) == (CallMethod.GET, URL, HOST)
    assert call.event == InboundCall(
        inbound_id=1,
        operator_id=desk.operator,
        sender="77771234567",
        short_code="8785",
        transaction_id="12",
        text="Сәлем",
        data_coding=8,
        sent_at=NOW - 9,
        received_at=NOW,
        parts=2,
        missing=1,
        userin="gate",
        passwordin="s3cr3t",
        reply="",
        replied=False,
    )
    assert "s3cr3t" not in repr(call)


@pytest.mark.rule("inbox.undelivered")
@pytest.mark.parametrize(
    ("stage", "state"),
    [(DONE, InboundState.DELIVERED), (GIVEN_UP, InboundState.UNDELIVERED)],
)
async def test_its_end_is_that_of_the_message(
    desk: Any, engine: Any, stage: CallStage, state: InboundState
) -> None:
    rule(engine, desk)
    inbound(engine, desk)
    call = await one(desk, HOST)
    await end(desk, call.id, WAITING, next_at=LATER)
    assert await state_of(engine) == (InboundState.WAITING, None)
    await end(desk, (await one(desk, HOST)).id, stage, at=LATER, ms=3)
    assert await state_of(engine) == (state, LATER + 3)


@pytest.mark.rule("inbox.undelivered")
async def test_one_that_waited_too_long_is_undelivered(desk: Any, engine: Any) -> None:
    rule(engine, desk)
    inbound(engine, desk)
    assert await give_up(desk, NOW + 1) == 1
    assert await state_of(engine) == (InboundState.UNDELIVERED, LATER)


@pytest.mark.rule("inbox.one-reply")
async def test_an_answer_that_was_sent_before_is_known(desk: Any, engine: Any) -> None:
    rule(engine, desk)
    inbound(engine, desk)
    await desk.new(reply_to=1)
    assert (await one(desk, HOST)).event.replied is True


async def test_what_the_gateway_answers_by_itself_has_no_host(desk: Any, engine: Any) -> None:
    rule(engine, desk)
    inbound(engine, desk, host="", reply="Спасибо")
    assert [row.host for row in await desk.store.callbacks.hosts()] == [""]
    call = await one(desk, "")
    assert (call.method, call.url, call.event.reply) == (CallMethod.AUTO, "", "Спасибо")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DELETE FROM shortcode", (HOST, CallMethod.NONE, "", "")),
        ("UPDATE shortcode SET method = 0", (HOST, CallMethod.NONE, "", "")),
        ("UPDATE shortcode SET method = 2", (HOST, CallMethod.POST, URL, "")),
        ("UPDATE shortcode SET method = 4", ("", CallMethod.AUTO, "", "by the rule")),
        (
            "UPDATE shortcode SET url = 'https://b.example/x', host = 'https://b.example:443'",
            ("https://b.example:443", CallMethod.GET, "https://b.example/x", ""),
        ),
    ],
)
async def test_its_rule_counts_as_it_is_now(
    desk: Any, engine: Any, change: str, told: tuple[str, CallMethod, str, str]
) -> None:
    rule(engine, desk)
    inbound(engine, desk)
    engine.change(change)
    if told[0] != HOST:
        assert await claim(desk, HOST) == []
    call = await one(desk, told[0])
    assert (call.host, call.method, call.url, call.event.reply) == told
    assert (await desk.store.callbacks.story(call.id)).url == told[2]


async def test_with_a_rules_url_its_obligations_move_to_the_new_host(
    desk: Any, engine: Any
) -> None:
    """The old one may be left in peace for long: nobody is to wait for that."""
    rule(engine, desk)
    for number in range(1, 251):
        inbound(engine, desk, number, rule=2 if number == 7 else 1)
    inbound(engine, desk, 251, host="http://third.example:80")
    [in_hand] = await claim(desk, HOST, limit=1)
    [before] = await desk.store.inbox.rules()
    new = "https://new.example:8443"
    await desk.store.inbox.change_rule(replace(before, url=f"{new}/sms"), actor="ann", now=NOW)
    assert Counter(row.host for row in await owed(desk)) == {
        new: 248,
        HOST: 2,
        "http://third.example:80": 1,
    }
    assert {call.url for call in await claim(desk, new, 300)} == {f"{new}/sms"}
    await release(desk, in_hand.id)
    assert in_hand.host == HOST


async def test_a_rule_that_was_given_to_another_account_tells_it_nothing_from_before(
    desk: Any, engine: Any
) -> None:
    rule(engine, desk)
    inbound(engine, desk)
    other = NewAccount(
        login="other", kind=AccountKind.FULL, password_hash="x", part_price=1, balance=0
    )
    await desk.store.books.add_account(other, actor="ann", now=NOW)
    [before] = await desk.store.inbox.rules()
    theirs = (await desk.store.books.account("other")).credentials.account.id
    changed = replace(before, account_id=theirs, url="https://other.example/sms")
    await desk.store.inbox.change_rule(changed, actor="ann", now=NOW)
    call = await one(desk, HOST)
    assert (call.account_id, call.url, call.event.passwordin) == (desk.account, "", "")


async def test_a_subscribers_message_that_is_no_more_is_given_up(desk: Any, engine: Any) -> None:
    rule(engine, desk)
    inbound(engine, desk)
    engine.change("DELETE FROM inbound")
    assert await claim(desk, HOST) == []
    [row] = await owed(desk)
    assert (row.kind, row.stage, row.attempts) == (CallKind.INBOUND, GIVEN_UP, 1)


# --- Lists ----------------------------------------------------------------------------------------
async def test_lists_by_every_condition_the_newest_first(desk: Any, engine: Any) -> None:
    first, second = await several(desk, 2)
    rule(engine, desk)
    inbound(engine, desk, second)
    callbacks = desk.store.callbacks

    async def found(limit: int = 50, before_id: int | None = None, **wanted: Any) -> list[int]:
        rows = await callbacks.listed(CallFilter(**wanted), limit=limit, before_id=before_id)
        return [row.id for row in rows]

    newest = await found()
    assert newest == sorted(newest, reverse=True)
    third, two, one_ = newest
    assert await found(limit=2) == [third, two]
    assert await found(before_id=third) == [two, one_]
    assert await found(account_id=desk.account) == newest
    assert await found(account_id=desk.account + 1) == []
    assert await found(kind=CallKind.INBOUND) == [third]
    assert await found(subject=second) == [third, two]
    assert await found(kind=CallKind.STATE, subject=second) == [two]
    assert await found(host=HOST) == [third]
    assert await found(since=NOW + 1) == [two]
    assert await found(until=NOW + 1, kind=CallKind.STATE) == [one_]
    await claim(desk, limit=1)
    assert await found(stage=CLAIMED) == [one_]
    assert await found(stage=WAITING, subject=first) == []


async def test_a_command_beside_the_gateway_sees_and_mends_them(desk: Any, engine: Any) -> None:
    await accepted(desk)
    beside = (await engine.beside()).callbacks
    assert await beside.counts() == CallCounts(1, 0, 0)
    assert len(await beside.hosts()) == 1
    [row] = await beside.listed(CallFilter())
    await end(desk, (await one(desk)).id, GIVEN_UP)
    assert await beside.counts() == CallCounts(0, 1, 0)
    assert await beside.replay([row.id], **WHO) == [row.id]
    assert (await one(desk)).id == row.id


async def test_one_that_is_not_there_has_no_story(desk: Any) -> None:
    for number in (0, -1, 4711, 1 << 70):
        assert await desk.store.callbacks.story(number) is None


async def test_counts(desk: Any) -> None:
    assert await desk.store.callbacks.counts() == CallCounts(0, 0, 0)
    await several(desk, 3)
    await accepted(desk, "with another")
    await desk.receipt("with another")
    await claim(desk, limit=1)
    assert (await desk.store.callbacks.counts()).waiting == 5


# --- Called again ---------------------------------------------------------------------------------
@pytest.mark.parametrize("stage", [DONE, GIVEN_UP])
async def test_an_ended_one_is_called_again_with_a_new_ones_time(
    desk: Any, engine: Any, stage: CallStage
) -> None:
    await accepted(desk)
    call = await one(desk)
    await end(desk, call.id, stage)
    now = LATER + HOUR
    again = await desk.store.callbacks.replay([call.id, 4711, 1 << 70], actor="ann", now=now)
    assert again == [call.id]
    [row] = await owed(desk)
    assert (row.stage, row.next_at, row.attempts, row.ended_at) == (WAITING, now, 1, None)
    assert engine.audit()[-1] == ("ann", "callback replay", str(call.id), "1 to be called again")
    repeated = await one(desk, now=now)
    assert (repeated.id, repeated.since, repeated.attempts) == (call.id, now, 1)
    await end(desk, call.id, at=now)
    assert [t.number for t in (await desk.store.callbacks.story(call.id)).tries] == [1, 2]


async def test_one_that_is_put_off_is_due_at_once(desk: Any) -> None:
    await accepted(desk)
    call = await one(desk)
    await end(desk, call.id, WAITING, next_at=LATER + HOUR)
    assert await desk.store.callbacks.replay([call.id], **WHO) == [call.id]
    assert (await one(desk, now=LATER)).since == LATER


async def test_what_is_claimed_or_blocked_is_left_out(desk: Any, engine: Any) -> None:
    await accepted(desk)
    await desk.receipt("1")
    await claim(desk)
    before, trace = await owed(desk), engine.audit()
    assert await desk.store.callbacks.replay([row.id for row in before], **WHO) == []
    assert (await owed(desk), engine.audit()) == (before, trace)
    assert await desk.store.callbacks.replay([], **WHO) == []


async def test_of_a_subject_the_oldest_is_called_again_first(desk: Any, engine: Any) -> None:
    message = await accepted(desk)
    await desk.receipt("1")
    for _ in range(2):
        await end(desk, (await one(desk)).id)
    ids = [row.id for row in await owed(desk)]
    assert await desk.store.callbacks.replay(ids[::-1], **WHO) == ids
    assert await words(desk, message) == [(ENROUTE, WAITING), (DELIVERED, BLOCKED)]
    assert engine.audit()[-1][2:] == (f"{ids[0]} to {ids[1]}", "2 to be called again")


async def test_one_that_waits_gives_way_to_an_older_one(desk: Any) -> None:
    message = await accepted(desk)
    await desk.receipt("1")
    call = await one(desk)
    await end(desk, call.id)
    await desk.store.callbacks.replay([call.id], **WHO)
    assert await words(desk, message) == [(ENROUTE, WAITING), (DELIVERED, BLOCKED)]


async def test_one_in_hand_is_waited_for(desk: Any) -> None:
    message = await accepted(desk)
    await desk.receipt("1")
    first = await one(desk)
    await end(desk, first.id)
    second = await one(desk)
    assert await desk.store.callbacks.replay([first.id], **WHO) == [first.id]
    assert await words(desk, message) == [(ENROUTE, BLOCKED), (DELIVERED, CLAIMED)]
    await end(desk, second.id)
    assert (await one(desk)).id == first.id


async def test_a_subscribers_message_called_again_is_waiting_again(desk: Any, engine: Any) -> None:
    rule(engine, desk)
    inbound(engine, desk)
    call = await one(desk, HOST)
    await end(desk, call.id, GIVEN_UP)
    await desk.store.callbacks.replay([call.id], **WHO)
    assert await state_of(engine) == (InboundState.WAITING, None)


# --- What goes ------------------------------------------------------------------------------------
async def test_what_ended_long_ago_goes_with_its_tries(desk: Any, engine: Any) -> None:
    await several(desk, 4)
    calls = await claim(desk, limit=3)
    for number, call in enumerate(calls):
        await end(desk, call.id, at=NOW + number * HOUR, ms=0)
    callbacks = desk.store.callbacks
    assert await callbacks.tidy(NOW, 100) == 0
    assert await callbacks.tidy(NOW + 2 * HOUR, 1) == 1
    assert await callbacks.tidy(NOW + 2 * HOUR, 100) == 1
    left = await owed(desk)
    assert [(row.id, row.stage) for row in left][:1] == [(calls[2].id, DONE)]
    assert len(left) == 2
    assert engine.rows("SELECT callback_id FROM callback_try") == [(calls[2].id,)]


async def test_urls_of_messages_that_are_no_more_go(desk: Any, engine: Any) -> None:
    message = await own(desk)
    engine.change("INSERT INTO message_report (message_id, url, host) VALUES (0, 'u', 'h')")
    await desk.store.callbacks.tidy(NOW, 100)
    assert engine.rows("SELECT message_id FROM message_report") == [(message,)]


async def test_hosts_that_failed_long_ago_are_forgotten_when_nothing_waits(
    desk: Any, engine: Any
) -> None:
    await accepted(desk)
    for host, at in ((OWN_HOST, NOW), ("http://old:80", NOW), ("http://new:80", LATER)):
        await desk.recorded(HostSeen(host, 5, LATER, "refused", at))
    await desk.store.callbacks.tidy(LATER, 100)
    hosts = engine.rows("SELECT host FROM callback_host ORDER BY host")
    assert hosts == [("http://new:80",), (OWN_HOST,)]


# --- Ends of a run --------------------------------------------------------------------------------
async def test_what_was_in_hand_at_a_death_waits_again(desk: Any, again: Any) -> None:
    await several(desk, 2)
    first, _ = await claim(desk)
    await end(desk, first.id)
    next_run = await again(desk)
    assert [row.stage for row in await owed(next_run)] == [DONE, WAITING]
    assert len(await claim(next_run)) == 1


async def test_what_is_in_hand_at_a_clean_end_waits_again(desk: Any, engine: Any) -> None:
    await several(desk, 2)
    await claim(desk, limit=1)
    await desk.store.close()
    beside = (await engine.beside()).callbacks
    assert [row.stage for row in await beside.listed(CallFilter())] == [WAITING, WAITING]


# --- Several nodes --------------------------------------------------------------------------------
async def test_two_nodes_never_claim_one_nor_two_of_one_subject(pair: Any) -> None:
    first, second = pair
    made = await several(first, 60)
    for number in range(60):
        await first.receipt(f"{OWN_HOST} {NOW} {number}", at=NOW + 99)
    open_: dict[int, int] = {}
    told: list[tuple[int, int]] = []

    async def caller(desk: Any, limit: int) -> None:
        while (await desk.store.callbacks.counts()).waiting:
            calls = await claim(desk, limit=limit, now=LATER + HOUR)
            for call in calls:
                assert call.event.message_id not in open_
                open_[call.event.message_id] = call.id
                told.append((call.event.message_id, call.event.state))
            await asyncio.sleep(0)
            for call in calls:
                del open_[call.event.message_id]
            await desk.all_recorded([tried(call.id) for call in calls])

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*[caller(desk, limit) for desk in pair for limit in (3, 7)])
    assert len(told) == len(set(told)) == 120
    for message in made:
        assert [state for one_, state in told if one_ == message] == [ENROUTE, DELIVERED]
    assert second is not first


async def test_what_another_node_has_in_hand_is_left_to_it(pair: Any) -> None:
    first, second = pair
    await accepted(first)
    call = await one(second)
    assert await claim(first) == []
    assert await end(first, call.id) is None
    assert await release(first, call.id) is None
    assert await give_up(first, LATER) == 0
    assert await end(second, call.id) == call.id


async def test_a_dead_nodes_wait_again(engine: Any, pair: Any) -> None:
    first, second = pair
    await several(first, 2)
    call = (await claim(first, limit=1))[0]
    engine.die(first.store)
    assert len(await claim(second)) == 1
    await given_up(engine, first, second)
    assert (await one(second)).id == call.id


async def test_a_node_that_was_taken_for_dead_changes_nothing_by_a_try(
    engine: Any, pair: Any
) -> None:
    first, second = pair
    await accepted(first)
    call = await one(first)
    await given_up(engine, first, second)
    again = await one(second)
    assert again.id == call.id
    assert await end(first, call.id) is None
    assert await end(second, call.id) == call.id


async def test_words_made_and_ended_by_two_nodes_at_once_are_all_told(pair: Any) -> None:
    """Whatever the order in which they commit: what is lost is found by the sweep."""
    first, second = pair
    made = await several(first, 40)
    calls = await claim(second)
    receipts = [first.receipt(f"{OWN_HOST} {NOW} {n}", at=NOW + 99) for n in range(40)]
    first.store.journal.hurry()
    await asyncio.gather(*receipts, *[second.recorded(tried(call.id)) for call in calls])
    await give_up(first, now=LATER + HOUR)
    again = await claim(second, now=LATER + HOUR)
    assert sorted(call.event.message_id for call in again) == made
