"""Any data of any type: Content whose parts fit the air and join again, or UnreadableContent."""

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from habar.model.message import Outgoing
from habar.model.message_type import MessageType
from habar.operators import Alphabet, Cyrillic, LongText, OperatorSettings, submit_bodies
from habar.wire.content import Content, UnreadableContent, encode
from habar.wire.text import Encoding, parse_udh

OPERATOR = OperatorSettings(1, "op", "127.0.0.1", 2775, "id", "secret")
NO_TEXTS = st.sampled_from([kind for kind in MessageType if not kind.is_text])
hexadecimal = st.binary(max_size=700).map(bytes.hex)
texts = st.text(max_size=300) | st.text("xЖ€{ 😀", max_size=400)
words = st.sampled_from(
    [
        "<", ">", "/>", "</", '"', "'", "=", " ", "&amp;", "&", "&#0;", "&#x41;", "]]>",
        "<![CDATA[", "<!--", "-->", "<?", "?>", "<!DOCTYPE ", "[", "]", "si", "sl", "sms",
        "indication", "href", "action", "created", "http://www.", ".com/", "ud", "udh", "pid",
        "dcs", "00", "F5", "CHARACTERISTIC-LIST", "PARM", "NAME", "URL", "SET",
        "MessageCount", "MessageText", "x:",
        "BEGIN:VCARD", "END:VCARD", "\n", "\r\n", "Ж", "\ud800", "\0", "\ufeff", "3000", "0048",
    ]
)  # fmt: skip
"""What such data is made of, in any order."""


def escaped(text: str) -> str:
    return "".join(f"&#{ord(char)};" if char in "<>&\"'\r\n\t" else char for char in text)


def udh_of(elements: list[tuple[int, bytes]]) -> str:
    joined = b"".join(bytes((kind, len(octets))) + octets for kind, octets in elements)
    return (bytes((len(joined),)) + joined).hex() if joined else ""


def sms(pid: int, dcs: int, udh: str, ud: str) -> str:
    codes = f"<pid>{pid:02x}</pid><dcs>{dcs:02x}</dcs>"
    return f"<sms>{codes}<udh>{udh}</udh><ud>{ud}</ud></sms>"


def waits(action: str, count: int, text: str) -> str:
    fields = f"<MessageCount>{count}</MessageCount><MessageText>{text}</MessageText>"
    return f"<Indication action='{action}'>{fields}</Indication>"


good = st.one_of(
    st.tuples(st.just(MessageType.BINARY), st.binary(min_size=1, max_size=900).map(bytes.hex)),
    st.builds(
        lambda pid, dcs, elements, ud: (
            MessageType.BINARY_XML,
            sms(pid, dcs, udh_of(elements), ud.hex()),
        ),
        st.integers(0, 255),
        st.integers(0, 255),
        st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=4),
        st.binary(max_size=500) | st.binary(max_size=400).map(lambda b: bytes(o & 127 for o in b)),
    ),
    st.builds(
        lambda url, text: (
            MessageType.WAPPUSH,
            f"<si><indication href='{escaped(url)}'>{escaped(text)}</indication></si>",
        ),
        st.text("htp:/w.comx&Ж", min_size=1, max_size=60) | st.just("http://x.com/"),
        texts,
    ),
    st.builds(
        lambda kind, action, count, text: (
            kind,
            waits(action, count, escaped(text)),
        ),
        st.sampled_from([MessageType.VOICEMAIL, MessageType.VIDEO]),
        st.sampled_from(["SET", "CLEAR"]),
        st.integers(0, 999),
        texts,
    ),
    st.builds(
        lambda text: (MessageType.VCARD, f"BEGIN:VCARD\nVERSION:2.1\nN:{text}\nEND:VCARD"), texts
    ),
)


def read(kind: MessageType, data: str) -> Content | None:
    try:
        return encode(kind, data)
    except UnreadableContent:
        return None


def on_the_air(content: Content, udh: bytes, data: bytes) -> int:
    """Octets in TP-UD: septets are packed behind the header."""
    if content.alphabet is Encoding.GSM7:
        return -(-(-(-len(udh) * 8 // 7) + len(data)) * 7 // 8)
    return len(udh) + len(data)


def check(content: Content, reference: int, bits: int) -> None:
    pieces = content.pieces(reference, bits)
    assert len(pieces) == content.count(bits)
    assert b"".join(data for _, data in pieces) == content.data
    assert all(on_the_air(content, udh, data) <= 140 for udh, data in pieces)
    own = parse_udh(bytes((len(content.header),)) + content.header).elements
    for number, (udh, data) in enumerate(pieces, 1):
        header = parse_udh(udh)
        assert header.size == len(udh)
        assert header.elements[: len(own)] == own
        if len(pieces) > 1:
            assert header.concatenation == (reference % (1 << bits), len(pieces), number, bits)
            assert data
        if content.alphabet is Encoding.UCS2:
            assert len(data) % 2 == 0


@given(good, st.integers(0, 2**63), st.sampled_from([8, 16]))
def test_parts_fit_the_air_and_join_again(
    message: tuple[MessageType, str], reference: int, bits: int
) -> None:
    content = read(*message)
    if content is not None and content.count(bits) <= 255:
        check(content, reference, bits)


@given(good)
def test_the_same_data_gives_the_same_content(message: tuple[MessageType, str]) -> None:
    assert read(*message) == read(*message)


@given(NO_TEXTS, st.lists(words, max_size=40).map("".join) | st.text() | hexadecimal)
@example(MessageType.WAPPUSH, "<!DOCTYPE a>\0")
@example(MessageType.WAPPUSH, "")
def test_any_data_is_content_or_unreadable(kind: MessageType, data: str) -> None:
    content = read(kind, data)
    if content is not None:
        check(content, 1, 8)


@given(good, st.data())
def test_broken_data_is_content_or_unreadable(
    message: tuple[MessageType, str], draw: st.DataObject
) -> None:
    kind, data = message
    at = draw.draw(st.integers(0, len(data)))
    till = draw.draw(st.integers(at, min(len(data), at + 10)))
    content = read(kind, data[:at] + draw.draw(words) + data[till:])
    if content is not None:
        check(content, 1, 8)


@given(
    good,
    st.sampled_from(Alphabet),
    st.sampled_from(Cyrillic),
    st.sampled_from(LongText),
    st.sampled_from([0x33, 0x34]),
)
def test_whatever_the_operator_reads_it_gets_the_counted_parts(
    message: tuple[MessageType, str],
    alphabet: Alphabet,
    cyrillic: Cyrillic,
    long_text: LongText,
    version: int,
) -> None:
    kind, data = message
    content = read(kind, data)
    if content is None:
        return
    operator = replace(
        OPERATOR,
        alphabet=alphabet,
        cyrillic=cyrillic,
        long_text=long_text,
        interface_version=version,
    )
    coding, parts = content.data_coding, content.parts
    outgoing = Outgoing(7, 1, 1, "SHOP", 77010000001, data, coding, kind, parts, 0, None)
    bodies = submit_bodies(outgoing, operator, 0)
    assert len(bodies) == parts
    assert submit_bodies(outgoing._replace(sent_parts=(1,)), operator, 9) == bodies
    if content.alphabet is None:
        assert all(
            body.endswith(udh + octets)
            for body, (udh, octets) in zip(bodies, content.pieces(7), strict=True)
            if long_text is not LongText.UDH_16
        )
