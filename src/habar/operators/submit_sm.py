"""A message as the bodies of its submit_sm, one a part.

Guarantees: the same message gives the same parts with the same concatenation reference whenever
it is made (the reference is the message id's), so that a handset joins, or drops as known, what
it gets a second time. Nothing but ValueError is raised, for a message that cannot be written.
Knows no session; `now_ms` is an argument.
"""

from __future__ import annotations

from functools import lru_cache

from habar.model.message import Outgoing
from habar.operators.settings import Numbering, OperatorSettings, Validity
from habar.wire.smpp import (
    DataCoding,
    EsmClass,
    encode_submit_body,
    format_absolute,
    format_relative,
)
from habar.wire.text import Encoding, encode_gsm7, encode_ucs2, split

_UDHI = int(EsmClass.UDHI)
_UCS2 = int(Encoding.UCS2)
_SHORT_CODE_DIGITS = 6
_LONGEST_RELATIVE = 31 * 86_400
"""Seconds; a relative time says no more, and no operator keeps a message longer (7.1.1.2)."""


def submit_bodies(message: Outgoing, operator: OperatorSettings, now_ms: int) -> list[bytes]:
    """Write one body for each part, in order. Raises ValueError."""
    if message.parts == 1:
        ucs2 = message.data_coding == _UCS2
        octets = encode_ucs2(message.text) if ucs2 else encode_gsm7(message.text)
        return [_body(message, operator, now_ms, 0, octets)]
    parts = split(message.text, reference=message.message_id).parts
    if len(parts) != message.parts:
        raise ValueError(f"{len(parts)} parts where {message.parts} were counted")
    return [_body(message, operator, now_ms, _UDHI, udh + payload) for udh, payload in parts]


def _body(
    message: Outgoing, operator: OperatorSettings, now_ms: int, esm_class: int, octets: bytes
) -> bytes:
    source, numbering = _source(
        message.sender, operator.alphanumeric, operator.short_code, operator.number
    )
    destination = operator.destination
    return encode_submit_body(
        source,
        b"%d" % message.recipient,
        octets,
        source_addr_ton=numbering.ton,
        source_addr_npi=numbering.npi,
        dest_addr_ton=destination.ton,
        dest_addr_npi=destination.npi,
        esm_class=esm_class,
        data_coding=_data_coding(message) if message.flash else message.data_coding,
        registered_delivery=operator.registered_delivery if operator.gives_receipts else 0,
        priority_flag=0 if message.priority else operator.urgent_priority_flag,
        validity_period=b""
        if message.expires_at is None
        else _validity(message.expires_at, operator.validity, now_ms),
    )


def _data_coding(message: Outgoing) -> int:
    """Class 0: shown at once and not kept by the handset (3GPP TS 23.038, 4)."""
    ucs2 = message.data_coding == _UCS2
    return DataCoding.FLASH_UCS2 if ucs2 else DataCoding.FLASH_DEFAULT


def _validity(expires_at: int, form: Validity, now_ms: int) -> bytes:
    if form is Validity.NONE:
        return b""
    if form is Validity.ABSOLUTE:
        return format_absolute(expires_at)
    seconds = max(1, (expires_at - now_ms) // 1000)
    return format_relative(min(seconds, _LONGEST_RELATIVE))


@lru_cache(maxsize=4096)
def _source(
    sender: str, alphanumeric: Numbering, short_code: Numbering, number: Numbering
) -> tuple[bytes, Numbering]:
    """The source address and what kind it is. Raises UnicodeEncodeError (a ValueError)."""
    digits = sender.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return sender.encode("ascii"), alphanumeric
    kind = short_code if len(digits) <= _SHORT_CODE_DIGITS else number
    return digits.encode("ascii"), kind
