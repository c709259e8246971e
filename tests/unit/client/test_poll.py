"""Waiting for the end of messages: whom to ask, when, and when to give up."""

import pytest

from habar_client import Status, WaitTimeout
from habar_client.poll import Poll
from habar_client.request import Ref


def _status(sms_id: int, code: int) -> Status:
    return Status(sms_id, 1, code, None)


def _poll(*sms_ids: int, timeout: float = 60.0) -> Poll:
    return Poll([Ref(sms_id=number) for number in sms_ids], timeout, now=100.0)


def test_who_is_final_is_given_and_not_asked_about_again() -> None:
    poll = _poll(1, 2, 3)
    final = list(poll.take([_status(1, 106), _status(2, 102), _status(3, 100)]))
    assert [status.sms_id for status in final] == [2]
    assert poll.pending == [Ref(sms_id=1), Ref(sms_id=3)]
    assert [x.sms_id for x in poll.take([_status(1, 103), _status(3, 201)])] == [1, 3]
    assert poll.pending == []


def test_whoever_is_named_twice_is_asked_about_once() -> None:
    assert _poll(1, 1, 2).pending == [Ref(sms_id=1), Ref(sms_id=2)]


def test_pauses_grow_to_ten_seconds() -> None:
    poll = _poll(1, timeout=1000)
    pauses = [poll.pause(100.0) for _ in range(8)]
    assert pauses[:3] == [1.0, 1.5, 2.25]
    assert pauses[-1] == 10.0
    assert pauses == sorted(pauses)


def test_the_last_pause_ends_when_the_time_does() -> None:
    poll = _poll(1, 2, timeout=0.25)
    assert poll.pause(100.0) == 0.25
    list(poll.take([_status(1, 102), _status(2, 106)]))
    with pytest.raises(WaitTimeout, match=r"the message is not final after 0\.25 s") as caught:
        poll.pause(100.25)
    assert caught.value.pending == (_status(2, 106),)


def test_a_timeout_is_a_timeout_error() -> None:
    poll = _poll(1, 2, timeout=0)
    list(poll.take([_status(1, 106), _status(2, 106)]))
    with pytest.raises(TimeoutError, match="2 messages are not final"):
        poll.pause(100.0)


def test_a_negative_timeout_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        _poll(1, timeout=-1)
