"""Whatever an operator delivers: nothing raises or is lost; any cut of a text joins to the text."""

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from habar.config import InboundSettings
from habar.inbound import Inbound, Joiner, Receipts, Rules, Subscribers
from habar.model.shortcode import ShortCodes, fold
from habar.model.stop_words import WORDS, read
from habar.operators import Alphabet, Cyrillic, DataCodings, OperatorSettings, Quirks
from habar.store.inbox import CallMethod, Rule
from habar.wire.smpp import CommandId, CommandStatus, Pdu, Tlv, make_pdu
from habar.wire.text import encode_gsm7, encode_ucs2, pack_to_end, split
from habar.wire.text.gsm7 import fits

from ..inbound.memory import MemoryJournal

NOW = 1_790_000_030_000
GSM = "".join(chr(code) for code in range(0x20, 0x2100) if fits(chr(code)))
RULES = [
    Rule("8785", 1, method=CallMethod.GET, url="http://example.org/", id=1),
    Rule("8785", 2, "salem", CallMethod.AUTO, reply="Salem!", id=2),
]


class Clock:
    """Time stands still; rounds come by the test's hand."""

    def now_ms(self) -> int:
        return NOW

    def call_later(self, delay: float, call: Any) -> Any:
        return self

    def cancel(self) -> None:
        pass


class Gateway:
    """Everything that receives, over a journal in memory."""

    def __init__(self, **operator: Any) -> None:
        self.journal = MemoryJournal(at_once=True)
        journal: Any = self.journal
        subscribers = Subscribers(
            journal, Rules(RULES), InboundSettings(stop_words=True), lambda: NOW
        )
        self.inbound = Inbound(Receipts(journal, lambda: NOW), subscribers)
        self.operator = OperatorSettings(7, "op", "h", 1, "s", "p", **operator)
        self.joiner = Joiner(journal, subscribers, lambda operator_id: self.operator, clock=Clock())
        self.joiner.start()
        self.acks: list[int] = []

    def deliver(self, pdu: Pdu) -> None:
        self.inbound.deliver(self.operator, pdu, self.acks.append)


operators = st.fixed_dictionaries(
    {
        "alphabet": st.sampled_from(Alphabet),
        "cyrillic": st.sampled_from(Cyrillic),
        "data_codings": st.builds(DataCodings, *[st.integers(0, 255)] * 5),
    }
)
octets = st.one_of(
    st.binary(max_size=254),
    st.builds(
        lambda header, text: bytes((len(header),)) + header + text,
        st.binary(max_size=30),
        st.binary(max_size=140),
    ),
    st.builds(
        lambda places, text: b"\x05\x00\x03" + bytes(places) + text,
        st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 4)),
        st.binary(max_size=140),
    ),
)
tlvs = st.dictionaries(
    st.sampled_from(
        [Tlv.SAR_MSG_REF_NUM, Tlv.SAR_TOTAL_SEGMENTS, Tlv.SAR_SEGMENT_SEQNUM, 0x1500, 0x0005]
    ),
    st.one_of(st.integers(0, 255), st.binary(max_size=9)),
)


@settings(max_examples=500, deadline=None)
@given(
    operators,
    st.lists(
        st.tuples(
            st.sampled_from([CommandId.DELIVER_SM, CommandId.DATA_SM]),
            octets,
            st.fixed_dictionaries(
                {
                    "source_addr": st.binary(max_size=20),
                    "destination_addr": st.one_of(
                        st.binary(max_size=20), st.sampled_from([b"8785", b"+8785#1"])
                    ),
                    "esm_class": st.sampled_from([0, 0x40, 0x40, 0x43, 0x08, 0xFF]),
                    "data_coding": st.integers(0, 255),
                }
            ),
            tlvs,
            st.one_of(st.just(b""), st.binary(max_size=16), st.just(b"260921190000020+")),
        ),
        max_size=6,
    ),
)
def test_nothing_raises_and_all_is_kept_and_acknowledged(
    operator: dict[str, Any], deliveries: list[Any]
) -> None:
    gateway = Gateway(**operator)
    for command, text, fields, more, when in deliveries:
        pdu = Pdu(
            command,
            0,
            1,
            fields | {"short_message": text, "schedule_delivery_time": when},
            tuple(more.items()),
        )
        gateway.deliver(pdu)
    assert gateway.acks == [CommandStatus.ESME_ROK] * len(deliveries)
    for message in gateway.journal.messages:
        written = message.text + message.sender + message.short_code + message.transaction_id
        assert "\0" not in written
        written.encode()  # no lone surrogate


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.one_of(st.integers(), st.binary(max_size=8))))
def test_a_pdu_without_its_fields_is_kept_too(fields: dict[str, Any]) -> None:
    gateway = Gateway(quirks=Quirks())
    gateway.deliver(Pdu(CommandId.DELIVER_SM, 0, 1, fields))
    assert gateway.acks == [CommandStatus.ESME_ROK]
    assert len(gateway.journal.messages) == 1


ways = st.sampled_from(["gsm7", "packed", "latin-1", "ucs2", "ucs2-le", "iso-8859-5"])
LETTERS = {
    "gsm7": st.text(alphabet=GSM, min_size=2, max_size=400),
    # what ends in `@` or CR on the last bit loses it: see unpack_to_end
    "packed": st.text(alphabet="ab€[]", min_size=2, max_size=400),
    "latin-1": st.text(alphabet="abcéñ{}~", min_size=2, max_size=200),
    "ucs2": st.text(alphabet="яқә😀🇰🇿a", min_size=2, max_size=200),
    "ucs2-le": st.text(alphabet="яқә😀🇰🇿a", min_size=2, max_size=200),
    "iso-8859-5": st.text(alphabet="абвгдё №", min_size=2, max_size=200),
}
OPERATORS: dict[str, dict[str, Any]] = {
    "gsm7": {},
    "packed": {"alphabet": Alphabet.GSM7_PACKED},
    "latin-1": {"alphabet": Alphabet.LATIN1},
    "ucs2": {},
    "ucs2-le": {"cyrillic": Cyrillic.UCS2_LE},
    "iso-8859-5": {},
}
DATA_CODINGS = {"ucs2": 8, "ucs2-le": 8, "iso-8859-5": 6}


def units(way: str, text: str) -> bytes:
    """A text as octets that can be cut anywhere."""
    if way in ("gsm7", "packed"):
        return encode_gsm7(text)
    if way == "ucs2":
        return encode_ucs2(text)
    return text.encode({"ucs2-le": "utf-16-le", "iso-8859-5": "iso8859_5"}.get(way, way))


@settings(max_examples=300, deadline=None)
@given(st.data(), ways, st.sampled_from(["udh8", "udh16", "sar"]))
def test_any_cut_in_any_order_with_repeats_joins_to_the_text(
    data: st.DataObject, way: str, how: str
) -> None:
    text = data.draw(LETTERS[way])
    whole = units(way, text)
    cuts = data.draw(st.sets(st.integers(1, len(whole) - 1), min_size=1, max_size=6))
    edges = [0, *sorted(cuts), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    parts = [piece_pdu(way, how, len(pieces), n, piece) for n, piece in enumerate(pieces, 1)]
    repeats = data.draw(st.lists(st.sampled_from(parts), max_size=3))
    gateway = Gateway(**OPERATORS[way])
    for pdu in data.draw(st.permutations(parts + repeats)):
        gateway.deliver(pdu)
    gateway.joiner.stop()
    [message] = gateway.journal.messages
    assert message.text == text
    assert (message.parts, message.missing) == (len(pieces), 0)
    assert set(gateway.acks) == {CommandStatus.ESME_ROK}


def piece_pdu(way: str, how: str, total: int, number: int, piece: bytes) -> Pdu:
    header = {
        "udh8": bytes((5, 0, 3, 42, total, number)),
        "udh16": bytes((6, 8, 4, 1, 42, total, number)),
        "sar": b"",
    }[how]
    if way == "packed":
        piece = pack_to_end(piece, fill_bits=-8 * len(header) % 7)
    return make_pdu(
        CommandId.DELIVER_SM,
        source_addr=b"77771234567",
        destination_addr=b"8785",
        esm_class=0x40 if header else 0,
        data_coding=DATA_CODINGS.get(way, 0),
        tlvs={Tlv.MESSAGE_PAYLOAD: header + piece}
        | (
            {}
            if header
            else {
                Tlv.SAR_MSG_REF_NUM: 42,
                Tlv.SAR_TOTAL_SEGMENTS: total,
                Tlv.SAR_SEGMENT_SEQNUM: number,
            }
        ),
    )


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(alphabet=GSM, min_size=161, max_size=600), st.text("қ😀", min_size=71)))
def test_what_we_send_is_what_we_read(text: str) -> None:
    gateway = Gateway()
    segments = split(text, reference=7)
    for part in segments.parts:
        pdu = make_pdu(
            CommandId.DELIVER_SM,
            source_addr=b"77771234567",
            destination_addr=b"8785",
            esm_class=0x40,
            data_coding=int(segments.encoding),
            short_message=part.udh + part.payload,
        )
        gateway.deliver(pdu)
    [message] = gateway.journal.messages
    assert message.text == text


# --- Short codes and stop words -------------------------------------------------------------------
keywords = st.text(alphabet="аәбқAbc #.\u0306", max_size=6)


@settings(max_examples=500, deadline=None)
@given(st.sets(keywords, max_size=6), keywords, st.text(alphabet="аәқ bc#.\u0306", max_size=8))
def test_the_longest_keyword_of_those_that_fit(owned: set[str], beginning: str, rest: str) -> None:
    text = beginning + rest
    chosen = ShortCodes([Rule("8785", 1, keyword) for keyword in owned]).choose("8785", text)
    folded = fold(text)
    fitting = {
        fold(keyword)
        for keyword in owned
        if fold(keyword) == folded or folded.startswith(fold(keyword) + " ")
    }
    longest = max(fitting, key=len, default="")
    if chosen is None:
        assert not fitting
        assert "" not in {fold(keyword) for keyword in owned}
    else:
        assert folded.startswith(fold(chosen.keyword))
        assert len(fold(chosen.keyword)) >= len(longest)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(word for words in WORDS.values() for word in words)),
    st.data(),
    st.text(" .!?»\n", max_size=3),
    st.text(" .!«\t", max_size=3),
)
def test_a_stop_word_in_any_case_and_punctuation(
    word: str, data: st.DataObject, after: str, before: str
) -> None:
    cased = "".join(
        letter.lower() if data.draw(st.booleans()) else letter.upper() for letter in word
    )
    assert read(before + cased + after) == read(word)


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    read(text)
    ShortCodes([Rule("8785", 1, text)]).choose(text, text)
