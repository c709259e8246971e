"""States: which are final, what parts come to, who has the last word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.model.status import MessageState, after, is_open, of_parts, visible_state

S = MessageState
ENDS = [S.DELIVERED, S.EXPIRED, S.DELETED, S.UNDELIVERABLE, S.UNKNOWN, S.REJECTED, S.DISCARDED]


@pytest.mark.rule("xml.final-states")
def test_only_two_states_pass() -> None:
    assert [state for state in S if not state.is_final] == [S.SCHEDULED, S.ACCEPTED]


def test_the_numbers_are_the_protocols() -> None:
    assert [state.value for state in S] == list(range(100, 110))
    assert (S.SCHEDULED, S.ACCEPTED, S.DISCARDED) == (100, 106, 109)


@pytest.mark.rule("xml.date-beg-future")
@pytest.mark.parametrize(("now", "seen"), [(9, S.SCHEDULED), (10, S.ACCEPTED), (11, S.ACCEPTED)])
def test_a_schedule_that_has_come_reads_accepted(now: int, seen: MessageState) -> None:
    assert visible_state(S.SCHEDULED, due_at=10, now=now) is seen
    assert visible_state(S.DELIVERED, due_at=10, now=now) is S.DELIVERED


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([S.DELIVERED], S.DELIVERED),
        ([S.DELIVERED, S.DELIVERED], S.DELIVERED),
        ([S.DELIVERED, None], None),
        ([S.REJECTED, None], None),
        ([S.DELIVERED, S.ACCEPTED], None),
        ([S.UNKNOWN, S.DISCARDED, S.DELETED, S.EXPIRED], S.EXPIRED),
        ([S.DELIVERED, S.EXPIRED, S.UNDELIVERABLE], S.UNDELIVERABLE),
        ([S.UNDELIVERABLE, S.REJECTED], S.REJECTED),
        ([S.DELIVERED, S.ENROUTE], S.ENROUTE),
        ([S.DELIVERED, S.UNKNOWN], S.UNKNOWN),
    ],
)
def test_a_message_is_what_its_worst_part_is(
    parts: list[MessageState | None], whole: MessageState | None
) -> None:
    assert of_parts(parts) is whole
    assert of_parts(parts[::-1]) is whole


@given(st.lists(st.sampled_from([None, *S]), min_size=1))
def test_a_message_is_known_when_all_its_parts_are(parts: list[MessageState | None]) -> None:
    whole = of_parts(parts)
    if any(part is None or not part.is_final for part in parts):
        assert whole is None
    else:
        assert whole in parts


def test_which_receipts_leave_a_part_open() -> None:
    assert [state for state in S if is_open(state)] == [S.SCHEDULED, S.ENROUTE, S.ACCEPTED]


@pytest.mark.parametrize("known", [None, S.ACCEPTED, S.SCHEDULED, S.ENROUTE])
@pytest.mark.parametrize("told", ENDS)
def test_the_first_end_is_believed(known: MessageState | None, told: MessageState) -> None:
    assert after(known, told) is told


@pytest.mark.parametrize("known", ENDS)
@pytest.mark.parametrize("told", ENDS)
def test_after_an_end_only_delivered_is_news(known: MessageState, told: MessageState) -> None:
    expected = S.DELIVERED if S.DELIVERED in (known, told) else known
    assert after(known, told) is expected
