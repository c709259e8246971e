"""The admission of any batch, held against a slow and simple reading of the same rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from habar.errors import Refusal
from habar.model.account import DuplicateId, Funds
from habar.model.admission import admit
from habar.model.message import Known, Submission
from habar.model.status import MessageState

FIRST = 1000

submissions = st.builds(
    Submission,
    account_id=st.integers(1, 2),
    customer_id=st.none() | st.integers(1, 4),
    protocol=st.just(1),
    sender=st.just("TEXT_MSG"),
    recipient=st.integers(1, 2),
    text=st.sampled_from("ab"),
    data_coding=st.just(0),
    message_type=st.just(0),
    parts=st.integers(1, 4),
    priority=st.just(1),
    created_at=st.just(0),
    due_at=st.just(0),
    expires_at=st.none(),
    operator_id=st.just(1),
    state=st.sampled_from([MessageState.ACCEPTED, MessageState.SCHEDULED, MessageState.EXPIRED]),
    price=st.integers(0, 50),
    on_duplicate=st.sampled_from(DuplicateId),
    refusal=st.none() | st.just(Refusal.SENDER),
    day=st.just(7),
    daily_limit=st.none() | st.integers(0, 12),
)
batches = st.lists(submissions, max_size=25)
purses = st.builds(
    Funds,
    balance=st.integers(0, 300),
    allowance=st.none() | st.integers(0, 20),
    day=st.integers(6, 7),
    day_used=st.integers(0, 5),
)
holders = st.dictionaries(
    st.tuples(st.integers(1, 2), st.integers(1, 4)),
    st.builds(
        Known,
        message_id=st.integers(1, FIRST - 1),
        parts=st.integers(1, 3),
        state=st.just(MessageState.ACCEPTED),
        recipient=st.integers(1, 2),
        text=st.sampled_from("ab"),
    ),
)


class Purse:
    """An account as a person would keep it on paper, one message at a time."""

    def __init__(self, funds: Funds) -> None:
        self.balance = funds.balance
        self.allowance = funds.allowance
        self.today = funds.day_used if funds.day == 7 else 0

    def refusal(self, given: Submission) -> Refusal | None:
        if given.state == MessageState.EXPIRED:
            return None
        if given.daily_limit is not None and self.today + given.parts > given.daily_limit:
            return Refusal.LIMIT
        if self.allowance is not None and given.parts > self.allowance:
            return Refusal.LIMIT
        return Refusal.BALANCE if given.price and given.price > self.balance else None

    def pay(self, given: Submission) -> None:
        if given.state == MessageState.EXPIRED:
            return
        self.balance -= given.price
        self.today += given.parts
        if self.allowance is not None:
            self.allowance -= given.parts


@given(batches, holders, purses, purses)
def test_as_one_by_one_on_paper(
    batch: list[Submission],
    known: dict[tuple[int, int], Known],
    first: Funds,
    second: Funds,
) -> None:
    purses = {1: Purse(first), 2: Purse(second)}
    held = {key: holder.message_id for key, holder in known.items()}
    result = admit(batch, known, {1: first, 2: second}, FIRST)
    next_id = FIRST
    for given_, outcome in zip(batch, result.outcomes, strict=True):
        key = (given_.account_id, given_.customer_id or 0)
        purse = purses[given_.account_id]
        if key in held and given_.on_duplicate != DuplicateId.ALLOW:
            assert outcome.message_id == held[key]
            assert outcome.repeat or outcome.refusal is Refusal.DUPLICATE_ID
            continue
        assert outcome.refusal is (given_.refusal or purse.refusal(given_))
        assert not outcome.repeat
        if outcome.refusal is None:
            assert outcome.message_id == next_id
            purse.pay(given_)
            next_id += 1
            if given_.customer_id is not None:
                held[key] = outcome.message_id
        else:
            assert outcome.message_id == 0
    assert [number for number, _ in result.accepted] == list(range(FIRST, next_id))
    for account_id, charge in result.charges.items():
        after = charge.funds_after()
        assert (after.balance, after.allowance) == (
            purses[account_id].balance,
            purses[account_id].allowance,
        )
        assert after.balance >= 0
        assert not charge.messages or after.day_used == purses[account_id].today


@given(batches, purses)
def test_what_is_charged_is_what_the_rows_say(batch: list[Submission], funds: Funds) -> None:
    result = admit(batch, {}, {1: funds, 2: funds}, FIRST)
    for account_id, charge in result.charges.items():
        rows = [row for _, row in result.accepted if row.account_id == account_id]
        assert charge.price == sum(row.price for row in rows)
        assert charge.price == funds.balance - charge.funds_after().balance


@given(batches, holders, purses)
def test_a_customers_id_names_one_accepted_message_of_its_account(
    batch: list[Submission], known: dict[tuple[int, int], Known], funds: Funds
) -> None:
    result = admit(batch, known, {1: funds, 2: funds}, FIRST)
    rows = dict(result.accepted)
    for (account_id, customer_id), number in result.refs.items():
        assert (rows[number].account_id, rows[number].customer_id) == (account_id, customer_id)
    strict = [
        (row.account_id, row.customer_id)
        for row in rows.values()
        if row.customer_id is not None and row.on_duplicate != DuplicateId.ALLOW
    ]
    assert len(strict) == len(set(strict))
    assert not set(strict) & set(known)
