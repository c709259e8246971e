"""Answers with which something goes wrong, as octets."""

import pytest

from habar.simulator.dice import Twist
from habar.simulator.twists import first_of, twisted, without
from habar.wire.smpp import CommandId, Pdu, decode, encode, make_pdu

ANSWER = encode(make_pdu(CommandId.SUBMIT_SM_RESP, sequence_number=9, message_id=b"123"))
REFUSAL = encode(make_pdu(CommandId.SUBMIT_SM_RESP, command_status=8, sequence_number=9))
PROBE = encode(make_pdu(CommandId.ENQUIRE_LINK_RESP, sequence_number=3))


def pdus(octets: bytes) -> list[Pdu]:
    found = []
    while octets:
        pdu, octets = first_of(octets)
        found.append(decode(pdu))
    return found


@pytest.mark.parametrize(
    ("twist", "expected"),
    [
        (Twist.UNANSWERED, b""),
        (Twist.REPEATED, ANSWER * 2),
        (Twist.UNBIND, ANSWER),
        (Twist.RESET, ANSWER[: len(ANSWER) // 2]),
    ],
)
def test_octets(twist: Twist, expected: bytes) -> None:
    assert twisted(ANSWER, twist) == expected


@pytest.mark.parametrize(("twist", "number"), [(Twist.NACK, 9), (Twist.NACK_UNNUMBERED, 0)])
def test_a_nack_in_the_place_of_a_refusal(twist: Twist, number: int) -> None:
    [pdu] = pdus(twisted(REFUSAL, twist))
    assert (pdu.command_id, pdu.command_status, pdu.sequence_number) == (
        CommandId.GENERIC_NACK,
        8,
        number,
    )


def test_a_stray_answer_follows_the_right_one() -> None:
    right, stray = pdus(twisted(ANSWER, Twist.STRAY))
    assert (right.sequence_number, stray.sequence_number) == (9, 9 ^ 0x40000000)
    assert stray.octets("message_id") == b"123"


def test_all_of_a_kind_are_left_out() -> None:
    assert without(PROBE + ANSWER + PROBE, CommandId.ENQUIRE_LINK_RESP) == ANSWER
    assert without(b"", CommandId.ENQUIRE_LINK_RESP) == b""
