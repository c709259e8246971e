"""What a run with a web service lets pass, and what it calls a fault."""

import pytest
from bench.called import faults, number_of
from bench.packages import Prefix, recipient


def test_each_once_is_no_fault() -> None:
    assert not any(faults("called", 3, [(2, 10), (0, 11), (1, 12)]).values())


@pytest.mark.parametrize(
    ("numbers", "fault"),
    [
        ([0, 2], "not called"),
        ([0, 1, 2, 1], "called twice"),
        ([0, 1, 2, 7], "called without reason"),
        ([0, 1, 2, -1], "called without reason"),
    ],
)
def test_what_is_not_once_each(numbers: list[int], fault: str) -> None:
    found = faults("called", 3, [(number, 10) for number in numbers])
    assert {name for name, count in found.items() if count} == {fault}
    assert found[fault] == 1


def test_a_subscriber_has_the_number_of_a_message() -> None:
    assert number_of(int(recipient(Prefix.MEASURED, 0))) == 0
    assert number_of(int(recipient(Prefix.MEASURED, 99_999_999))) == 99_999_999
    assert number_of(int(recipient(Prefix.WARM, 0))) == -1
    assert number_of(8785) == -1
