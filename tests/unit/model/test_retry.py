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


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_never_far_from_its_plan(attempts: int, spread: float) -> None:
    assert 1_500 <= PLAN.pause(attempts, spread) <= 750_000
