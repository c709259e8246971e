"""The table is whole: every PDU and TLV of the standard, and the sizes that interop hangs on."""

import pytest

from habar.wire.smpp import CommandId, Tlv
from habar.wire.smpp.table import PDUS, TLVS, Kind, TlvKind


def test_every_command_is_laid_out() -> None:
    assert set(PDUS) == set(CommandId)


def test_every_tlv_is_laid_out() -> None:
    assert set(TLVS) == set(Tlv)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (CommandId.QUERY_SM, "message_id source_addr_ton source_addr_npi source_addr"),
        (CommandId.QUERY_SM_RESP, "message_id final_date message_state error_code"),
        (
            CommandId.CANCEL_SM,
            (
                "service_type message_id source_addr_ton source_addr_npi source_addr"
                " dest_addr_ton dest_addr_npi destination_addr"
            ),
        ),
        (
            CommandId.REPLACE_SM,
            (
                "message_id source_addr_ton source_addr_npi source_addr schedule_delivery_time"
                " validity_period registered_delivery sm_default_msg_id short_message"
            ),
        ),
        (
            CommandId.DATA_SM,
            (
                "service_type source_addr_ton source_addr_npi source_addr dest_addr_ton"
                " dest_addr_npi destination_addr esm_class registered_delivery data_coding"
            ),
        ),
        (
            CommandId.ALERT_NOTIFICATION,
            "source_addr_ton source_addr_npi source_addr esme_addr_ton esme_addr_npi esme_addr",
        ),
        (CommandId.OUTBIND, "system_id password"),
        (CommandId.ENQUIRE_LINK, ""),
    ],
)
def test_parameters_stand_in_the_standards_order(command: CommandId, names: str) -> None:
    assert [field.name for field in PDUS[command].fields] == names.split()


@pytest.mark.parametrize(
    ("command", "name", "size"),
    [
        (CommandId.BIND_TRANSCEIVER, "system_id", 16),
        (CommandId.BIND_TRANSCEIVER, "password", 9),
        (CommandId.BIND_TRANSCEIVER, "system_type", 13),
        (CommandId.BIND_TRANSCEIVER, "address_range", 41),
        (CommandId.SUBMIT_SM, "service_type", 6),
        (CommandId.SUBMIT_SM, "source_addr", 21),
        (CommandId.SUBMIT_SM, "validity_period", 17),
        (CommandId.SUBMIT_SM, "short_message", 254),
        (CommandId.SUBMIT_SM_RESP, "message_id", 65),
        (CommandId.DATA_SM, "destination_addr", 65),
    ],
)
def test_size(command: CommandId, name: str, size: int) -> None:
    [field] = [field for field in PDUS[command].fields if field.name == name]
    assert field.size == size
    assert field.limit >= field.size


def test_only_passwords_are_secret() -> None:
    secret = {field.name for spec in PDUS.values() for field in spec.fields if field.secret}
    assert secret == {"password"}


def test_integers_are_of_a_fixed_size() -> None:
    for spec in TLVS.values():
        assert spec.kind is not TlvKind.INTEGER or spec.least == spec.most
    assert all(f.size == 1 for s in PDUS.values() for f in s.fields if f.kind is Kind.INT8)
