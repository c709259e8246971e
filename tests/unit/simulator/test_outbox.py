"""deliver_sm owed: due times, order, return to the front, the limit."""

import pytest

from habar.simulator.outbox import Delivery, Outbox, OutboxFullError


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
