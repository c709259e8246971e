"""What customers may read, and take back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from habar.errors import HabarError, NotFound, Refusal, StoreUnavailable
from habar.model.account import Account, AccountKind, Compat, Credentials, Funds, RecipientForm
from habar.model.message import MessageStatus, Ref
from habar.model.status import MessageState, Stage
from habar.query import Query
from habar.store.books import AccountRow
from habar.store.events import Finished, Released, Withdraw
from habar.store.readings import Sent, SentPart

NOW = 1_760_000_000_000
SHOP = Account(1, "shop", AccountKind.FULL, part_price=1200)


@dataclass
class ScriptedStore:
    """A store that knows some messages of account 1, and answers questions as told."""

    messages: dict[int, MessageStatus] = field(default_factory=dict)
    answers: dict[int, Any] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    questions: list[Withdraw] = field(default_factory=list)
    events: list[object] = field(default_factory=list)
    sent: dict[int, Sent | HabarError] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)

    async def sent_to(self, account_id, message_id):
        assert account_id == SHOP.id
        found = self.sent.get(message_id)
        if isinstance(found, HabarError):
            raise found
        return found

    @property
    def journal(self):
        return self

    @property
    def books(self):
        return self

    def ask(self, question, done):
        self.questions.append(question)
        done(self.answers.get(question.message_id, MessageState.DELETED))

    def record(self, event, done=None):
        self.events.append(event)
        if done is not None:
            named = isinstance(event, Finished) and event.message_id not in self.ended
            done(event.message_id if named else None)

    async def account(self, login):
        return AccountRow(Credentials(SHOP, ""), Funds(1052, None, 0, 0), ())

    async def statuses(self, account_id, refs, now):
        assert (account_id, now) == (SHOP.id, NOW)
        self.asked.append(len(refs))
        return [self.messages.get(ref.message_id or 0) for ref in refs]


@dataclass
class Hand:
    """A dispatcher that has some messages in memory."""

    held: set[int] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)
    looks: int = 0
    cancels: bool = True
    cancelled: list[Sent] = field(default_factory=list)

    async def cancel(self, sent: Sent) -> bool:
        self.cancelled.append(sent)
        return self.cancels

    def look_again(self) -> None:
        self.looks += 1

    def withdraw(self, message_id: int) -> bool:
        self.asked.append(message_id)
        return message_id in self.held


@pytest.fixture
def store():
    messages = {n: MessageStatus(n, None, 1, 106, NOW, None) for n in (1, 2, 3)}
    return ScriptedStore(messages)


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def query(store, hand):
    return Query(store, hand, now=lambda: NOW)


def refs(*ids):
    return [Ref(None, message_id) for message_id in ids]


async def test_statuses_in_the_order_asked(query):
    found = await query.statuses(SHOP, refs(2, 9, 1))
    assert [status and status.message_id for status in found] == [2, None, 1]


async def test_long_lists_are_read_in_slices(query, store):
    assert len(await query.statuses(SHOP, refs(*range(600)))) == 600
    assert store.asked == [250, 250, 100]


async def test_the_balance_is_read_from_the_books(query):
    assert await query.balance(SHOP) == 1052


@pytest.mark.parametrize(
    ("account", "phone", "price"),
    [
        (SHOP, "77771234567", 1200),
        (SHOP, "87771234567", None),
        (SHOP, "", None),
        (Account(2, "demo", AccountKind.TEST, part_price=1200), "77771234567", 0),
    ],
)
def test_prices(query, account, phone, price):
    assert query.price(account, phone) == price


def test_a_price_may_be_asked_in_the_accounts_own_form(query):
    account = Account(
        1,
        "shop",
        AccountKind.FULL,
        part_price=5,
        compat=Compat(recipient=RecipientForm.NORMALISE),
    )
    assert query.price(account, "87771234567") == 5


async def test_deleting_asks_the_dispatcher_and_then_the_store(query, store, hand):
    hand.held = {1}
    deletions = await query.delete(SHOP, refs(1, 2))
    assert [one.refusal for one in deletions] == [None, None]
    assert store.questions == [Withdraw(1, 1, True, NOW), Withdraw(1, 2, False, NOW)]
    assert store.events == []


async def test_what_is_not_the_accounts_is_not_touched(query, store, hand):
    [deletion] = await query.delete(SHOP, refs(9))
    assert (deletion.status, deletion.refusal) == (None, Refusal.ID)
    assert hand.asked == []
    assert store.questions == []


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (None, Refusal.TOO_LATE),
        (NotFound("gone"), Refusal.ID),
        (MessageState.DELETED, None),
        (StoreUnavailable("disk"), Refusal.FAULT),
    ],
)
async def test_what_the_store_answers(query, store, answer, refusal):
    store.answers = {1: answer}
    deletions = await query.delete(SHOP, refs(1, 2))
    assert [one.refusal for one in deletions] == [refusal, None]


async def test_a_message_withdrawn_and_not_deleted_goes_on_its_way(query, store, hand):
    hand.held = {1}
    store.answers = {1: StoreUnavailable("disk"), 2: StoreUnavailable("disk")}
    with pytest.raises(StoreUnavailable):
        await query.delete(SHOP, refs(1, 2))
    assert store.events == [Released((1,), uncertain=False, at=NOW)]
    assert hand.looks == 1


async def test_a_store_that_fails_later_does_not_unsay_what_was_deleted(query, store):
    store.messages = {n: MessageStatus(n, None, 1, 106, NOW, None) for n in range(1, 301)}
    store.answers = dict.fromkeys(range(251, 301), StoreUnavailable("disk"))
    deletions = await query.delete(SHOP, refs(*range(1, 301)))
    assert {one.refusal for one in deletions[:250]} == {None}
    assert {one.refusal for one in deletions[250:]} == {Refusal.FAULT}


SENT = Sent(7, "SHOP", 77010000001, Stage.SENT, (SentPart(1, "A1", None),))


@pytest.fixture
def gone(store):
    """Message 1 has gone to an operator."""
    store.answers[1], store.sent[1] = None, SENT


@pytest.mark.usefixtures("gone")
async def test_what_the_operator_has_is_deleted_where_it_forgets_it(query, store, hand):
    (deletion,) = await query.delete(SHOP, refs(1))
    assert deletion.refusal is None
    assert hand.cancelled == [SENT]
    assert store.events == [
        Finished(1, MessageState.DELETED, "cancelled at the operator", NOW, refund=False)
    ]


@pytest.mark.usefixtures("gone")
async def test_what_the_operator_does_not_forget_is_too_late(query, store, hand):
    hand.cancels = False
    (deletion,) = await query.delete(SHOP, refs(1))
    assert deletion.refusal is Refusal.TOO_LATE
    assert store.events == []


@pytest.mark.usefixtures("gone")
async def test_what_a_receipt_ends_meanwhile_is_too_late(query, store):
    store.ended.add(1)
    (deletion,) = await query.delete(SHOP, refs(1))
    assert deletion.refusal is Refusal.TOO_LATE


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize("stage", set(Stage) - {Stage.SENT})
async def test_what_is_not_with_the_operator_is_not_asked_for(query, store, hand, stage):
    store.sent[1] = SENT._replace(stage=stage)
    (deletion,) = await query.delete(SHOP, refs(1))
    assert deletion.refusal is Refusal.TOO_LATE
    assert hand.cancelled == []


@pytest.mark.usefixtures("gone")
async def test_a_store_that_cannot_be_read_is_a_fault_of_ours(query, store):
    store.sent[1] = StoreUnavailable("away")
    deletion, _ = await query.delete(SHOP, refs(1, 2))
    assert deletion.refusal is Refusal.FAULT
