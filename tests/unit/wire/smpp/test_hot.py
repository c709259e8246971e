"""The layouts written by hand say exactly what the table says."""

from typing import Any

import pytest

from habar.wire.smpp import (
    CommandId,
    CommandStatus,
    EncodeError,
    StateError,
    Tlv,
    encode,
    encode_submit_body,
    encode_tlvs,
    make_pdu,
)
from habar.wire.smpp.answers import answer, generic_nack
from habar.wire.smpp.codec import decode_by_table
from habar.wire.smpp.hot import decode_message, submit_resp_message_id

MESSAGES: list[dict[str, Any]] = [
    {},
    {"source_addr": b"INFO_KAZ", "source_addr_ton": 5, "destination_addr": b"77771234567"},
    {
        "service_type": b"CMT",
        "source_addr_ton": 1,
        "source_addr_npi": 2,
        "source_addr": b"s" * 20,
        "dest_addr_ton": 3,
        "dest_addr_npi": 4,
        "destination_addr": b"d" * 20,
        "esm_class": 5,
        "protocol_id": 6,
        "priority_flag": 7,
        "schedule_delivery_time": b"240101120000000+",
        "validity_period": b"000001000000000R",
        "registered_delivery": 8,
        "replace_if_present_flag": 9,
        "data_coding": 10,
        "sm_default_msg_id": 11,
        "short_message": bytes(range(254)),
    },
]
TLVS: list[dict[int, int | bytes]] = [
    {},
    {Tlv.SAR_MSG_REF_NUM: 1, Tlv.SAR_TOTAL_SEGMENTS: 2, Tlv.SAR_SEGMENT_SEQNUM: 1},
    {Tlv.RECEIPTED_MESSAGE_ID: b"9f", Tlv.MESSAGE_STATE: 2, 0x1400: b"\0\0"},
]


@pytest.mark.parametrize("fields", MESSAGES)
@pytest.mark.parametrize("tlvs", TLVS)
@pytest.mark.parametrize("command", [CommandId.SUBMIT_SM, CommandId.DELIVER_SM])
def test_hot_and_table_agree(
    command: int, fields: dict[str, Any], tlvs: dict[int, int | bytes]
) -> None:
    defaults: dict[str, Any] = {"dest_addr_ton": 1, "dest_addr_npi": 1}
    octets = encode(make_pdu(command, sequence_number=6, tlvs=tlvs, **(defaults | fields)))
    needed: dict[str, Any] = {"source_addr": b"", "destination_addr": b"", "short_message": b""}
    body = encode_submit_body(tlvs=encode_tlvs(tlvs), **(needed | fields))
    assert body == octets[16:]
    by_hand = decode_message(b"--" + octets, 2, 2 + len(octets), command, 0, 6)
    assert by_hand == decode_by_table(octets, 0, len(octets), command, 0, 6)


@pytest.mark.parametrize("cut", range(1, 20))
def test_what_is_cut_off_is_left_to_the_table(cut: int) -> None:
    octets = encode(make_pdu(CommandId.SUBMIT_SM, short_message=b"hi"))
    assert decode_message(octets, 0, len(octets) - cut, CommandId.SUBMIT_SM, 0, 1) is None


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"source_addr": b"s" * 21}, CommandStatus.ESME_RINVSRCADR),
        ({"destination_addr": b"d" * 21}, CommandStatus.ESME_RINVDSTADR),
        ({"short_message": bytes(255)}, CommandStatus.ESME_RINVMSGLEN),
        ({"validity_period": b"v" * 17}, CommandStatus.ESME_RINVEXPIRY),
        ({"schedule_delivery_time": b"s" * 17}, CommandStatus.ESME_RINVSCHED),
        ({"service_type": b"s" * 6}, CommandStatus.ESME_RINVSERTYP),
        ({"source_addr": b"a\0b"}, CommandStatus.ESME_RINVPARLEN),
        ({"esm_class": 256}, CommandStatus.ESME_RINVPARLEN),
        ({"data_coding": -1}, CommandStatus.ESME_RINVPARLEN),
    ],
)
def test_a_body_that_does_not_fit_is_not_written(arguments: dict[str, Any], status: int) -> None:
    plain: dict[str, Any] = {
        "source_addr": b"INFO",
        "destination_addr": b"77771234567",
        "short_message": b"hi",
    }
    with pytest.raises(EncodeError) as caught:
        encode_submit_body(**(plain | arguments))
    assert caught.value.command_status == status


@pytest.mark.parametrize("body", [b"", b"\0", b"abc\0", b"abc", b"abc\0junk", b"x" * 400 + b"\0"])
def test_message_id_of_a_submit_sm_resp(body: bytes) -> None:
    octets = bytes(16) + body
    table = decode_by_table(octets, 0, len(octets), CommandId.SUBMIT_SM_RESP, 0, 1)
    assert submit_resp_message_id(octets + b"next", 0, len(octets)) == table.octets("message_id")


@pytest.mark.parametrize("status", [0, 0x45])
@pytest.mark.parametrize("message_id", [b"", b"1", b"x" * 64])
def test_frequent_answers_agree_with_the_table(status: int, message_id: bytes) -> None:
    submit = make_pdu(
        CommandId.SUBMIT_SM_RESP, command_status=status, sequence_number=8, message_id=message_id
    )
    assert answer(CommandId.SUBMIT_SM, status, 8, (), {"message_id": message_id}) == encode(submit)
    deliver = make_pdu(CommandId.DELIVER_SM_RESP, command_status=status, sequence_number=8)
    assert answer(CommandId.DELIVER_SM, status, 8) == encode(deliver)


def test_answers_that_cannot_be() -> None:
    with pytest.raises(EncodeError):
        answer(CommandId.SUBMIT_SM, 0, 1, (), {"message_id": b"x" * 65})
    with pytest.raises(TypeError):
        answer(CommandId.SUBMIT_SM, 0, 1, (), {"system_id": b"x"})
    with pytest.raises(StateError):
        answer(CommandId.OUTBIND, 0, 1)


def test_generic_nack() -> None:
    expected = make_pdu(CommandId.GENERIC_NACK, command_status=3, sequence_number=9)
    assert generic_nack(3, 9) == encode(expected)
