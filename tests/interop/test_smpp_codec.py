"""smpplib (Python) and smpp34 (Rust), programs we did not write, read our octets and we theirs."""

from typing import Any

import pytest
import smpp34
import smpplib.smpp
from smpplib.command import factory

from habar.wire.smpp import CommandId, Pdu, Tlv, decode, encode, encode_submit_body, make_pdu

FIELDS: dict[str, Any] = {
    "service_type": b"CMT",
    "source_addr_ton": 5,
    "source_addr_npi": 0,
    "source_addr": b"INFO_KAZ",
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "destination_addr": b"77771234567",
    "esm_class": 0x40,
    "protocol_id": 1,
    "priority_flag": 2,
    "schedule_delivery_time": b"",
    "validity_period": b"000001000000000R",
    "registered_delivery": 1,
    "replace_if_present_flag": 0,
    "data_coding": 8,
    "sm_default_msg_id": 0,
    "short_message": b"\x05\0\x03\x07\x02\x01\x04\x10\x04\x51",
}
# In the order in which smpplib writes them; its own names are ours in small letters.
SUBMIT_TLVS: dict[int, int | bytes] = {
    Tlv.USER_MESSAGE_REFERENCE: 0x0102,
    Tlv.SOURCE_PORT: 80,
    Tlv.SAR_MSG_REF_NUM: 7,
    Tlv.SAR_TOTAL_SEGMENTS: 2,
    Tlv.SAR_SEGMENT_SEQNUM: 1,
}
RECEIPT_TLVS: dict[int, int | bytes] = {
    Tlv.NETWORK_ERROR_CODE: b"\x03\0\x01",
    Tlv.MESSAGE_STATE: 2,
    Tlv.RECEIPTED_MESSAGE_ID: b"00A1F",
}
MESSAGES = [
    (CommandId.SUBMIT_SM, {}),
    (CommandId.SUBMIT_SM, SUBMIT_TLVS),
    (CommandId.DELIVER_SM, {}),
    (CommandId.DELIVER_SM, RECEIPT_TLVS),
]


class Sequence:
    """What smpplib asks of its client: where the numbers come from."""

    sequence = 9

    def next_sequence(self) -> int:
        return self.sequence


def text(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def by_smpplib(name: str, **fields: Any) -> bytes:
    """Write by smpplib, which wants C-octet strings as str and others as bytes."""
    given = {
        key: value if key in ("short_message", "network_error_code") else text(value)
        for key, value in fields.items()
    }
    octets: bytes = factory(name, client=Sequence(), **given).generate()
    return octets


def read_by_smpplib(octets: bytes) -> Any:
    return smpplib.smpp.parse_pdu(octets, client=Sequence(), allow_unknown_opt_params=False)


def tlv_name(tag: int) -> str:
    return Tlv(tag).name.lower()


def named(tlvs: dict[int, int | bytes]) -> dict[str, int | bytes]:
    return {tlv_name(tag): value for tag, value in tlvs.items()}


def message(command: CommandId, tlvs: dict[int, int | bytes]) -> Pdu:
    return make_pdu(command, sequence_number=9, tlvs=tlvs, **FIELDS)


@pytest.mark.parametrize(("command", "tlvs"), MESSAGES)
def test_smpplib_writes_the_same_octets(command: CommandId, tlvs: dict[int, int | bytes]) -> None:
    theirs = by_smpplib(command.name.lower(), **FIELDS, **named(tlvs))
    pdu = decode(theirs)
    assert dict(pdu.fields) == FIELDS
    assert dict(pdu.tlvs) == {int(tag): value for tag, value in tlvs.items()}
    assert encode(pdu) == theirs
    in_our_order = make_pdu(command, sequence_number=9, tlvs=pdu.tlvs, **FIELDS)
    assert encode(in_our_order) == theirs


@pytest.mark.parametrize(("command", "tlvs"), MESSAGES)
def test_smpplib_reads_our_octets(command: CommandId, tlvs: dict[int, int | bytes]) -> None:
    theirs = read_by_smpplib(encode(message(command, tlvs)))
    assert theirs.command == command.name.lower()
    assert theirs.sequence == 9
    expected = FIELDS | named(tlvs)
    assert {name: getattr(theirs, name) for name in expected} == expected


BIND: dict[str, Any] = {
    "system_id": b"shop",
    "password": b"secret08",
    "system_type": b"SMPP",
    "interface_version": 0x34,
    "addr_ton": 1,
    "addr_npi": 1,
    "address_range": b"7777",
}


@pytest.mark.parametrize(
    "command",
    [CommandId.BIND_TRANSCEIVER, CommandId.BIND_TRANSMITTER, CommandId.BIND_RECEIVER],
)
def test_binds_with_smpplib(command: CommandId) -> None:
    ours = encode(make_pdu(command, sequence_number=9, **BIND))
    assert by_smpplib(command.name.lower(), **BIND) == ours
    theirs = read_by_smpplib(ours)
    assert {name: getattr(theirs, name) for name in BIND} == BIND


@pytest.mark.parametrize(
    "pdu",
    [
        make_pdu(CommandId.ENQUIRE_LINK, sequence_number=9),
        make_pdu(CommandId.ENQUIRE_LINK_RESP, sequence_number=9),
        make_pdu(CommandId.UNBIND, sequence_number=9),
        make_pdu(CommandId.SUBMIT_SM_RESP, sequence_number=9, message_id=b"0A1F"),
        make_pdu(CommandId.SUBMIT_SM_RESP, sequence_number=9, command_status=0x58),
        make_pdu(CommandId.DELIVER_SM_RESP, sequence_number=9),
        make_pdu(CommandId.GENERIC_NACK, sequence_number=9, command_status=3),
        make_pdu(CommandId.BIND_TRANSCEIVER_RESP, sequence_number=9, system_id=b"smsc"),
        make_pdu(CommandId.DATA_SM_RESP, sequence_number=9, message_id=b"1"),
        make_pdu(CommandId.QUERY_SM, sequence_number=9, message_id=b"1", source_addr=b"77"),
    ],
    ids=repr,
)
def test_the_rest_with_smpplib(pdu: Pdu) -> None:
    ours = encode(pdu)
    theirs = read_by_smpplib(ours)
    assert (theirs.status, theirs.sequence) == (pdu.command_status, 9)
    fields = dict(pdu.fields) if len(ours) > 16 else {}
    assert {name: getattr(theirs, name) or type(fields[name])() for name in fields} == fields
    written = by_smpplib(theirs.command, status=pdu.command_status, **fields)
    assert decode(written) == pdu


def smpp34_tlvs(tlvs: dict[int, int | bytes]) -> list[smpp34.Tlv]:
    octets = encode(message(CommandId.SUBMIT_SM, tlvs))[
        len(encode(message(CommandId.SUBMIT_SM, {}))) :
    ]
    found = []
    while octets:
        end = 4 + int.from_bytes(octets[2:4], "big")
        found.append(smpp34.Tlv(int.from_bytes(octets[:2], "big"), octets[4:end]))
        octets = octets[end:]
    return found


@pytest.mark.parametrize(("command", "tlvs"), MESSAGES)
def test_smpp34_writes_and_reads_the_same_octets(
    command: CommandId, tlvs: dict[int, int | bytes]
) -> None:
    ours = encode(message(command, tlvs))
    make = smpp34.SubmitSm if command == CommandId.SUBMIT_SM else smpp34.DeliverSm
    given = {
        name: value if name == "short_message" else text(value) for name, value in FIELDS.items()
    }
    theirs = make(tlvs=smpp34_tlvs(tlvs), sequence_number=9, **given)
    assert theirs.encode() == ours
    assert decode(theirs.encode()) == message(command, tlvs)
    read = smpp34.decode(ours)
    assert isinstance(read, make)
    assert {name: getattr(read, name) for name in FIELDS} == given
    assert [tlv.tag for tlv in read.tlvs] == list(tlvs)


def test_smpp34_reads_the_body_of_the_hot_path() -> None:
    body = encode_submit_body(b"INFO_KAZ", b"77771234567", b"hi", source_addr_ton=5)
    head = encode(make_pdu(CommandId.ENQUIRE_LINK, sequence_number=9))
    octets = (16 + len(body)).to_bytes(4, "big") + b"\0\0\0\x04" + head[8:] + body
    read = smpp34.decode(octets)
    assert isinstance(read, smpp34.SubmitSm)
    assert (read.source_addr, read.destination_addr) == ("INFO_KAZ", "77771234567")
    assert (read.source_addr_ton, read.dest_addr_ton, read.dest_addr_npi) == (5, 1, 1)
    assert read.short_message == b"hi"


@pytest.mark.parametrize(
    "pdu",
    [
        make_pdu(CommandId.BIND_TRANSCEIVER, sequence_number=9, **BIND),
        make_pdu(CommandId.SUBMIT_SM_RESP, sequence_number=9, message_id=b"0A1F"),
        make_pdu(CommandId.ENQUIRE_LINK, sequence_number=9),
    ],
    ids=repr,
)
def test_smpp34_reads_our_headers(pdu: Pdu) -> None:
    ours = encode(pdu)
    read = smpp34.decode(ours)
    assert isinstance(read, smpp34.RawPdu)
    assert (read.command_length, read.command_id) == (len(ours), pdu.command_id)
    assert (read.command_status, read.sequence_number) == (0, 9)
    assert read.body == ours[16:]
