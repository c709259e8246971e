"""Messages that cannot be sent cannot be made; results say what they mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from habar_client import Message, MessageError, Sent, State, Status


def _sent(**changes: Any) -> Sent:
    fields: dict[str, Any] = {
        "sms_id": 17,
        "sms_count": 1,
        "code": 106,
        "id": None,
        "recipient": "77771234567",
        "accepted": True,
    }
    return Sent(**(fields | changes))


@pytest.mark.parametrize("text", ["\0", "a\x0bb", "\ud800", "\ufffe", "\x1b"])
@pytest.mark.parametrize("name", ["text", "recipient", "sender"])
def test_characters_that_xml_cannot_carry_are_refused(name: str, text: str) -> None:
    fields: dict[str, Any] = {"recipient": "77771234567", "text": "Salem", name: text}
    with pytest.raises(ValueError, match=f"{name} has the character U"):
        Message(**fields)


@pytest.mark.parametrize("own_id", [0, -1, 2**63])
def test_ids_out_of_range_are_refused(own_id: int) -> None:
    with pytest.raises(ValueError, match="id must be a number"):
        Message("77771234567", "Salem", id=own_id)


@pytest.mark.parametrize("name", ["at", "until"])
def test_naive_times_are_refused(name: str) -> None:
    moment: dict[str, Any] = {name: datetime(2026, 1, 1)}  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match=f"{name} needs a time zone"):
        Message("77771234567", "Salem", **moment)


def test_what_the_gateway_judges_is_left_to_it() -> None:
    message = Message("8 777", "", id=2**63 - 1, at=datetime(2020, 1, 1, tzinfo=UTC))
    assert message.text == ""


def test_a_message_does_not_show_its_text() -> None:
    assert "5555" not in repr(Message("77771234567", "Your code is 5555"))


def test_an_accepted_message() -> None:
    sent = _sent()
    assert (sent.error, sent.meaning, sent.words) == (
        None,
        "106 ACCEPTED",
        "accepted, on its way",
    )


def test_a_refused_message() -> None:
    sent = _sent(code=203, accepted=False, sms_id=0)
    assert (sent.error, sent.meaning) == (MessageError.RECIPIENT, "203 RECIPIENT")


def test_a_repeated_message_says_which_it_repeats() -> None:
    accepted = _sent(code=201, repeated=True)
    assert accepted.error is None
    assert accepted.words == "id used before, by 17"
    assert _sent(code=201, repeated=True, accepted=False).error is MessageError.ID


def test_a_code_without_a_name_is_a_number() -> None:
    sent = _sent(code=250, accepted=False)
    assert (sent.error, sent.meaning, sent.words) == (None, "250", "")


@pytest.mark.parametrize("code", [100, 106, 1, 0])
def test_passing_states(code: int) -> None:
    assert not Status(17, 1, code, None).final


@pytest.mark.parametrize("code", [101, 102, 103, 104, 105, 107, 108, 109, 201, 250])
def test_final_states(code: int) -> None:
    assert Status(17, 1, code, None).final


def test_a_status_says_what_it_means() -> None:
    delivered = Status(17, 1, 102, None)
    assert delivered.delivered
    assert (delivered.state, delivered.error) == (State.DELIVERED, None)
    assert (delivered.meaning, delivered.words) == ("102 DELIVERED", "delivered")
    unknown = Status(17, 0, 201, None)
    assert not unknown.delivered
    assert (unknown.state, unknown.error) == (None, MessageError.ID)
    assert unknown.words == "no such message"
