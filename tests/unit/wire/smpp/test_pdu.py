"""A PDU as a value: reading it, and what it never shows."""

import pytest

from habar.wire.smpp import CommandId, CommandStatus, Pdu, Tlv, decode, encode, make_pdu
from habar.wire.smpp.pdu import Secret


def bind() -> Pdu:
    return make_pdu(CommandId.BIND_TRANSCEIVER, system_id=b"shop", password=b"hunter2")


def test_defaults_fill_what_is_not_given() -> None:
    pdu = make_pdu(CommandId.SUBMIT_SM, destination_addr=b"77771234567")
    assert pdu.octets("source_addr") == b""
    assert pdu.number("data_coding") == 0
    assert make_pdu(CommandId.SUBMIT_MULTI).fields["dest_addresses"] == ()


def test_a_parameter_of_another_pdu_is_refused() -> None:
    with pytest.raises(TypeError, match="submit_sm has no password"):
        make_pdu(CommandId.SUBMIT_SM, password=b"x")


def test_reading_by_the_wrong_type_or_name_is_refused() -> None:
    pdu = make_pdu(CommandId.SUBMIT_SM)
    with pytest.raises(TypeError):
        pdu.number("source_addr")
    with pytest.raises(TypeError):
        pdu.octets("esm_class")
    with pytest.raises(KeyError):
        pdu.octets("system_id")


def test_tlvs_by_tag() -> None:
    pdu = make_pdu(
        CommandId.DELIVER_SM,
        tlvs=[(Tlv.MESSAGE_STATE, 2), (0x1401, b"\x01\x02"), (0x1401, b"later")],
    )
    assert pdu.tlv(Tlv.MESSAGE_STATE) == 2
    assert pdu.tlv(0x1401) == b"\x01\x02"
    assert pdu.tlv_number(0x1401) == 258
    assert pdu.tlv_octets(0x1401) == b"\x01\x02"
    assert pdu.tlv_octets(Tlv.MESSAGE_STATE) is None
    assert pdu.tlv_number(Tlv.SOURCE_PORT) is None
    assert pdu._replace(tlvs=((9, b""),)).tlv_number(9) is None


def test_message_is_the_payload_where_short_message_is_empty() -> None:
    payload: dict[Tlv, int | bytes] = {Tlv.MESSAGE_PAYLOAD: b"long"}
    assert make_pdu(CommandId.SUBMIT_SM, tlvs=payload).message == b"long"
    assert make_pdu(CommandId.SUBMIT_SM, tlvs=payload, short_message=b"short").message == b"short"
    assert make_pdu(CommandId.ENQUIRE_LINK).message == b""


def test_numbered_changes_the_number_alone() -> None:
    pdu = bind()
    assert pdu.numbered(7) == pdu._replace(sequence_number=7)


@pytest.mark.parametrize("command", [CommandId.BIND_TRANSCEIVER, CommandId.OUTBIND])
def test_no_password_in_a_repr(command: CommandId) -> None:
    made = make_pdu(command, system_id=b"shop", password=b"hunter2")
    for pdu in (made, decode(encode(made))):
        assert pdu.octets("password") == b"hunter2"
        shown = [repr(pdu), str(pdu), repr(pdu.fields), repr(tuple(pdu))]
        shown.append(str(pdu.octets("password")))
        assert not [text for text in shown if "hunter2" in text]


def test_repr_names_command_status_and_parameters() -> None:
    refused = make_pdu(
        CommandId.SUBMIT_SM_RESP,
        command_status=CommandStatus.ESME_RTHROTTLED,
        sequence_number=5,
        tlvs={Tlv.DPF_RESULT: 1},
    )
    assert repr(refused) == (
        f"<submit_sm_resp #5, ESME_RTHROTTLED, message_id=b'', tlvs=(({int(Tlv.DPF_RESULT)}, 1),)>"
    )


def test_a_secret_is_equal_to_its_octets() -> None:
    assert Secret(b"x") == b"x"
    assert str(Secret(b"x")) == "***"
