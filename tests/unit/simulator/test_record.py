"""What is kept of submit_sm: values, whole texts, repetitions, bounds."""

from collections.abc import Callable
from itertools import count

from habar.simulator.content import Reading
from habar.simulator.record import Received, Record, Seen, joined, received_of
from habar.wire.smpp import Pdu
from habar.wire.text import Concatenation, encode_gsm7, encode_ucs2, pack_to_end, split

Submit = Callable[..., Pdu]

NOW = 1_760_000_000_000
NUMBERS = count(1)


def part(text: bytes, concatenation: Concatenation | None, destination: str = "7") -> Received:
    return Received(
        session=1,
        sequence=next(NUMBERS),
        system_id="habar",
        message_id="1",
        received_ms=NOW,
        source="INFO_KAZ",
        destination=destination,
        esm_class=0,
        data_coding=0,
        registered_delivery=0,
        priority=0,
        schedule_delivery_time="",
        validity_period="",
        udh=b"",
        short_message=text,
        text=text.decode(),
        concatenation=concatenation,
    )


def test_the_value_tells_every_field(submit: Submit) -> None:
    udh = b"\x05\x00\x03\x09\x02\x01"
    pdu = submit(
        esm_class=0x40,
        data_coding=8,
        short_message=udh + encode_ucs2("Хабар"),
        validity_period=b"000001000000000R",
        priority_flag=2,
    )
    received = received_of(pdu, 3, "shop", b"555", NOW)
    assert received == Received(
        session=3,
        sequence=7,
        system_id="shop",
        message_id="555",
        received_ms=NOW,
        source="INFO_KAZ",
        destination="77771234567",
        esm_class=0x40,
        data_coding=8,
        registered_delivery=1,
        priority=2,
        schedule_delivery_time="",
        validity_period="000001000000000R",
        udh=udh,
        short_message=encode_ucs2("Хабар"),
        text="Хабар",
        concatenation=Concatenation(9, 2, 1, 8),
    )


def test_single_messages_are_whole() -> None:
    messages = joined([part(b"one", None), part(b"two", Concatenation(1, 1, 1, 8))])
    assert [message.text for message in messages] == ["one", "two"]


def test_parts_in_any_order_and_mixed_with_others_make_whole_texts() -> None:
    def a(number: int) -> Concatenation:
        return Concatenation(5, 3, number, 8)

    messages = joined(
        [
            part(b"c", a(3)),
            part(b"x", Concatenation(5, 2, 1, 8), destination="8"),
            part(b"a", a(1)),
            part(b"b", a(2)),
            part(b"y", Concatenation(5, 2, 2, 8), destination="8"),
        ]
    )
    assert [message.text for message in messages] == ["abc", "xy"]
    assert [p.short_message for p in messages[0].parts] == [b"a", b"b", b"c"]


def test_an_incomplete_text_is_not_told() -> None:
    assert joined([part(b"a", Concatenation(1, 2, 1, 8))]) == []


def test_a_reference_may_be_used_again_after_the_text_is_whole() -> None:
    parts = [part(t, Concatenation(1, 2, n, 8)) for t, n in ((b"a", 1), (b"b", 2)) * 2]
    assert [message.text for message in joined(parts)] == ["ab", "ab"]


def test_a_part_that_came_twice_counts_once() -> None:
    first, second = Concatenation(1, 2, 1, 8), Concatenation(1, 2, 2, 8)
    messages = joined([part(b"a", first), part(b"a", first), part(b"b", second)])
    assert [message.text for message in messages] == ["ab"]


def test_eight_and_sixteen_bit_references_are_told_apart() -> None:
    parts = [part(b"a", Concatenation(1, 2, 1, 8)), part(b"b", Concatenation(1, 2, 2, 16))]
    assert joined(parts) == []


def test_a_character_cut_in_two_by_a_peer_is_read(submit: Submit) -> None:
    octets = encode_ucs2("🙂")
    parts = [
        received_of(
            submit(
                esm_class=0x40, data_coding=8, short_message=b"\x05\x00\x03\x01\x02" + n + piece
            ),
            1,
            "habar",
            b"1",
            NOW,
        )
        for n, piece in ((b"\x01", octets[:2]), (b"\x02", octets[2:]))
    ]
    assert [message.text for message in joined(parts)] == ["🙂"]


def test_what_our_own_splitter_makes_is_joined(submit: Submit) -> None:
    text = "Қазақша хабар, 🙂 " * 20
    segments = split(text, reference=300, reference_bits=16)
    received = [
        received_of(
            submit(esm_class=0x40, data_coding=8, short_message=p.udh + p.payload), 1, "h", b"1", 1
        )
        for p in segments.parts
    ]
    assert [message.text for message in joined(received)] == [text]


def test_counts_tell_repetitions(submit: Submit) -> None:
    record = Record(10, 10)
    for now_ms, message in ((5, b"a"), (6, b"a"), (7, b"b")):
        record.count(submit(short_message=message), now_ms)
    counts = record.counts
    assert (counts.submitted, counts.unique, counts.repeated) == (3, 2, 1)
    assert (counts.first_ms, counts.last_ms) == (5, 7)
    assert record.seen.count(b"77771234567", b"a") == 2
    assert record.seen.count(b"77771234568", b"a") == 0


def test_seen_forgets_the_oldest_and_keeps_at_least_half() -> None:
    seen = Seen(100)
    for number in range(1000):
        assert seen.add(b"7", b"%d" % number) == 1
    assert seen.count(b"7", b"0") == 0
    assert all(seen.count(b"7", b"%d" % number) == 1 for number in range(950, 1000))


def test_seen_keeps_what_comes_again() -> None:
    seen = Seen(10)
    for number in range(100):
        seen.add(b"7", b"often")
        seen.add(b"7", b"%d" % number)
    assert seen.count(b"7", b"often") == 100


def test_packed_parts_are_unpacked_each_before_they_are_joined(submit: Submit) -> None:
    reading = Reading("gsm7-packed")
    parts = [
        received_of(
            submit(
                esm_class=0x40,
                short_message=udh + pack_to_end(encode_gsm7(text), fill_bits=-8 * len(udh) % 7),
            ),
            1,
            "habar",
            b"1",
            NOW,
            reading,
        )
        for udh, text in (
            (b"\x06\x08\x04\x01\x02\x02\x01", "first, "),
            (b"\x06\x08\x04\x01\x02\x02\x02", "second €"),
        )
    ]
    assert [message.text for message in joined(parts, reading)] == ["first, second €"]
    assert [one.text for one in parts] == ["first, ", "second €"]
