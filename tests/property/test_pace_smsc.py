"""operators/pace.py against model SMSCs that limit the PDUs of a second."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from habar.operators import Pace
from habar.operators.pace import FLOOR, FULL_AFTER, SLOWEST

Smsc = Callable[[float], bool]
"""Whether a PDU that comes at that time is taken."""


def by_the_second(limit: int, burst: float, phase: float) -> Smsc:
    """Count anew with each second of its own clock."""
    second, count = -1, 0

    def takes(now: float) -> bool:
        nonlocal second, count
        if int(now + phase) != second:
            second, count = int(now + phase), 0
        count += 1
        return count <= limit

    return takes


def by_the_last_second(limit: int, burst: float, phase: float) -> Smsc:
    """Count what was taken in the second before."""
    taken: deque[float] = deque()

    def takes(now: float) -> bool:
        while taken and taken[0] <= now - 1:
            taken.popleft()
        if len(taken) < limit:
            taken.append(now)
            return True
        return False

    return takes


def by_a_bucket(limit: int, burst: float, phase: float) -> Smsc:
    """Save up a burst, a share of a second's worth."""
    most = max(1.001, burst * limit)
    tokens, then = most, 0.0

    def takes(now: float) -> bool:
        nonlocal tokens, then
        tokens, then = min(most, tokens + (now - then) * limit), now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return takes


class Answer(NamedTuple):
    at: float
    taken: bool


def drive(
    pace: Pace, takes: Smsc, *, window: int, round_trip: float, seconds: float
) -> list[Answer]:
    """Send as much as window and pace permit, as a lane with a full queue does."""
    answers: list[Answer] = []
    on_their_way: deque[Answer] = deque()
    now = 0.0
    while now < seconds:
        taken, throttled = 0, False
        while on_their_way and on_their_way[0].at <= now:
            answers.append(on_their_way.popleft())
            taken += answers[-1].taken
            throttled |= not answers[-1].taken
        if throttled:
            pace.throttled(now)
        if taken:
            pace.taken(taken, now)
        for _ in range(min(window - len(on_their_way), pace.room(now))):
            pace.sent()
            answer = Answer(now + round_trip, takes(now + round_trip / 2))
            on_their_way.append(answer)
        soonest = on_their_way[0].at if on_their_way else now + 60.0
        if len(on_their_way) < window:
            soonest = min(soonest, now + pace.wait(now) + 1e-6)
        now = max(now + 0.001, soonest)
    return answers


@settings(max_examples=25, deadline=None)
@given(
    smsc=st.sampled_from([by_the_second, by_the_last_second, by_a_bucket]),
    takes=st.integers(10, 400),
    burst=st.floats(0.02, 1.0),
    phase=st.floats(0.0, 1.0),
    round_trip=st.floats(0.005, 0.5),
    wider=st.floats(1.2, 10.0),
    limit=st.sampled_from([0, 1, 2, 5]),
)
def test_most_of_what_the_smsc_would_take_goes_through_and_little_in_vain(
    smsc: Callable[[int, float, float], Smsc],
    takes: int,
    burst: float,
    phase: float,
    round_trip: float,
    wider: float,
    limit: int,
) -> None:
    pace = Pace(limit * takes, 0.0)
    pace.round_trip = round_trip  # as the link measures it
    window = max(1, int(takes * round_trip * wider)) + 1
    answers = drive(
        pace, smsc(takes, burst, phase), window=window, round_trip=round_trip, seconds=60.0
    )
    steady = [answer.taken for answer in answers if answer.at >= 30.0]
    assert sum(steady) >= 0.85 * takes * 30
    assert steady.count(False) <= 0.03 * len(steady)


@settings(max_examples=50, deadline=None)
@given(
    limit=st.integers(1, 5_000) | st.none(),
    throttles=st.lists(st.floats(0.2, 3.0), min_size=1, max_size=30),
)
def test_full_speed_is_back_in_bounded_time_when_everything_is_taken(
    limit: int | None, throttles: list[float]
) -> None:
    pace, now = Pace(limit or 0, 0.0), 0.0
    full = pace.rate
    for pause in throttles:
        pace.throttled(now)
        now += pause
    slowest, until = pace.rate, now + 10 * FULL_AFTER
    assert FLOOR <= slowest < full or slowest == limit == FLOOR
    began = now
    while pace.rate < full and now < until:
        count = pace.room(now)
        for _ in range(count):
            pace.sent()
        if count:
            pace.taken(count, now)
        now += max(0.005, pace.wait(now))
    assert pace.rate == full
    if slowest >= SLOWEST:
        assert now - began <= FULL_AFTER + 1.0


@settings(max_examples=50)
@given(
    limit=st.integers(1, 500),
    events=st.lists(
        st.tuples(st.floats(0.0, 2.0), st.sampled_from(["send", "throttled", "taken"])), max_size=60
    ),
)
def test_whatever_is_said_no_more_than_the_limit_goes(
    limit: int, events: list[tuple[float, str]]
) -> None:
    pace, now = Pace(limit, 0.0), 0.0
    sent: list[tuple[float, int]] = []
    for pause, what in events:
        now += pause
        count = pace.room(now)
        if what == "throttled":
            pace.throttled(now)
        elif what == "taken":
            pace.taken(limit, now)
        else:
            for _ in range(count):
                pace.sent()
            sent.append((now, count))
        assert min(FLOOR, limit) <= pace.rate <= limit
    for first, (since, _) in enumerate(sent):
        total = 0
        for at, count in sent[first:]:
            total += count
            assert total <= limit * (at - since) + 1 + limit / 10 + 1e-6
