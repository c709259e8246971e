"""Where commits are waited for."""

from __future__ import annotations

import pytest

from habar.store.sqlite.pace import PER_ROW, PROBE_EVERY, Pace


def measured(*seconds: float) -> Pace:
    pace = Pace()
    for number, one in enumerate(seconds):
        pace.note(one, 0, float(number))
    return pace


def test_a_quick_disk_is_waited_for_in_the_loop() -> None:
    pace = measured(*[0.0002] * 40)
    assert not pace.slow
    assert pace.in_loop(41.0)


def test_a_slow_disk_is_found_out_by_five_commits() -> None:
    assert not measured(*[0.004] * 4).slow
    pace = measured(*[0.004] * 5)
    assert pace.slow
    assert not pace.in_loop(4.5)


def test_a_few_slow_commits_do_not_make_a_slow_disk() -> None:
    assert not measured(0.0002, 0.05, 0.0002, 0.05, 0.0002, 0.0002).slow


def test_a_disk_that_becomes_slow_is_noticed() -> None:
    assert measured(*[0.0002] * 31, *[0.004] * 16).slow


def test_big_commits_are_not_taken_for_a_slow_disk() -> None:
    pace = Pace()
    for _ in range(20):
        pace.note(0.0005 + 4000 * PER_ROW, 4000, 0.0)
    assert not pace.slow


@pytest.mark.parametrize(
    ("probes", "slow"), [([0.0003] * 3, False), ([0.0003, 0.004, 0.004], True)]
)
def test_a_slow_disk_is_probed_and_may_recover(probes: list[float], slow: bool) -> None:
    pace, now = measured(*[0.004] * 5), 4.0
    for seconds in probes:
        assert not pace.in_loop(now + PROBE_EVERY / 2)
        now += PROBE_EVERY
        assert pace.in_loop(now)
        pace.note(seconds, 1, now)
    assert pace.slow is slow
