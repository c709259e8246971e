"""dispatch/backlog.py: who waits on disk, and when to look."""

from habar.dispatch.backlog import KEPT, Backlog

A, B = (1, 10), (1, 20)
PLENTY = 100


def sure() -> Backlog:
    backlog = Backlog()
    backlog.merge([], now=0)
    return backlog


def look(backlog: Backlog, now: int, *, more: bool = False) -> None:
    backlog.look(A, PLENTY, now)
    backlog.looked(A, now, more=more)


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
    backlog = sure()
    assert backlog.hint(A, 100, now=100)
    backlog.look(A, PLENTY, now=100)
    assert backlog.due(now=200) == []
    backlog.looked(A, now=100, more=True)
    assert backlog.due(now=200) == [A]


def test_a_short_answer_ends_what_was_due_and_keeps_what_comes_later() -> None:
    backlog = sure()
    for due_at in (100, 300, 200, 900):
        backlog.hint(A, due_at, now=0)
    look(backlog, now=300)
    assert backlog.next_due(now=300) == 900
    assert not backlog.is_due(A, now=300)
    look(backlog, now=900)
    assert A not in backlog
    assert len(backlog) == 0


def test_a_hint_that_comes_during_a_look_survives_its_short_answer() -> None:
    backlog = sure()
    backlog.hint(A, 100, now=100)
    backlog.look(A, PLENTY, now=100)
    assert not backlog.hint(A, 90, now=120), "no news: a look is under way"
    backlog.looked(A, now=100, more=False)
    assert backlog.due(now=120) == [A]


def test_a_look_that_failed_is_to_be_made_again() -> None:
    backlog = sure()
    backlog.hint(A, 100, now=100)
    backlog.look(A, PLENTY, now=100)
    backlog.look_failed(A)
    assert backlog.due(now=100) == [A]
    backlog.merge([(1, 20, 0)], now=100)
    backlog.look(B, PLENTY, now=100)
    backlog.look_failed(B)
    assert backlog.due(now=100) == [A, B]


def test_a_look_closes_when_all_that_is_due_was_counted_and_has_room() -> None:
    backlog = sure()
    for _ in range(5):
        backlog.refused(A)
    assert backlog.look(A, limit=6, now=0)
    assert not backlog.is_due(A, now=0), "a fresh message may stand behind what it brings"
    backlog.refused(A)
    assert backlog.is_due(A, now=0), "but not behind one that went to disk since"
    backlog.looked(A, now=0, more=False)
    assert backlog.due(now=0) == [A]


def test_a_look_does_not_close_where_more_may_be_due() -> None:
    for begin in (
        lambda backlog: [backlog.refused(A) for _ in range(6)],
        lambda backlog: backlog.merge([(1, 10, 0)], now=0),
        lambda backlog: backlog.hint(A, 1, now=0),
    ):
        backlog = sure()
        begin(backlog)
        assert not backlog.look(A, limit=6, now=1)
        assert backlog.is_due(A, now=1)


def test_the_hint_after_a_refusal_is_no_news() -> None:
    backlog = sure()
    backlog.refused(A)
    look(backlog, now=0, more=True)
    assert not backlog.hint(A, 0, now=0)
    look(backlog, now=0)
    assert A not in backlog, "it was counted once"
    assert backlog.hint(A, 0, now=0), "one that nobody refused is news"


def test_the_hint_after_one_that_the_store_could_not_take_is_news() -> None:
    backlog = sure()
    backlog.hint(A, 900, now=0)
    backlog.refused(A)  # its commit fails: no hint will ever come of it
    look(backlog, now=0)
    assert backlog.hint(A, 1, now=1)
    assert backlog.due(now=1) == [A]


def test_one_refused_during_a_look_is_looked_for_after_it_and_its_hint_is_no_news() -> None:
    backlog = sure()
    backlog.refused(A)
    backlog.look(A, PLENTY, now=0)
    backlog.refused(A)
    assert not backlog.hint(A, 0, now=0)
    backlog.looked(A, now=0, more=False)
    assert backlog.due(now=0) == [A]
    assert not backlog.hint(A, 0, now=0)
    look(backlog, now=0)
    assert A not in backlog


def test_hints_that_are_due_make_no_list() -> None:
    backlog = sure()
    for now in range(1000):
        backlog.hint(A, now, now=now)
    look(backlog, now=1000)
    assert not backlog.unsure, "nothing was cut"
    assert A not in backlog


def test_a_hint_is_news_only_when_it_is_the_soonest() -> None:
    backlog = sure()
    assert backlog.hint(A, 500, now=0)
    assert not backlog.hint(A, 600, now=0)
    assert not backlog.hint(A, 500, now=0)
    assert backlog.hint(A, 400, now=0)


def test_many_due_times_are_cut_and_the_store_is_asked_when_the_kept_ones_are_used_up() -> None:
    backlog = sure()
    for due_at in range(1, KEPT + 10):
        backlog.hint(A, due_at, now=0)
    look(backlog, now=KEPT - 1)
    backlog.hint(A, 10_000, now=KEPT - 1)
    assert backlog.next_due(now=KEPT - 1) == KEPT
    assert not backlog.unsure
    look(backlog, now=KEPT)
    assert backlog.unsure, "those that were cut, and the one after them, only the store knows"
