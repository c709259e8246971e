"""dispatch/backlog.py: the store tells only the first due time of each account."""

from __future__ import annotations

from habar.dispatch.backlog import Backlog


def test_after_the_first_due_time_that_the_store_told_it_is_asked_for_the_next() -> None:
    backlog, key = Backlog(), (1, 1)
    backlog.merge([(1, 1, 2_000)], 1_000)  # and more on disk, due at 3000
    backlog.look(key, 100, 2_000)
    backlog.looked(key, 2_000, more=False)
    assert backlog.unsure
