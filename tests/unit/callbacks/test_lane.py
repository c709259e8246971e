"""What may be claimed and begun for one host."""

from __future__ import annotations

from types import SimpleNamespace

from habar.callbacks.health import Health
from habar.callbacks.lane import NEVER, Lane
from habar.model.retry import RetryPlan


def lane(*, due_at=0, failures=0, paused_until=0):
    made = Lane("h", Health(RetryPlan(), 5, failures=failures, paused_until=paused_until), 16)
    made.due_at = due_at
    return made


def with_ready(count, **how):
    made = lane(**how)
    made.ready.extend(SimpleNamespace(id=number) for number in range(count))
    return made


def begun(one, free):
    """How many calls it begins, of so many free places, each taking one."""
    count = 0
    while one.next(0, free - count) is not None:
        count += 1
    return count


def test_alone_it_begins_all_that_a_host_may_have():
    assert begun(with_ready(40), 256) == 16


def test_it_takes_no_more_than_as_much_as_is_free():
    assert begun(with_ready(40), 8) == 4


def test_the_last_place_is_for_one_that_has_none():
    assert begun(with_ready(3), 1) == 1
    busy = with_ready(3)
    busy.running = 1
    assert begun(busy, 1) == 0


def test_forty_slow_hosts_leave_room_for_another():
    lanes, free = [with_ready(40) for _ in range(40)], 256
    for _ in range(16):
        for one in lanes:
            if one.next(0, free) is not None:
                free -= 1
    assert free > 0
    assert max(one.running for one in lanes) - min(one.running for one in lanes) <= 1


def test_it_claims_what_it_can_call_and_as_much_again():
    assert lane().wanted(0, 512) == 32


def test_where_memory_is_full_it_claims_one():
    assert lane().wanted(0, 0) == 1
    assert with_ready(1).wanted(0, 1) == 0


def test_it_claims_half_of_what_is_free_at_most():
    assert lane().wanted(0, 20) == 10


def test_it_claims_nothing_before_something_is_due():
    assert lane(due_at=10).wanted(9, 512) == 0
    assert lane(due_at=10).wanted(10, 512) == 32


def test_one_question_at_a_time():
    one = lane()
    one.asked = 4
    assert one.wanted(0, 512) == 0


def test_what_is_not_on_disk_yet_takes_its_place():
    one = lane()
    one.unsettled = 60
    assert one.wanted(0, 512) == 4
    one.unsettled = 64
    assert one.wanted(0, 512) == 0


def test_with_enough_at_hand_it_does_not_ask():
    assert with_ready(9).wanted(0, 512) == 0
    assert with_ready(8).wanted(0, 512) == 24


def test_a_full_answer_means_that_there_is_more():
    one = lane()
    one.asked = 2
    one.given([SimpleNamespace(id=1), SimpleNamespace(id=2)], 7)
    assert (one.due_at, one.asked, len(one.ready)) == (7, 0, 2)
    one.asked = 2
    one.given([SimpleNamespace(id=3)], 8)
    assert one.due_at == NEVER


def test_in_a_pause_nothing_is_claimed_or_begun():
    one = with_ready(2, failures=5, paused_until=100)
    assert not one.may_act(99)
    assert one.wanted(99, 512) == 0
    assert one.next(99, 256) is None


def test_after_it_one_is():
    one = lane(failures=5, paused_until=100)
    one.running = 7  # begun before the pause, and slow
    assert one.wanted(100, 512) == 1
    one.ready.extend([SimpleNamespace(id=1), SimpleNamespace(id=2)])
    assert one.next(100, 256) is not None
    assert one.next(100, 256) is None
    assert one.wanted(100, 512) == 0
