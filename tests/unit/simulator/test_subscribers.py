"""Subscribers' messages as the simulated SMSC writes them, read back as another reads them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habar.simulator import Settings, SubscriberMessage, Undeliverable
from habar.simulator.content import Reading, decoded, units_of
from habar.simulator.subscribers import Written, written
from habar.wire.smpp import CommandId, Pdu, Tlv, decode
from habar.wire.text import TooManyParts, UnencodableText, parse_udh

KAZAKH = "Қазақстан "
CODED = ["gsm7", "latin-1", "ucs2"]


def message(text: str = "Hello", **ways: Any) -> SubscriberMessage:
    return SubscriberMessage("77771234567", "8785", text, **ways)


def pdu_of(one: Written) -> Pdu:
    if one.pdu is not None:
        return one.pdu
    head = (len(one.body) + 16).to_bytes(4, "big") + CommandId.DELIVER_SM.to_bytes(4, "big")
    return decode(head + bytes(7) + b"\x01" + one.body)


def pdus(text: str = "Hello", settings: Settings | None = None, **ways: Any) -> list[Pdu]:
    return [pdu_of(one) for one in written(message(text, **ways), settings or Settings(), 0x1234)]


def text_of(parts: list[Pdu], settings: Settings | None = None) -> str:
    """Read the parts as they came, header by header."""
    settings = settings or Settings()
    reading = Reading(settings.alphabet, settings.ucs2_little_endian)
    coding = parts[0].number("data_coding")
    units = b""
    for pdu in parts:
        octets = pdu.message
        size = parse_udh(octets).size if pdu.number("esm_class") & 0x40 else 0
        units += units_of(coding, octets[size:], reading, header=size)
    return decoded(coding, units, reading)


def test_a_short_text_is_one_deliver_sm_as_the_standard_has_it() -> None:
    [pdu] = pdus()
    assert pdu.command_id == CommandId.DELIVER_SM
    assert pdu.octets("source_addr") == b"77771234567"
    assert pdu.octets("destination_addr") == b"8785"
    assert (pdu.number("esm_class"), pdu.number("data_coding")) == (0, 0)
    assert (pdu.octets("short_message"), pdu.tlvs) == (b"Hello", ())


def test_a_transaction_id_stands_behind_the_short_code() -> None:
    [pdu] = pdus(transaction="12345")
    assert pdu.octets("destination_addr") == b"8785#12345"


def test_a_plus_stays_where_it_was_written() -> None:
    [one] = written(SubscriberMessage("+77771234567", "+8785", "Hi"), Settings(), 1)
    assert pdu_of(one).octets("source_addr") == b"+77771234567"
    assert pdu_of(one).octets("destination_addr") == b"+8785"


@pytest.mark.parametrize(
    ("text", "coding", "octets"),
    [
        ("{€@é", 0, bytes.fromhex("1b281b650005")),  # TS 23.038, 6.2.1 and 6.2.1.1
        ("Да", 8, bytes.fromhex("04140430")),
    ],
)
def test_the_alphabet_is_chosen_by_need(text: str, coding: int, octets: bytes) -> None:
    [pdu] = pdus(text)
    assert (pdu.number("data_coding"), pdu.message) == (coding, octets)


@pytest.mark.parametrize(
    ("encoding", "coding", "octets"),
    [("gsm7", 0, b"\x00\x05"), ("latin-1", 3, b"@\xe9"), ("ucs2", 8, b"\x00@\x00\xe9")],
)
def test_the_alphabet_may_be_said(encoding: str, coding: int, octets: bytes) -> None:
    [pdu] = pdus("@é", encoding=encoding)
    assert (pdu.number("data_coding"), pdu.message) == (coding, octets)


@pytest.mark.parametrize(
    ("alphabet", "octets"),
    [
        ("gsm7", b"\x00\x05x"),
        ("gsm7-packed", bytes.fromhex("8002 1e")),  # 0, 5, 0x78 in 21 bits, from the lowest
        ("latin-1", b"@\xe9x"),
    ],
)
def test_data_coding_0_is_the_simulators_alphabet(alphabet: Any, octets: bytes) -> None:
    [pdu] = pdus("@éx", Settings(alphabet=alphabet))
    assert (pdu.number("data_coding"), pdu.message) == (0, octets)


def test_what_the_default_alphabet_lacks_goes_in_ucs2() -> None:
    [pdu] = pdus("5 €", Settings(alphabet="latin-1"))
    assert (pdu.number("data_coding"), pdu.message) == (8, "5 €".encode("utf-16-be"))


def test_ucs2_may_be_little_endian() -> None:
    settings = Settings(ucs2_little_endian=True)
    parts = pdus(KAZAKH * 15, settings)
    assert parts[0].message[6:10] == "Қа".encode("utf-16-le")
    assert text_of(parts, settings) == KAZAKH * 15


@pytest.mark.parametrize(
    ("way", "header"),
    [("udh8", "050003340201"), ("udh16", "06080412340201")],  # TS 23.040, 9.2.3.24.1 and .8
)
def test_parts_have_headers(way: str, header: str) -> None:
    first, second = pdus("x" * 161, part_way=way)
    assert first.number("esm_class") == second.number("esm_class") == 0x40
    udh = bytes.fromhex(header)
    assert first.message[: len(udh)] == udh
    assert second.message[: len(udh)] == udh[:-1] + b"\x02"


def test_parts_may_be_told_by_tlvs() -> None:
    first, second = pdus("x" * 161, part_way="sar")
    assert (first.number("esm_class"), first.message) == (0, b"x" * 153)
    for number, pdu in enumerate((first, second), 1):
        assert pdu.tlv_number(Tlv.SAR_MSG_REF_NUM) == 0x1234
        assert pdu.tlv_number(Tlv.SAR_TOTAL_SEGMENTS) == 2
        assert pdu.tlv_number(Tlv.SAR_SEGMENT_SEQNUM) == number


def test_a_message_payload_has_all_of_it() -> None:
    [pdu] = pdus(KAZAKH * 50, part_way="payload")
    assert (pdu.number("esm_class"), pdu.octets("short_message")) == (0, b"")
    assert pdu.tlv_octets(Tlv.MESSAGE_PAYLOAD) == (KAZAKH * 50).encode("utf-16-be")


@pytest.mark.parametrize("way", ["udh8", "udh16", "sar", "payload"])
def test_a_data_sm_has_its_text_in_message_payload(way: str) -> None:
    text = "x" * 200
    parts = pdus(text, part_way=way, data_sm=True, transaction="12345")
    assert {pdu.command_id for pdu in parts} == {CommandId.DATA_SM}
    assert {pdu.octets("destination_addr") for pdu in parts} == {b"8785#12345"}
    assert len(parts) == (1 if way == "payload" else 2)
    assert text_of(parts) == text


@pytest.mark.parametrize("encoding", CODED)
@pytest.mark.parametrize("way", ["udh8", "udh16", "sar"])
@pytest.mark.parametrize("alphabet", ["gsm7", "gsm7-packed", "latin-1", "ascii"])
def test_no_part_is_longer_than_an_sms(encoding: Any, way: Any, alphabet: Any) -> None:
    settings = Settings(alphabet=alphabet)
    parts = pdus("abcdefg" * 60, settings, encoding=encoding, part_way=way)
    assert text_of(parts, settings) == "abcdefg" * 60
    for pdu in parts:
        header = parse_udh(pdu.message).size if way != "sar" else 0
        if encoding == "gsm7" and alphabet != "gsm7-packed":
            assert (7 * (len(pdu.message) - header) + 7) // 8 + header <= 140
        else:
            assert len(pdu.message) <= 140


@given(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=400),
    st.sampled_from(["udh8", "udh16", "sar", "payload"]),
    st.sampled_from(["gsm7", "gsm7-packed", "latin-1", "ascii"]),
    st.booleans(),
)
def test_what_is_sent_reads_as_what_was_written(
    text: str, way: Any, alphabet: Any, data_sm: bool
) -> None:
    settings = Settings(alphabet=alphabet)
    parts = pdus(text.rstrip("\r"), settings, part_way=way, data_sm=data_sm)
    assert text_of(parts, settings) == text.rstrip("\r")


@pytest.mark.parametrize("pair", ["€", "😀"])
def test_a_pair_is_never_parted(pair: str) -> None:
    text = "x" * 152 + pair * 20 if pair == "€" else "x" * 66 + pair * 20
    first, *_ = pdus(text)
    assert text_of([first]) == text[: 152 if pair == "€" else 66]


@pytest.mark.parametrize("order", [(3, 1, 2), (1, 1, 2, 3), (1, 3)])
def test_parts_go_in_the_order_that_is_wanted(order: tuple[int, ...]) -> None:
    text = KAZAKH * 15
    whole = pdus(text)
    assert [pdu.message for pdu in pdus(text, order=order)] == [
        whole[part - 1].message for part in order
    ]


@pytest.mark.parametrize("order", [(0,), (2,), (1,) * 1001])
def test_no_part_is_sent_that_is_not_there(order: tuple[int, ...]) -> None:
    with pytest.raises(Undeliverable, match="1 part"):
        pdus(order=order)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (SubscriberMessage("", "8785", "x"), "the subscriber's number must be"),
        (SubscriberMessage("7777 123", "8785", "x"), "the subscriber's number must be"),
        (SubscriberMessage("٧٧", "8785", "x"), "the subscriber's number must be"),
        (SubscriberMessage("7" * 21, "8785", "x"), "the subscriber's number must be"),
        (SubscriberMessage("7777", "8785#1", "x"), "the short code must be"),
        (SubscriberMessage("7777", "8785", "x", "1#2"), "a transaction id has"),
        (SubscriberMessage("7777", "8785", "x", "1" * 16), "longer than 20 characters"),
        (SubscriberMessage("7777", "8785", "x" * 70_000, part_way="payload"), "do not fit"),
    ],
)
def test_what_cannot_go_is_told_in_words(given: SubscriberMessage, words: str) -> None:
    with pytest.raises(Undeliverable, match=words):
        written(given, Settings(), 1)


def test_a_data_sm_has_room_for_a_longer_transaction_id() -> None:
    [pdu] = pdus(transaction="1" * 40, data_sm=True)
    assert pdu.octets("destination_addr") == b"8785#" + b"1" * 40


@pytest.mark.parametrize("ways", [{"part_way": "sar"}, {"part_way": "payload"}, {"data_sm": True}])
def test_an_smsc_of_3_3_has_no_tlvs(ways: dict[str, Any]) -> None:
    with pytest.raises(Undeliverable, match="no TLVs"):
        pdus("x" * 200, Settings(interface_version=0x33), **ways)


@pytest.mark.parametrize(
    ("encoding", "alphabet"), [("gsm7", "gsm7"), ("latin-1", "gsm7"), ("gsm7", "latin-1")]
)
def test_a_text_is_never_altered_to_fit(encoding: str, alphabet: Any) -> None:
    text = "Ω" if (encoding, alphabet) == ("gsm7", "latin-1") else "Қ"
    with pytest.raises(UnencodableText):
        pdus(text, Settings(alphabet=alphabet), encoding=encoding)


def test_a_text_has_at_most_255_parts() -> None:
    assert len(pdus("x" * 153 * 255)) == 255
    with pytest.raises(TooManyParts):
        pdus("x" * (153 * 255 + 1))
