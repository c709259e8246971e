"""wire/content/picture.py: Nokia's picture message to port 5514 (Smart Messaging 3.0.0)."""

import pytest

from habar.model.message_type import MessageType
from habar.wire.content import Content, UnreadableContent, encode

PICTURE = MessageType.PICTURE
PORT = bytes.fromhex("0504 158A 0000")
OZEKI = """
300000045465737402010000481C01666666666666666666999999999999999999
800000000000000001400000006000E00002400000E900310000280000031080CF
3B801800000400411044401400000FFFE2F8B12024000000000538CAA028000000
0006289C4018000000000414140014000000000142800240002000000142800280
01F0000000A28001800FFE000000A500015FFFFFFFFFFEA57FFA400AAA00000055
00028201500440015D08A188102800040FF0201404100010003ABE002440000082
00D55588280101440001AAAAC0180000000003555560140010000806AAAAB02400
00000005555550280000000000000001999999999999999999666666666666666666
"""
"""The example of Ozeki NG's manual: 30; 00, 4 octets "Test"; 02, 256 octets of a bitmap of which
two are missing."""


def test_the_example_of_the_program_whose_protocol_this_is() -> None:
    content = encode(PICTURE, OZEKI)
    assert (content.data_coding, content.protocol_id, content.header) == (0xF5, 0, PORT)
    assert content.data[:15] == b"\x30\x00\x00\x04Test\x02\x01\x00\x00\x48\x1c\x01"
    assert content.data == bytes.fromhex(OZEKI) + b"\0\0"
    assert len(content.data) == 1 + 3 + 4 + 3 + 4 + 72 * 28 // 8
    assert [(udh.hex(), len(data)) for udh, data in content.pieces(0x5A)] == [
        ("0b0504158a000000035a0301", 128),
        ("0b0504158a000000035a0302", 128),
        ("0b0504158a000000035a0303", 11),
    ]


def test_a_bitmap_alone_becomes_a_message() -> None:
    # 8 x 2 dots: 00 08 02 01 and 2 octets; the message is 30, item 02 with 0006 octets
    assert encode(PICTURE, "00080201 FF 81") == Content(
        0xF5, 0, PORT, bytes.fromhex("30 02 0006 00080201 FF81")
    )


def test_dots_that_do_not_fill_an_octet() -> None:
    assert encode(PICTURE, "00030301 FF80").data[-2:] == b"\xff\x80"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "begins neither"),
        ("89504E47", "begins neither"),
        ("zz", "no hexadecimal digit"),
        ("30", "not one bitmap"),
        ("30 00 0001 41", "not one bitmap"),
        ("30 02 0006 00080201FF81 02 0006 00080201FF81", "not one bitmap"),
        ("30 02 0007 00080201FF81", "not as many dots"),
        ("30 00 0002 41", "longer than the data"),
        ("30 02 0006 000802", "longer than the data"),
        ("30 02 00", "longer than the data"),
        ("30 02 0000", "does not begin with 00, width"),
        ("00080202 FF81", "does not begin with 00, width"),
        ("00080201 FF", "not as many dots"),
        ("00080201 FF8100", "not as many dots"),
        ("00000001", "not as many dots"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_place(data: str, says: str) -> None:
    with pytest.raises(UnreadableContent, match=says):
        encode(PICTURE, data)
