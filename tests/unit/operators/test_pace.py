"""operators/pace.py: the token bucket, and a rate that follows what is taken.

How it fares against SMSCs: tests/property/test_pace_smsc.py.
"""

import math
from itertools import pairwise

import pytest

from habar.operators import Pace
from habar.operators.pace import FIRST_REST, FLOOR, LAST_REST


def spend(pace: Pace, now: float) -> int:
    room = pace.room(now)
    for _ in range(room):
        pace.sent()
    return room


def test_without_a_limit_there_is_always_room() -> None:
    pace = Pace(0, 0.0)
    for _ in range(10_000):
        pace.sent()
    assert pace.room(0.0) > 1_000_000
    assert pace.wait(0.0) == 0.0


@pytest.mark.parametrize("limit", [1, 7, 100, 2500])
def test_over_any_time_no_more_than_the_limit_goes(limit: int) -> None:
    pace = Pace(limit, 0.0)
    sent = sum(spend(pace, step / 50) for step in range(50 * 10 + 1))
    burst = 1 + limit // 10
    assert 10 * limit <= sent <= 10 * limit + burst


def test_what_was_not_used_is_not_saved_up() -> None:
    pace = Pace(100, 0.0)
    assert spend(pace, 0.0) == 11
    assert spend(pace, 3600.0) == 11


def test_wait_is_when_the_next_one_may_go() -> None:
    pace = Pace(10, 0.0)
    spend(pace, 0.0)
    wait = pace.wait(0.0)
    assert wait == pytest.approx(0.1)
    assert pace.room(wait / 2) == 0
    assert pace.room(wait + 1e-9) == 1


def test_throttling_makes_a_rest_and_those_on_their_way_already_do_not_lengthen_it() -> None:
    pace = Pace(0, 0.0)
    for _ in range(100):
        pace.throttled(0.0)
    assert pace.room(FIRST_REST / 2) == 0
    assert pace.wait(0.0) == pytest.approx(FIRST_REST)
    assert pace.room(FIRST_REST) > 0


def test_rests_double_to_the_longest_while_nothing_is_taken_and_begin_anew_then() -> None:
    pace, now, rests = Pace(0, 0.0), 0.0, []
    for _ in range(10):
        pace.throttled(now)
        rests.append(pace.wait(now))
        now += 2.0
    assert rests[:3] == pytest.approx([FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST])
    assert rests[-1] == pytest.approx(LAST_REST)
    pace.taken(1, now)
    pace.throttled(now)
    assert pace.wait(now) == pytest.approx(FIRST_REST)


def test_what_was_on_its_way_says_it_once() -> None:
    pace = Pace(100, 0.0)
    pace.throttled(0.0)
    once = pace.rate
    pace.throttled(0.19)
    assert pace.rate == once
    pace.throttled(0.21)
    assert pace.rate < once


def test_how_long_that_is_follows_the_round_trip() -> None:
    pace = Pace(100, 0.0)
    pace.round_trip = 1.0
    pace.throttled(0.0)
    once = pace.rate
    pace.throttled(1.49)
    assert pace.rate == once
    pace.throttled(1.51)
    assert pace.rate < once


def test_without_a_limit_the_rate_begins_from_what_was_taken() -> None:
    pace = Pace(0, 0.0)
    for step in range(100):
        pace.taken(5, step / 100)
    pace.throttled(0.995)
    assert pace.rate == pytest.approx(450)


@pytest.mark.parametrize(("taken", "rate"), [(95, 85.5), (70, 63), (10, 50), (0, 50)])
def test_the_rate_falls_to_nine_tenths_of_what_was_taken_and_by_half_at_most(
    taken: int, rate: float
) -> None:
    pace = Pace(100, 0.0)
    pace.taken(taken, 0.0)
    pace.throttled(0.999)
    assert pace.rate == pytest.approx(rate)


def test_what_was_taken_long_ago_says_nothing() -> None:
    pace = Pace(0, 0.0)
    pace.taken(10_000, 0.5)
    pace.throttled(2.5)
    assert pace.rate < 10


def test_it_never_falls_under_the_floor() -> None:
    pace = Pace(5, 0.0)
    for second in range(100):
        pace.throttled(second * 10.0)
    assert pace.rate == FLOOR
    assert pace.room(2000.0) >= 1


def test_after_a_rest_there_is_one_pdu_and_then_the_pace() -> None:
    pace = Pace(1000, 0.0)
    pace.taken(1000, 0.0)
    pace.throttled(0.5)
    assert spend(pace, 0.5 + FIRST_REST) == 1
    assert spend(pace, 0.5 + FIRST_REST + 0.01) == pytest.approx(pace.rate / 100, abs=1)


def test_it_grows_by_a_hundredth_of_what_is_known_in_a_second_and_then_faster() -> None:
    pace = Pace(0, 0.0)
    pace.taken(100, 0.0)
    pace.taken(100, 1.0)
    pace.throttled(1.0)
    assert pace.rate == pytest.approx(180)
    rates = [pace.rate]
    for second in range(2, 22):
        pace.taken(round(pace.rate), float(second))
        rates.append(pace.rate)
    steps = [later - earlier for earlier, later in pairwise(rates)]
    assert steps[:11] == pytest.approx([2.0] * 11, rel=0.05)
    assert steps[-1] > 4 * steps[0]


def test_where_nothing_is_known_it_doubles_with_each_second() -> None:
    pace = Pace(0, 0.0)
    pace.throttled(0.0)
    first = pace.rate
    for second in (1.0, 2.0, 3.0):
        pace.taken(round(pace.rate), second)
    assert pace.rate == pytest.approx(8 * first, rel=0.25)


def test_at_the_end_there_is_no_limit_again() -> None:
    pace, now = Pace(0, 0.0), 0.0
    pace.throttled(0.0)
    for _ in range(100):
        now += 1.0
        pace.taken(int(min(100_000, pace.rate)), now)
    assert pace.rate == math.inf
    assert pace.room(now) > 1_000_000
    assert pace.wait(now) == 0.0


# --- Another limit -------------------------------------------------------------------------------
def test_another_limit_holds_at_once() -> None:
    pace = Pace(100, 0.0)
    pace.permit(10, 0.0)
    assert spend(pace, 60.0) == 2
    pace.permit(0, 60.0)
    assert pace.room(60.0) > 1_000_000
    for _ in range(10_000):
        pace.sent()
    pace.permit(20, 60.0)
    assert pace.rate == 20
    assert spend(pace, 60.0) == 3


def test_a_rate_that_was_learned_stays_under_another_limit() -> None:
    pace = Pace(1000, 0.0)
    pace.taken(100, 0.0)
    for at in (0.0, 0.3, 0.6, 0.9):
        pace.throttled(at)
    learned = pace.rate
    assert learned < 200
    pace.permit(5000, 1.0)
    assert pace.rate == learned
    pace.permit(10, 1.0)
    assert pace.rate == 10


def test_a_rate_that_was_learned_is_shared_as_the_limit_is() -> None:
    pace = Pace(0, 0.0)
    pace.taken(100, 0.0)
    pace.throttled(0.5)
    assert pace.rate == pytest.approx(90)
    pace.share(0.5, 1.0)
    assert pace.rate == pytest.approx(45)
    pace.share(1.0, 1.0)
    assert pace.rate == pytest.approx(90)


# --- Shares --------------------------------------------------------------------------------------
@pytest.mark.parametrize("limit", [1, 3, 7, 100, 2500])
@pytest.mark.parametrize("parts", [(1, 1), (1, 3), (2, 1, 1), (1,) * 10])
def test_shares_of_several_processes_together_keep_the_limit(
    limit: int, parts: tuple[int, ...]
) -> None:
    paces = [Pace(limit, 0.0) for _ in parts]
    for pace, part in zip(paces, parts, strict=True):
        pace.share(part / sum(parts), 0.0)
    sent = sum(spend(pace, step / 50) for step in range(50 * 10 + 1) for pace in paces)
    assert 10 * limit - len(parts) <= sent <= 10 * limit + 1 + limit // 10 + len(parts)


def test_a_share_of_a_small_limit_sends_one_pdu_after_the_other() -> None:
    pace = Pace(1, 0.0)
    pace.share(0.5, 0.0)
    assert [spend(pace, now) for now in (0.0, 1.0, 2.0, 3.0, 4.0)] == [1, 0, 1, 0, 1]
    assert pace.wait(4.0) == pytest.approx(2.0)


def test_a_share_that_grows_does_not_give_what_was_not_saved_up() -> None:
    pace = Pace(100, 0.0)
    pace.share(0.5, 0.0)
    assert spend(pace, 0.0) == 5
    pace.share(1.0, 0.0)
    assert spend(pace, 0.0) == 0
    assert spend(pace, 0.1) == 10
    pace.share(0.1, 60.0)
    assert spend(pace, 60.0) == 1, "what was saved up over the share is let go"


def test_without_a_limit_a_share_is_without_one_too() -> None:
    pace = Pace(0, 0.0)
    pace.share(0.1, 0.0)
    assert pace.room(0.0) > 1_000_000
    assert pace.wait(0.0) == 0.0
