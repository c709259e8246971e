"""Parts a second."""

from __future__ import annotations

from habar.submit.rate import RateLimits


def test_a_second_holds_the_limit():
    rates = RateLimits()
    assert [rates.take(1, 3, 1, 100.0) for _ in range(4)] == [True, True, True, False]
    assert not rates.take(1, 3, 1, 100.3)
    assert rates.take(1, 3, 1, 100.4)


def test_no_more_than_a_second_is_saved_up():
    rates = RateLimits()
    rates.take(1, 2, 1, 100.0)
    assert [rates.take(1, 2, 1, 900.0) for _ in range(3)] == [True, True, False]


def test_a_message_longer_than_the_limit_goes_from_a_full_bucket_and_leaves_a_debt():
    rates = RateLimits()
    assert rates.take(1, 2, 5, 100.0)
    assert not rates.take(1, 2, 1, 101.9)
    assert rates.take(1, 2, 1, 102.0)


def test_accounts_have_their_own():
    rates = RateLimits()
    assert rates.take(1, 1, 1, 100.0)
    assert rates.take(2, 1, 1, 100.0)
    assert not rates.take(1, 1, 1, 100.0)


def test_what_was_refused_goes_back():
    rates = RateLimits()
    rates.take(1, 1, 1, 100.0)
    rates.give_back(1, 1)
    assert rates.take(1, 1, 1, 100.0)
    rates.give_back(9, 1)
