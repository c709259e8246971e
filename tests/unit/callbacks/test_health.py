"""A host that fails is left in peace, longer each time."""

from __future__ import annotations

from habar.callbacks.health import Health, Healths
from habar.model.retry import RetryPlan
from habar.store.callbacks import HostQueue

PLAN = RetryPlan(1_000, 600_000)
EVEN = 0.5
"""No spread: the pause as it is."""


def ill(*, failures=5, paused_until=1_000):
    return Health(PLAN, 5, failures=failures, paused_until=paused_until)


def test_a_few_failures_change_nothing():
    health = Health(PLAN, 5)
    assert not any(health.failed(0, EVEN, trial=False) for _ in range(4))
    assert health.room(16, 0) == 16


def test_the_fifth_in_a_row_begins_a_pause():
    health = Health(PLAN, 5)
    assert [health.failed(0, EVEN, trial=False) for _ in range(5)][-1]
    assert health.paused_until == 1_000
    assert health.room(16, 999) == 0
    assert health.room(16, 1_000) == 1


def test_an_answer_between_begins_to_count_anew():
    health = Health(PLAN, 5)
    for _ in range(4):
        health.failed(0, EVEN, trial=False)
    assert not health.answered()
    assert not any(health.failed(0, EVEN, trial=False) for _ in range(4))


def test_one_trial_at_a_time():
    health = ill()
    health.trying = True
    assert health.room(16, 5_000) == 0


def test_pauses_grow_to_ten_minutes():
    health, now, pauses = ill(), 1_000, []
    for _ in range(12):
        assert health.failed(now, EVEN, trial=True)
        pauses.append(health.paused_until - now)
        now = health.paused_until
    assert pauses[:4] == [2_000, 4_000, 8_000, 16_000]
    assert pauses[-1] == 600_000


def test_calls_from_before_the_pause_make_it_no_longer():
    health = ill()
    assert not health.failed(900, EVEN, trial=False)
    assert (health.failures, health.paused_until) == (5, 1_000)


def test_any_answer_ends_it_and_is_news():
    health = ill(failures=30, paused_until=600_000)
    assert health.answered()
    assert health.room(16, 0) == 16
    assert not health.answered()


class TestOfAllHosts:
    def test_what_was_written_down_counts(self):
        health = Healths(PLAN, 5).of(queue(failures=6, paused_until=9_000))
        assert (health.ill, health.failures, health.paused_until) == (True, 6, 9_000)

    def test_what_is_remembered_is_newer(self):
        healths = Healths(PLAN, 5)
        health = healths.of(queue())
        health.failed(0, EVEN, trial=False)
        healths.changed("http://a.kz:80", health)
        assert healths.of(queue()) is health
        health.answered()
        healths.changed("http://a.kz:80", health)
        assert healths.of(queue()) is not health

    def test_of_very_many_the_last_are_remembered(self):
        healths = Healths(PLAN, 5)
        for number in range(10_001):
            healths.changed(f"http://h{number}.kz:80", ill())
        assert healths.ill == 10_000
        assert not healths.of(queue("http://h0.kz:80")).ill
        assert healths.of(queue("http://h1.kz:80")).ill


def queue(host="http://a.kz:80", failures=0, paused_until=0):
    return HostQueue(host, 0, 7, failures, paused_until, 0, "")
