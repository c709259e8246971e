"""Any text by any operator's way: the parts are those counted, and a handset reads the text.

The reader is written here from the standards (TS 23.038, TS 23.040, SMPP 3.4), not from habar's
own decoders.
"""

from dataclasses import replace
from struct import pack, unpack

from hypothesis import given, settings
from hypothesis import strategies as st

from habar.model.message import Outgoing
from habar.operators import Alphabet, Cyrillic, LongText, OperatorSettings, submit_bodies
from habar.wire.smpp import CommandId, Pdu, decode
from habar.wire.text import NEAREST_ASCII, NEAREST_LATIN1, count_parts

NOW = 1_790_000_000_000
OPERATOR = OperatorSettings(1, "op", "127.0.0.1", 2775, "id", "secret")
MOST_OCTETS = 140

DEFAULT = (  # TS 23.038, 6.2.1, row by row
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", "\f^{}\\[~]|€", strict=True))
GSM = DEFAULT.replace("\x1b", "") + "".join(EXTENSION.values())
RUSSIAN = "".join(map(chr, range(0x410, 0x450))) + "Ёё№ 1a"
NEAREST = {Alphabet.LATIN1: NEAREST_LATIN1, Alphabet.ASCII: NEAREST_ASCII}

texts = st.one_of(
    st.text(alphabet=GSM, max_size=170),
    st.text(alphabet="xy€{}@\r", max_size=700),
    st.text(alphabet=RUSSIAN, max_size=300),
    st.text(alphabet="яқә😀€", max_size=300),
    st.builds(str.__mul__, st.sampled_from("xé€Яқ😀"), st.integers(60, 650)),
    st.builds(  # about the edges of the parts, with references of 8 and 16 bits
        lambda char, room, parts, less: char * (room * parts - less),
        st.sampled_from("xЯ"),
        st.sampled_from([153, 67]),
        st.integers(1, 4),
        st.integers(0, 5),
    ),
)
operators = st.builds(
    lambda alphabet, cyrillic, long_text, version: replace(
        OPERATOR,
        alphabet=alphabet,
        cyrillic=cyrillic,
        long_text=long_text,
        interface_version=version,
    ),
    st.sampled_from(Alphabet),
    st.sampled_from(Cyrillic),
    st.sampled_from(LongText),
    st.sampled_from([0x33, 0x34]),
)


def septets(octets: bytes, header: int) -> bytes:
    """Unpack, seeing only how many octets there are: CR in the last seven bits is no text."""
    bits = "".join(f"{octet:08b}"[::-1] for octet in octets)[-8 * header % 7 :]
    found = bytes(int(bits[at : at + 7][::-1], 2) for at in range(0, len(bits) - 6, 7))
    ends_on_an_octet = len(bits) % 7 == 0
    return found[:-1] if ends_on_an_octet and found.endswith(b"\r") else found


def characters(codes: bytes) -> str:
    text, escaped = "", False
    for code in codes:
        assert code < 0x80
        if escaped:
            text, escaped = text + EXTENSION[code], False
        elif code == 0x1B:
            escaped = True
        else:
            text += DEFAULT[code]
    assert not escaped, "an escape and its character in two parts"
    return text


def read(octets: bytes, header: int, data_coding: int, operator: OperatorSettings) -> str:
    if data_coding == 8:
        little = operator.cyrillic is Cyrillic.UCS2_LE
        return octets.decode("utf-16-le" if little else "utf-16-be")
    if data_coding == 6:
        return octets.decode("iso8859_5")
    if operator.alphabet is Alphabet.GSM7:
        return characters(octets)
    if operator.alphabet is Alphabet.GSM7_PACKED:
        return characters(septets(octets, header))
    return octets.decode("latin-1" if operator.alphabet is Alphabet.LATIN1 else "ascii")


def place_of(pdu: Pdu) -> tuple[int, int, int, int]:
    """Reference, total, sequence, and how long the header is."""
    if pdu.number("esm_class") & 0x40:
        header = pdu.message[: pdu.message[0] + 1]
        if header[1] == 0:
            assert header[:3] == b"\x05\x00\x03"
            return header[3], header[4], header[5], 6
        assert header[1:3] == b"\x08\x04"
        reference, total, part = unpack(">HBB", header[3:])
        return reference, total, part, 7
    sar = [pdu.tlv_number(tag) for tag in (0x020C, 0x020E, 0x020F)]
    if sar == [None, None, None]:
        return 0, 1, 1, 0
    reference, total, part = (number or 0 for number in sar)
    return reference, total, part, 0


def air_octets(message: Outgoing, text: str, header: int) -> int:
    """User data of a part on the air, with a header, even if that is the operator's to make."""
    if message.data_coding == 0:
        septets = sum(2 if char in EXTENSION.values() else 1 for char in text)
        return -(-(7 * (-(-8 * header // 7) + septets)) // 8)
    return header + len(text.encode("utf-16-be"))


@settings(max_examples=800, deadline=None)
@given(texts, operators, st.integers(1, 2**40))
def test_a_handset_reads_the_text(text: str, operator: OperatorSettings, message_id: int) -> None:
    encoding, counted = count_parts(text)
    message = Outgoing(message_id, 1, 1, "SHOP", 77010000001, text, encoding, 0, counted, NOW, None)
    bodies = submit_bodies(message, operator, NOW)
    assert bodies == submit_bodies(message, operator, NOW + 60_000)
    pdus = [decode(pack(">4L", 16 + len(b), CommandId.SUBMIT_SM, 0, 1) + b) for b in bodies]
    tlvs = operator.interface_version == 0x34
    whole = tlvs and operator.long_text is LongText.PAYLOAD
    assert len(pdus) == (1 if whole else counted)

    pieces = []
    for number, pdu in enumerate(pdus, 1):
        assert tlvs or not pdu.tlvs
        reference, total, part, header = place_of(pdu)
        assert (total, part) == (len(pdus), number)
        assert len(pdus) == 1 or reference in (message_id & 0xFF, message_id & 0xFFFF)
        piece = read(pdu.message[header:], header, pdu.number("data_coding"), operator)
        assert (
            whole or air_octets(message, piece, max(header, 6) if counted > 1 else 0) <= MOST_OCTETS
        )
        pieces.append(piece)

    nearest = NEAREST.get(operator.alphabet, {}) if encoding == 0 else {}
    sent = "".join(nearest.get(char, char) for char in text)
    received = "".join(pieces)
    if encoding == 0 and operator.alphabet is Alphabet.GSM7_PACKED:
        # CR is also what fills the last bits, so one that was meant may be taken for such.
        sent, received = sent.replace("\r", ""), received.replace("\r", "")
    assert received == sent
