"""A subscriber's deliver_sm or data_sm taken apart: who, to whom, which part of what, the octets.

Guarantees: pure, and nothing that a PDU holds raises. A `+` before an address is left off; the
operator's transaction id behind the short code (`8785#12345`) is kept apart, to go back with the
reply. Ports, more_messages_to_send and user_message_reference say nothing here.
"""

from __future__ import annotations

from typing import NamedTuple

from habar.inbound.decoding import Piece, unreadable, unwrapped
from habar.operators import OperatorSettings
from habar.wire.smpp import EsmClass, Pdu, TimeError, Tlv, parse_time
from habar.wire.text import IE_CONCATENATED_8, IE_CONCATENATED_16, UserDataHeader, parse_udh

_KIND_SHIFT = 16
"""References of different kinds are different, whatever their numbers: bits 16 and 17 say which."""
_UDH_16 = 1
_SAR = 2
_TRANSACTION = "#"


class Place(NamedTuple):
    """Which part of which message it is."""

    reference: int
    """With its kind above the low 16 bits: UDH with 8 bits (0), with 16 (1), sar_* (2)."""
    total: int
    part: int


class Incoming(NamedTuple):
    """What came."""

    sender: str
    short_code: str
    transaction_id: str
    place: Place | None
    """None: it is whole."""
    piece: Piece
    unreadable: str
    """What is kept of it where its header makes no sense; "" for all others."""
    sent_at: int | None
    """UTC milliseconds, where the operator says it."""


def read(pdu: Pdu, operator: OperatorSettings, now_ms: int) -> Incoming:
    """Take it apart."""
    short_code, transaction_id = _destination(_address(pdu, "destination_addr"))
    data_coding = _number(pdu, "data_coding")
    message = pdu.message
    header = UserDataHeader((), 0, None)
    damaged = ""
    if _number(pdu, "esm_class") & EsmClass.UDHI:
        header = parse_udh(message)
        damaged = "" if header.size else unreadable(message)
    place = None if damaged else _place(pdu, header)
    octets = unwrapped(message[header.size :], data_coding, operator, header.size)
    return Incoming(
        _address(pdu, "source_addr").removeprefix("+"),
        short_code,
        transaction_id,
        place,
        Piece(place.part if place else 1, data_coding, _rest(header), octets),
        damaged,
        _sent_at(pdu, now_ms),
    )


def _address(pdu: Pdu, name: str) -> str:
    value = pdu.fields.get(name)
    return value.decode("latin-1").replace("\0", "").strip() if isinstance(value, bytes) else ""


def _number(pdu: Pdu, name: str) -> int:
    value = pdu.fields.get(name)
    return value if isinstance(value, int) else 0


def _destination(address: str) -> tuple[str, str]:
    code, _, transaction_id = address.partition(_TRANSACTION)
    return code.removeprefix("+"), transaction_id


def _place(pdu: Pdu, header: UserDataHeader) -> Place | None:
    """By the user data header, else by the sar_* TLVs (5.3.2.22 to 24)."""
    found = header.concatenation
    if found is not None:
        kind = _UDH_16 if found.bits == 16 else 0
        place = Place(kind << _KIND_SHIFT | found.reference, found.total, found.sequence)
    else:
        reference = pdu.tlv_number(Tlv.SAR_MSG_REF_NUM)
        total = pdu.tlv_number(Tlv.SAR_TOTAL_SEGMENTS)
        part = pdu.tlv_number(Tlv.SAR_SEGMENT_SEQNUM)
        if reference is None or total is None or part is None or not 1 <= part <= total <= 0xFF:
            return None
        place = Place(_SAR << _KIND_SHIFT | reference & 0xFFFF, total, part)
    return place if place.total > 1 else None


def _rest(header: UserDataHeader) -> bytes:
    """The header without what says which part it is: so much is kept of it with a part."""
    rest = b"".join(
        bytes((identifier, len(content))) + content
        for identifier, content in header.elements
        if identifier not in (IE_CONCATENATED_8, IE_CONCATENATED_16)
    )
    return bytes((len(rest),)) + rest if rest else b""


def _sent_at(pdu: Pdu, now_ms: int) -> int | None:
    """By schedule_delivery_time, which the standard wants empty here and some operators fill in."""
    value = pdu.fields.get("schedule_delivery_time")
    if not isinstance(value, bytes) or value.endswith(b"R"):
        return None
    try:
        at = parse_time(value, now_ms)
    except TimeError:
        return None
    return at if at is not None and at <= now_ms else None
