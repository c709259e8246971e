"""User data taken apart, decoded, and refused where it cannot stand."""

from collections.abc import Callable

import pytest

from habar.simulator.content import Reading, content_of, refusal, text_of
from habar.wire.smpp import CommandStatus, Pdu, Tlv
from habar.wire.text import encode_gsm7, encode_ucs2, pack_septets, pack_to_end

Submit = Callable[..., Pdu]

NOW = 1_760_000_000_000
UDH = b"\x05\x00\x03\x2a\x03\x02"


def test_a_plain_message_has_no_header(submit: Submit) -> None:
    content = content_of(submit(short_message=b"Hello"))
    assert content == (b"", b"Hello", None)


def test_udh_is_taken_off_and_read(submit: Submit) -> None:
    content = content_of(submit(esm_class=0x40, short_message=UDH + b"part"))
    assert (content.udh, content.octets) == (UDH, b"part")
    assert content.concatenation == (42, 3, 2, 8)


def test_without_the_udhi_bit_the_octets_are_text(submit: Submit) -> None:
    assert content_of(submit(short_message=UDH + b"part")).octets == UDH + b"part"


def test_sar_tlvs_say_the_part_too(submit: Submit) -> None:
    tlvs: dict[int, int | bytes] = {
        Tlv.SAR_MSG_REF_NUM: 777,
        Tlv.SAR_TOTAL_SEGMENTS: 2,
        Tlv.SAR_SEGMENT_SEQNUM: 1,
    }
    assert content_of(submit(tlvs)).concatenation == (777, 2, 1, 16)


@pytest.mark.parametrize(
    "tlvs",
    [
        {Tlv.SAR_MSG_REF_NUM: 1, Tlv.SAR_TOTAL_SEGMENTS: 2},
        {Tlv.SAR_MSG_REF_NUM: 1, Tlv.SAR_TOTAL_SEGMENTS: 2, Tlv.SAR_SEGMENT_SEQNUM: 3},
        {Tlv.SAR_MSG_REF_NUM: 1, Tlv.SAR_TOTAL_SEGMENTS: 2, Tlv.SAR_SEGMENT_SEQNUM: 0},
    ],
)
def test_half_a_sar_is_none(submit: Submit, tlvs: dict[int, int | bytes]) -> None:
    assert content_of(submit(tlvs)).concatenation is None


def test_message_payload_is_the_text(submit: Submit) -> None:
    pdu = submit({Tlv.MESSAGE_PAYLOAD: b"x" * 500}, short_message=b"")
    assert content_of(pdu).octets == b"x" * 500
    assert refusal(pdu, NOW) == CommandStatus.ESME_ROK


@pytest.mark.parametrize(
    ("data_coding", "octets", "text"),
    [
        (0, encode_gsm7("Price: 5€ @"), "Price: 5€ @"),
        (0x10, encode_gsm7("@"), "@"),
        (0xF0, encode_gsm7("@"), "@"),
        (8, encode_ucs2("Сәлем 🙂"), "Сәлем 🙂"),
        (0x18, encode_ucs2("Сәлем"), "Сәлем"),
        (3, b"caf\xe9", "café"),
        (6, "Привет".encode("iso8859-5"), "Привет"),
        (4, b"\x00\xff", "00ff"),
        (0xF4, b"\x00\xff", "00ff"),
        (0x7F, b"\x01", "01"),
    ],
)
def test_decoding_by_data_coding(data_coding: int, octets: bytes, text: str) -> None:
    assert text_of(data_coding, octets) == text


@pytest.mark.parametrize("data_coding", range(256))
def test_no_octets_raise_under_any_data_coding(data_coding: int) -> None:
    assert isinstance(text_of(data_coding, bytes(range(255, -1, -1))), str)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, CommandStatus.ESME_ROK),
        ({"destination_addr": b""}, CommandStatus.ESME_RINVDSTADR),
        ({"destination_addr": b"+77771234567"}, CommandStatus.ESME_RINVDSTADR),
        ({"destination_addr": b"7777123456a"}, CommandStatus.ESME_RINVDSTADR),
        ({"destination_addr": b"7" * 21}, CommandStatus.ESME_RINVDSTADR),
        ({"source_addr": b""}, CommandStatus.ESME_RINVSRCADR),
        ({"source_addr": b"TWELVE_CHARS"}, CommandStatus.ESME_RINVSRCADR),
        ({"source_addr_ton": 0}, CommandStatus.ESME_RINVSRCADR),
        ({"source_addr": b"", "source_addr_ton": 0}, CommandStatus.ESME_ROK),
        ({"source_addr": b"1234", "source_addr_ton": 3}, CommandStatus.ESME_ROK),
        ({"source_addr": b"8785#12345", "source_addr_ton": 3}, CommandStatus.ESME_ROK),
        ({"source_addr": b"8785#123456789012345", "source_addr_ton": 5}, CommandStatus.ESME_ROK),
        ({"source_addr": b"8785#1234567890123456"}, CommandStatus.ESME_RINVSRCADR),
        ({"source_addr": b"8785#", "source_addr_ton": 3}, CommandStatus.ESME_RINVSRCADR),
        ({"short_message": b"x" * 160}, CommandStatus.ESME_ROK),
        ({"short_message": b"x" * 161}, CommandStatus.ESME_RINVMSGLEN),
        ({"short_message": b"x" * 140, "data_coding": 8}, CommandStatus.ESME_ROK),
        ({"short_message": b"x" * 142, "data_coding": 8}, CommandStatus.ESME_RINVMSGLEN),
        ({"short_message": b"x" * 142, "data_coding": 0x18}, CommandStatus.ESME_RINVMSGLEN),
        ({"short_message": b"x" * 141, "data_coding": 4}, CommandStatus.ESME_RINVMSGLEN),
        ({"esm_class": 0x40, "short_message": b"\xffabc"}, CommandStatus.ESME_RINVESMCLASS),
        ({"esm_class": 0x40, "short_message": UDH + b"a"}, CommandStatus.ESME_ROK),
        ({"schedule_delivery_time": b"tomorrow"}, CommandStatus.ESME_RINVSCHED),
        ({"validity_period": b"000000000000000R0"}, CommandStatus.ESME_RINVEXPIRY),
        ({"validity_period": b"000001000000000R"}, CommandStatus.ESME_ROK),
        ({"validity_period": b"991301000000000+"}, CommandStatus.ESME_RINVEXPIRY),
    ],
)
def test_refusals(submit: Submit, fields: dict[str, int | bytes], status: int) -> None:
    assert refusal(submit(**fields), NOW) == status


def test_short_message_and_payload_together_are_refused(submit: Submit) -> None:
    pdu = submit({Tlv.MESSAGE_PAYLOAD: b"more"}, short_message=b"text")
    assert refusal(pdu, NOW) == CommandStatus.ESME_RINVMSGLEN


@pytest.mark.parametrize(
    ("reading", "data_coding", "octets", "text"),
    [
        (Reading("latin-1"), 0, b"caf\xe9 @", "café @"),
        (Reading("ascii"), 0, b"a@\xe9", "a@\ufffd"),
        (Reading("gsm7-packed"), 0, pack_to_end(encode_gsm7("Price: 5€ @!")), "Price: 5€ @!"),
        (Reading("gsm7-packed"), 0xF0, pack_to_end(encode_gsm7("flash")), "flash"),
        (Reading("gsm7-packed"), 8, encode_ucs2("Сәлем"), "Сәлем"),
        (Reading(little_endian=True), 8, "Сәлем".encode("utf-16-le"), "Сәлем"),
        (Reading(little_endian=True), 0, encode_gsm7("@"), "@"),
    ],
)
def test_the_same_octets_mean_something_else_to_another_smsc(
    reading: Reading, data_coding: int, octets: bytes, text: str
) -> None:
    assert text_of(data_coding, octets, reading) == text


@pytest.mark.parametrize("length", range(1, 20))
@pytest.mark.parametrize("header", [0, 6, 7])
def test_packed_septets_of_any_length_behind_any_header(length: int, header: int) -> None:
    text = "abcdefghijklmnopqrst"[:length]
    octets = pack_to_end(encode_gsm7(text), fill_bits=-8 * header % 7)
    assert text_of(0, octets, Reading("gsm7-packed"), header=header) == text


def test_seven_spare_bits_are_a_cr_or_they_are_read() -> None:
    reading = Reading("gsm7-packed")
    assert text_of(0, pack_septets(b"abcdefg\r"), reading) == "abcdefg"
    assert text_of(0, pack_septets(b"abcdefg"), reading) == "abcdefg@"
    assert text_of(0, pack_to_end(encode_gsm7("abcdefg@")), reading) == "abcdefg@"


def test_packed_text_has_at_most_140_octets(submit: Submit) -> None:
    pdu = submit(short_message=b"x" * 141)
    assert refusal(pdu, NOW, Reading("gsm7-packed")) == CommandStatus.ESME_RINVMSGLEN
    assert refusal(pdu, NOW) == CommandStatus.ESME_ROK
