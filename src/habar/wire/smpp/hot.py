"""The layouts that pass 100 000 times a second, by hand: submit_sm, deliver_sm and their responses.

Guarantees: gives exactly what the table gives (a test holds the two together), or None where
anything is out of the ordinary; then the table reads the PDU and names what is wrong.
Does not know: sessions.
"""

from collections.abc import Callable
from struct import Struct
from typing import TypeAlias

from habar.wire.smpp.constants import HEADER_LENGTH, CommandId, CommandStatus
from habar.wire.smpp.errors import EncodeError, FieldError
from habar.wire.smpp.pdu import Pdu
from habar.wire.smpp.table import PDUS, Field
from habar.wire.smpp.tlvs import decode_tlvs

_FIELDS = {field.name: field for field in PDUS[CommandId.SUBMIT_SM].fields}
_MOST = {name: field.size - 1 for name, field in _FIELDS.items()}
_SERVICE_TYPE = _MOST["service_type"]
_SOURCE_ADDR = _MOST["source_addr"]
_DESTINATION_ADDR = _MOST["destination_addr"]
_SCHEDULE = _MOST["schedule_delivery_time"]
_VALIDITY = _MOST["validity_period"]
_SHORT_MESSAGE = _FIELDS["short_message"].size
_MESSAGE_ID = PDUS[CommandId.SUBMIT_SM_RESP].fields[0].limit
_TAIL = Struct(">5B")
_BODY = b"%b\0%c%c%b\0%c%c%b\0%c%c%c%b\0%b\0%c%c%c%c%c%b%b"

HotDecoder: TypeAlias = Callable[[bytes, int, int, int, int, int], Pdu | None]


def encode_submit_body(
    source_addr: bytes,
    destination_addr: bytes,
    short_message: bytes,
    *,
    source_addr_ton: int = 0,
    source_addr_npi: int = 0,
    dest_addr_ton: int = 1,
    dest_addr_npi: int = 1,
    esm_class: int = 0,
    data_coding: int = 0,
    registered_delivery: int = 0,
    protocol_id: int = 0,
    priority_flag: int = 0,
    validity_period: bytes = b"",
    schedule_delivery_time: bytes = b"",
    service_type: bytes = b"",
    replace_if_present_flag: int = 0,
    sm_default_msg_id: int = 0,
    tlvs: bytes = b"",
) -> bytes:
    """Write the body of a submit_sm or a deliver_sm (4.4.1, 4.6.1), without header.

    `tlvs` comes from encode_tlvs. Raises EncodeError where a value does not fit its parameter.
    """
    if (
        len(source_addr) > _SOURCE_ADDR
        or len(destination_addr) > _DESTINATION_ADDR
        or len(short_message) > _SHORT_MESSAGE
        or len(validity_period) > _VALIDITY
        or len(schedule_delivery_time) > _SCHEDULE
        or len(service_type) > _SERVICE_TYPE
    ):
        raise _too_long(locals())
    strings = (service_type, source_addr, destination_addr, schedule_delivery_time, validity_period)
    if b"\0" in b"".join(strings):
        raise EncodeError(CommandStatus.ESME_RINVPARLEN, "a NUL within a string")
    try:
        return _BODY % (
            service_type,
            source_addr_ton,
            source_addr_npi,
            source_addr,
            dest_addr_ton,
            dest_addr_npi,
            destination_addr,
            esm_class,
            protocol_id,
            priority_flag,
            schedule_delivery_time,
            validity_period,
            registered_delivery,
            replace_if_present_flag,
            data_coding,
            sm_default_msg_id,
            len(short_message),
            short_message,
            tlvs,
        )
    except (OverflowError, TypeError) as error:
        raise EncodeError(CommandStatus.ESME_RINVPARLEN, str(error)) from error


def _too_long(values: dict[str, object]) -> EncodeError:
    """Find which string it was: off the hot path."""
    fault: Field = _FIELDS["short_message"]
    for name, most in _MOST.items():
        value = values[name]
        if isinstance(value, bytes) and name != "short_message" and len(value) > most:
            fault = _FIELDS[name]
            break
    return EncodeError(fault.fault, f"{fault.name} is too long")


def submit_resp_message_id(buffer: bytes, start: int, end: int) -> bytes:
    """Read message_id out of a submit_sm_resp (4.4.2); b"" where there is none."""
    body = start + HEADER_LENGTH
    stop = buffer.find(0, body, end)
    if stop < 0:
        stop = end
    return buffer[body:stop] if stop - body < _MESSAGE_ID else b""


def decode_message(
    buffer: bytes, start: int, end: int, command_id: int, command_status: int, sequence_number: int
) -> Pdu | None:
    """Read a submit_sm or a deliver_sm; None where it is not plain and whole."""
    service = start + HEADER_LENGTH
    index = buffer.index
    try:
        source = index(0, service, end) + 3
        dest = index(0, source, end) + 3
        schedule = index(0, dest, end) + 4
        validity = index(0, schedule, end) + 1
        tail = index(0, validity, end) + 1
    except ValueError:
        return None
    text = tail + _TAIL.size
    if (
        text > end
        or source - service > _SERVICE_TYPE + 3
        or dest - source > _SOURCE_ADDR + 3
        or schedule - dest > _DESTINATION_ADDR + 4
        or validity - schedule > _SCHEDULE + 1
        or tail - validity > _VALIDITY + 1
    ):
        return None
    registered, replace, coding, default_id, length = _TAIL.unpack_from(buffer, tail)
    stop = text + length
    if stop > end:
        return None
    try:
        tlvs = decode_tlvs(buffer, stop, end) if stop != end else ()
    except FieldError:
        return None
    return Pdu(
        command_id,
        command_status,
        sequence_number,
        {
            "service_type": buffer[service : source - 3],
            "source_addr_ton": buffer[source - 2],
            "source_addr_npi": buffer[source - 1],
            "source_addr": buffer[source : dest - 3],
            "dest_addr_ton": buffer[dest - 2],
            "dest_addr_npi": buffer[dest - 1],
            "destination_addr": buffer[dest : schedule - 4],
            "esm_class": buffer[schedule - 3],
            "protocol_id": buffer[schedule - 2],
            "priority_flag": buffer[schedule - 1],
            "schedule_delivery_time": buffer[schedule : validity - 1],
            "validity_period": buffer[validity : tail - 1],
            "registered_delivery": registered,
            "replace_if_present_flag": replace,
            "data_coding": coding,
            "sm_default_msg_id": default_id,
            "short_message": buffer[text:stop],
        },
        tlvs,
    )


HOT_DECODERS: dict[int, HotDecoder] = {
    int(CommandId.SUBMIT_SM): decode_message,
    int(CommandId.DELIVER_SM): decode_message,
}
"""What codec.decode tries before the table."""
