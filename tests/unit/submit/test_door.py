"""The one door, between a scripted journal and a scripted dispatcher."""

from __future__ import annotations

from dataclasses import replace

import pytest

from habar.errors import Refusal, StoreFault, StoreUnavailable
from habar.model.account import AccountKind, Compat, DuplicateId, Funds
from habar.model.message import Outcome, Protocol
from habar.model.route import Kind, Operator, Route, Routes, Target
from habar.model.status import MessageState, Stage
from habar.model.times import day_of
from habar.submit.door import Door, DoorSettings


class Reception:
    """A door, its loop's turns by hand, and what it answered."""

    def __init__(self, journal, handoff, routes, clock, now, **settings) -> None:
        self.calls: list = []
        self.answers: list = []
        self.now = now
        self.door = Door(
            journal,
            handoff,
            routes,
            now=lambda: self.now,
            monotonic=clock,
            call_soon=self.calls.append,
            settings=DoorSettings(**settings),
        )

    def submit(self, account, *drafts) -> None:
        self.door.submit(account, Protocol.XML, drafts, self.answers.append)

    def turn(self) -> None:
        calls, self.calls[:] = list(self.calls), []
        for call in calls:
            call()


@pytest.fixture
def reception(journal, handoff, routes, clock, now):
    return Reception(journal, handoff, routes, clock, now, slice_size=3, backlog_limit=100)


def draft(number=None, text="Test", recipient="77771234567", sender="SHOP", beg=None, end=None):
    return (number, recipient, sender, beg, end, None, text)


def refusals(outcomes):
    return [outcome.refusal for outcome in outcomes]


def test_the_answer_comes_after_the_commit(reception, journal, shop):
    reception.submit(shop, draft("5"))
    assert reception.answers == []
    journal.commit()
    assert reception.answers == [[Outcome(1, 1, MessageState.ACCEPTED)]]


def test_what_is_stored_of_a_message(reception, journal, shop, now):
    account = replace(shop, priority=2, daily_limit=50)
    reception.submit(account, draft("5", text="Қалың" * 20, end=now + 1000))
    journal.commit()
    _, stored = journal.stored[0]
    assert stored.account_id == 1
    assert stored.customer_id == 5
    assert stored.protocol == Protocol.XML
    assert (stored.sender, stored.recipient) == ("SHOP", 77771234567)
    assert (stored.data_coding, stored.parts, stored.message_type) == (8, 2, 0)
    assert stored.priority == 2
    assert (stored.created_at, stored.due_at, stored.expires_at) == (now, now, now + 1000)
    assert stored.operator_id == 7
    assert (stored.stage, stored.state) == (Stage.CLAIMED, MessageState.ACCEPTED)
    assert stored.price == 2 * 1200
    assert (stored.daily_limit, stored.day) == (50, day_of(now, "Asia/Almaty"))
    assert stored.on_duplicate == DuplicateId.REJECT


def test_a_reserved_message_is_handed_over_after_the_commit(reception, journal, handoff, shop):
    reception.submit(shop, draft("5", text="hello"))
    assert handoff.taken == []
    journal.commit()
    [(operator_id, message)] = handoff.taken
    assert operator_id == 7
    assert (message.message_id, message.text, message.recipient) == (1, "hello", 77771234567)
    assert handoff.reserved == 0
    assert handoff.hints == []


def test_a_message_without_room_waits_in_the_queue(reception, journal, handoff, shop, now):
    handoff.room = 1
    reception.submit(shop, draft(), draft(), draft())
    journal.commit()
    assert [one.stage for _, one in journal.stored] == [
        Stage.CLAIMED,
        Stage.WAITING,
        Stage.WAITING,
    ]
    assert len(handoff.taken) == 1
    assert handoff.hints == [(7, 1, 1, now)]


def test_a_scheduled_message_waits_for_its_time(reception, journal, handoff, shop, now):
    reception.submit(shop, draft(beg=now + 60_000), draft(beg=now + 30_000))
    journal.commit()
    assert reception.answers[0][0].state == MessageState.SCHEDULED
    assert journal.stored[0][1].due_at == now + 60_000
    assert handoff.hints == [(7, 1, 1, now + 30_000), (7, 1, 1, now + 60_000)]
    assert handoff.taken == []


def test_a_time_that_is_past_means_now(reception, journal, handoff, shop, now):
    reception.submit(shop, draft(beg=now - 60_000))
    journal.commit()
    assert reception.answers[0][0].state == MessageState.ACCEPTED
    assert journal.stored[0][1].due_at == now
    assert len(handoff.taken) == 1


def test_a_message_that_comes_too_late_is_accepted_and_has_ended(
    reception, journal, handoff, shop, now
):
    reception.submit(shop, draft(end=now))
    journal.commit()
    assert reception.answers[0][0].state == MessageState.ACCEPTED
    stored = journal.stored[0][1]
    assert (stored.stage, stored.state, stored.price) == (Stage.DONE, MessageState.EXPIRED, 0)
    assert (handoff.taken, handoff.hints, handoff.reserved) == ([], [], 0)


def test_refused_rows_stop_no_neighbour_and_keep_their_places(reception, journal, shop):
    reception.submit(shop, draft(recipient="1"), draft(), draft("2", sender="OTHER"))
    journal.commit()
    [outcomes] = reception.answers
    assert refusals(outcomes) == [Refusal.RECIPIENT, None, Refusal.SENDER]
    assert [outcome.message_id for outcome in outcomes] == [0, 1, 0]


def test_a_refused_row_goes_to_the_store_only_for_its_id(reception, journal, shop):
    reception.submit(shop, draft(recipient="1"), draft("abc"), draft("7", recipient="1"))
    [(submissions, _)] = journal.pending
    assert [(one.customer_id, one.refusal) for one in submissions] == [(7, Refusal.RECIPIENT)]


def test_where_all_are_refused_unseen_the_answer_is_given_at_once(reception, journal, shop):
    reception.submit(shop, draft(recipient="1"))
    assert refusals(reception.answers[0]) == [Refusal.RECIPIENT]
    assert journal.pending == []


def test_an_empty_package_is_answered_at_once(reception, shop):
    reception.submit(shop)
    assert reception.answers == [[]]


def test_the_id_speaks_first(reception, journal, shop):
    reception.submit(shop, draft("7"))
    journal.commit()
    reception.submit(shop, draft("7", recipient="1"))
    journal.commit()
    assert reception.answers[1] == [Outcome(1, 1, 0, Refusal.DUPLICATE_ID)]


def test_one_id_twice_in_a_package(reception, journal, handoff, shop):
    reception.submit(shop, draft("7"), draft("7"))
    journal.commit()
    assert reception.answers[0] == [
        Outcome(1, 1, MessageState.ACCEPTED),
        Outcome(1, 1, 0, Refusal.DUPLICATE_ID),
    ]
    assert len(handoff.taken) == 1
    assert handoff.reserved == 0


def test_an_idempotent_repeat_is_not_handed_over_again(reception, journal, handoff, shop):
    account = replace(shop, compat=Compat(duplicate_id=DuplicateId.IDEMPOTENT), rate_limit=5)
    for _ in range(2):
        reception.submit(account, draft("7"))
        journal.commit()
    assert reception.answers[1] == [Outcome(1, 1, MessageState.ACCEPTED, None, repeat=True)]
    assert len(handoff.taken) == 1
    assert handoff.reserved == 0


def test_with_allow_a_refused_row_need_not_be_seen_by_the_store(reception, journal, shop):
    account = replace(shop, compat=Compat(duplicate_id=DuplicateId.ALLOW))
    reception.submit(account, draft("7", recipient="1"))
    assert refusals(reception.answers[0]) == [Refusal.RECIPIENT]
    assert journal.pending == []


def test_what_the_balance_does_not_cover_gives_its_place_back(reception, journal, handoff, shop):
    journal.funds[1] = Funds(1200, None, 0, 0)
    reception.submit(shop, draft(), draft())
    journal.commit()
    assert refusals(reception.answers[0]) == [None, Refusal.BALANCE]
    assert handoff.reserved == 0


def test_a_test_account_pays_nothing(reception, journal, shop):
    reception.submit(replace(shop, kind=AccountKind.TEST), draft())
    journal.commit()
    assert journal.stored[0][1].price == 0


def test_a_free_sender_costs_nothing(reception, journal, shop):
    reception.submit(shop, draft(sender="INFO_KAZ"))
    journal.commit()
    assert journal.stored[0][1].price == 0


def test_the_rate_limit_counts_parts_and_renews(reception, journal, clock, shop):
    account = replace(shop, rate_limit=3)
    reception.submit(account, draft(text="x" * 161), draft(), draft())
    journal.commit()
    assert refusals(reception.answers[0]) == [None, None, Refusal.LIMIT]
    clock.move(1)
    reception.submit(account, draft())
    journal.commit()
    assert refusals(reception.answers[1]) == [None]


def test_a_refused_message_uses_the_rate_limit_not_up(reception, journal, shop):
    account = replace(shop, rate_limit=1)
    journal.funds[1] = Funds(0, None, 0, 0)
    reception.submit(account, draft())
    journal.commit()
    reception.submit(account, draft())
    journal.commit()
    assert [refusals(answer) for answer in reception.answers] == [[Refusal.BALANCE]] * 2


def test_over_the_rate_limit_the_id_still_speaks_first(reception, journal, shop):
    account = replace(shop, rate_limit=1)
    reception.submit(account, draft("7"))
    journal.commit()
    reception.submit(account, draft("7"))
    journal.commit()
    assert refusals(reception.answers[1]) == [Refusal.DUPLICATE_ID]


def test_a_store_that_is_down_leaves_nothing(reception, journal, handoff, shop):
    account = replace(shop, rate_limit=2)
    failure = StoreUnavailable("disk full")
    journal.failures = [failure]
    reception.submit(account, draft(), draft())
    journal.commit()
    assert reception.answers == [failure]
    assert handoff.reserved == 0
    reception.submit(account, draft(), draft())
    journal.commit()
    assert refusals(reception.answers[1]) == [None, None]


def test_what_the_store_would_not_write_is_a_fault_of_its_rows(reception, journal, shop):
    journal.failures = [StoreFault("row")]
    reception.submit(shop, draft(), draft(recipient="1"))
    journal.commit()
    assert refusals(reception.answers[0]) == [Refusal.FAULT, Refusal.RECIPIENT]


def test_a_dispatcher_that_fails_does_not_unsay_what_is_on_disk(reception, journal, handoff, shop):
    handoff.take_fails = True
    reception.submit(shop, draft())
    with pytest.raises(LookupError):
        journal.commit()
    assert refusals(reception.answers[0]) == [None]


def test_overload_refuses_before_anything_is_accepted(reception, journal, shop):
    journal.backlog = 101
    reception.submit(shop, draft())
    assert isinstance(reception.answers[0], StoreUnavailable)
    assert journal.pending == []
    journal.backlog = 100
    reception.submit(shop, draft())
    assert len(journal.pending) == 1


def test_while_draining_new_work_is_refused(reception, journal, shop):
    reception.door.drain()
    reception.submit(shop, draft())
    assert isinstance(reception.answers[0], StoreUnavailable)
    assert journal.pending == []


def test_a_large_package_goes_in_slices_each_after_the_commit_before(reception, journal, shop):
    reception.submit(shop, *(draft(str(n)) for n in range(1, 8)))
    sizes = []
    while journal.pending:
        sizes += [len(submissions) for submissions, _ in journal.pending]
        journal.commit()
        reception.turn()
    assert sizes == [3, 3, 1]
    [outcomes] = reception.answers
    assert [outcome.message_id for outcome in outcomes] == [1, 2, 3, 4, 5, 6, 7]


def test_others_get_in_between_the_slices(reception, journal, shop):
    reception.submit(shop, *(draft() for _ in range(6)))
    reception.submit(replace(shop, id=2), draft())
    assert [len(submissions) for submissions, _ in journal.pending] == [3, 1]
    journal.commit()
    assert len(reception.answers) == 1


def test_two_large_packages_have_one_slice_a_turn_between_them(reception, journal, shop):
    for account in (shop, replace(shop, id=2)):
        reception.submit(account, *(draft() for _ in range(6)))
    assert len(journal.pending) == 1
    accounts = []
    for _ in range(4):
        accounts += [submissions[0].account_id for submissions, _ in journal.pending]
        journal.commit()
        reception.turn()
    assert accounts == [1, 2, 1, 2]
    assert [len(answer) for answer in reception.answers] == [6, 6]


def test_a_first_slice_that_fails_refuses_the_package(reception, journal, shop):
    journal.failures = [StoreUnavailable("disk full")]
    reception.submit(shop, *(draft() for _ in range(7)))
    journal.commit()
    reception.turn()
    assert isinstance(reception.answers[0], StoreUnavailable)
    assert journal.pending == []
    assert len(reception.answers) == 1


def test_a_later_slice_that_fails_is_told_row_by_row(reception, journal, handoff, shop):
    journal.failures = [None, StoreUnavailable("disk full"), None]
    reception.submit(shop, *(draft(recipient="1" if n == 4 else "77771234567") for n in range(7)))
    for _ in range(3):
        journal.commit()
        reception.turn()
    fault = Refusal.FAULT
    assert refusals(reception.answers[0]) == [
        *(None, None, None),
        *(fault, Refusal.RECIPIENT, fault),
        None,
    ]
    assert len(journal.stored) == 4
    assert handoff.reserved == 0


def test_draining_does_not_stop_a_package_that_was_begun(reception, journal, shop):
    reception.submit(shop, *(draft() for _ in range(7)))
    reception.door.drain()
    for _ in range(3):
        journal.commit()
        reception.turn()
    assert refusals(reception.answers[0]) == [None] * 7


def test_the_day_follows_the_clock(reception, journal, shop, now):
    for days in range(3):
        reception.now = now + days * 86_400_000
        reception.submit(shop, draft())
    journal.commit()
    first = day_of(now, "Asia/Almaty")
    assert [one.day for _, one in journal.stored] == [first, first + 1, first + 2]


def test_routes_may_be_changed(reception, journal, routes, shop):
    reception.door.routes = Routes((replace(routes.operators[0], id=9),))
    reception.submit(shop, draft())
    journal.commit()
    assert journal.stored[0][1].operator_id == 9


def test_a_message_keeps_the_route_that_it_took(reception, journal, shop):
    reception.door.routes = Routes(
        (Operator(7, "kcell"), Operator(8, "beeline")),
        (
            Route(3, 1, (Target(8),), kind=Kind.FLASH),
            Route(4, 2, (Target(8),), account_id=shop.id, sender="SHOP"),
        ),
    )
    flash = (*draft()[:5], "1", draft()[6])
    reception.submit(shop, draft(sender="INFO_KAZ"), flash, draft(sender="SHOP"))
    journal.commit()
    chosen = [(one.operator_id, one.route_id) for _, one in journal.stored]
    assert chosen == [(7, 0), (8, 3), (8, 4)]


def test_without_an_operator_a_message_may_be_sent_again_later(reception, journal, shop):
    reception.door.routes = Routes(())
    reception.submit(shop, draft())
    journal.commit()
    assert refusals(reception.answers[0]) == [Refusal.FAULT]
    assert journal.stored == []
