"""Writes the answers to a peer's requests; the two frequent ones by hand.

Guarantees: the by-hand octets are what the table gives (a test holds them together).
Does not know: whether an answer is due.
"""

from collections.abc import Mapping

from habar.wire.smpp.codec import HEADER, build, encode
from habar.wire.smpp.constants import (
    HEADER_LENGTH,
    RESPONSE_BIT,
    UNANSWERED,
    CommandId,
    command_name,
)
from habar.wire.smpp.errors import StateError
from habar.wire.smpp.pdu import FieldValue, Tlvs
from habar.wire.smpp.table import PDUS

_SUBMIT_SM = int(CommandId.SUBMIT_SM)
_SUBMIT_SM_RESP = int(CommandId.SUBMIT_SM_RESP)
_DELIVER_SM = int(CommandId.DELIVER_SM)
_DELIVER_SM_RESP = int(CommandId.DELIVER_SM_RESP)
_WITH_EMPTY_ID = HEADER_LENGTH + 1
_MESSAGE_ID = PDUS[_SUBMIT_SM_RESP].fields[0].size
_NO_FIELDS: Mapping[str, FieldValue] = {}


def has_answer(command_id: int) -> bool:
    """True where the standard gives this request a response of its own."""
    return command_id not in UNANSWERED and command_id | RESPONSE_BIT in PDUS


def answer(
    command_id: int,
    command_status: int,
    sequence_number: int,
    tlvs: Tlvs = (),
    fields: Mapping[str, FieldValue] = _NO_FIELDS,
) -> bytes:
    """Write the response to a request. Raises StateError where it has none, EncodeError."""
    if not tlvs:
        if command_id == _DELIVER_SM and not fields:
            head = HEADER.pack(_WITH_EMPTY_ID, _DELIVER_SM_RESP, command_status, sequence_number)
            return head + b"\0"
        if command_id == _SUBMIT_SM and not command_status and len(fields) == 1:
            message_id = fields.get("message_id")
            if isinstance(message_id, bytes) and _fits(message_id):
                length = _WITH_EMPTY_ID + len(message_id)
                return HEADER.pack(length, _SUBMIT_SM_RESP, 0, sequence_number) + message_id + b"\0"
    if not has_answer(command_id):
        raise StateError(f"{command_name(command_id)} has no answer")
    response = command_id | RESPONSE_BIT
    pdu = build(response, command_status, sequence_number, tlvs, fields)
    return encode(pdu)


def _fits(message_id: bytes) -> bool:
    return len(message_id) < _MESSAGE_ID and 0 not in message_id


def generic_nack(command_status: int, sequence_number: int) -> bytes:
    """Write a generic_nack (4.3)."""
    return HEADER.pack(HEADER_LENGTH, CommandId.GENERIC_NACK, command_status, sequence_number)
