"""SMPP 3.4 without I/O.

PDUs as one table, a codec that survives any octets, a session for both ends, receipts and times.
What is not named here is the package's own.

Guarantees: octets and clock readings in, values and octets out; no charset is decided here.
Does not know: sockets, accounts, messages, any other part of habar.
"""

from habar.wire.smpp.codec import decode, encode, make_pdu
from habar.wire.smpp.connection import Connection
from habar.wire.smpp.constants import (
    BINDS,
    ESM_MODE_MASK,
    ESM_TYPE_MASK,
    HEADER_LENGTH,
    INTERFACE_VERSION,
    MAX_PDU,
    MAX_SEQUENCE,
    RESPONSE_BIT,
    CommandId,
    CommandStatus,
    DataCoding,
    DestFlag,
    EsmClass,
    MessageState,
    Npi,
    PriorityFlag,
    RegisteredDelivery,
    Tlv,
    Ton,
    command_name,
    status_name,
)
from habar.wire.smpp.errors import (
    EncodeError,
    FramingError,
    PduError,
    SmppError,
    StateError,
    WindowFullError,
)
from habar.wire.smpp.events import (
    BindRefused,
    Bound,
    Closed,
    Drop,
    Event,
    PeerUnbound,
    ProtocolFault,
    Received,
    RequestTimedOut,
    Response,
    SubmitResult,
    Unbound,
    Unmatched,
)
from habar.wire.smpp.hot import encode_submit_body
from habar.wire.smpp.liveness import Settings
from habar.wire.smpp.message_id import (
    decimal_number,
    hexadecimal_number,
    message_id_variants,
    other_case,
)
from habar.wire.smpp.pdu import (
    DistributionList,
    FieldValue,
    Pdu,
    Secret,
    SmeAddress,
    Tlvs,
    TlvValue,
    UnsuccessfulSme,
)
from habar.wire.smpp.receipt import (
    Receipt,
    ReceiptDate,
    ReceiptForm,
    format_receipt,
    parse_receipt,
    receipt_of,
)
from habar.wire.smpp.session import Role, SessionState
from habar.wire.smpp.times import TimeError, format_absolute, format_relative, parse_time
from habar.wire.smpp.tlvs import encode_tlvs

__all__ = [
    # constants
    "BINDS",
    "ESM_MODE_MASK",
    "ESM_TYPE_MASK",
    "HEADER_LENGTH",
    "INTERFACE_VERSION",
    "MAX_PDU",
    "MAX_SEQUENCE",
    "RESPONSE_BIT",
    "CommandId",
    "CommandStatus",
    "DataCoding",
    "DestFlag",
    "EsmClass",
    "MessageState",
    "Npi",
    "PriorityFlag",
    "RegisteredDelivery",
    "Tlv",
    "Ton",
    "command_name",
    "status_name",
    # values
    "DistributionList",
    "FieldValue",
    "Pdu",
    "Secret",
    "SmeAddress",
    "TlvValue",
    "Tlvs",
    "UnsuccessfulSme",
    "make_pdu",
    # errors
    "EncodeError",
    "FramingError",
    "PduError",
    "SmppError",
    "StateError",
    "WindowFullError",
    # codec
    "decode",
    "encode",
    "encode_submit_body",
    "encode_tlvs",
    # connection
    "Connection",
    "Role",
    "SessionState",
    "Settings",
    # events
    "BindRefused",
    "Bound",
    "Closed",
    "Drop",
    "Event",
    "PeerUnbound",
    "ProtocolFault",
    "Received",
    "RequestTimedOut",
    "Response",
    "SubmitResult",
    "Unbound",
    "Unmatched",
    # receipts and times
    "Receipt",
    "ReceiptDate",
    "ReceiptForm",
    "TimeError",
    "decimal_number",
    "format_absolute",
    "format_receipt",
    "format_relative",
    "hexadecimal_number",
    "message_id_variants",
    "other_case",
    "parse_receipt",
    "parse_time",
    "receipt_of",
]
