"""store/call_rows.py: what becomes of obligations that are due, and of those called again."""

from __future__ import annotations

import pytest

from habar.model.message import Reports
from habar.model.status import MessageState
from habar.store.call_rows import (
    Due,
    Ended,
    Facts,
    Standing,
    again_words,
    called_again,
    conditions,
    inbound_endings,
    possible,
    sort_out,
)
from habar.store.callbacks import CallFilter, CallKind, CallStage, StateReport
from habar.store.inbox import InboundState

HOST = "http://a.example:80"
WAITING, CLAIMED, DONE = CallStage.WAITING, CallStage.CLAIMED, CallStage.DONE
GIVEN_UP, BLOCKED = CallStage.GIVEN_UP, CallStage.BLOCKED
FAILED, DELIVERED = MessageState.UNDELIVERABLE, MessageState.DELIVERED


def due(number: int, state: int = FAILED, host: str = HOST) -> Due:
    return Due(number, 7, 0, 1, host, CallKind.STATE, number, state, 5)


def facts(*numbers: int, reports: int = Reports.OWN, last_error: str = "") -> Facts:
    found = Facts()
    found.add_messages(
        (n, None, "S", 77, 0, "t", 1, 9, last_error, 2, reports, "http://a.example/", HOST)
        for n in numbers
    )
    return found


def told(found: Facts, state: int = FAILED) -> StateReport:
    [call] = sort_out([due(1, state)], found, 9).calls
    assert isinstance(call.event, StateReport)
    return call.event


class TestError:
    PARTS = ((1, FAILED, "011", 3), (1, DELIVERED, "000", 4))

    def test_that_of_the_part_that_ended_so(self) -> None:
        found = facts(1, last_error="ESME_RTHROTTLED")
        found.add_parts([(1, MessageState.REJECTED, "099", 2), *self.PARTS])
        assert told(found).error == "011"

    def test_that_of_another_part_that_failed(self) -> None:
        found = facts(1)
        found.add_parts([(1, MessageState.REJECTED, "099", 2)])
        assert told(found).error == "099"

    def test_that_of_the_door_where_no_part_has_one(self) -> None:
        found = facts(1, last_error="ESME_RINVDSTADR")
        found.add_parts([(1, DELIVERED, "000", 2), (1, None, "", 3)])
        assert told(found).error == "ESME_RINVDSTADR"

    @pytest.mark.parametrize("state", [MessageState.ENROUTE, DELIVERED])
    def test_none_where_nothing_failed(self, state: int) -> None:
        found = facts(1, last_error="ESME_RTHROTTLED")
        found.add_parts(self.PARTS)
        assert told(found, state).error == ""


def test_sent_is_told_when_all_parts_are() -> None:
    found = facts(1)
    found.add_parts([(1, None, "", 3)])
    assert told(found).sent_at is None
    found.add_parts([(1, None, "", 2)])
    assert told(found).sent_at == 3


def test_no_more_are_given_out_than_asked_for_and_all_else_is_settled() -> None:
    rows = [due(1), due(2), due(3), due(4, host="http://old.example:80"), due(5)]
    found = sort_out(rows, facts(1, 2, 3, 4), 2)
    assert [call.id for call in found.calls] == [1, 2]
    assert found.moved == [(HOST, 4)]
    assert found.gone == [rows[4]]


def test_an_account_that_is_not_known_has_no_url() -> None:
    [call] = sort_out([due(1)], facts(1, reports=Reports.ACCOUNT), 9).calls
    assert (call.url, call.host) == ("", HOST)


@pytest.mark.parametrize(
    ("asked", "standing", "again", "places"),
    [
        ([1], [(1, DONE)], [1], {1: WAITING}),
        ([1], [(1, WAITING)], [1], {1: WAITING}),
        ([1, 2], [(1, CLAIMED), (2, BLOCKED)], [], {}),
        ([1], [(1, DONE), (2, WAITING), (3, BLOCKED)], [1], {1: WAITING, 2: BLOCKED}),
        ([1], [(1, DONE), (2, CLAIMED)], [1], {1: BLOCKED}),
        ([2], [(1, WAITING), (2, GIVEN_UP)], [2], {2: BLOCKED}),
        ([3, 1], [(1, DONE), (2, DONE), (3, DONE)], [1, 3], {1: WAITING, 3: BLOCKED}),
        ([9], [(1, DONE)], [], {}),
    ],
)
def test_called_again(
    asked: list[int],
    standing: list[tuple[int, CallStage]],
    again: list[int],
    places: dict[int, CallStage],
) -> None:
    rows = [Standing(number, CallKind.STATE, 4, stage) for number, stage in standing]
    assert called_again(asked, rows) == (again, places)


def test_subjects_are_looked_at_each_by_itself() -> None:
    rows = [Standing(1, CallKind.STATE, 4, DONE), Standing(2, CallKind.INBOUND, 4, DONE)]
    assert called_again([1, 2], rows)[1] == {1: WAITING, 2: WAITING}


def test_only_subscribers_messages_have_an_end_of_their_own() -> None:
    ended = [
        Ended(CallKind.STATE, 4, DONE, 7),
        Ended(CallKind.INBOUND, 5, DONE, 8),
        Ended(CallKind.INBOUND, 6, GIVEN_UP, 9),
    ]
    assert inbound_endings(ended) == [
        (InboundState.DELIVERED, 8, 5),
        (InboundState.UNDELIVERED, 9, 6),
    ]


def test_what_is_not_asked_for_is_no_condition() -> None:
    assert conditions(CallFilter(), None) == []
    assert conditions(CallFilter(account_id=0, since=5), 9) == [
        ("account_id =", 0),
        ("at >=", 5),
        ("id <", 9),
    ]


def test_numbers_that_cannot_be_ids_are_left_out() -> None:
    assert possible([5, 0, -1, 1 << 63, 3, 5]) == [3, 5]


def test_the_audits_words() -> None:
    assert again_words([4]) == ("4", "1 to be called again")
    assert again_words([4, 9, 7]) == ("4 to 7", "3 to be called again")
