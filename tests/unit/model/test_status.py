"""States: which are final, what parts come to, who has the last word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.model.status import (
    MessageState,
    after,
    is_open,
    of_given_up,
    of_message,
    of_parts,
    visible_state,
)

S = MessageState
FAILED = [S.EXPIRED, S.DELETED, S.UNDELIVERABLE, S.REJECTED, S.DISCARDED]
ENDS = [S.DELIVERED, *FAILED]
LAST_WORDS = [S.ENROUTE, S.UNKNOWN]
OPEN = [None, S.ACCEPTED, S.SCHEDULED]
told_of_a_part = st.sampled_from([*ENDS, S.UNKNOWN])


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
        ([S.EXPIRED], S.EXPIRED),
        ([S.REJECTED, S.REJECTED], S.REJECTED),
        ([S.UNKNOWN, S.UNKNOWN], S.UNKNOWN),
        ([S.ENROUTE, S.ENROUTE], S.ENROUTE),
        ([S.UNKNOWN, S.DISCARDED, S.DELETED, S.EXPIRED], S.UNDELIVERABLE),
        ([S.DELIVERED, S.EXPIRED], S.UNDELIVERABLE),
        ([S.UNDELIVERABLE, S.REJECTED], S.UNDELIVERABLE),
        ([S.ENROUTE, S.REJECTED], S.UNDELIVERABLE),
        ([S.DELIVERED, S.UNKNOWN, S.ENROUTE], S.UNKNOWN),
        ([S.DELIVERED, S.ENROUTE], S.ENROUTE),
        ([S.DELIVERED, S.UNKNOWN], S.UNKNOWN),
    ],
)
def test_a_message_is_what_its_parts_come_to(
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
        assert whole in {*parts, S.UNDELIVERABLE}


def test_which_receipts_leave_a_part_open() -> None:
    assert [state for state in S if is_open(state)] == [S.SCHEDULED, S.ENROUTE, S.ACCEPTED]


@pytest.mark.parametrize("known", [*OPEN, *LAST_WORDS])
@pytest.mark.parametrize("told", ENDS)
def test_the_first_end_is_believed(known: MessageState | None, told: MessageState) -> None:
    assert after(known, told) is told


@pytest.mark.parametrize("known", ENDS)
@pytest.mark.parametrize("told", [*ENDS, *LAST_WORDS])
def test_after_an_end_only_delivered_is_news(known: MessageState, told: MessageState) -> None:
    expected = S.DELIVERED if S.DELIVERED in (known, told) else known
    assert after(known, told) is expected


def test_of_what_is_no_end_more_is_believed() -> None:
    assert after(None, S.ENROUTE) is S.ENROUTE
    assert after(S.ENROUTE, S.UNKNOWN) is S.UNKNOWN
    assert after(S.UNKNOWN, S.ENROUTE) is S.UNKNOWN


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([None], S.UNKNOWN),
        ([S.DELIVERED, S.DELIVERED], S.DELIVERED),
        ([S.DELIVERED, None], S.UNKNOWN),
        ([S.EXPIRED, None], S.UNDELIVERABLE),
        ([None, None], S.UNKNOWN),
    ],
)
def test_parts_that_are_given_up_count_as_unknown(
    parts: list[MessageState | None], whole: MessageState
) -> None:
    assert of_given_up(parts) is whole


@pytest.mark.parametrize(
    ("known", "before", "now", "then"),
    [
        # on its way
        (S.ACCEPTED, [None], [S.DELIVERED], S.DELIVERED),
        (S.ACCEPTED, [None, None], [S.EXPIRED, None], S.ACCEPTED),
        (S.SCHEDULED, [S.EXPIRED, None], [S.EXPIRED, S.EXPIRED], S.EXPIRED),
        # contradictions after its end
        (S.UNDELIVERABLE, [S.EXPIRED, S.DELIVERED], [S.DELIVERED, S.DELIVERED], S.DELIVERED),
        (S.UNDELIVERABLE, [S.EXPIRED, S.UNKNOWN], [S.DELIVERED, S.UNKNOWN], S.UNKNOWN),
        (S.DELIVERED, [S.DELIVERED], [S.DELIVERED], S.DELIVERED),
        # after 107
        (S.UNKNOWN, [None], [S.EXPIRED], S.EXPIRED),
        (S.UNKNOWN, [S.DELIVERED, None], [S.DELIVERED, S.DELIVERED], S.DELIVERED),
        (S.UNKNOWN, [None, None], [S.EXPIRED, None], S.UNDELIVERABLE),
        (S.UNDELIVERABLE, [S.EXPIRED, None], [S.EXPIRED, S.EXPIRED], S.EXPIRED),
        # no receipts were promised, and then they come
        (S.ENROUTE, [None, None], [S.DELIVERED, None], S.ENROUTE),
        (S.ENROUTE, [S.DELIVERED, None], [S.DELIVERED, S.EXPIRED], S.UNDELIVERABLE),
        # ended otherwise
        (S.REJECTED, [None, None], [S.DELIVERED, None], S.REJECTED),
        (S.EXPIRED, [None], [S.REJECTED], S.EXPIRED),
        (S.DELETED, [None], [S.DELIVERED], S.DELIVERED),
    ],
)
def test_what_becomes_of_a_message(
    known: MessageState,
    before: list[MessageState | None],
    now: list[MessageState | None],
    then: MessageState,
) -> None:
    assert of_message(known, before, now) is then


@given(
    st.integers(1, 4).flatmap(
        lambda parts: st.tuples(
            st.just(parts), st.lists(st.tuples(st.integers(0, parts - 1), told_of_a_part))
        )
    )
)
def test_the_order_decides_between_two_failures_of_one_part_only(
    case: tuple[int, list[tuple[int, MessageState]]],
) -> None:
    parts, told = case
    state: MessageState = S.ACCEPTED
    now: list[MessageState | None] = [None] * parts
    for place, word in told:
        before = now.copy()
        now[place] = after(now[place], word)
        state = of_message(state, before, now)
    assert state is (of_parts(now) or S.ACCEPTED)
