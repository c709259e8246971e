"""When a message that met a passing error is tried again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from habar.model.retry import RetryPlan

PLAN = RetryPlan(first=2_000, last=600_000)


def test_pauses_double_up_to_the_last() -> None:
    pauses = [PLAN.pause(attempts, 0.5) for attempts in range(1, 12)]
    assert pauses[:4] == [2_000, 4_000, 8_000, 16_000]
    assert pauses[8:] == [512_000, 600_000, 600_000]


def test_messages_put_off_together_do_not_come_back_together() -> None:
    assert (PLAN.pause(1, 0.0), PLAN.pause(1, 0.5), PLAN.pause(1, 0.999)) == (1_500, 2_000, 2_499)


@given(
    st.integers(2, 10_000),
    st.integers(0, 10**6),
    st.integers(0, 10**7),
    st.lists(st.floats(0, 1, exclude_max=True), min_size=1),
)
def test_no_message_is_tried_more_often_than_is_written(
    first: int, longer: int, span: int, spreads: list[float]
) -> None:
    plan = RetryPlan(first=first, last=first + longer)
    attempts, at = 1, plan.pause(1, spreads[0])
    while at <= span and attempts < 10_000:
        attempts += 1
        at += plan.pause(attempts, spreads[attempts % len(spreads)])
    assert attempts <= plan.most_attempts(span)


@given(st.integers(2, 10_000), st.integers(0, 10**5), st.integers(0, 10**6))
def test_the_bound_is_reached_where_all_pauses_are_short(
    first: int, longer: int, span: int
) -> None:
    plan = RetryPlan(first=first, last=first + longer)
    most = plan.most_attempts(span)
    pauses = [plan.pause(attempts, 0.0) for attempts in range(1, min(most, 20_000) + 1)]
    if most <= 20_000:
        assert sum(pauses[:-1]) <= span < sum(pauses)


def test_two_days_of_the_usual_plan() -> None:
    assert PLAN.most_attempts(0) == 1
    assert PLAN.most_attempts(1_500) == 2
    assert PLAN.most_attempts(48 * 3_600_000) == 392


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_never_far_from_its_plan(attempts: int, spread: float) -> None:
    assert 1_500 <= PLAN.pause(attempts, spread) <= 750_000
