"""Answers to subscribers through the submit door."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from habar.errors import Refusal
from habar.model.account import Account, Funds
from habar.model.message import Outcome, Protocol
from habar.model.reply import Reply
from habar.model.status import MessageState
from habar.store.inbox import OptOut
from habar.submit.door import Door
from habar.submit.opt_outs import OptOuts

SUBSCRIBER = 77771234567
THANKS = Reply(5, 9, "8785#12345", SUBSCRIBER, "Thank you")


@pytest.fixture
def opt_outs() -> OptOuts:
    return OptOuts()


@pytest.fixture
def answered(journal: Any, handoff: Any, routes: Any, clock: Any, now: int, opt_outs: OptOuts):
    """Gives a reply to the door: what it says of it, after the commit."""
    door = Door(
        journal,
        handoff,
        routes,
        now=lambda: now,
        monotonic=clock,
        call_soon=lambda call: call(),
        opt_outs=opt_outs,
    )

    def give(account: Account, reply: Reply) -> Outcome:
        told: list[Any] = []
        door.reply(account, reply, told.append)
        journal.commit()
        [[outcome]] = told
        return outcome

    return give


@pytest.mark.rule("inbox.same-way-back", "inbox.transaction-back")
def test_it_goes_by_the_operator_and_from_the_short_code_of_the_question(
    answered: Any, shop: Account, journal: Any, handoff: Any
) -> None:
    """Routes say kcell (7); a short code is none of the account's senders."""
    assert answered(shop, THANKS) == Outcome(1, 1, MessageState.ACCEPTED)
    [(_, stored)] = journal.stored
    assert (stored.operator_id, stored.route_id) == (9, 0)
    assert (stored.sender, stored.recipient) == ("8785#12345", SUBSCRIBER)
    assert (stored.protocol, stored.reply_to) == (Protocol.REPLY, 5)
    [(operator, outgoing)] = handoff.taken
    assert (operator, outgoing.sender, outgoing.reply_to) == (9, "8785#12345", 5)


@pytest.mark.rule("inbox.one-sms")
@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * 160, True),
        ("x" * 161, False),
        ("€" * 80, True),
        ("€" * 80 + "x", False),
        ("Қ" * 70, True),
        ("Қ" * 71, False),
        ("x" * 69 + "Қ", True),
        ("x" * 70 + "Қ", False),
        ("😀" * 35, True),
        ("😀" * 36, False),
    ],
)
def test_it_is_one_sms(
    answered: Any, shop: Account, journal: Any, handoff: Any, text: str, fits: bool
) -> None:
    outcome = answered(shop, THANKS._replace(text=text))
    assert outcome.refusal == (None if fits else Refusal.LENGTH)
    assert len(journal.stored) == len(handoff.taken) == int(fits)


@pytest.mark.rule("inbox.stop-words")
def test_who_has_opted_out_is_answered_all_the_same(
    answered: Any, shop: Account, opt_outs: OptOuts
) -> None:
    opt_outs.take([OptOut(shop.id, SUBSCRIBER, "8785", True, 0, 1)])
    assert answered(shop, THANKS).refusal is None


def test_it_is_paid_by_the_account(answered: Any, shop: Account, journal: Any) -> None:
    answered(shop, THANKS)
    assert [stored.price for _, stored in journal.stored] == [shop.part_price]
    journal.funds[shop.id] = Funds(shop.part_price - 1, None, 0, 0)
    assert answered(shop, THANKS).refusal is Refusal.BALANCE


def test_a_blocked_account_answers_nobody(answered: Any, shop: Account, handoff: Any) -> None:
    assert answered(replace(shop, blocked=True), THANKS).refusal is Refusal.ACCOUNT_BLOCKED
    assert handoff.reserved == 0
