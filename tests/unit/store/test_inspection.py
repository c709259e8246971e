"""What is told of broken promises."""

from __future__ import annotations

from habar.store.inspection import finding


def test_nothing_broken_is_no_finding() -> None:
    assert finding("message {}", []) is None


def test_a_line_for_each() -> None:
    found = finding("part {1} of message {0}", [(7, 1, 2), (7, 2, 2)])
    assert found is not None
    assert [*found.told()] == ["part 1 of message 7", "part 2 of message 7"]


def test_what_is_not_told_is_counted() -> None:
    found = finding("message {}", [(7, 500)])
    assert found is not None
    assert [*found.told()] == ["message 7", "… and 499 more of this kind"]
