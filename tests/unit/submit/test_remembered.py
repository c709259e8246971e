"""Digests of pairs verified a moment ago."""

from __future__ import annotations

from habar.submit.remembered import Remembered, pair_digester


def test_holds_for_its_time():
    right = Remembered(60.0, 10)
    right.add(b"pair", "hash", 100.0)
    assert right.holds(b"pair", "hash", 159.9)
    assert not right.holds(b"pair", "hash", 160.0)
    assert len(right) == 0


def test_counts_only_for_the_hash_it_was_verified_against():
    right = Remembered(60.0, 10)
    right.add(b"pair", "hash", 100.0)
    assert not right.holds(b"pair", "another hash", 101.0)


def test_never_more_than_its_limit_and_the_oldest_goes():
    right = Remembered(60.0, 3)
    for number in range(5):
        right.add(b"%d" % number, "hash", 100.0)
    assert len(right) == 3
    assert [right.holds(b"%d" % number, "hash", 101.0) for number in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_a_pair_is_not_another_that_reads_the_same_in_a_row():
    digest = pair_digester()
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab", "c") == digest("ab", "c")
    assert len(digest("\ud800", "x")) == 16


def test_every_digester_has_a_key_of_its_own():
    assert pair_digester()("a", "b") != pair_digester()("a", "b")
