"""dispatch/plan.py: turns, room, order, and what is fetched from disk (see also tests/property)."""

import pytest

from habar.dispatch.plan import Fetch, Plan
from habar.model.message import Outgoing


def message(message_id: int, account_id: int = 1, priority: int = 1, due_at: int = 0) -> Outgoing:
    return Outgoing(
        message_id, account_id, priority, "SHOP", 77010000000, "text", 0, 0, 1, due_at, None
    )


def put(plan: Plan, *messages: Outgoing) -> None:
    for each in messages:
        assert plan.reserve((each.priority, each.account_id), now=0)
        plan.take(each)


def drain(plan: Plan) -> list[int]:
    ids = []
    while (each := plan.next()) is not None:
        ids.append(each.message_id)
    return ids


def test_an_account_s_messages_keep_their_order() -> None:
    plan = Plan(100)
    put(plan, message(3), message(1), message(2))
    assert drain(plan) == [3, 1, 2]


def test_accounts_take_turns() -> None:
    plan = Plan(100)
    put(plan, *(message(n, account_id=1) for n in range(1, 5)))
    put(plan, message(10, account_id=2), message(11, account_id=2), message(20, account_id=3))
    assert drain(plan) == [1, 10, 20, 2, 11, 3, 4]


def test_priorities_go_first() -> None:
    plan = Plan(100)
    put(plan, message(1, priority=2), message(2, priority=1), message(3, priority=0))
    put(plan, message(4, account_id=9, priority=0))
    assert drain(plan) == [3, 4, 2, 1]


def test_an_account_alone_has_half_of_the_room_and_others_find_the_rest() -> None:
    plan = Plan(100)
    taken = [plan.reserve((1, 1), now=0) for _ in range(100)]
    assert sum(taken) == 50
    assert sum(plan.reserve((1, 2), now=0) for _ in range(100)) == 25
    assert plan.reserve((1, 3), now=0)


def test_a_place_is_free_again_after_next_release_and_withdraw() -> None:
    plan = Plan(2)
    put(plan, message(1))
    assert not plan.reserve((1, 1), now=0)
    assert plan.next() == message(1)
    plan.fetched(plan.fetches(now=0)[0], [], now=0)
    assert plan.reserve((1, 1), now=1)
    plan.release((1, 1))
    put(plan, message(2))
    assert plan.withdraw(2) == message(2)
    assert plan.withdraw(2) is None
    assert plan.taken == 0
    assert plan.empty


def test_a_fresh_message_does_not_pass_its_account_s_older_ones_on_disk() -> None:
    plan = Plan(100)
    plan.merge([(1, 1, 50)], now=100)
    assert not plan.reserve((1, 1), now=100)
    assert plan.reserve((1, 2), now=100), "another account's have nothing to do with it"
    assert plan.reserve((0, 1), now=100), "nor has another priority"
    (fetch,) = plan.fetches(now=100)
    assert not plan.reserve((1, 1), now=100), "nobody knows how many more there are"
    plan.fetched(fetch, [message(1)], now=100)
    assert not plan.reserve((1, 1), now=100), "one was refused while the fetch was under way"


def test_behind_the_last_ones_from_disk_fresh_ones_find_room_again() -> None:
    plan = Plan(100)
    put(plan, message(1))
    assert plan.reserve((1, 1), now=0), "its commit is to come: it is older than the next one"
    plan.merge([], now=0)
    plan.waiting((1, 1), 0, now=0)
    (fetch,) = plan.fetches(now=0)
    assert plan.reserve((1, 1), now=0)
    plan.take(message(2))
    plan.take(message(4))
    assert drain(plan) == [1, 2], "the fresh one stands behind what is being fetched"
    plan.fetched(fetch, [message(3)], now=0)
    assert plan.turned_away() == []
    assert drain(plan) == [3, 4]
    assert plan.taken == 0


def test_what_stands_behind_goes_to_disk_when_the_fetch_fails() -> None:
    plan = Plan(100)
    plan.waiting((1, 1), 0, now=0)
    (fetch,) = plan.fetches(now=0)
    put(plan, message(4), message(5))
    assert plan.withdraw(5) == message(5)
    assert plan.reserve((1, 1), now=0)
    assert plan.reserve((1, 1), now=0)
    plan.fetch_failed(fetch)
    assert plan.turned_away() == [message(4)]
    assert plan.turned_away() == []
    assert not plan.reserve((1, 1), now=0)
    plan.wake()
    assert plan.fetches(now=0) == [], "not before everything has gone to disk"
    plan.take(message(6))
    plan.release((1, 1))
    assert plan.turned_away() == [message(6)], "reserved before the failure, committed after it"
    assert plan.taken == 0
    assert len(plan.fetches(now=0)) == 1


def test_what_stands_behind_is_cleared_too() -> None:
    plan = Plan(100)
    plan.waiting((1, 1), 0, now=0)
    plan.fetches(now=0)
    put(plan, message(4))
    assert plan.clear(now=0) == [message(4)]
    assert plan.clear(now=0) == []


def test_messages_on_disk_that_are_not_due_hold_up_nobody() -> None:
    plan = Plan(100)
    plan.waiting((1, 1), 500, now=100)
    assert plan.reserve((1, 1), now=499)
    assert plan.fetches(now=499) == []
    assert plan.next_due == 500
    plan.wake()
    assert plan.fetches(now=500) == [Fetch(1, 1, 5)]


def test_a_message_for_which_there_was_no_room_is_looked_for_on_disk() -> None:
    plan = Plan(2)
    put(plan, message(1))
    assert not plan.reserve((1, 1), now=7)
    assert plan.fetches(now=7) == [], "no room"
    assert plan.next() == message(1)
    assert plan.fetches(now=8) == [Fetch(1, 1, 1)]


def test_fetches_are_by_priority_and_then_for_those_who_have_least_here() -> None:
    plan = Plan(10_000)
    plan.merge([(2, 5, 0), (1, 1, 0), (1, 2, 0), (0, 7, 0)], now=0)
    assert plan.reserve((1, 3), now=0)
    first = plan.fetches(now=0)
    assert [(f.priority, f.account_id) for f in first] == [(0, 7), (1, 1), (1, 2), (2, 5)]
    assert plan.fetches(now=0) == [], "once asked, not asked again"
    assert plan.taken == 1 + sum(fetch.limit for fetch in first)


def test_a_full_answer_is_followed_by_the_next_when_few_are_left() -> None:
    plan = Plan(100)
    plan.merge([(1, 1, 0)], now=0)
    (fetch,) = plan.fetches(now=0)
    assert fetch.limit == 5
    plan.fetched(fetch, [message(n) for n in range(5)], now=0)
    assert plan.fetches(now=0) == [], "enough is here"
    plan.next()
    assert plan.fetches(now=0) == [Fetch(1, 1, 5)]


def test_a_failed_fetch_gives_its_places_back_and_is_tried_again_when_woken() -> None:
    plan = Plan(100)
    plan.merge([(1, 1, 0)], now=0)
    (fetch,) = plan.fetches(now=0)
    plan.fetch_failed(fetch)
    assert plan.taken == 0
    assert plan.fetches(now=0) == []
    plan.wake()
    assert plan.fetches(now=0) == [fetch]


def test_clear_gives_everything_back_and_remembers_that_it_waits() -> None:
    plan = Plan(100)
    put(plan, message(1), message(2, account_id=2), message(3, priority=0))
    assert plan.reserve((1, 4), now=0)
    assert {each.message_id for each in plan.clear(now=0)} == {1, 2, 3}
    assert plan.empty
    assert plan.taken == 1, "the reserved place stays its owner's"
    assert {(f.priority, f.account_id) for f in plan.fetches(now=0)} == {(1, 1), (1, 2), (0, 1)}


def test_a_plan_without_room_is_refused() -> None:
    with pytest.raises(ValueError):
        Plan(0)
