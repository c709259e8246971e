"""The octets of an answer with which something goes wrong.

Guarantees: pure; what comes out is whole PDUs, but for RESET. Knows nothing of transports.
"""

from habar.simulator.dice import Twist
from habar.wire.smpp import HEADER_LENGTH, CommandId, encode, make_pdu

_UNUSED = 0x40000000  # a client counts from 1, and is far from there


def first_of(octets: bytes) -> tuple[bytes, bytes]:
    """Take the first PDU off, which must be whole."""
    length = int.from_bytes(octets[:4], "big")
    return octets[:length], octets[length:]


def twisted(answer: bytes, twist: Twist) -> bytes:
    """Return what goes out in the place of an answer (one whole PDU)."""
    if twist is Twist.UNANSWERED:
        return b""
    if twist is Twist.NACK:
        return _nack(answer, _number(answer))
    if twist is Twist.NACK_UNNUMBERED:
        return _nack(answer, 0)
    if twist is Twist.REPEATED:
        return answer + answer
    if twist is Twist.STRAY:
        stray = (_number(answer) ^ _UNUSED).to_bytes(4, "big")
        return answer + answer[: HEADER_LENGTH - 4] + stray + answer[HEADER_LENGTH:]
    if twist is Twist.RESET:
        return answer[: len(answer) // 2]
    return answer


def _number(pdu: bytes) -> int:
    return int.from_bytes(pdu[12:HEADER_LENGTH], "big")


def _nack(answer: bytes, sequence_number: int) -> bytes:
    """Write a generic_nack with the status of the answer in whose place it goes."""
    status = int.from_bytes(answer[8:12], "big")
    return encode(
        make_pdu(CommandId.GENERIC_NACK, command_status=status, sequence_number=sequence_number)
    )


def without(octets: bytes, command_id: int) -> bytes:
    """Leave out all PDUs of a kind."""
    kept = []
    while octets:
        pdu, octets = first_of(octets)
        if int.from_bytes(pdu[4:8], "big") != command_id:
            kept.append(pdu)
    return b"".join(kept)
