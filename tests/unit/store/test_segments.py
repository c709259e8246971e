"""store/segments.py: which generation a part is of; store/inbox_rows.py: what the audit may say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from habar.errors import Conflict, InvalidValue, NotFound
from habar.store.inbox import CallMethod, InboundState, Noted, Received, Rule, Segment
from habar.store.inbox_rows import (
    by_kind,
    changed_fields,
    check_assignable,
    mask_of,
    rule_name,
    rule_values,
    said,
    ways,
)
from habar.store.segments import Groups, Mark, key_of, lock_of

KEY = (1, "7", "8785", 5, 3)


def part(number: int, octets: bytes = b"x", total: int = 3) -> Segment:
    return Segment(1, "7", "8785", 5, total, number, "", 0, octets, b"", 0, None)


def placed(groups: Groups, *parts: Segment) -> list[tuple[int, Mark] | None]:
    found = [groups.place(one) for one in parts]
    return [None if one is None else (one.generation, one.mark) for one in found]


def test_the_first_and_the_last_part_are_marked() -> None:
    assert placed(Groups([]), part(2), part(1), part(3)) == [
        (0, Mark.FIRST),
        (0, Mark.NONE),
        (0, Mark.LAST),
    ]


def test_a_group_of_one_is_complete_at_once() -> None:
    assert placed(Groups([]), part(1, total=1)) == [(0, Mark.LAST)]


def test_what_is_on_disk_counts() -> None:
    groups = Groups([(*KEY, 4, 1, b"x", False), (*KEY, 4, 2, b"x", False)])
    assert placed(groups, part(2), part(3)) == [None, (4, Mark.LAST)]


def test_a_joined_generation_takes_nothing_more_and_knows_its_own() -> None:
    groups = Groups([(*KEY, 0, 1, b"x", True)])
    assert placed(groups, part(1), part(2), part(1)) == [None, (1, Mark.FIRST), None]


def test_other_octets_begin_the_next_generation_and_older_ones_are_known() -> None:
    groups = Groups([(*KEY, 0, 1, b"a", False), (*KEY, 1, 1, b"b", False)])
    assert placed(groups, part(1, b"a"), part(1, b"b"), part(1, b"c")) == [
        None,
        None,
        (2, Mark.FIRST),
    ]


def test_locks_of_groups_are_positive_and_told_apart() -> None:
    one = lock_of(key_of(part(1)))
    assert one == lock_of(key_of(part(2)))
    assert 0 <= one < 1 << 63
    others = [(1, "78", "785", 5, 3), (1, "7", "8785", 53, 3), (17, "", "8785", 5, 3)]
    assert len({lock_of(key) for key in others} | {one}) == 4
    assert lock_of((1, "\ud800", "", 0, 0)) >= 0


def test_parts_come_before_messages_and_notes_after_both() -> None:
    whole = Received(0, 0, 1, "7", "1", "", "", 0, 1, 0, None, 0, CallMethod.NONE, "", "")
    events = [Noted(1, ""), whole, part(1), whole, part(2)]
    assert by_kind(events) == [(Segment, [2, 4]), (Received, [1, 3]), (Noted, [0])]
    assert by_kind([whole]) == [(Received, [0])]
    assert said([whole]) == []


# --- Rules ----------------------------------------------------------------------------------------
def test_names_of_what_changed_are_no_values() -> None:
    rule = Rule("8785", 1, "a", passwordin="s3cr3t", id=5, created_at=7)
    assert changed_fields(rule, replace(rule, passwordin="other", reply="x")) == [
        "passwordin",
        "reply",
    ]
    assert changed_fields(rule, replace(rule, id=9, created_at=8)) == []


def test_a_rule_is_called_by_its_code_and_keyword() -> None:
    assert rule_name(Rule("8785", 1)) == "8785"
    assert rule_name(Rule("8785", 1, "a")) == "8785 a"


def test_a_rules_host_is_its_urls() -> None:
    assert rule_values(Rule("1", 1, url="https://Example.org/a"))[5] == "https://example.org:443"
    assert rule_values(Rule("1", 1))[5] == ""
    with pytest.raises(InvalidValue):
        rule_values(Rule("1", 1, url="https://"))


# --- Lists ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("account", "states", "code", "names"),
    [
        (None, [], None, ["ids_of_all"]),
        (None, [], "1", ["ids_of_code"]),
        (1, [], "1", ["ids_of_account"]),
        (1, [InboundState.KEPT, InboundState.WAITING], None, ["ids_of_account"]),
        (None, [InboundState.WAITING], "1", ["ids_of_state"]),
        (1, [InboundState.WAITING, InboundState.WAITING], None, ["ids_of_account_in_state"]),
        (1, [InboundState.UNDELIVERED, InboundState.WAITING], "1", ["ids_of_account_in_state"] * 2),
        (0, [InboundState.UNROUTED], None, ["ids_of_state"]),
    ],
)
def test_a_list_is_read_by_the_index_that_has_it(
    account: int | None, states: list[InboundState], code: str | None, names: list[str]
) -> None:
    assert [name for name, _ in ways(account, states, code)] == names


def test_no_states_are_all_of_them() -> None:
    assert mask_of([]) == mask_of(list(InboundState)) == 0b11111
    assert mask_of([InboundState.KEPT, InboundState.KEPT]) == 0b10000


def test_what_may_be_given_to_a_rule() -> None:
    for state in InboundState:
        if state in {InboundState.WAITING, InboundState.DELIVERED}:
            with pytest.raises(Conflict):
                check_assignable(1, state)
        else:
            check_assignable(1, state)
    with pytest.raises(NotFound):
        check_assignable(1, None)
