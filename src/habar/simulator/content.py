"""What a submit_sm carries: its header, its octets, its text, and whether it may be taken.

Guarantees: pure; no input raises. Refusals are command_status values of SMPP 3.4, 5.1.3.
Knows nothing of recipients' behaviour, sessions or records.
"""

import re
from typing import NamedTuple

from habar.simulator.settings import AlphabetName
from habar.wire.smpp import CommandStatus, EsmClass, Pdu, Tlv, Ton, parse_time
from habar.wire.text import Concatenation, decode_gsm7, decode_ucs2, parse_udh, unpack_septets

_LONGEST_ADDRESS = 20
_LONGEST_ALPHANUMERIC = 11
# A short code with the transaction id of the question that is answered.
_REPLY = re.compile(rb"(?=.{3,20}\Z)[0-9]+#[0-9A-Za-z_.-]+")
_LONGEST_8BIT = 140
_LONGEST_7BIT = 160
_UDHI = int(EsmClass.UDHI)
# SMPP 3.4, 5.2.19; what is neither here nor GSM 7-bit nor UCS-2 is binary.
_CHARSETS = {1: "ascii", 3: "latin-1", 5: "shift_jis", 6: "iso8859-5", 7: "iso8859-8"}
_GSM7 = 0
_BINARY = 4
_UCS2 = 8
_CR = 0x0D


class Reading(NamedTuple):
    """What the SMSC takes octets for."""

    alphabet: AlphabetName = "gsm7"
    """Where data_coding says its default alphabet."""
    little_endian: bool = False
    """UCS-2 with the octets of each unit swapped."""


PLAIN = Reading()


class Content(NamedTuple):
    """The user data of one submit_sm."""

    udh: bytes
    """With its length octet; empty where there is none."""
    octets: bytes
    """short_message (or message_payload) without the header."""
    concatenation: Concatenation | None


def content_of(pdu: Pdu) -> Content:
    """Take user data apart: UDH by esm_class, else the sar_* TLVs."""
    message = pdu.message
    if pdu.number("esm_class") & _UDHI:
        header = parse_udh(message)
        size = header.size
        return Content(message[:size], message[size:], header.concatenation or _sar(pdu))
    return Content(b"", message, _sar(pdu))


def _sar(pdu: Pdu) -> Concatenation | None:
    if not pdu.tlvs:
        return None
    reference = pdu.tlv_number(Tlv.SAR_MSG_REF_NUM)
    total = pdu.tlv_number(Tlv.SAR_TOTAL_SEGMENTS)
    number = pdu.tlv_number(Tlv.SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or number is None or not 1 <= number <= total:
        return None
    return Concatenation(reference, total, number, 16)


def alphabet(data_coding: int) -> int:
    """Bring the coding groups (3GPP TS 23.038, section 4) down to SMPP's plain values."""
    if data_coding < 0x10:
        return data_coding
    if data_coding >= 0xF0:
        return _BINARY if data_coding & 4 else _GSM7
    if data_coding < 0x40:
        return data_coding & 0x0C
    return _BINARY


def text_of(data_coding: int, octets: bytes, reading: Reading = PLAIN, *, header: int = 0) -> str:
    """Decode user data behind a UDH of so many octets; binary reads as hexadecimal digits.

    Nothing ever raises.
    """
    return decoded(data_coding, units_of(data_coding, octets, reading, header=header), reading)


def units_of(data_coding: int, octets: bytes, reading: Reading, *, header: int = 0) -> bytes:
    """Bring octets to what can be joined to that of other parts: septets are unpacked.

    They begin at a whole septet behind the header (TS 23.040, 9.2.3.24). Seven spare bits at the
    end read as one septet more: a CR there is padding (TS 23.038, 6.1.2.3.1), a zero is an `@`.
    """
    if reading.alphabet != "gsm7-packed" or alphabet(data_coding) != _GSM7:
        return octets
    fill = -8 * header % 7
    septets = unpack_septets(octets, 8 * len(octets) // 7, fill_bits=fill)
    spare = (8 * len(octets) - fill) % 7 == 0
    return septets[:-1] if spare and septets and septets[-1] == _CR else septets


def decoded(data_coding: int, units: bytes, reading: Reading = PLAIN) -> str:
    """Read what units_of made, of one part or joined of many."""
    coding = alphabet(data_coding)
    if coding == _GSM7:
        if reading.alphabet in ("latin-1", "ascii"):
            return units.decode(reading.alphabet, "replace")
        return decode_gsm7(units)
    if coding == _UCS2:
        return units.decode("utf-16-le", "replace") if reading.little_endian else decode_ucs2(units)
    charset = _CHARSETS.get(coding)
    return units.hex() if charset is None else units.decode(charset, "replace")


def refusal(pdu: Pdu, now_ms: int, reading: Reading = PLAIN) -> int:
    """Say the command_status for a submit_sm whose fields cannot stand, ESME_ROK for others."""
    fields = pdu.fields
    destination = pdu.octets("destination_addr")
    if not destination.isdigit() or len(destination) > _LONGEST_ADDRESS:
        return CommandStatus.ESME_RINVDSTADR
    if not _source_stands(pdu.octets("source_addr"), pdu.number("source_addr_ton")):
        return CommandStatus.ESME_RINVSRCADR
    status = _length_refusal(pdu, reading)
    if status == CommandStatus.ESME_ROK and (
        fields["schedule_delivery_time"] or fields["validity_period"]
    ):
        return _time_refusal(pdu, now_ms)
    return status


def _source_stands(source: bytes, ton: int) -> bool:
    if _REPLY.fullmatch(source):
        return True
    if ton == Ton.ALPHANUMERIC:
        return 0 < len(source) <= _LONGEST_ALPHANUMERIC
    return not source or (source.isdigit() and len(source) <= _LONGEST_ADDRESS)


def _length_refusal(pdu: Pdu, reading: Reading) -> int:
    short = pdu.octets("short_message")
    if pdu.number("esm_class") & _UDHI and not parse_udh(short or pdu.message).size:
        return CommandStatus.ESME_RINVESMCLASS
    coding = alphabet(pdu.number("data_coding"))
    octets = coding in {2, _BINARY, _UCS2} or reading.alphabet == "gsm7-packed"
    longest = _LONGEST_8BIT if octets else _LONGEST_7BIT
    if len(short) > longest:
        return CommandStatus.ESME_RINVMSGLEN
    if short and pdu.tlvs and pdu.tlv(Tlv.MESSAGE_PAYLOAD) is not None:
        return CommandStatus.ESME_RINVMSGLEN  # 4.4.1: one or the other, never both
    return CommandStatus.ESME_ROK


def _time_refusal(pdu: Pdu, now_ms: int) -> int:
    for name, status in (
        ("schedule_delivery_time", CommandStatus.ESME_RINVSCHED),
        ("validity_period", CommandStatus.ESME_RINVEXPIRY),
    ):
        try:
            parse_time(pdu.octets(name), now_ms)
        except ValueError:
            return status
    return CommandStatus.ESME_ROK
