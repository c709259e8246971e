"""Any PDU comes back as it went, any octets give a PDU or one of two errors."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habar.wire.smpp import (
    CommandId,
    CommandStatus,
    DistributionList,
    EncodeError,
    FramingError,
    Pdu,
    PduError,
    SmeAddress,
    Tlv,
    UnsuccessfulSme,
    decode,
    encode,
    encode_submit_body,
    make_pdu,
)
from habar.wire.smpp.codec import decode_by_table, decode_known
from habar.wire.smpp.table import PDUS, TLVS, Field, Kind, TlvKind, TlvSpec

STATUSES = {int(status) for status in CommandStatus}
BYTE = st.integers(0, 255)


def cstring(size: int) -> st.SearchStrategy[bytes]:
    return st.lists(st.integers(1, 255), max_size=size - 1).map(bytes)


def value(field: Field) -> st.SearchStrategy[Any]:
    addresses = st.builds(SmeAddress, BYTE, BYTE, cstring(21))
    lists = st.builds(DistributionList, cstring(21))
    failures = st.builds(UnsuccessfulSme, BYTE, BYTE, cstring(21), st.integers(0, 2**32 - 1))
    return {
        Kind.INT8: BYTE,
        Kind.CSTRING: cstring(field.size),
        Kind.COUNTED: st.binary(max_size=field.size),
        Kind.DESTINATIONS: st.lists(addresses | lists, max_size=5).map(tuple),
        Kind.FAILURES: st.lists(failures, max_size=5).map(tuple),
    }[field.kind]


def tlv(spec: TlvSpec) -> st.SearchStrategy[tuple[int, int | bytes]]:
    tag = st.just(int(spec.tag))
    if spec.kind is TlvKind.INTEGER:
        return st.tuples(tag, st.integers(0, 256**spec.most - 1))
    if spec.kind is TlvKind.CSTRING:
        return st.tuples(tag, cstring(spec.most))
    return st.tuples(tag, st.binary(min_size=spec.least, max_size=min(spec.most, 300)))


TLV = st.sampled_from(list(TLVS.values())).flatmap(tlv) | st.tuples(
    st.integers(0x1400, 0x3FFF), st.binary(max_size=20)
)


@st.composite
def pdus(draw: st.DrawFn) -> Pdu:
    command = draw(st.sampled_from(list(CommandId)))
    fields = {field.name: draw(value(field)) for field in PDUS[command].fields}
    tlvs = draw(st.lists(TLV, max_size=6)) if fields else []
    status = draw(st.sampled_from([0, 8, 0x58, 0x401, 0xFFFFFFFF]))
    number = draw(st.integers(0, 2**32 - 1))
    return make_pdu(command, command_status=status, sequence_number=number, tlvs=tlvs, **fields)


@given(pdus())
def test_there_and_back(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


@given(pdus(), st.data())
def test_cut_anywhere_it_is_a_pdu_or_a_pdu_error(pdu: Pdu, data: st.DataObject) -> None:
    octets = encode(pdu)
    end = data.draw(st.integers(16, len(octets)))
    header = (pdu.command_id, pdu.command_status, pdu.sequence_number)
    fault = None
    try:
        cut = decode_known(octets, 0, end, *header)
    except PduError as error:
        fault = error
    if fault is None:
        assert set(cut.fields) == set(pdu.fields)
    else:
        assert not pdu.command_id & 0x80000000
        assert fault.sequence_number == pdu.sequence_number


@given(st.sampled_from([CommandId.SUBMIT_SM, CommandId.DELIVER_SM]), st.binary(max_size=60))
def test_the_quick_reading_agrees_with_the_table_on_any_body(command: int, body: bytes) -> None:
    octets = bytes(16) + body
    quick: object
    thorough: object
    try:
        quick = decode_known(octets, 0, len(octets), command, 0, 1)
    except PduError as error:
        quick = error.command_status
    try:
        thorough = decode_by_table(octets, 0, len(octets), command, 0, 1)
    except PduError as error:
        thorough = error.command_status
    assert quick == thorough


@given(
    st.binary(max_size=25),
    st.binary(max_size=25),
    st.binary(max_size=300),
    st.integers(-1, 256),
    st.binary(max_size=20),
)
def test_the_quick_writing_agrees_with_the_table(
    source: bytes, destination: bytes, text: bytes, octet: int, period: bytes
) -> None:
    fields: dict[str, Any] = {
        "source_addr": source,
        "destination_addr": destination,
        "short_message": text,
        "esm_class": octet,
        "validity_period": period,
    }
    defaults: dict[str, Any] = {"dest_addr_ton": 1, "dest_addr_npi": 1}
    try:
        expected = encode(make_pdu(CommandId.SUBMIT_SM, **(defaults | fields)))[16:]
    except EncodeError:
        with pytest.raises(EncodeError):
            encode_submit_body(**fields)
    else:
        assert encode_submit_body(**fields) == expected


@given(st.binary(max_size=200))
def test_any_octets(octets: bytes) -> None:
    survive(octets)


def survive(octets: bytes) -> None:
    try:
        status, shown = 0, repr(decode(octets))
    except (PduError, FramingError) as error:
        status, shown = int(error.command_status), str(error)
    assert status in STATUSES
    assert shown


def seeds() -> list[bytes]:
    tlvs: dict[int, int | bytes] = {
        Tlv.MESSAGE_STATE: 2,
        Tlv.RECEIPTED_MESSAGE_ID: b"1f",
        Tlv.MESSAGE_PAYLOAD: b"payload",
    }
    made = [make_pdu(c, sequence_number=7, tlvs=tlvs if s.fields else ()) for c, s in PDUS.items()]
    made.append(
        make_pdu(
            CommandId.SUBMIT_MULTI,
            dest_addresses=(SmeAddress(1, 1, b"7777"), DistributionList(b"VIP")),
            short_message=b"hello",
            source_addr=b"INFO",
        )
    )
    return [encode(pdu) for pdu in made]


def mutated(chance: random.Random, octets: bytes) -> bytes:
    mutant = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        where = chance.randrange(len(mutant)) if mutant else 0
        kind = chance.randrange(4)
        if kind == 0 and mutant:
            mutant[where] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        elif kind == 1:
            mutant[where:where] = chance.randbytes(chance.randint(1, 8))
        elif kind == 2:
            del mutant[where : where + chance.randint(1, 8)]
        else:
            mutant[where : where + 2] = chance.choice((b"\0\0", b"\xff\xff", b"\x04\x24"))
    if chance.random() < 0.8:  # most with a true length, so that the bodies are read
        mutant[:4] = len(mutant).to_bytes(4, "big")
    return bytes(mutant)


def test_a_hundred_thousand_mutants() -> None:
    chance = random.Random(34)
    originals = seeds()
    for _ in range(100_000):
        survive(mutated(chance, chance.choice(originals)))


@settings(max_examples=30)
@given(st.integers(65521, 70000))
def test_too_long_a_pdu_is_never_written(size: int) -> None:
    with pytest.raises(EncodeError):
        encode(make_pdu(CommandId.SUBMIT_SM, tlvs={Tlv.MESSAGE_PAYLOAD: bytes(size)}))
