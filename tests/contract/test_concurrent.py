"""Fifty submitters at once: what there is to spend is used up to the last, never overdrawn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from itertools import cycle
from typing import Any

from habar.errors import NotFound, Refusal
from habar.model.message import Outcome, Submission
from habar.model.status import MessageState
from habar.store.events import Withdraw

NOW = 1_790_000_000_000
SUBMITTERS = 50
TODAY = 739_000


async def submitter(desk: Any, batches: Iterable[list[Submission]]) -> list[Outcome]:
    """One customer's connection: the next package goes when the last was answered."""
    outcomes: list[Outcome] = []
    for batch in batches:
        outcomes += await desk.submit(*batch)
    return outcomes


async def all_at_once(
    desks: Iterable[Any], batches: Iterable[list[Submission]]
) -> Counter[Refusal | None]:
    """SUBMITTERS of them, each with the same batches; how often each answer was given."""
    kept = list(batches)
    work = [submitter(desk, kept) for desk, _ in zip(cycle(desks), range(SUBMITTERS), strict=False)]
    answers = await asyncio.gather(*work)
    accepted = [o.message_id for outcomes in answers for o in outcomes if o.refusal is None]
    assert len(set(accepted)) == len(accepted)
    return Counter(outcome.refusal for outcomes in answers for outcome in outcomes)


async def test_the_balance_is_used_up_exactly(desk: Any, engine: Any) -> None:
    message = desk.message()
    told = await all_at_once([desk], [[message], [message] * 2, [message]])
    assert told == {None: 100, Refusal.BALANCE: 100}
    assert (await desk.funds()).balance == await desk.store.books.ledger_sum("shop") == 0
    assert (await desk.store.counts()).waiting == 100
    charges = [row for row in engine.ledger(desk.account) if row[0] == "charge"]
    assert sum(amount for _, amount, *_ in charges) == -100_000
    assert sum(messages for *_, messages in charges) == 100


async def test_different_prices_never_overdraw(desk: Any) -> None:
    prices = (7_000, 3_000, 11_000, 1)
    told = await all_at_once([desk], [[desk.message(price=price) for price in prices]])
    balance = (await desk.funds()).balance
    assert 0 <= balance < 3_000
    assert balance == await desk.store.books.ledger_sum("shop")
    assert told[None] + told[Refusal.BALANCE] == SUBMITTERS * len(prices)


async def test_the_test_allowance_is_used_up_exactly(desk: Any) -> None:
    demo = (await desk.store.books.account("demo")).credentials.account.id
    message = desk.message(account_id=demo, price=0)
    told = await all_at_once([desk], [[message], [message._replace(parts=2)], [message]])
    assert (await desk.funds("demo")).allowance == 0
    assert told[Refusal.LIMIT] >= 150 - 20
    assert told.total() == 150


async def test_the_daily_limit_is_used_up_exactly(desk: Any) -> None:
    message = desk.message(price=0, day=TODAY, daily_limit=60)
    told = await all_at_once([desk], [[message], [message]])
    assert told == {None: 60, Refusal.LIMIT: 40}
    funds = await desk.funds()
    assert (funds.day, funds.day_used) == (TODAY, 60)


async def test_what_comes_back_meanwhile_adds_up(desk: Any) -> None:
    """Each submits, and then has its message refused twice, or withdraws it, or tops up."""
    books = desk.store.books

    async def customer(number: int) -> int:
        [outcome] = await desk.submit(desk.message(price=4_000, stage=number % 2))
        message = outcome.message_id
        if number % 5 == 4:
            await books.top_up("shop", 500, "", actor="test", now=NOW)
            return 500
        if message and number % 2:
            answers = [desk.finish(message, MessageState.REJECTED) for _ in range(2)]
            assert await asyncio.gather(*answers) == [message, None]
        else:
            answer = await desk.asked(Withdraw(desk.account, message, False, NOW))
            assert answer is MessageState.DELETED if message else isinstance(answer, NotFound)
        return 0

    topped_up = sum(await asyncio.gather(*[customer(number) for number in range(SUBMITTERS)]))
    kept = 4_000 * (await desk.store.counts()).waiting
    kept += 4_000 * (await desk.store.counts()).claimed
    balance = (await desk.funds()).balance
    assert balance == await books.ledger_sum("shop") == 100_000 + topped_up - kept
    assert topped_up == 5_000
