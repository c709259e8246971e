"""Places that all accounts share."""

from __future__ import annotations

from habar.callbacks.shares import Shares

OURS, THEIRS = 7, 8


def filled(shares, account_id):
    """How many it gets by taking one after the other as long as it may."""
    count = 0
    while shares.free(account_id):
        shares.take(account_id)
        count += 1
    return count


def test_alone_an_account_has_half():
    assert filled(Shares(256), OURS) == 128


def test_each_that_comes_finds_half_of_what_is_free():
    shares = Shares(256)
    assert [filled(shares, number) for number in range(5)] == [128, 64, 32, 16, 8]


def test_the_last_place_is_for_one_that_has_none():
    shares = Shares(2)
    shares.take(OURS)
    assert (shares.free(OURS), shares.free(THEIRS)) == (0, 1)


def test_what_is_given_back_is_free():
    shares = Shares(4)
    shares.take(OURS, 2)
    shares.take(THEIRS, 2)
    assert (shares.free(OURS), shares.taken) == (0, 4)
    shares.give_back(THEIRS, 2)
    assert (shares.of(OURS), shares.of(THEIRS), shares.taken) == (2, 0, 2)
    shares.give_back(OURS)
    assert shares.free(OURS) == 1


def test_more_may_be_taken_than_there_are():
    shares = Shares(1)
    shares.take(OURS, 3)
    assert (shares.free(OURS), shares.free(THEIRS), shares.taken) == (0, 0, 3)
