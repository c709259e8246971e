"""Which of a batch are accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from habar.errors import Refusal
from habar.model.account import DuplicateId, Funds
from habar.model.admission import Admission, admit
from habar.model.message import BLANKED, MESSAGE_COLUMNS, Known, Outcome, Submission
from habar.model.status import MessageState, Stage

RICH = Funds(balance=10_000, allowance=None, day=0, day_used=0)
IDEMPOTENT, ALLOW = DuplicateId.IDEMPOTENT, DuplicateId.ALLOW


def message(customer_id: int | None = None, **changes: Any) -> Submission:
    values: dict[str, Any] = {
        "account_id": 1,
        "customer_id": customer_id,
        "protocol": 1,
        "sender": "TEXT_MSG",
        "recipient": 77771234567,
        "text": "a",
        "data_coding": 0,
        "message_type": 0,
        "parts": 1,
        "priority": 1,
        "created_at": 50,
        "due_at": 50,
        "expires_at": None,
        "operator_id": 1,
        "price": 1_000,
    }
    return Submission(**{**values, **changes})


def decided(*submissions: Submission, known: Any = None, funds: Funds = RICH) -> Admission:
    return admit(submissions, known or {}, {1: funds, 2: RICH}, 100)


def refusals(admission: Admission) -> list[Refusal | None]:
    return [outcome.refusal for outcome in admission.outcomes]


def test_the_columns_are_the_submissions_up_to_the_reply() -> None:
    assert MESSAGE_COLUMNS[0] == "account_id"
    assert MESSAGE_COLUMNS[-1] == "reply_to"
    assert len(MESSAGE_COLUMNS) == 20


def test_ids_are_given_in_order_to_the_accepted_only() -> None:
    admission = decided(message(), message(price=99_999), message(state=100))
    assert admission.outcomes == [
        Outcome(100, 1, 106),
        Outcome(0, 1, 0, Refusal.BALANCE),
        Outcome(101, 1, 100),
    ]
    assert [number for number, _ in admission.accepted] == [100, 101]


def test_accounts_are_charged_apart() -> None:
    admission = decided(message(), message(account_id=2, price=7), message(price=500))
    mine, other = admission.charges[1], admission.charges[2]
    assert (mine.price, mine.messages, mine.first_id, mine.last_id, mine.at) == (
        1_500,
        2,
        100,
        102,
        50,
    )
    assert (other.price, other.messages, other.first_id, other.last_id) == (7, 1, 101, 101)
    assert mine.funds_after() == Funds(8_500, None, 0, 2)


def test_an_account_without_accepted_messages_keeps_its_funds() -> None:
    admission = decided(message(price=10_001))
    assert admission.charges[1].funds_after() is RICH


@pytest.mark.rule("xml.duplicate-reject")
def test_a_known_id_is_refused_with_its_holder() -> None:
    known = {(1, 7): Known(42, 3, 106, 77771234567, "a")}
    admission = decided(message(7), message(7, account_id=2), known=known)
    assert admission.outcomes[0] == Outcome(42, 3, 0, Refusal.DUPLICATE_ID)
    assert admission.outcomes[1].refusal is None
    assert admission.refs == {(2, 7): 100}


@pytest.mark.rule("xml.id-race")
def test_twice_in_a_batch_the_first_wins() -> None:
    admission = decided(message(7, parts=2), message(7))
    assert admission.outcomes[1] == Outcome(100, 2, 0, Refusal.DUPLICATE_ID)


@pytest.mark.rule("xml.duplicate-idempotent")
@pytest.mark.parametrize("known", [{}, {(1, 7): Known(42, 1, 100, 77771234567, "a")}])
def test_an_idempotent_repeat_gets_the_first_answer(known: Any) -> None:
    given = message(7, on_duplicate=IDEMPOTENT)
    first, second = decided(given, given, known=known).outcomes
    assert second == first._replace(repeat=True)


@pytest.mark.rule("xml.duplicate-idempotent-differs")
@pytest.mark.parametrize(
    "other", [{"text": "b"}, {"recipient": 77770000000}, {"refusal": Refusal.SENDER}]
)
def test_an_idempotent_repeat_must_be_the_same(other: dict[str, Any]) -> None:
    given = message(7, on_duplicate=IDEMPOTENT)
    assert refusals(decided(given, given._replace(**other)))[1] is Refusal.DUPLICATE_ID


def test_of_a_removed_text_only_the_length_is_compared() -> None:
    known = {(1, 7): Known(42, 2, 106, 77771234567, BLANKED)}
    given = message(7, on_duplicate=IDEMPOTENT, parts=2)
    same, longer, elsewhere = decided(
        given, given._replace(parts=3), given._replace(recipient=77770000000), known=known
    ).outcomes
    assert same == Outcome(42, 2, 106, repeat=True)
    assert longer == elsewhere == Outcome(42, 2, 0, Refusal.DUPLICATE_ID)


@pytest.mark.rule("xml.duplicate-allow")
def test_allow_makes_a_new_one_and_the_id_means_the_newest() -> None:
    given = message(7, on_duplicate=ALLOW)
    admission = decided(given, given, known={(1, 7): Known(42, 1, 106, 1, "")})
    assert [outcome.message_id for outcome in admission.outcomes] == [100, 101]
    assert admission.refs == {(1, 7): 101}


@pytest.mark.rule("xml.id-used-by-accepted")
@pytest.mark.parametrize("first", [{"price": 99_999}, {"refusal": Refusal.RECIPIENT}])
def test_a_refused_message_does_not_use_its_id_up(first: dict[str, Any]) -> None:
    admission = decided(message(7, **first), message(7))
    assert refusals(admission)[0] is not None
    assert admission.outcomes[1] == Outcome(100, 1, 106)


@pytest.mark.rule("xml.check-order")
def test_the_id_speaks_first_then_the_door_then_limits_then_the_balance() -> None:
    poor = Funds(balance=0, allowance=0, day=5, day_used=9)
    everything = {"refusal": Refusal.SENDER, "daily_limit": 9, "day": 5}
    holder = {(1, 7): Known(42, 1, 106, 1, "")}
    for given, known, spoke in [
        (message(7, **everything), holder, Refusal.DUPLICATE_ID),
        (message(7, **everything), {}, Refusal.SENDER),
        (message(7, **{**everything, "refusal": None}), {}, Refusal.LIMIT),
        (message(7), {}, Refusal.LIMIT),
    ]:
        assert refusals(decided(given, known=known, funds=poor)) == [spoke]
    assert refusals(decided(message(), funds=replace(poor, allowance=None))) == [Refusal.BALANCE]


@pytest.mark.rule("xml.test-allowance")
def test_the_allowance_counts_parts() -> None:
    funds = Funds(balance=0, allowance=3, day=0, day_used=0)
    admission = decided(*[message(parts=n, price=0) for n in (2, 2, 1, 1)], funds=funds)
    assert refusals(admission) == [None, Refusal.LIMIT, None, Refusal.LIMIT]
    assert admission.charges[1].funds_after().allowance == 0


@pytest.mark.rule("xml.daily-limit-207")
def test_the_daily_limit_counts_the_days_parts_and_forgets_yesterdays() -> None:
    funds = Funds(balance=10_000, allowance=None, day=5, day_used=2)
    today = {"day": 5, "daily_limit": 3}
    admission = decided(
        message(**today), message(**today), message(day=6, daily_limit=1), funds=funds
    )
    assert refusals(admission) == [None, Refusal.LIMIT, None]
    after = admission.charges[1].funds_after()
    assert (after.day, after.day_used) == (6, 1)
    admission = decided(message(**today), funds=funds)
    assert admission.charges[1].funds_after().day_used == 3


@pytest.mark.rule("xml.date-end-past")
def test_one_that_comes_too_late_is_accepted_expired_and_free() -> None:
    poor = Funds(balance=0, allowance=0, day=0, day_used=0)
    given = message(7, state=MessageState.EXPIRED, parts=5)
    admission = decided(given, funds=poor)
    assert admission.outcomes == [Outcome(100, 5, MessageState.ACCEPTED)]
    [(_, stored)] = admission.accepted
    assert (stored.stage, stored.price, stored.state) == (Stage.DONE, 0, MessageState.EXPIRED)
    assert admission.charges[1].funds_after() is poor
    assert admission.refs == {(1, 7): 100}


def test_an_account_that_is_not_known_is_an_error() -> None:
    with pytest.raises(LookupError):
        decided(message(account_id=3))
