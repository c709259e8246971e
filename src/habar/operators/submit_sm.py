"""A message as the bodies of its submit_sm, one a part, in the operator's own way.

Guarantees: the same message gives the same parts with the same concatenation reference whenever
it is made (the reference is the message id's), so that a handset joins, or drops as known, what
it gets a second time. It is as many parts as were counted, except by message_payload, where it is
one submit_sm. Nothing but ValueError is raised, for a message that cannot be written.
Knows no session; `now_ms` is an argument.

A reference of 16 bits leaves a septet less in each part. Where a text would so need more parts
than the customer was told, that text goes with 8 bits. With sar_* TLVs the operator makes the
header: the text is cut to leave room for one of 16 bits, or, where it does not fit so, for one of
8, and sar_msg_ref_num is then below 256.
With interface_version 0x33 there are no TLVs: what would need them goes with headers of 8 bits.
A message that is no text has a header of its own in each part, whatever the operator's way: its
ports and signs have to arrive (`wire.content`). Octets are not rewritten; its texts are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from habar.model.message import Outgoing
from habar.model.message_type import MessageType
from habar.operators.alphabets import Rewrite, coding, rewriting
from habar.operators.settings import LongText, Numbering, OperatorSettings, ReceiptKind
from habar.operators.validity import validity_period
from habar.wire.content import Content, encode
from habar.wire.smpp import EsmClass, Tlv, TlvValue, encode_submit_body, encode_tlvs
from habar.wire.text import Encoding, count_parts, encode_gsm7, encode_ucs2, split

_BINARY = int(MessageType.BINARY)
_UDHI = int(EsmClass.UDHI)
_UCS2 = int(Encoding.UCS2)
_ALPHANUMERIC, _SHORT_CODE, _NUMBER = range(3)
_SHORT_CODE_DIGITS = 6
_NO_RECEIPTS = ReceiptKind.NONE
_SMPP_3_4 = 0x34

_Piece: TypeAlias = tuple[int, bytes, tuple[tuple[int, TlvValue], ...]]
"""esm_class, short_message and TLVs of one submit_sm."""


def submit_bodies(message: Outgoing, operator: OperatorSettings, now_ms: int) -> list[bytes]:
    """Write one body for each part, in order; one for all where it goes as message_payload.

    Raises ValueError.
    """
    if message.message_type >= _BINARY:
        content = encode(message.message_type, message.text)
        data_coding, protocol_id = content.data_coding, content.protocol_id
        pieces = _content_pieces(content, message, operator)
    else:
        rewrite, data_coding = coding(message, operator)
        protocol_id = 0
        if message.parts == 1:
            octets = _octets(message, rewrite)
            if not operator.reference_tlv:  # nearly all there is: kept quick
                return [_body(message, operator, now_ms, data_coding, 0, octets, ())]
            pieces = [(0, octets, ())]
        else:
            pieces = _pieces(message, operator, rewrite)
    if operator.reference_tlv and operator.interface_version >= _SMPP_3_4:
        pieces = _named(pieces, message.message_id, operator.reference_tlv)
    return [
        _body(message, operator, now_ms, data_coding, *piece, protocol_id=protocol_id)
        for piece in pieces
    ]


def submit_count(message: Outgoing, operator: OperatorSettings) -> int:
    """How many bodies `submit_bodies` makes of a message."""
    is_text = message.message_type < _BINARY
    return 1 if is_text and _way(message, operator) is LongText.PAYLOAD else message.parts


def _octets(message: Outgoing, rewrite: Rewrite | None) -> bytes:
    """The whole text."""
    ucs2 = message.data_coding == _UCS2
    octets = encode_ucs2(message.text) if ucs2 else encode_gsm7(message.text)
    return rewrite(octets, 0) if rewrite else octets


def _pieces(message: Outgoing, operator: OperatorSettings, rewrite: Rewrite | None) -> list[_Piece]:
    """Cut a text of several parts. Raises ValueError where they are not as many as counted."""
    way, text, number = _way(message, operator), message.text, message.message_id
    if way is LongText.PAYLOAD:
        _check(count_parts(text)[1], message.parts)
        return [(0, b"", ((Tlv.MESSAGE_PAYLOAD, _octets(message, rewrite)),))]
    bits = 16
    if way is LongText.UDH_8 or count_parts(text, reference_bits=16)[1] > message.parts:
        bits = 8
    parts = split(text, reference=number, reference_bits=bits).parts
    _check(len(parts), message.parts)
    if way is LongText.SAR:
        reference = number & ((1 << bits) - 1)
        return [
            (0, rewrite(octets, 0) if rewrite else octets, _sar(reference, len(parts), part))
            for part, (_, octets) in enumerate(parts, 1)
        ]
    return [
        (_UDHI, udh + (rewrite(octets, len(udh)) if rewrite else octets), ())
        for udh, octets in parts
    ]


def _content_pieces(
    content: Content, message: Outgoing, operator: OperatorSettings
) -> list[_Piece]:
    """Cut what is no text. Raises ValueError where the parts are not as many as counted."""
    bits = 8
    if operator.long_text is LongText.UDH_16 and content.count(16) == message.parts:
        bits = 16
    parts = content.pieces(message.message_id, bits)
    _check(len(parts), message.parts)
    rewrite = rewriting(content.alphabet, operator)
    return [
        (_UDHI if udh else 0, udh + (rewrite(data, len(udh)) if rewrite else data), ())
        for udh, data in parts
    ]


_BY_TLVS = (LongText.SAR, LongText.PAYLOAD)


def _way(message: Outgoing, operator: OperatorSettings) -> LongText:
    """How a text of several parts goes."""
    way = operator.long_text
    if operator.interface_version < _SMPP_3_4 and way in _BY_TLVS:
        return LongText.UDH_8
    if message.sent_parts and way is LongText.PAYLOAD:  # begun before the setting was changed
        return LongText.UDH_8
    return way


def _check(parts: int, counted: int) -> None:
    if parts != counted:
        raise ValueError(f"{parts} parts where {counted} were counted")


def _sar(reference: int, total: int, part: int) -> tuple[tuple[int, TlvValue], ...]:
    """5.3.2.22 to 24."""
    return (
        (Tlv.SAR_MSG_REF_NUM, reference),
        (Tlv.SAR_TOTAL_SEGMENTS, total),
        (Tlv.SAR_SEGMENT_SEQNUM, part),
    )


def _named(pieces: list[_Piece], message_id: int, tag: int) -> list[_Piece]:
    """Give each its name, by which query_sm may ask for it."""
    return [
        (esm_class, octets, (*tlvs, (tag, reference(message_id, part))))
        for part, (esm_class, octets, tlvs) in enumerate(pieces, 1)
    ]


def _body(
    message: Outgoing,
    operator: OperatorSettings,
    now_ms: int,
    data_coding: int,
    esm_class: int,
    octets: bytes,
    tlvs: tuple[tuple[int, TlvValue], ...],
    *,
    protocol_id: int = 0,
) -> bytes:
    source, numbering = source_of(message.sender, operator)
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
        protocol_id=protocol_id,
        data_coding=data_coding,
        registered_delivery=0
        if operator.receipts is _NO_RECEIPTS
        else operator.registered_delivery,
        priority_flag=0 if message.priority else operator.urgent_priority_flag,
        validity_period=b""
        if message.expires_at is None
        else validity_period(message.expires_at, now_ms, operator),
        service_type=operator.service_type.encode("ascii") if operator.service_type else b"",
        tlvs=encode_tlvs(tlvs) if tlvs else b"",
    )


def source_of(sender: str, operator: OperatorSettings) -> tuple[bytes, Numbering]:
    """The source address and how it is numbered. Raises UnicodeEncodeError (a ValueError)."""
    source, kind = _source(sender)
    if kind == _ALPHANUMERIC:
        return source, operator.alphanumeric
    return source, operator.short_code if kind == _SHORT_CODE else operator.number


def reference(message_id: int, part: int) -> bytes:
    """Our name of a part, for `OperatorSettings.reference_tlv`."""
    return b"%d-%d" % (message_id, part)


@lru_cache(maxsize=4096)
def _source(sender: str) -> tuple[bytes, int]:
    """The source address and what kind it is. Raises UnicodeEncodeError (a ValueError).

    A short code may have an operator's transaction id behind it: `8785#12345`. That goes back with
    the octets that it came with, whatever they are: `inbound.reading` made Latin-1 of them.
    """
    address = sender.removeprefix("+")
    digits, transaction, _ = address.partition("#")
    if not (digits.isascii() and digits.isdigit()):
        return sender.encode("ascii"), _ALPHANUMERIC
    kind = _SHORT_CODE if transaction or len(digits) <= _SHORT_CODE_DIGITS else _NUMBER
    return address.encode("latin-1"), kind
