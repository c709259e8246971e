"""What a customer is owed to be told of a message, whatever changes it: each word once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from habar.errors import InvalidValue
from habar.model.account import ReportFormat
from habar.model.message import Reports
from habar.model.status import MessageState
from habar.store.callbacks import CallStage, StateReport
from habar.store.events import EndAwaited, ExpireWaiting, PartAccepted, Withdraw
from habar.store.inbox import CallMethod
from habar.store.retention import Keep

from .calling import (
    HOST,
    HOUR,
    NOW,
    OWN,
    OWN_HOST,
    URL,
    accepted,
    account_s,
    claim,
    end,
    give_up,
    one,
    owed,
    own,
    told_at,
    words,
)

DAY = 86_400_000
ENROUTE, DELIVERED = MessageState.ENROUTE, MessageState.DELIVERED
WAITING, BLOCKED, DONE = CallStage.WAITING, CallStage.BLOCKED, CallStage.DONE
UNDELIVERABLE = MessageState.UNDELIVERABLE


# --- What makes a word ----------------------------------------------------------------------------
async def test_a_message_that_an_operator_has_taken_owes_a_word(desk: Any) -> None:
    message = await own(desk)
    assert await owed(desk) == []
    await desk.accept(message, "1")
    [row] = await owed(desk)
    assert (row.subject, row.state, row.stage, row.host) == (message, ENROUTE, WAITING, OWN_HOST)
    assert (row.at, row.next_at, row.attempts) == (NOW + 1000, NOW + 1000, 0)
    assert (row.account_id, row.login, row.last_status) == (desk.account, "shop", None)


async def test_a_receipt_owes_another_word_that_waits_for_the_first(desk: Any) -> None:
    message = await accepted(desk)
    await desk.receipt("1")
    assert await words(desk, message) == [(ENROUTE, WAITING), (DELIVERED, BLOCKED)]
    call = await one(desk)
    assert await claim(desk) == []
    await end(desk, call.id)
    again = await one(desk)
    assert isinstance(again.event, StateReport)
    assert (again.event.state, again.event.at) == (DELIVERED, NOW + 5000)
    await end(desk, again.id)
    assert await words(desk, message) == [(ENROUTE, DONE), (DELIVERED, DONE)]


async def test_a_receipt_before_the_response_makes_the_same_two_words(desk: Any) -> None:
    message = await own(desk)
    await desk.receipt("1")
    assert await owed(desk) == []
    await desk.accept(message, "1", at=NOW + 6000)
    assert await words(desk, message) == [(ENROUTE, WAITING), (DELIVERED, BLOCKED)]


async def test_both_in_one_transaction_make_the_same_two_words(desk: Any) -> None:
    message = await own(desk)
    taken, told = desk.accept(message, "1"), desk.receipt("1")
    desk.store.journal.hurry()
    assert (await taken, await told) == (message, message)
    assert await words(desk, message) == [(ENROUTE, WAITING), (DELIVERED, BLOCKED)]


async def test_a_receipt_that_staff_match_days_later_is_told_for_as_long_as_any(desk: Any) -> None:
    message = await accepted(desk, "31")
    await end(desk, (await one(desk)).id)
    await desk.receipt("1f")
    [orphan] = await desk.store.unmatched_receipts(10)
    days_later = NOW + 3 * DAY
    await desk.store.match(orphan.id, message, 1, actor="ann", now=days_later)
    assert await give_up(desk, days_later - DAY, days_later) == 0
    call = await one(desk, now=days_later)
    assert (call.event.state, call.since) == (DELIVERED, days_later)


async def test_a_repeated_receipt_owes_nothing_more(desk: Any) -> None:
    message = await accepted(desk)
    for _ in range(2):
        await desk.receipt("1")
    assert len(await words(desk, message)) == 2


async def test_an_end_that_is_bettered_is_told_again(desk: Any) -> None:
    message = await accepted(desk)
    await desk.receipt("1", state=UNDELIVERABLE, error="011")
    await desk.receipt("1", at=NOW + 9000)
    assert [state for state, _ in await words(desk, message)] == [ENROUTE, UNDELIVERABLE, DELIVERED]


async def test_several_parts_owe_one_word_when_the_last_is_taken_and_one_at_the_end(
    desk: Any,
) -> None:
    message = await own(desk, parts=3)
    for part in (1, 2):
        await desk.accept(message, f"p{part}", part, last=False, at=NOW + part)
    await desk.receipt("p1")
    assert await owed(desk) == []
    await desk.accept(message, "p3", 3, at=NOW + 3)
    assert await words(desk, message) == [(ENROUTE, WAITING)]
    await desk.receipt("p2")
    assert len(await owed(desk)) == 1
    await desk.receipt("p3", at=NOW + 7)
    assert await words(desk, message) == [(ENROUTE, WAITING), (DELIVERED, BLOCKED)]
    assert (await owed(desk))[0].at == NOW + 3


async def test_operators_without_receipts_make_one_word_at_once(desk: Any) -> None:
    message = await own(desk)
    await desk.recorded(
        PartAccepted(message, 1, desk.operator, "1", NOW + 4, last=True, final_state=DELIVERED)
    )
    assert [(row.state, row.at) for row in await owed(desk)] == [(DELIVERED, NOW + 4)]


async def test_one_that_failed_at_the_door_owes_a_word(desk: Any) -> None:
    message = await own(desk)
    await desk.finish(message, MessageState.REJECTED)
    call = await one(desk)
    assert isinstance(call.event, StateReport)
    told = call.event
    assert (told.state, told.error) == (MessageState.REJECTED, "ESME_RINVDSTADR")
    assert (told.sent_at, told.done_at) == (None, NOW + 9)


async def test_one_that_expired_waiting_owes_a_word(desk: Any) -> None:
    message = await desk.new(
        reports=Reports.OWN, report_url=OWN, report_host=OWN_HOST, expires_at=NOW + 5
    )
    assert await desk.asked(ExpireWaiting(NOW + 6, NOW - HOUR, 10)) == [message]
    assert await words(desk, message) == [(MessageState.EXPIRED, WAITING)]


async def test_one_that_had_expired_when_it_came_owes_a_word(desk: Any) -> None:
    [outcome] = await desk.submit(
        desk.message(
            reports=Reports.OWN,
            report_url=OWN,
            report_host=OWN_HOST,
            state=MessageState.EXPIRED,
        )
    )
    assert await words(desk, outcome.message_id) == [(MessageState.EXPIRED, WAITING)]
    assert (await desk.story(outcome.message_id)).completed_at == NOW


async def test_one_whose_receipts_do_not_come_owes_a_word(desk: Any) -> None:
    message = await own(desk)
    await desk.accept(message, "1", awaited_until=NOW + 2000)
    assert await desk.asked(EndAwaited(NOW + 3000, 10)) == [message]
    assert [state for state, _ in await words(desk, message)] == [ENROUTE, MessageState.UNKNOWN]


async def test_one_that_its_customer_deletes_owes_a_word(desk: Any) -> None:
    message = await desk.new(reports=Reports.OWN, report_url=OWN, report_host=OWN_HOST)
    assert await desk.asked(Withdraw(desk.account, message, in_hand=False, now=NOW + 1))
    assert await words(desk, message) == [(MessageState.DELETED, WAITING)]


async def test_one_in_doubt_owes_nothing_until_it_is_decided(desk: Any) -> None:
    message = await own(desk)
    await desk.board(message)
    await desk.hold(message)
    assert await owed(desk) == []
    await desk.store.decide(message, resend=False, actor="ann", now=NOW + 50)
    assert await words(desk, message) == [(MessageState.REJECTED, WAITING)]


async def test_one_that_is_put_off_or_released_owes_nothing(desk: Any) -> None:
    message = await own(desk)
    await desk.postpone(message, NOW + 5)
    await desk.claim(now=NOW + 5)
    await desk.release(message)
    assert await owed(desk) == []


async def test_without_reports_nothing_is_owed(desk: Any) -> None:
    await told_at(desk)
    message = await desk.claimed()
    await desk.accept(message, "1")
    await desk.receipt("1")
    assert await owed(desk) == []


async def test_what_retention_blanks_and_deletes_owes_nothing(desk: Any, engine: Any) -> None:
    old = NOW - 10 * DAY
    message = await own(desk, created_at=old, due_at=old)
    await desk.accept(message, "1", at=old)
    await desk.receipt("1", at=old + 1)
    for _ in range(2):
        call = await one(desk)
        await end(desk, call.id)
    before = await owed(desk)
    while (await desk.store.tidy(Keep(None, NOW - DAY), 100)).more:
        pass
    assert await owed(desk) == before
    while (await desk.store.tidy(Keep(NOW - DAY, None), 100)).more:
        pass
    assert await desk.store.story(message) is None
    assert await owed(desk) == []
    assert engine.rows("SELECT * FROM message_report") == []


async def test_what_is_still_owed_of_a_deleted_message_is_given_up(desk: Any) -> None:
    old = NOW - 10 * DAY
    message = await own(desk, created_at=old, due_at=old)
    await desk.accept(message, "1", at=old)
    await desk.receipt("1", at=old + 1)
    while (await desk.store.tidy(Keep(NOW - DAY, None), 100)).more:
        pass
    assert [stage for _, stage in await words(desk, message)] == [WAITING, BLOCKED]
    assert await claim(desk) == []
    assert await claim(desk) == []
    rows = await owed(desk)
    assert [row.stage for row in rows] == [CallStage.GIVEN_UP] * 2
    story = await desk.store.callbacks.story(rows[0].id)
    assert story.url == ""
    assert [(t.number, t.status, t.error) for t in story.tries] == [
        (1, 0, "what was to be told is no more")
    ]


# --- Who is told ----------------------------------------------------------------------------------
async def test_all_that_is_told_of_a_message(desk: Any) -> None:
    message = await accepted(desk, customer_id=7)
    call = await one(desk)
    assert (call.account_id, call.attempts, call.since) == (desk.account, 0, NOW + 1000)
    assert (call.host, call.method, call.url) == (OWN_HOST, CallMethod.GET, OWN)
    assert call.event == StateReport(
        message_id=message,
        customer_id=7,
        sender="TEXT_MSG",
        recipient=77771234567,
        message_type=0,
        text="Привет",
        state=ENROUTE,
        error="",
        submitted_at=NOW,
        sent_at=NOW + 1000,
        done_at=None,
        at=NOW + 1000,
    )


async def test_a_failures_error_is_that_of_the_part_that_failed(desk: Any) -> None:
    message = await own(desk, parts=2)
    await desk.accept(message, "p1", last=False)
    await desk.accept(message, "p2", 2, at=NOW + 2000)
    await desk.receipt("p1", error="000")
    await desk.receipt("p2", state=UNDELIVERABLE, error="011", at=NOW + 6000)
    await end(desk, (await one(desk)).id)
    told: Any = (await one(desk)).event
    assert (told.state, told.error) == (UNDELIVERABLE, "011")
    assert (told.sent_at, told.done_at, told.at) == (NOW + 2000, NOW + 6000, NOW + 6000)


async def test_texts_that_a_database_cannot_hold_come_back_as_they_were(desk: Any) -> None:
    message = await own(desk, text="zero \x00", sender="S\x00")
    await desk.accept(message, "1")
    told: Any = (await one(desk)).event
    assert (told.text, told.sender) == ("zero \x00", "S\x00")


async def test_the_accounts_url_as_it_is_now(desk: Any) -> None:
    await told_at(desk)
    message = await account_s(desk)
    await desk.accept(message, "1")
    await told_at(desk, "http://EXAMPLE.org/other", ReportFormat.JSON)
    call = await one(desk, HOST)
    assert (call.method, call.url) == (CallMethod.JSON, "http://EXAMPLE.org/other")


async def test_where_the_account_has_another_host_its_obligations_go_there(desk: Any) -> None:
    await told_at(desk)
    for number in range(130):
        await desk.accept(await account_s(desk, price=0), f"{number}")
    mine = await own(desk, url=URL + "/own", host=HOST)
    await desk.accept(mine, "mine", at=NOW + 2000)
    await told_at(desk, "https://new.example/")
    [call] = await claim(desk, HOST, limit=1)
    assert call.url == URL + "/own"
    assert [row.host for row in await desk.store.callbacks.hosts()] == ["https://new.example:443"]
    there = await claim(desk, "https://new.example:443", limit=200)
    assert len(there) == 130
    assert {c.url for c in there} == {"https://new.example/"}


async def test_an_url_that_was_taken_away_is_told_as_none(desk: Any) -> None:
    await told_at(desk)
    message = await account_s(desk)
    await desk.accept(message, "1")
    await told_at(desk, "")
    assert (await one(desk, HOST)).url == ""
    await desk.receipt("1")
    assert len(await words(desk, message)) == 1, "without an URL nothing further is owed"


async def test_an_account_that_never_had_one_owes_nothing(desk: Any) -> None:
    message = await account_s(desk)
    await desk.accept(message, "1")
    assert await owed(desk) == []


# --- Accounts -------------------------------------------------------------------------------------
async def test_an_accounts_url_and_secret_are_kept_and_raise_the_version(desk: Any) -> None:
    books = desk.store.books
    before, account = await books.version(), (await books.account("shop")).credentials.account
    assert (account.report_url, account.report_format, account.callback_secret) == (
        "",
        ReportFormat.GET,
        "",
    )
    changed = replace(
        account, report_url=URL, report_format=ReportFormat.JSON, callback_secret="s3cr3t"
    )
    await books.change_account(changed, actor="ann", now=NOW)
    assert await books.version() != before
    row = await books.account("shop")
    assert row.credentials.account == changed
    assert changed in [one.credentials.account for one in await books.accounts()]
    assert "s3cr3t" not in repr(row)


async def test_an_accounts_url_that_is_none_is_refused(desk: Any, engine: Any) -> None:
    before = engine.audit()
    with pytest.raises(InvalidValue, match="neither with http"):
        await told_at(desk, "ftp://example.org/")
    assert engine.audit() == before
