"""Decisions of the SMSC: binds, ids, refusals, throttling, receipts owed."""

from collections.abc import Callable

import pytest

from habar.simulator import Faults, Limit, Settings, SubscriberMessage, Times
from habar.simulator.behaviour import Behaviour
from habar.simulator.exchange import Answer, Exchange, wants_receipt
from habar.wire.smpp import (
    CommandId,
    CommandStatus,
    MessageState,
    Pdu,
    decode,
    receipt_of,
)
from habar.wire.text import encode_ucs2

Submit = Callable[..., Pdu]

NOW = 1_760_000_000_000  # 2025-10-09 08:53:20 UTC
HEADER = bytes.fromhex("00000000 00000005 00000000 00000001")


def exchange(**settings: object) -> Exchange:
    return Exchange(Settings(**settings), lambda: NOW)  # type: ignore[arg-type]


def owed(smsc: Exchange, now: float = 1e9) -> list[Pdu]:
    """Take out the deliver_sm that are due."""
    pdus = []
    for delivery in smsc.outbox.ready("habar", now) or ():
        body = delivery.body + delivery.tlvs
        pdus.append(decode((len(body) + 16).to_bytes(4, "big") + HEADER[4:] + body))
    return pdus


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [
        ("habar", b"habar", CommandStatus.ESME_ROK),
        ("habar", b"wrong", CommandStatus.ESME_RINVPASWD),
        ("habar", b"", CommandStatus.ESME_RINVPASWD),
        ("nobody", b"habar", CommandStatus.ESME_RINVSYSID),
    ],
)
def test_binds(system_id: str, password: bytes, status: int) -> None:
    assert exchange().authenticate(system_id, password) == status


def test_binds_may_all_be_refused() -> None:
    smsc = exchange()
    smsc.bind_status = CommandStatus.ESME_RBINDFAIL
    assert smsc.authenticate("habar", b"habar") == CommandStatus.ESME_RBINDFAIL


def test_ids_are_new_each_time_and_start_from_the_clock(submit: Submit) -> None:
    smsc = exchange()
    ids = [smsc.submit(1, "habar", submit(), 0.0).message_id for _ in range(3)]
    assert ids == [b"%d" % (NOW * 1000 + n) for n in range(3)]


def test_ids_in_hexadecimal(submit: Submit) -> None:
    smsc = exchange(message_ids="hex")
    assert smsc.submit(1, "habar", submit(), 0.0).message_id == b"%x" % (NOW * 1000)


def test_a_message_is_recorded_and_its_receipt_owed(submit: Submit) -> None:
    smsc = exchange(receipt_delay=2.0)
    answer = smsc.submit(4, "habar", submit(short_message=b"Hello"), 10.0)
    assert answer.status == CommandStatus.ESME_ROK
    [received] = smsc.record.received
    assert (received.session, received.text) == (4, "Hello")
    assert owed(smsc, 11.9) == []
    [pdu] = owed(smsc, 12.0)
    receipt = receipt_of(pdu)
    assert receipt is not None
    assert receipt.message_id.encode() == answer.message_id
    assert receipt.state == MessageState.DELIVERED
    assert receipt.text == "Hello"
    assert receipt.submit_date is not None
    assert receipt.submit_date[:5] == (2025, 10, 9, 8, 53)


def test_the_receipt_goes_the_way_back(submit: Submit) -> None:
    smsc = exchange()
    smsc.submit(1, "habar", submit(), 0.0)
    [pdu] = owed(smsc)
    assert pdu.command_id == CommandId.DELIVER_SM
    assert pdu.number("esm_class") == 0x04
    assert pdu.octets("source_addr") == b"77771234567"
    assert pdu.number("source_addr_ton") == 1
    assert pdu.octets("destination_addr") == b"INFO_KAZ"
    assert pdu.number("dest_addr_ton") == 5


def test_appendix_b_alone_tells_the_same_as_the_tlvs(submit: Submit) -> None:
    smsc = exchange()
    answer = smsc.submit(1, "habar", submit(destination_addr=b"77000000103"), 0.0)
    [pdu] = owed(smsc)
    text = pdu.octets("short_message")
    assert text.startswith(b"id:" + answer.message_id + b" ")
    assert b" stat:EXPIRED " in text
    assert b" err:027 " in text
    assert len(pdu.tlvs) == 2


@pytest.mark.parametrize(
    ("text", "encoded", "data_coding"),
    [("a" * 50, b"a" * 50, 0), ("Сәлем, бұл ұзын мәтін емес пе", None, 8)],
)
def test_any_text_has_a_receipt_that_can_be_read(
    submit: Submit, text: str, encoded: bytes | None, data_coding: int
) -> None:
    smsc = exchange()
    octets = encoded or encode_ucs2(text)
    answer = smsc.submit(1, "habar", submit(short_message=octets, data_coding=data_coding), 0.0)
    [pdu] = owed(smsc)
    receipt = receipt_of(pdu)
    assert receipt is not None
    assert receipt.message_id.encode() == answer.message_id
    assert len(receipt.text) <= 20


@pytest.mark.parametrize(
    ("registered_delivery", "state", "wanted"),
    [
        (0, MessageState.DELIVERED, False),
        (0x10, MessageState.DELIVERED, False),
        (1, MessageState.DELIVERED, True),
        (1, MessageState.EXPIRED, True),
        (0x11, MessageState.DELIVERED, True),
        (2, MessageState.DELIVERED, False),
        (2, MessageState.UNDELIVERABLE, True),
        (3, MessageState.DELIVERED, True),
        (3, MessageState.EXPIRED, False),
    ],
)
def test_receipts_only_where_asked(
    registered_delivery: int, state: MessageState, wanted: bool
) -> None:
    assert wants_receipt(registered_delivery, state) is wanted


def test_no_receipt_unasked_or_from_a_sink(submit: Submit) -> None:
    smsc = exchange()
    smsc.submit(1, "habar", submit(registered_delivery=0), 0.0)
    smsc.submit(1, "habar", submit(destination_addr=b"77000000101"), 0.0)
    sink = exchange(receipts=False)
    sink.submit(1, "habar", submit(), 0.0)
    assert (owed(smsc), owed(sink)) == ([], [])


def test_a_refused_message_leaves_nothing_but_a_count(submit: Submit) -> None:
    smsc = exchange()
    answer = smsc.submit(1, "habar", submit(destination_addr=b"77000000108"), 0.0)
    assert answer == Answer(CommandStatus.ESME_RINVDSTADR)
    assert not smsc.record.received
    assert (smsc.record.counts.refused, smsc.outbox.kept) == (1, 0)


def test_all_submits_may_be_refused(submit: Submit) -> None:
    smsc = exchange()
    smsc.submit_status = CommandStatus.ESME_RSYSERR
    assert smsc.submit(1, "habar", submit(), 0.0).status == CommandStatus.ESME_RSYSERR


def statuses(smsc: Exchange, pdu: Pdu, times: int) -> list[int]:
    return [smsc.submit(1, "habar", pdu, 0.0).status for _ in range(times)]


ROK, THROTTLED = CommandStatus.ESME_ROK, CommandStatus.ESME_RTHROTTLED


def test_each_new_message_is_throttled_twice(submit: Submit) -> None:
    smsc = exchange()
    pdu = submit(destination_addr=b"77000000088")
    assert statuses(smsc, pdu, 6) == [THROTTLED, THROTTLED, ROK] * 2
    assert smsc.record.counts.throttled == 4
    assert smsc.record.counts.submitted == 2


def test_parts_and_senders_are_throttled_each_for_itself(submit: Submit) -> None:
    smsc = exchange()
    udh = b"\x05\x00\x03\x01\x02"
    pdus = [
        submit(destination_addr=b"77000000088", esm_class=0x40, short_message=udh + b"\x01a"),
        submit(destination_addr=b"77000000088", esm_class=0x40, short_message=udh + b"\x02a"),
        submit(destination_addr=b"77000000088", source_addr=b"SHOP"),
    ]
    assert [statuses(smsc, pdu, 2) for pdu in pdus] == [[THROTTLED, THROTTLED]] * 3
    assert [statuses(smsc, pdu, 1) for pdu in pdus] == [[ROK]] * 3


def test_memory_of_throttled_messages_is_bounded(submit: Submit) -> None:
    smsc = exchange(record=False)
    first = submit(destination_addr=b"77000000088", short_message=b"first")
    assert statuses(smsc, first, 2) == [THROTTLED, THROTTLED]
    for number in range(10_000):
        statuses(smsc, submit(destination_addr=b"77000000088", short_message=b"%d" % number), 1)
    assert statuses(smsc, first, 1) == [THROTTLED]  # forgotten, so it begins anew


def test_a_full_outbox_refuses_messages_that_need_it(submit: Submit) -> None:
    smsc = exchange(outbox_limit=1)
    assert statuses(smsc, submit(), 2) == [ROK, CommandStatus.ESME_RMSGQFUL]
    assert statuses(smsc, submit(registered_delivery=0), 1) == [ROK]


def test_without_recording_only_counts_are_kept(submit: Submit) -> None:
    smsc = exchange(record=False)
    statuses(smsc, submit(), 2)
    assert not smsc.record.received
    assert (smsc.record.counts.submitted, smsc.record.counts.repeated) == (2, 1)


def test_each_taken_message_is_told_to_the_callback(submit: Submit) -> None:
    told: list[str] = []
    smsc = Exchange(Settings(record=False), lambda: NOW, lambda one: told.append(one.text))
    statuses(smsc, submit(short_message=b"a"), 1)
    statuses(smsc, submit(destination_addr=b"bad"), 1)
    assert told == ["a"]


def test_the_table_of_behaviours_may_be_another(submit: Submit) -> None:
    smsc = exchange(behaviours={"77771234567": Behaviour(status=CommandStatus.ESME_RSUBMITFAIL)})
    assert statuses(smsc, submit(), 1) == [CommandStatus.ESME_RSUBMITFAIL]


def test_the_record_is_bounded(submit: Submit) -> None:
    smsc = exchange(record_limit=2)
    for number in range(5):
        statuses(smsc, submit(short_message=b"%d" % number), 1)
    assert [one.text for one in smsc.record.received] == ["3", "4"]


def test_a_subscribers_message_is_no_receipt(submit: Submit) -> None:
    smsc = exchange()
    assert smsc.deliver(SubscriberMessage("77771234567", "1234", "Да"), None, 0.0) == 1
    [pdu] = owed(smsc)
    assert pdu.number("esm_class") == 0
    assert pdu.message == encode_ucs2("Да")
    assert receipt_of(pdu) is None


def test_nobody_else_is_delivered_to() -> None:
    with pytest.raises(ValueError, match="nobody"):
        exchange().deliver(SubscriberMessage("77771234567", "1234", "Hi"), "nobody", 0.0)


def test_a_whole_texts_one_receipt_has_the_first_parts_id(submit: Submit) -> None:
    smsc = exchange(receipts_for="whole")
    answers = [
        smsc.submit(1, "habar", submit(esm_class=0x40, short_message=udh_of(n) + b"x"), 0.0)
        for n in (2, 1, 3)
    ]
    assert receipted(smsc) == [answers[1].message_id]


def test_the_last_part_alone_may_have_a_receipt(submit: Submit) -> None:
    smsc = exchange(receipts_for="last-part")
    answers = [
        smsc.submit(1, "habar", submit(esm_class=0x40, short_message=udh_of(n) + b"x"), 0.0)
        for n in (2, 3, 1)
    ]
    single = smsc.submit(1, "habar", submit(), 0.0)
    assert receipted(smsc) == [answers[1].message_id, single.message_id]


def udh_of(number: int) -> bytes:
    return bytes((5, 0, 3, 9, 3, number))


def receipted(smsc: Exchange) -> list[bytes]:
    receipts = [receipt_of(pdu) for pdu in owed(smsc)]
    return [receipt.message_id.encode() for receipt in receipts if receipt is not None]


@pytest.mark.parametrize(
    ("ending", "states"),
    [
        ("202", [MessageState.DELIVERED, MessageState.DELIVERED]),
        ("203", [MessageState.UNDELIVERABLE, MessageState.DELIVERED]),
        ("204", [MessageState.DELIVERED, MessageState.UNDELIVERABLE]),
    ],
)
def test_some_numbers_have_two_receipts(
    submit: Submit, ending: str, states: list[MessageState]
) -> None:
    smsc = exchange()
    smsc.submit(1, "habar", submit(destination_addr=b"77000000" + ending.encode()), 0.0)
    receipts = [receipt_of(pdu) for pdu in owed(smsc)]
    assert [receipt.state for receipt in receipts if receipt is not None] == states


def test_the_same_seed_gives_the_same_answers_and_receipts(submit: Submit) -> None:
    def run(seed: int) -> list[object]:
        faults = Faults(
            seed=seed,
            receipts_lost=0.3,
            receipts_broken=0.5,
            receipts_shuffled=True,
            errors={8: 0.2},
            responses_lost=0.2,
            nacks=0.1,
        )
        smsc = exchange(faults=faults, first_id=1)
        answers = [smsc.submit(1, "habar", submit(), float(n)) for n in range(100)]
        return [*answers, *owed(smsc)]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_the_limit_of_binds_is_each_system_ids_own() -> None:
    smsc = exchange(bind_limit=1, passwords={"one": "1", "two": "2"})
    smsc.bound["one"] = 1
    assert smsc.authenticate("one", b"1") == CommandStatus.ESME_RALYBND
    assert smsc.authenticate("two", b"2") == CommandStatus.ESME_ROK


def test_what_was_not_taken_is_counted_by_its_status(submit: Submit) -> None:
    errors = {int(CommandStatus.ESME_RSYSERR): Times(1), 0x400: Times(2)}
    smsc = exchange(faults=Faults(errors=errors, nacks=Times(1)))
    assert statuses(smsc, submit(), 5) == [8, 0x400, 0x400, 8, ROK]
    counts = smsc.record.counts
    assert (counts.offered, counts.submitted, counts.ignored) == (5, 1, 1)
    assert dict(counts.refusals) == errors_met(errors)


def errors_met(errors: dict[int, Times]) -> dict[int, int]:
    return {status: times.count for status, times in errors.items()}


def test_a_limit_counts_what_it_saw(submit: Submit) -> None:
    smsc = exchange(faults=Faults(limit=Limit(3, CommandStatus.ESME_RMSGQFUL)))
    assert statuses(smsc, submit(), 5) == [ROK] * 3 + [CommandStatus.ESME_RMSGQFUL] * 2
    assert smsc.record.counts.fastest_second == 5
    assert smsc.submit(1, "habar", submit(), 1.0).status == ROK


def test_a_sink_remembers_nothing(submit: Submit) -> None:
    assert exchange(record=False).ledger is None
