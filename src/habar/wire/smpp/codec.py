"""Octets to PDUs and back, by the table; the hot layouts go by hot.py first.

Guarantees: any octets decode to a Pdu, a PduError (this request is bad; answer it with the status
told) or a FramingError (the stream is lost). A response never fails once its header is good: what
does not parse takes its default, because a response cannot be answered and its command_status is
what matters. What encodes decodes to an equal value.
Does not know: sessions, and who may send what when (connection.py).

Lenient on reading, as real peers of 3.3 and 3.4 need: responses without a body, or with one where
the status says there is none; a last string without its NUL; junk behind a PDU that has no more.
"""

from collections.abc import Mapping
from struct import Struct

from habar.wire.smpp.constants import (
    HEADER_LENGTH,
    MAX_PDU,
    RESPONSE_BIT,
    CommandStatus,
    command_name,
)
from habar.wire.smpp.errors import EncodeError, FieldError, FramingError, PduError
from habar.wire.smpp.fields import DEFAULTS, read, write
from habar.wire.smpp.hot import HOT_DECODERS
from habar.wire.smpp.pdu import FieldValue, Pdu, Secret, Tlvs
from habar.wire.smpp.table import PDUS, Field, PduSpec
from habar.wire.smpp.tlvs import decode_tlvs, encode_tlvs, tlv_items

HEADER = Struct(">IIII")
"""command_length, command_id, command_status, sequence_number (3.2)."""


def make_pdu(
    command_id: int,
    *,
    command_status: int = 0,
    sequence_number: int = 0,
    tlvs: Tlvs = (),
    **fields: FieldValue,
) -> Pdu:
    """Make a PDU; parameters not given take their defaults (0, b"", ()).

    Raises TypeError for a parameter that this PDU does not have, EncodeError for an unknown PDU.
    """
    return build(command_id, command_status, sequence_number, tlvs, fields)


def build(
    command_id: int,
    command_status: int,
    sequence_number: int,
    tlvs: Tlvs,
    fields: Mapping[str, FieldValue],
) -> Pdu:
    """Make a PDU as make_pdu does, of parameters in a mapping."""
    spec = _spec(command_id)
    values = {field.name: fields.get(field.name, DEFAULTS[field.kind]) for field in spec.fields}
    strange = fields.keys() - values.keys()
    if strange:
        raise TypeError(f"{command_name(command_id)} has no {', '.join(sorted(strange))}")
    for field in spec.fields:
        value = values[field.name]
        if field.secret and isinstance(value, bytes):
            values[field.name] = Secret(value)
    plain = tuple((int(tag), value) for tag, value in tlv_items(tlvs))
    return Pdu(int(command_id), int(command_status), sequence_number, values, plain)


def _spec(command_id: int) -> PduSpec:
    spec = PDUS.get(command_id)
    if spec is None:
        raise EncodeError(CommandStatus.ESME_RINVCMDID, f"no PDU 0x{command_id:08X}")
    return spec


def encode(pdu: Pdu) -> bytes:
    """Write a PDU. Raises EncodeError where a value does not fit its parameter."""
    return with_header(encode_body(pdu), pdu.command_id, pdu.command_status, pdu.sequence_number)


def with_header(body: bytes, command_id: int, command_status: int, sequence_number: int) -> bytes:
    """Put the header before a body that is written. Raises EncodeError where it is too long."""
    length = HEADER_LENGTH + len(body)
    if length > MAX_PDU:
        raise EncodeError(CommandStatus.ESME_RINVMSGLEN, f"a PDU of {length} octets")
    return HEADER.pack(length, command_id, command_status, sequence_number) + body


def encode_body(pdu: Pdu) -> bytes:
    """Write what follows a PDU's header. Raises EncodeError."""
    spec = _spec(pdu.command_id)
    if _is_bare_refusal(spec, pdu):
        return b""
    parts = [write(field, pdu.fields[field.name]) for field in spec.fields]
    parts.append(encode_tlvs(pdu.tlvs))
    return b"".join(parts)


def _is_bare_refusal(spec: PduSpec, pdu: Pdu) -> bool:
    """A response that refuses has no body (4.1.2, 4.4.2), unless it has something to tell."""
    return (
        pdu.command_status != 0
        and pdu.command_id & RESPONSE_BIT != 0
        and not spec.error_body
        and not pdu.tlvs
        and not any(pdu.fields.values())
    )


def decode(buffer: bytes, start: int = 0, end: int | None = None) -> Pdu:
    """Read the one PDU that stands in buffer[start:end]. Raises FramingError, PduError."""
    stop = len(buffer) if end is None else end
    if stop - start < HEADER_LENGTH:
        raise FramingError(0, stop - start)
    length, command_id, command_status, sequence_number = HEADER.unpack_from(buffer, start)
    if length != stop - start or not HEADER_LENGTH <= length <= MAX_PDU:
        raise FramingError(sequence_number, length)
    return decode_known(buffer, start, stop, command_id, command_status, sequence_number)


def decode_known(
    buffer: bytes, start: int, end: int, command_id: int, command_status: int, sequence_number: int
) -> Pdu:
    """Read a PDU whose header is read already and whose length is true. Raises PduError."""
    hot = HOT_DECODERS.get(command_id)
    if hot is not None:
        pdu = hot(buffer, start, end, command_id, command_status, sequence_number)
        if pdu is not None:
            return pdu
    return decode_by_table(buffer, start, end, command_id, command_status, sequence_number)


def decode_by_table(
    buffer: bytes, start: int, end: int, command_id: int, command_status: int, sequence_number: int
) -> Pdu:
    """Read a PDU by nothing but the table. Raises PduError."""
    spec = PDUS.get(command_id)
    if spec is None:
        raise PduError(
            command_id, sequence_number, CommandStatus.ESME_RINVCMDID, "unknown command_id"
        )
    body = start + HEADER_LENGTH
    if command_id & RESPONSE_BIT:
        fields, pos = _forgiven_fields(spec.fields, buffer, body, end)
        tlvs = decode_tlvs(buffer, pos, end, forgiving=True) if spec.fields else ()
        return Pdu(command_id, command_status, sequence_number, fields, tlvs)
    try:
        fields, pos = _fields(spec.fields, buffer, body, end)
        tlvs = decode_tlvs(buffer, pos, end) if spec.fields else ()
    except FieldError as error:
        raise PduError(command_id, sequence_number, error.command_status, error.reason) from error
    return Pdu(command_id, command_status, sequence_number, fields, tlvs)


def _fields(
    fields: tuple[Field, ...], buffer: bytes, pos: int, end: int
) -> tuple[dict[str, FieldValue], int]:
    values: dict[str, FieldValue] = {}
    for field in fields:
        values[field.name], pos = read(field, buffer, pos, end, last=field is fields[-1])
    return values, pos


def _forgiven_fields(
    fields: tuple[Field, ...], buffer: bytes, pos: int, end: int
) -> tuple[dict[str, FieldValue], int]:
    values = {field.name: DEFAULTS[field.kind] for field in fields}
    for field in fields:
        try:
            values[field.name], pos = read(field, buffer, pos, end, last=True)
        except FieldError:
            return values, end
    return values, pos
