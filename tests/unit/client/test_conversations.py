"""The calls: what is repeatable, what an error carries, what is checked before anything is sent."""

from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from habar_client import HabarClientError, Message, Sent, TransportError
from habar_client.conversations import (
    Conversations,
    check_package_size,
    one_ref,
    packages,
    refs_of,
    zone_named,
)
from habar_client.exchange import Lost, Patience, Pause, Reply
from habar_client.request import Credentials, Ref

ONE = Message("77771234567", "a", id=1)
TWO = Message("77771234567", "b", id=2)
BARE = Message("77771234567", "c")


def _customer(retry_lost: bool = True) -> Conversations:
    who = Credentials("demo", "demo")
    return Conversations(who, ZoneInfo("Asia/Almaty"), Patience(), retry_lost)


def _play(conversation: Any, *outcomes: Reply | Lost) -> Any:
    left, outcome = iter(outcomes), None
    try:
        while True:
            step = conversation.send(outcome)
            outcome = None if isinstance(step, Pause) else next(left)
    except StopIteration as end:
        return end.value


def _reply(inside: str) -> Reply:
    return Reply(200, f"<package>{inside}</package>".encode())


def test_a_package_of_messages_with_ids_survives_a_lost_answer() -> None:
    rows: list[Sent] = _play(
        _customer().send([ONE, TWO]),
        Lost("gone", posted=True),
        _reply(
            "<message><msg id='1' sms_id='5' sms_count='1'>201</msg>"
            "<msg id='2' sms_id='6' sms_count='1'>106</msg></message>"
        ),
    )
    assert [(row.sms_id, row.accepted, row.repeated) for row in rows] == [
        (5, True, True),
        (6, True, False),
    ]


@pytest.mark.parametrize("package", [[ONE, BARE], [BARE], [ONE, ONE]])
def test_others_are_not_repeated(package: list[Message]) -> None:
    with pytest.raises(TransportError, match="gone") as caught:
        _play(_customer().send(package), Lost("gone", posted=True))
    assert caught.value.unknown
    assert caught.value.messages == tuple(package)


def test_nor_is_any_where_the_account_takes_an_id_twice() -> None:
    with pytest.raises(TransportError, match="gone"):
        _play(_customer(retry_lost=False).send([ONE]), Lost("gone", posted=True))


def test_questions_are_asked_again() -> None:
    status = _play(
        _customer().status([Ref(sms_id=5)]),
        Lost("gone", posted=True),
        _reply("<status><msg sms_id='5' sms_count='1'>102</msg></status>"),
    )[0]
    assert status.delivered


def test_a_question_that_fails_carries_no_messages() -> None:
    with pytest.raises(HabarClientError) as caught:
        _play(_customer().balance(), Reply(404, b""))
    assert caught.value.messages == ()


def test_an_answer_without_a_balance() -> None:
    with pytest.raises(TransportError, match="no balance"):
        _play(_customer().balance(), _reply("<status/>"))


def test_a_wish_to_delete_may_be_repeated() -> None:
    gone = _play(
        _customer().delete([Ref(id=1)]),
        Lost("gone", posted=True),
        _reply("<delete><msg id='1'>104</msg></delete>"),
    )[0]
    assert gone.deleted


def test_packages_are_read_no_further_than_needed() -> None:
    numbers = count()
    cut = packages(numbers, 3)
    assert next(cut) == [0, 1, 2]
    assert next(numbers) == 3
    assert list(packages([1, 2, 3], 2)) == [[1, 2], [3]]
    assert list(packages([], 2)) == []


@pytest.mark.parametrize("size", [0, -1, 10_001])
def test_package_sizes_out_of_range_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 10000"):
        check_package_size(size)


def test_whom_a_call_asks_about() -> None:
    assert refs_of(5, ()) == [Ref(sms_id=5)]
    assert refs_of([5, 6], iter([1])) == [Ref(sms_id=5), Ref(sms_id=6), Ref(id=1)]
    assert one_ref(None, 7) == [Ref(id=7)]
    assert one_ref(7, None) == [Ref(sms_id=7)]


@pytest.mark.parametrize(("sms_ids", "ids"), [(0, ()), ((), -1), ([5, 2**63], ())])
def test_numbers_that_cannot_be_ids_are_refused(sms_ids: Any, ids: Any) -> None:
    with pytest.raises(ValueError, match="must be a number from 1"):
        refs_of(sms_ids, ids)


@pytest.mark.parametrize(("sms_id", "own"), [(None, None), (1, 1), (0, None)])
def test_one_message_is_one(sms_id: int | None, own: int | None) -> None:
    with pytest.raises(ValueError, match=r"one of them|must be a number"):
        one_ref(sms_id, own)


@pytest.mark.parametrize("name", ["Asia/Nowhere", "../etc/passwd", ""])
def test_a_zone_that_is_not_there(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        zone_named(name)
