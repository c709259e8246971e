"""The standard's numbers: spot checks against issue 1.2, and names for numbers outside it."""

import pytest

from habar.wire.smpp import (
    BINDS,
    CommandId,
    CommandStatus,
    DataCoding,
    EsmClass,
    MessageState,
    Npi,
    RegisteredDelivery,
    Tlv,
    Ton,
    command_name,
    status_name,
)


@pytest.mark.parametrize(
    ("constant", "number"),
    [
        (CommandId.GENERIC_NACK, 0x80000000),
        (CommandId.BIND_TRANSCEIVER, 9),
        (CommandId.OUTBIND, 0x0B),
        (CommandId.ENQUIRE_LINK, 0x15),
        (CommandId.SUBMIT_MULTI, 0x21),
        (CommandId.ALERT_NOTIFICATION, 0x102),
        (CommandId.DATA_SM_RESP, 0x80000103),
        (CommandStatus.ESME_RINVBNDSTS, 4),
        (CommandStatus.ESME_RMSGQFUL, 0x14),
        (CommandStatus.ESME_RTHROTTLED, 0x58),
        (CommandStatus.ESME_RINVEXPIRY, 0x62),
        (CommandStatus.ESME_RINVOPTPARAMVAL, 0xC4),
        (CommandStatus.ESME_RUNKNOWNERR, 0xFF),
        (Tlv.RECEIPTED_MESSAGE_ID, 0x1E),
        (Tlv.MESSAGE_PAYLOAD, 0x424),
        (Tlv.MESSAGE_STATE, 0x427),
        (Tlv.ALERT_ON_MESSAGE_DELIVERY, 0x130C),
        (Ton.ALPHANUMERIC, 5),
        (Npi.ISDN, 1),
        (DataCoding.UCS2, 8),
        (EsmClass.UDHI, 0x40),
        (RegisteredDelivery.INTERMEDIATE, 0x10),
        (MessageState.REJECTED, 8),
    ],
)
def test_number_is_the_standards(constant: int, number: int) -> None:
    assert constant == number


def test_every_request_but_two_has_a_response() -> None:
    requests = {c for c in CommandId if not c & 0x80000000}
    answered = {c for c in requests if c | 0x80000000 in set(CommandId)}
    assert requests - answered == {CommandId.OUTBIND, CommandId.ALERT_NOTIFICATION}


def test_binds_are_three() -> None:
    assert sorted(BINDS) == [1, 2, 9]


def test_names_of_known_and_unknown_numbers() -> None:
    assert status_name(0x58) == "ESME_RTHROTTLED"
    assert status_name(0x401) == "0x00000401"
    assert command_name(4) == "submit_sm"
    assert command_name(0x99) == "0x00000099"


def test_only_enroute_is_a_passing_state() -> None:
    assert [state for state in MessageState if not state.is_final] == [MessageState.ENROUTE]
