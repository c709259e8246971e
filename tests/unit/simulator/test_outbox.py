"""deliver_sm owed: due times, order, return to the front, the limit."""

from random import Random

import pytest

from habar.simulator.ledger import Entry
from habar.simulator.outbox import Delivery, Outbox, OutboxFullError
from habar.wire.smpp import CommandId, MessageState, make_pdu


def receipt(name: bytes, account: str = "habar") -> Delivery:
    return Delivery(account, name, is_receipt=True)


def bodies(outbox: Outbox, now: float, account: str = "habar") -> list[bytes]:
    return [delivery.body for delivery in outbox.ready(account, now) or ()]


def test_nothing_before_it_is_due() -> None:
    outbox = Outbox(10)
    outbox.put(receipt(b"b"), 2.0)
    outbox.put(receipt(b"a"), 1.0)
    assert bodies(outbox, 0.5) == []
    assert outbox.next_due() == 1.0
    assert bodies(outbox, 1.0) == [b"a"]
    assert bodies(outbox, 2.0) == [b"a", b"b"]
    assert outbox.next_due() is None


def test_equal_times_keep_their_order() -> None:
    outbox = Outbox(100)
    names = [b"%d" % number for number in range(50)]
    for name in names:
        outbox.put(receipt(name), 1.0)
    assert bodies(outbox, 1.0) == names


def test_accounts_are_apart() -> None:
    outbox = Outbox(10)
    outbox.put(receipt(b"a", "one"), 0.0)
    outbox.put(receipt(b"b", "two"), 0.0)
    assert bodies(outbox, 0.0, "one") == [b"a"]
    assert bodies(outbox, 0.0, "two") == [b"b"]
    assert bodies(outbox, 0.0, "three") == []


def test_what_comes_back_goes_first_and_in_order() -> None:
    outbox = Outbox(10)
    for name in (b"a", b"b", b"c"):
        outbox.put(receipt(name), 0.0)
    ready = outbox.ready("habar", 0.0)
    assert ready is not None
    taken = [ready.popleft(), ready.popleft()]
    outbox.put_back(taken)
    assert bodies(outbox, 0.0) == [b"a", b"b", b"c"]


def test_the_limit_counts_what_is_taken_out_until_it_is_settled() -> None:
    outbox = Outbox(1)
    outbox.put(receipt(b"a"), 0.0)
    ready = outbox.ready("habar", 0.0)
    assert ready is not None
    delivery = ready.popleft()
    assert outbox.full
    with pytest.raises(OutboxFullError):
        outbox.put(receipt(b"b"), 0.0)
    outbox.put_off(delivery, 5.0)
    assert outbox.kept == 1
    assert bodies(outbox, 5.0) == [b"a"]
    outbox.settle()
    assert not outbox.full


def entry() -> Entry:
    pdu = make_pdu(CommandId.SUBMIT_SM)
    return Entry(pdu, "habar", 1, b"1", MessageState.DELIVERED, "000", 0, 0.0, 0)


def test_the_receipts_of_a_withdrawn_message_do_not_go_and_take_no_room() -> None:
    outbox, gone, other = Outbox(3), entry(), entry()
    for of in (gone, other, gone):
        outbox.put(Delivery("habar", b"", is_receipt=True, entry=of), 1.0)
    outbox.withdraw(gone)
    assert outbox.kept == 1
    ready = outbox.ready("habar", 1.0)
    assert ready is not None
    assert [delivery.goes() for delivery in ready] == [False, True, False]
    assert (gone.told, other.told) == (False, True)


def test_what_becomes_due_may_be_shuffled_and_the_same_way_by_the_same_seed() -> None:
    def order(seed: int) -> list[bytes]:
        outbox = Outbox(100)
        outbox.shuffle = Random(seed)
        for number in range(20):
            outbox.put(receipt(b"%d" % number), 1.0)
        return bodies(outbox, 1.0)

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == sorted(b"%d" % number for number in range(20))
