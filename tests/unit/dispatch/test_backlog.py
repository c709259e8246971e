"""dispatch/backlog.py: who waits on disk, and when to look."""

from habar.dispatch.backlog import KEPT, Backlog

A, B = (1, 10), (1, 20)


def test_the_store_is_to_be_asked_at_first_and_not_again() -> None:
    backlog = Backlog()
    before = backlog.unsure
    backlog.merge([(1, 10, 500), (1, 20, 900)], now=0)
    assert (before, backlog.unsure) == (True, False)
    assert backlog.due(now=499) == []
    assert backlog.due(now=500) == [A]
    assert backlog.due(now=900) == [A, B]


def test_next_due_is_the_first_that_is_not_due_yet() -> None:
    backlog = Backlog()
    backlog.merge([(1, 10, 500), (1, 20, 900), (0, 30, 700)], now=0)
    assert backlog.next_due(now=0) == 500
    assert backlog.next_due(now=500) == 700
    assert backlog.next_due(now=900) is None


def test_a_key_is_looked_for_once_at_a_time() -> None:
    backlog = Backlog()
    assert backlog.hint(A, 100, now=100)
    backlog.look(A)
    assert backlog.due(now=200) == []
    assert backlog.is_due(A, now=200), "it waits there as long as nobody has brought it"
    backlog.looked(A, now=100, more=True)
    assert backlog.due(now=200) == [A]


def test_a_short_answer_ends_what_was_due_and_keeps_what_comes_later() -> None:
    backlog = Backlog()
    for due_at in (100, 300, 200, 900):
        backlog.hint(A, due_at, now=0)
    backlog.look(A)
    backlog.looked(A, now=300, more=False)
    assert backlog.next_due(now=300) == 900
    assert not backlog.is_due(A, now=300)
    backlog.look(A)
    backlog.looked(A, now=900, more=False)
    assert A not in backlog
    assert len(backlog) == 0


def test_a_hint_that_comes_during_a_look_survives_its_short_answer() -> None:
    backlog = Backlog()
    backlog.hint(A, 100, now=100)
    backlog.look(A)
    assert not backlog.hint(A, 90, now=120), "no news: it is due already"
    backlog.looked(A, now=100, more=False)
    assert backlog.is_due(A, now=120)
    assert backlog.due(now=120) == [A]


def test_hints_that_are_due_make_no_list() -> None:
    backlog = Backlog()
    backlog.merge([], now=0)
    for now in range(1000):
        backlog.hint(A, now, now=now)
    backlog.look(A)
    backlog.looked(A, now=1000, more=False)
    assert not backlog.unsure, "nothing was cut"


def test_a_hint_is_news_only_when_it_is_the_soonest() -> None:
    backlog = Backlog()
    assert backlog.hint(A, 500, now=0)
    assert not backlog.hint(A, 600, now=0)
    assert not backlog.hint(A, 500, now=0)
    assert backlog.hint(A, 400, now=0)


def test_many_due_times_are_cut_and_the_store_is_asked_when_the_kept_ones_are_used_up() -> None:
    backlog = Backlog()
    backlog.merge([], now=0)
    for due_at in range(1, KEPT + 10):
        backlog.hint(A, due_at, now=0)
    backlog.look(A)
    backlog.looked(A, now=KEPT - 1, more=False)
    backlog.hint(A, 10_000, now=KEPT - 1)
    assert backlog.next_due(now=KEPT - 1) == KEPT
    assert not backlog.unsure
    backlog.look(A)
    backlog.looked(A, now=KEPT, more=False)
    assert backlog.unsure, "those that were cut, and the one after them, only the store knows"
