"""wire/content/cards.py: the card as it was written, to the port that phones have for it."""

import pytest

from habar.model.message_type import MessageType
from habar.wire.content import Content, UnreadableContent, encode

VCARD, VCALENDAR = MessageType.VCARD, MessageType.VCALENDAR
CARD = "BEGIN:VCARD\nVERSION:2.1\nN:Smith;Paul\nTEL;CELL:+77771234567\nEND:VCARD\n"
OCTETS = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Smith;Paul\r\nTEL;CELL:+77771234567\r\nEND:VCARD\r\n"


def test_a_business_card_goes_to_port_9204_with_lines_that_end_in_cr_lf() -> None:
    # TS 23.040, 9.2.3.24.4: 05 of 4 octets, destination 23F4; TS 23.038, 4: F5, 8 bit, class 1
    assert encode(VCARD, CARD) == Content(0xF5, 0, bytes.fromhex("0504 23F4 0000"), OCTETS)


@pytest.mark.parametrize("end", ["\r\n", "\r", r"\r\n", r"\n"])
def test_lines_may_end_in_any_way(end: str) -> None:
    assert encode(VCARD, CARD.replace("\n", end)).data == OCTETS


def test_a_written_line_end_in_a_card_of_several_lines_is_left() -> None:
    data = "BEGIN:VCARD\nNOTE:a\\nb\nEND:VCARD"
    assert encode(VCARD, data).data == b"BEGIN:VCARD\r\nNOTE:a\\nb\r\nEND:VCARD\r\n"


def test_an_appointment_goes_to_port_9205() -> None:
    data = "BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR"
    assert encode(VCALENDAR, data) == Content(
        0xF5,
        0,
        bytes.fromhex("0504 23F5 0000"),
        b"BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    )


def test_letters_beyond_ascii_go_in_utf_8_and_the_line_says_so() -> None:
    data = (
        "BEGIN:VCARD\nVERSION:2.1\nN:Әлия;Омар\nFN;CHARSET=UTF-8:Әлия\n"
        "NOTE;ENCODING=8BIT:Ә\nEND:VCARD"
    )
    assert encode(VCARD, data).data.decode() == (
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=8BIT:Әлия;Омар\r\n"
        "FN;CHARSET=UTF-8:Әлия\r\nNOTE;ENCODING=8BIT;CHARSET=UTF-8:Ә\r\nEND:VCARD\r\n"
    )


def test_a_card_of_version_3_has_no_such_parameter() -> None:
    data = "BEGIN:VCARD\nVERSION:3.0\nN:Әлия\nEND:VCARD"
    assert "CHARSET" not in encode(VCARD, data).data.decode()


def test_a_long_card_goes_in_parts_to_its_port() -> None:
    data = "BEGIN:VCARD\nNOTE:" + "x" * 200 + "\nEND:VCARD"
    first, second = encode(VCARD, data).pieces(3)
    assert first[0] == bytes.fromhex("0B 0504 23F4 0000 0003 03 02 01")
    assert len(first[1]) == 128
    assert second[0] == bytes.fromhex("0B 0504 23F4 0000 0003 03 02 02")


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        (VCARD, "", "the first line is not BEGIN:VCARD"),
        (VCARD, "Paul Smith", "the first line is not BEGIN:VCARD"),
        (VCARD, "BEGIN:VCALENDAR\nEND:VCALENDAR", "the first line is not BEGIN:VCARD"),
        (VCARD, "BEGIN:VCARD\nN:x", "the last line is not END:VCARD"),
        (VCALENDAR, CARD, "the first line is not BEGIN:VCALENDAR"),
        (VCARD, "BEGIN:VCARD\nN:\ud800\nEND:VCARD", "half of a surrogate pair"),
    ],
)
def test_what_is_no_card_is_refused(kind: MessageType, data: str, says: str) -> None:
    with pytest.raises(UnreadableContent, match=says):
        encode(kind, data)
