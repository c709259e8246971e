"""Money and allowances: what is reserved, what is given back, and that it always adds up."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from habar.errors import Refusal
from habar.model.account import AccountKind
from habar.model.message import Submission
from habar.model.status import MessageState
from habar.store.books import NewAccount
from habar.store.events import ExpireWaiting, Finished, Withdraw

LOGINS = count(1)


async def test_the_price_is_reserved_when_accepted(desk: Any, engine: Any) -> None:
    await desk.submit(desk.message(), desk.message(price=2_500))
    assert (await desk.funds()).balance == 96_500
    assert engine.ledger(desk.account) == [
        ("opening", 100_000, None, None, 0),
        ("charge", -3_500, 1, 2, 2),
    ]
    assert await desk.balanced()


async def test_what_costs_nothing_leaves_no_entry(desk: Any, engine: Any) -> None:
    message = await desk.claimed(price=0)
    await desk.finish(message, MessageState.REJECTED)
    assert [kind for kind, *_ in engine.ledger(desk.account)] == ["opening"]


async def test_the_balance_covers_or_refuses_one_by_one(desk: Any) -> None:
    outcomes = await desk.submit(*[desk.message(price=40_000) for _ in range(3)], desk.message())
    assert [outcome.refusal for outcome in outcomes] == [None, None, Refusal.BALANCE, None]
    assert (await desk.funds()).balance == 19_000


async def test_a_refused_message_is_paid_back_once_ever(desk: Any, engine: Any) -> None:
    message = await desk.claimed()
    told = [desk.finish(message, MessageState.REJECTED) for _ in range(2)]
    assert await asyncio.gather(*told) == [message, None]
    assert await desk.finish(message, MessageState.UNDELIVERABLE) is None
    assert (await desk.funds()).balance == 100_000
    assert (await desk.story(message)).refunded == 1_000
    assert engine.ledger(desk.account)[2:] == [("refund", 1_000, message, message, 1)]
    assert await desk.balanced()


async def test_without_a_refund_the_price_is_kept(desk: Any) -> None:
    message = await desk.claimed()
    await desk.finish(message, MessageState.EXPIRED, refund=False)
    assert (await desk.story(message)).refunded == 0
    assert (await desk.funds()).balance == 99_000


async def test_the_test_allowance_counts_parts_and_comes_back(desk: Any) -> None:
    demo = (await desk.store.books.account("demo")).credentials.account.id
    free = {"account_id": demo, "price": 0}
    outcomes = await desk.submit(
        desk.message(parts=10, **free),
        desk.message(parts=11, **free),
        desk.message(parts=10, **free),
    )
    assert [outcome.refusal for outcome in outcomes] == [None, Refusal.LIMIT, None]
    assert (await desk.funds("demo")).allowance == 0
    [outcome] = await desk.submit(desk.message(**free))
    assert outcome.refusal is Refusal.LIMIT
    await desk.finish(1, MessageState.REJECTED)
    assert (await desk.funds("demo")).allowance == 10


async def test_the_daily_limit_begins_anew_with_the_day(desk: Any) -> None:
    today = {"day": 739_000, "daily_limit": 3, "parts": 2}
    outcomes = await desk.submit(desk.message(**today), desk.message(**today))
    assert [outcome.refusal for outcome in outcomes] == [None, Refusal.LIMIT]
    [outcome] = await desk.submit(desk.message(**{**today, "parts": 1}))
    assert outcome.refusal is None
    [outcome] = await desk.submit(desk.message(**{**today, "day": 739_001}))
    assert outcome.refusal is None
    funds = await desk.funds()
    assert (funds.day, funds.day_used) == (739_001, 2)


async def test_a_top_up_counts_at_once(desk: Any) -> None:
    await desk.submit(desk.message(price=100_000))
    assert await desk.store.books.top_up("shop", 5_000, "cash", actor="ann", now=1) == 5_000
    [outcome] = await desk.submit(desk.message(price=5_000))
    assert outcome.refusal is None
    assert await desk.balanced()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "refuse", "expire", "withdraw", "top up", "turn"]),
        st.integers(0, 400),
    ),
    max_size=40,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_the_ledger_adds_up_to_the_balance_whatever_happens(
    desk: Any, steps: list[tuple[str, int]]
) -> None:
    books = desk.store.books
    login = f"customer-{next(LOGINS)}"
    account = await books.add_account(
        NewAccount(login, AccountKind.FULL, "hash", balance=1_000), actor="test", now=1
    )
    accepted: list[tuple[int, Submission]] = []
    topped_up = 0
    answers: list[Any] = []

    def keep(submission: Submission, answer: Any) -> None:
        outcome = answer.result()[0]
        if outcome.refusal is None:
            accepted.append((outcome.message_id, submission))

    for step, number in steps:
        known = accepted[number % len(accepted)][0] if accepted else 1
        if step == "submit":
            message = desk.message(
                account_id=account, price=number, stage=number % 2, expires_at=number
            )
            answer = desk.submitted(message)
            answer.add_done_callback(lambda done, message=message: keep(message, done))
            answers.append(answer)
        elif step == "refuse":
            answers.append(
                desk.recorded(Finished(known, MessageState.REJECTED, "", 5, refund=True))
            )
        elif step == "expire":
            answers.append(desk.asked(ExpireWaiting(number, 0, 3)))
        elif step == "withdraw":
            answers.append(desk.asked(Withdraw(account, known, number % 2 == 0, 5)))
        elif step == "top up":
            topped_up += number
            await books.top_up(login, number, "", actor="test", now=1)
        else:
            await asyncio.sleep(0)
    await asyncio.gather(*answers)
    await asyncio.sleep(0)
    stories = [await desk.story(message_id) for message_id, _ in accepted]
    kept = sum(story.submission.price - story.refunded for story in stories)
    balance = (await desk.funds(login)).balance
    assert balance == await books.ledger_sum(login) == 1_000 + topped_up - kept
    assert balance >= 0
    assert all(story.refunded in (0, story.submission.price) for story in stories)
