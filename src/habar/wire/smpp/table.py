"""Every PDU and every optional parameter of SMPP 3.4, as one table. The codec reads nothing else.

Guarantees: each layout stands here once, parameters in wire order, with the sizes of the standard
(sections 4 and 5.3.2). `sm_length`, `number_of_dests` and `no_unsuccess` are not parameters of
their own: they belong to the parameter they count.
Does not know: how a kind is read or written (codec.py).

Where decoding is more liberal than the standard, the table says so: `tolerated` is the size that
is still read when a peer goes over `size`, because real peers do (long passwords, long ids).
"""

from dataclasses import dataclass
from enum import Enum, auto

from habar.wire.smpp.constants import MAX_PDU, CommandId, CommandStatus, Tlv

S = CommandStatus


class Kind(Enum):
    """How a mandatory parameter looks on the wire."""

    INT8 = auto()
    CSTRING = auto()
    COUNTED = auto()
    DESTINATIONS = auto()
    FAILURES = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """A mandatory parameter.

    `size` is in octets: of a C-octet string with its NUL, of a counted one without its count.
    `fault` is the command_status that blames this parameter.
    """

    name: str
    kind: Kind
    size: int = 1
    fault: CommandStatus = S.ESME_RINVPARLEN
    tolerated: int = 0
    secret: bool = False

    @property
    def limit(self) -> int:
        """The size in octets that is still read."""
        return max(self.size, self.tolerated)


@dataclass(frozen=True, slots=True)
class PduSpec:
    """A PDU's layout; `error_body` where the body stays though command_status is not ESME_ROK."""

    command_id: CommandId
    fields: tuple[Field, ...] = ()
    error_body: bool = False


class TlvKind(Enum):
    """How an optional parameter's value looks on the wire."""

    INTEGER = auto()
    OCTETS = auto()
    CSTRING = auto()


@dataclass(frozen=True, slots=True)
class TlvSpec:
    """An optional parameter: its kind and its least and greatest length in octets (with NUL)."""

    tag: Tlv
    kind: TlvKind
    least: int
    most: int


def _int(name: str, fault: CommandStatus = S.ESME_RINVPARLEN) -> Field:
    return Field(name, Kind.INT8, fault=fault)


def _str(name: str, size: int, fault: CommandStatus, tolerated: int = 0) -> Field:
    return Field(name, Kind.CSTRING, size, fault, tolerated)


def _address(side: str, name: str, size: int, faults: tuple[S, S, S]) -> tuple[Field, ...]:
    ton, npi, addr = faults
    return (_int(f"{side}_ton", ton), _int(f"{side}_npi", npi), _str(name, size, addr))


_SOURCE_FAULTS = (S.ESME_RINVSRCTON, S.ESME_RINVSRCNPI, S.ESME_RINVSRCADR)
_DEST_FAULTS = (S.ESME_RINVDSTTON, S.ESME_RINVDSTNPI, S.ESME_RINVDSTADR)
_SOURCE = _address("source_addr", "source_addr", 21, _SOURCE_FAULTS)
_DEST = _address("dest_addr", "destination_addr", 21, _DEST_FAULTS)
_LONG_SOURCE = _address("source_addr", "source_addr", 65, _SOURCE_FAULTS)
_LONG_DEST = _address("dest_addr", "destination_addr", 65, _DEST_FAULTS)
_SYSTEM_ID = _str("system_id", 16, S.ESME_RINVSYSID, tolerated=64)
_PASSWORD = Field("password", Kind.CSTRING, 9, S.ESME_RINVPASWD, tolerated=64, secret=True)
_SERVICE_TYPE = _str("service_type", 6, S.ESME_RINVSERTYP)
_MESSAGE_ID = _str("message_id", 65, S.ESME_RINVMSGID, tolerated=256)
_REGISTERED_DELIVERY = _int("registered_delivery", S.ESME_RINVREGDLVFLG)
_DATA_CODING = _int("data_coding")
_ESM_CLASS = _int("esm_class", S.ESME_RINVESMCLASS)
_DEFAULT_ID = _int("sm_default_msg_id", S.ESME_RINVDFTMSGID)
_SHORT_MESSAGE = Field("short_message", Kind.COUNTED, 254, S.ESME_RINVMSGLEN, tolerated=255)
_TIMES = (
    _str("schedule_delivery_time", 17, S.ESME_RINVSCHED),
    _str("validity_period", 17, S.ESME_RINVEXPIRY),
)
_BIND = (
    _SYSTEM_ID,
    _PASSWORD,
    _str("system_type", 13, S.ESME_RINVSYSTYP, tolerated=64),
    _int("interface_version"),
    _int("addr_ton"),
    _int("addr_npi"),
    _str("address_range", 41, S.ESME_RINVPARLEN),
)
_MESSAGE_TAIL = (
    _ESM_CLASS,
    _int("protocol_id"),
    _int("priority_flag", S.ESME_RINVPRTFLG),
    *_TIMES,
    _REGISTERED_DELIVERY,
    _int("replace_if_present_flag", S.ESME_RINVREPFLAG),
    _DATA_CODING,
    _DEFAULT_ID,
    _SHORT_MESSAGE,
)
_SM = (_SERVICE_TYPE, *_SOURCE, *_DEST, *_MESSAGE_TAIL)

_ALL = (
    PduSpec(CommandId.BIND_TRANSMITTER, _BIND),
    PduSpec(CommandId.BIND_TRANSMITTER_RESP, (_SYSTEM_ID,)),
    PduSpec(CommandId.BIND_RECEIVER, _BIND),
    PduSpec(CommandId.BIND_RECEIVER_RESP, (_SYSTEM_ID,)),
    PduSpec(CommandId.BIND_TRANSCEIVER, _BIND),
    PduSpec(CommandId.BIND_TRANSCEIVER_RESP, (_SYSTEM_ID,)),
    PduSpec(CommandId.OUTBIND, (_SYSTEM_ID, _PASSWORD)),
    PduSpec(CommandId.UNBIND),
    PduSpec(CommandId.UNBIND_RESP),
    PduSpec(CommandId.GENERIC_NACK),
    PduSpec(CommandId.SUBMIT_SM, _SM),
    PduSpec(CommandId.SUBMIT_SM_RESP, (_MESSAGE_ID,)),
    PduSpec(
        CommandId.SUBMIT_MULTI,
        (
            _SERVICE_TYPE,
            *_SOURCE,
            Field("dest_addresses", Kind.DESTINATIONS, 254, S.ESME_RINVNUMDESTS, tolerated=255),
            *_MESSAGE_TAIL,
        ),
    ),
    PduSpec(
        CommandId.SUBMIT_MULTI_RESP,
        (_MESSAGE_ID, Field("unsuccess_smes", Kind.FAILURES, 254, tolerated=255)),
    ),
    PduSpec(CommandId.DELIVER_SM, _SM),
    PduSpec(CommandId.DELIVER_SM_RESP, (_MESSAGE_ID,), error_body=True),
    PduSpec(
        CommandId.DATA_SM,
        (
            _SERVICE_TYPE,
            *_LONG_SOURCE,
            *_LONG_DEST,
            _ESM_CLASS,
            _REGISTERED_DELIVERY,
            _DATA_CODING,
        ),
    ),
    PduSpec(CommandId.DATA_SM_RESP, (_MESSAGE_ID,), error_body=True),
    PduSpec(CommandId.QUERY_SM, (_MESSAGE_ID, *_SOURCE)),
    PduSpec(
        CommandId.QUERY_SM_RESP,
        (
            _MESSAGE_ID,
            _str("final_date", 17, S.ESME_RINVPARLEN),
            _int("message_state"),
            _int("error_code"),
        ),
    ),
    PduSpec(CommandId.CANCEL_SM, (_SERVICE_TYPE, _MESSAGE_ID, *_SOURCE, *_DEST)),
    PduSpec(CommandId.CANCEL_SM_RESP),
    PduSpec(
        CommandId.REPLACE_SM,
        (_MESSAGE_ID, *_SOURCE, *_TIMES, _REGISTERED_DELIVERY, _DEFAULT_ID, _SHORT_MESSAGE),
    ),
    PduSpec(CommandId.REPLACE_SM_RESP),
    PduSpec(CommandId.ENQUIRE_LINK),
    PduSpec(CommandId.ENQUIRE_LINK_RESP),
    PduSpec(
        CommandId.ALERT_NOTIFICATION,
        (*_LONG_SOURCE, *_address("esme_addr", "esme_addr", 65, _DEST_FAULTS)),
    ),
)

PDUS: dict[int, PduSpec] = {int(spec.command_id): spec for spec in _ALL}
"""Every PDU by its command_id."""


def _integers(size: int, *tags: Tlv) -> list[TlvSpec]:
    return [TlvSpec(tag, TlvKind.INTEGER, size, size) for tag in tags]


_ALL_TLVS = (
    *_integers(
        1,
        Tlv.DEST_ADDR_SUBUNIT,
        Tlv.DEST_NETWORK_TYPE,
        Tlv.DEST_BEARER_TYPE,
        Tlv.SOURCE_ADDR_SUBUNIT,
        Tlv.SOURCE_NETWORK_TYPE,
        Tlv.SOURCE_BEARER_TYPE,
        Tlv.SOURCE_TELEMATICS_ID,
        Tlv.PAYLOAD_TYPE,
        Tlv.MS_MSG_WAIT_FACILITIES,
        Tlv.PRIVACY_INDICATOR,
        Tlv.USER_RESPONSE_CODE,
        Tlv.LANGUAGE_INDICATOR,
        Tlv.SAR_TOTAL_SEGMENTS,
        Tlv.SAR_SEGMENT_SEQNUM,
        Tlv.SC_INTERFACE_VERSION,
        Tlv.CALLBACK_NUM_PRES_IND,
        Tlv.NUMBER_OF_MESSAGES,
        Tlv.DPF_RESULT,
        Tlv.SET_DPF,
        Tlv.MS_AVAILABILITY_STATUS,
        Tlv.DELIVERY_FAILURE_REASON,
        Tlv.MORE_MESSAGES_TO_SEND,
        Tlv.MESSAGE_STATE,
        Tlv.DISPLAY_TIME,
        Tlv.MS_VALIDITY,
        Tlv.ITS_REPLY_TYPE,
    ),
    *_integers(
        2,
        Tlv.DEST_TELEMATICS_ID,
        Tlv.USER_MESSAGE_REFERENCE,
        Tlv.SOURCE_PORT,
        Tlv.DESTINATION_PORT,
        Tlv.SAR_MSG_REF_NUM,
        Tlv.SMS_SIGNAL,
    ),
    *_integers(4, Tlv.QOS_TIME_TO_LIVE),
    TlvSpec(Tlv.ADDITIONAL_STATUS_INFO_TEXT, TlvKind.CSTRING, 1, 256),
    TlvSpec(Tlv.RECEIPTED_MESSAGE_ID, TlvKind.CSTRING, 1, 65),
    TlvSpec(Tlv.SOURCE_SUBADDRESS, TlvKind.OCTETS, 2, 23),
    TlvSpec(Tlv.DEST_SUBADDRESS, TlvKind.OCTETS, 2, 23),
    TlvSpec(Tlv.CALLBACK_NUM_ATAG, TlvKind.OCTETS, 0, 65),
    TlvSpec(Tlv.CALLBACK_NUM, TlvKind.OCTETS, 4, 19),
    TlvSpec(Tlv.NETWORK_ERROR_CODE, TlvKind.OCTETS, 3, 3),
    TlvSpec(Tlv.MESSAGE_PAYLOAD, TlvKind.OCTETS, 0, MAX_PDU),
    TlvSpec(Tlv.USSD_SERVICE_OP, TlvKind.OCTETS, 1, 1),
    TlvSpec(Tlv.ALERT_ON_MESSAGE_DELIVERY, TlvKind.OCTETS, 0, 0),
    TlvSpec(Tlv.ITS_SESSION_INFO, TlvKind.OCTETS, 2, 2),
)

TLVS: dict[int, TlvSpec] = {int(spec.tag): spec for spec in _ALL_TLVS}
"""Every optional parameter by its tag. Any may stand on any PDU: which makes sense where is the
application's to say, and refusing one that is merely useless helps nobody."""
