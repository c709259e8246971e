"""operators/pace.py: the token bucket, and rests that grow and shrink."""

import pytest

from habar.operators import Pace
from habar.operators.pace import FIRST_REST, LAST_REST


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


def test_rests_double_to_the_longest_and_shrink_as_messages_are_taken() -> None:
    pace, now, rests = Pace(0, 0.0), 0.0, []
    for _ in range(10):
        pace.throttled(now)
        rests.append(pace.wait(now))
        now += pace.wait(now)
    assert rests[:3] == pytest.approx([FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST])
    assert rests[-1] == pytest.approx(LAST_REST)
    for _ in range(10):
        pace.taken(now)
    pace.throttled(now)
    assert pace.wait(now) == pytest.approx(FIRST_REST)


def test_a_late_answer_during_the_rest_does_not_shorten_it() -> None:
    pace = Pace(0, 0.0)
    pace.throttled(0.0)
    pace.taken(0.01)
    assert pace.room(0.05) == 0
    pace.throttled(FIRST_REST)
    assert pace.wait(FIRST_REST) == pytest.approx(2 * FIRST_REST)


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
