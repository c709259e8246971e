"""Octets by hand from the tables of the standard; every PDU there and back; bad bodies."""

import struct
from typing import Any

import pytest

from habar.wire.smpp import (
    MAX_PDU,
    CommandId,
    CommandStatus,
    DistributionList,
    EncodeError,
    FieldValue,
    FramingError,
    Pdu,
    PduError,
    SmeAddress,
    Tlv,
    UnsuccessfulSme,
    decode,
    encode,
    encode_tlvs,
    make_pdu,
)
from habar.wire.smpp.table import PDUS, Field, Kind

S = CommandStatus

BY_HAND = {
    # After the bind that the standard takes apart in 3.2.
    "bind_transmitter": (
        (
            "0000002F 00000002 00000000 00000001"
            "53 4D 50 50 33 54 45 53 54 00"  # SMPP3TEST
            "73 65 63 72 65 74 30 38 00"  # secret08
            "53 55 42 4D 49 54 31 00"  # SUBMIT1
            "34 01 01 00"
        ),
        make_pdu(
            CommandId.BIND_TRANSMITTER,
            sequence_number=1,
            system_id=b"SMPP3TEST",
            password=b"secret08",
            system_type=b"SUBMIT1",
            interface_version=0x34,
            addr_ton=1,
            addr_npi=1,
        ),
    ),
    "bind_transceiver_resp with its TLV": (
        "0000001A 80000009 00000000 00000001 53 4D 53 43 00 0210 0001 34",
        make_pdu(
            CommandId.BIND_TRANSCEIVER_RESP,
            sequence_number=1,
            system_id=b"SMSC",
            tlvs={Tlv.SC_INTERFACE_VERSION: 0x34},
        ),
    ),
    "submit_sm": (
        (
            "0000003A 00000004 00000000 00000002"
            "00 05 00 494E464F00 01 01 373737373132333435363700"
            "43 00 01 00 00 01 00 08 00 04 04100451"
            "0204 0002 0102"
        ),
        make_pdu(
            CommandId.SUBMIT_SM,
            sequence_number=2,
            source_addr_ton=5,
            source_addr=b"INFO",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=b"77771234567",
            esm_class=0x43,
            priority_flag=1,
            registered_delivery=1,
            data_coding=8,
            short_message=b"\x04\x10\x04\x51",
            tlvs={Tlv.USER_MESSAGE_REFERENCE: 0x0102},
        ),
    ),
    "submit_sm_resp": (
        "00000014 80000004 00000000 00000002 41 42 43 00",
        make_pdu(CommandId.SUBMIT_SM_RESP, sequence_number=2, message_id=b"ABC"),
    ),
    "submit_sm_resp that refuses has no body": (
        "00000010 80000004 00000058 00000002",
        make_pdu(CommandId.SUBMIT_SM_RESP, command_status=0x58, sequence_number=2),
    ),
    "deliver_sm_resp has an empty message_id": (
        "00000011 80000005 00000000 00000003 00",
        make_pdu(CommandId.DELIVER_SM_RESP, sequence_number=3),
    ),
    "enquire_link": (
        "00000010 00000015 00000000 0000000A",
        make_pdu(CommandId.ENQUIRE_LINK, sequence_number=10),
    ),
    "generic_nack": (
        "00000010 80000000 00000003 00000000",
        make_pdu(CommandId.GENERIC_NACK, command_status=3),
    ),
    "submit_multi": (
        (
            "0000002C 00000021 00000000 00000004"
            "00 00 00 00 02 01 01 01 373700 02 564950 00"
            "00 00 00 00 00 00 00 00 00 02 6869"
        ),
        make_pdu(
            CommandId.SUBMIT_MULTI,
            sequence_number=4,
            dest_addresses=(SmeAddress(1, 1, b"77"), DistributionList(b"VIP")),
            short_message=b"hi",
        ),
    ),
    "submit_multi_resp": (
        "0000001C 80000021 00000000 00000004 3900 01 01 01 373700 0000000B",
        make_pdu(
            CommandId.SUBMIT_MULTI_RESP,
            sequence_number=4,
            message_id=b"9",
            unsuccess_smes=(UnsuccessfulSme(1, 1, b"77", S.ESME_RINVDSTADR),),
        ),
    ),
    "query_sm_resp": (
        "00000015 80000003 00000000 00000005 3900 00 02 00",
        make_pdu(CommandId.QUERY_SM_RESP, sequence_number=5, message_id=b"9", message_state=2),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_octets_by_hand(name: str) -> None:
    octets, pdu = bytes.fromhex(BY_HAND[name][0]), BY_HAND[name][1]
    assert encode(pdu) == octets
    assert decode(octets) == pdu


def filled(field: Field) -> FieldValue:
    """A value for a parameter that is not its default, as long as it may be."""
    values: dict[Kind, FieldValue] = {
        Kind.INT8: 0xA5,
        Kind.CSTRING: b"9" * (field.size - 1),
        Kind.COUNTED: bytes(range(254)),
        Kind.DESTINATIONS: tuple(SmeAddress(1, 1, b"%d" % n) for n in range(254)),
        Kind.FAILURES: tuple(UnsuccessfulSme(1, 2, b"%d" % n, 1 << 31) for n in range(254)),
    }
    return values[field.kind]


@pytest.mark.parametrize("command", list(CommandId), ids=lambda c: c.name)
def test_every_pdu_there_and_back(command: CommandId) -> None:
    fields = PDUS[command].fields
    tlvs: dict[int, int | bytes] = {}
    if fields:
        tlvs = {Tlv.MESSAGE_STATE: 2, Tlv.RECEIPTED_MESSAGE_ID: b"1f", 0x1402: b"\0x"}
    full: dict[str, Any] = {field.name: filled(field) for field in fields}
    for pdu in (
        make_pdu(command, sequence_number=1),
        make_pdu(command, sequence_number=0x7FFFFFFF, tlvs=tlvs, **full),
        make_pdu(command, command_status=0x401, sequence_number=9, tlvs=tlvs, **full),
    ):
        assert decode(encode(pdu)) == pdu


def test_decode_reads_the_middle_of_a_buffer() -> None:
    pdu = make_pdu(CommandId.QUERY_SM, sequence_number=3, message_id=b"7")
    octets = encode(pdu)
    assert decode(b"xx" + octets + b"yy", 2, 2 + len(octets)) == pdu


@pytest.mark.parametrize("command", [c for c in CommandId if c & 0x80000000])
@pytest.mark.parametrize(
    "body", [b"", b"\0", b"abc", b"\0\x02\x10", b"x" * 300, b"\0\x04\x27\0\x09"]
)
@pytest.mark.parametrize("status", [0, 0x58])
def test_a_response_always_decodes(command: int, body: bytes, status: int) -> None:
    head = struct.pack(">IIII", 16 + len(body), command, status, 77)
    pdu = decode(head + body)
    assert (pdu.command_id, pdu.command_status, pdu.sequence_number) == (command, status, 77)


def test_a_response_without_its_terminator_or_body() -> None:
    head = struct.pack(">III", 0x80000004, 0, 1)
    assert decode(struct.pack(">I", 19) + head + b"abc").octets("message_id") == b"abc"
    assert decode(struct.pack(">I", 16) + head).octets("message_id") == b""


def request(command: CommandId, body: bytes) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, 0, 42) + body


SM_HEAD = b"\0\0\0\0\0\0\0" + b"\0\0\0\0\0\0\0\0\0"
BIND_TAIL = b"\x34\0\0\0"


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (request(CommandId.SUBMIT_SM, b""), S.ESME_RINVCMDLEN),
        (request(CommandId.SUBMIT_SM, SM_HEAD), S.ESME_RINVCMDLEN),
        (request(CommandId.SUBMIT_SM, b"CMT\0\0\0info"), S.ESME_RINVCMDLEN),
        (request(CommandId.SUBMIT_SM, SM_HEAD + b"\x05hi"), S.ESME_RINVMSGLEN),
        (request(CommandId.SUBMIT_SM, b"SERVICE\0" + SM_HEAD), S.ESME_RINVSERTYP),
        (request(CommandId.SUBMIT_SM, b"\0\0\0" + b"7" * 21 + SM_HEAD), S.ESME_RINVSRCADR),
        (request(CommandId.DELIVER_SM, bytes(6) + b"7" * 21 + SM_HEAD), S.ESME_RINVDSTADR),
        (request(CommandId.SUBMIT_SM, bytes(10) + b"7" * 17 + SM_HEAD), S.ESME_RINVSCHED),
        (request(CommandId.SUBMIT_SM, bytes(11) + b"7" * 17 + SM_HEAD), S.ESME_RINVEXPIRY),
        (
            request(CommandId.SUBMIT_SM, SM_HEAD + b"\0\x04\x24\0\x05hi"),
            S.ESME_RINVOPTPARSTREAM,
        ),
        (request(CommandId.SUBMIT_SM, SM_HEAD + b"\0\x04\x27\0\0"), S.ESME_RINVPARLEN),
        (request(CommandId.SUBMIT_SM, SM_HEAD + b"\0\x04\x27\0\x05abcde"), S.ESME_RINVPARLEN),
        (
            request(CommandId.DELIVER_SM, SM_HEAD + b"\0\0\x1e\x01\x01" + b"1" * 257),
            S.ESME_RINVPARLEN,
        ),
        (request(CommandId.BIND_RECEIVER, b"s" * 65 + b"\0\0\0" + BIND_TAIL), S.ESME_RINVSYSID),
        (request(CommandId.BIND_RECEIVER, b"\0" + b"p" * 65 + b"\0\0"), S.ESME_RINVPASWD),
        (request(CommandId.BIND_RECEIVER, b"\0\0" + b"t" * 65 + b"\0"), S.ESME_RINVSYSTYP),
        (request(CommandId.QUERY_SM, b"1" * 257 + bytes(4)), S.ESME_RINVMSGID),
        (request(CommandId.SUBMIT_MULTI, bytes(4) + b"\x02\x01\x01\x0177\0\x03"), 0x40),
        (request(CommandId.SUBMIT_MULTI, bytes(4) + b"\x09\x01\x01\x0177\0"), S.ESME_RINVCMDLEN),
        (request(CommandId.SUBMIT_MULTI, bytes(4) + b"\x01\x02" + b"l" * 21 + b"\0"), 0x34),
        (struct.pack(">IIII", 16, 0x99, 0, 42), S.ESME_RINVCMDID),
        (struct.pack(">IIII", 16, 0x80000099, 0, 42), S.ESME_RINVCMDID),
    ],
)
def test_a_bad_request_names_its_fault(octets: bytes, status: int) -> None:
    with pytest.raises(PduError) as caught:
        decode(octets)
    assert caught.value.command_status == status
    assert caught.value.sequence_number == 42


def test_junk_too_short_for_a_tlv_and_unknown_tlvs_are_survived() -> None:
    body = SM_HEAD + b"\x02hi" + b"\x14\x01\0\x03abc" + b"\0\0\0"
    pdu = decode(request(CommandId.SUBMIT_SM, body))
    assert pdu.tlvs == ((0x1401, b"abc"),)
    assert decode(request(CommandId.ENQUIRE_LINK, b"junk behind")).fields == {}


def test_long_credentials_of_real_clients_are_read() -> None:
    body = b"a-long-system-identifier\0" + b"a-long-password\0" + b"\0" + BIND_TAIL
    pdu = decode(request(CommandId.BIND_TRANSCEIVER, body))
    assert pdu.octets("password") == b"a-long-password"


def test_the_last_string_may_lack_its_terminator() -> None:
    pdu = decode(request(CommandId.BIND_TRANSCEIVER, b"id\0pw\0\0\x34\0\0"))
    assert pdu.octets("address_range") == b""
    pdu = decode(request(CommandId.QUERY_SM, b"id\0\0\x00777"))
    assert pdu.octets("source_addr") == b"777"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\0\0\0\x10",
        struct.pack(">IIII", 15, 0x15, 0, 1),
        struct.pack(">IIII", 17, 0x15, 0, 1),
        struct.pack(">IIII", MAX_PDU + 1, 0x15, 0, 1) + bytes(MAX_PDU - 15),
    ],
)
def test_a_length_that_lies_is_a_framing_error(octets: bytes) -> None:
    with pytest.raises(FramingError):
        decode(octets)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"source_addr": b"7" * 21}, S.ESME_RINVSRCADR),
        ({"source_addr": b"7\x007"}, S.ESME_RINVSRCADR),
        ({"destination_addr": "777"}, S.ESME_RINVDSTADR),
        ({"esm_class": 256}, S.ESME_RINVESMCLASS),
        ({"esm_class": -1}, S.ESME_RINVESMCLASS),
        ({"esm_class": b"\0"}, S.ESME_RINVESMCLASS),
        ({"short_message": bytes(255)}, S.ESME_RINVMSGLEN),
        ({"short_message": 5}, S.ESME_RINVMSGLEN),
    ],
)
def test_what_does_not_fit_is_not_written(fields: dict[str, Any], status: int) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(make_pdu(CommandId.SUBMIT_SM, **fields))
    assert caught.value.command_status == status


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (Tlv.MESSAGE_STATE, 256),
        (Tlv.MESSAGE_STATE, b"\x02"),
        (Tlv.SAR_MSG_REF_NUM, -1),
        (Tlv.NETWORK_ERROR_CODE, b"ab"),
        (Tlv.CALLBACK_NUM, b"abc"),
        (Tlv.RECEIPTED_MESSAGE_ID, b"1" * 65),
        (Tlv.MESSAGE_PAYLOAD, 7),
        (Tlv.MESSAGE_PAYLOAD, bytes(0x10000)),
        (0x1401, 7),
        (0x10000, b""),
        (-1, b""),
    ],
)
def test_a_tlv_that_does_not_fit_is_not_written(tag: int, value: int | bytes) -> None:
    with pytest.raises(EncodeError):
        encode_tlvs({tag: value})


@pytest.mark.parametrize(
    "pdu",
    [
        make_pdu(CommandId.SUBMIT_SM, tlvs={Tlv.MESSAGE_PAYLOAD: bytes(65535)}),
        Pdu(0x99, 0, 1, {}),
        make_pdu(CommandId.SUBMIT_MULTI, dest_addresses=(SmeAddress(1, 1, b""),) * 255),
        make_pdu(CommandId.SUBMIT_MULTI, dest_addresses=(UnsuccessfulSme(1, 1, b"", 0),)),
        make_pdu(CommandId.SUBMIT_MULTI, dest_addresses=b"77"),
        make_pdu(
            CommandId.SUBMIT_MULTI_RESP, unsuccess_smes=(UnsuccessfulSme(1, 1, b"", 1 << 32),)
        ),
    ],
)
def test_a_pdu_that_does_not_fit_is_not_written(pdu: Pdu) -> None:
    with pytest.raises(EncodeError):
        encode(pdu)


def test_tlvs_keep_order_and_repetition() -> None:
    pairs: list[tuple[int, int | bytes]] = [
        (Tlv.CALLBACK_NUM, b"1234"),
        (Tlv.SOURCE_PORT, 80),
        (Tlv.CALLBACK_NUM, b"5678"),
    ]
    octets = encode_tlvs(pairs)
    assert octets == bytes.fromhex("0381000431323334 020A00020050 0381000435363738")
    pdu = make_pdu(CommandId.SUBMIT_MULTI, tlvs=pairs)
    assert decode(encode(pdu)).tlvs == tuple((int(tag), value) for tag, value in pairs)


def test_integers_of_another_size_are_read() -> None:
    pdu = decode(request(CommandId.SUBMIT_SM, SM_HEAD + b"\0\x02\x04\0\x04\0\0\x01\x02"))
    assert pdu.tlv(Tlv.USER_MESSAGE_REFERENCE) == 0x0102


def test_255_octets_of_short_message_are_read() -> None:
    pdu = decode(request(CommandId.SUBMIT_SM, SM_HEAD + b"\xff" + b"x" * 255))
    assert len(pdu.message) == 255
