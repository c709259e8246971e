"""What is remembered of messages: found by id and reference, bounded, open or over."""

from collections.abc import Callable

from habar.simulator.ledger import Entry, Ledger
from habar.wire.smpp import MessageState, Pdu

Submit = Callable[..., Pdu]


def entry(pdu: Pdu, name: bytes = b"1", reference: bytes = b"", account: str = "habar") -> Entry:
    return Entry(
        pdu, account, 1, name, MessageState.DELIVERED, "000", 0, 10.0, 10_000, reference=reference
    )


def test_found_by_id_and_by_reference_by_its_own_account_only(submit: Submit) -> None:
    ledger = Ledger(10)
    one = entry(submit(), b"1", b"ref")
    ledger.add(one)
    assert ledger.find("habar", b"1") is one
    assert ledger.find("habar", b"ref") is one
    assert ledger.find("shop", b"1") is None
    assert ledger.find("shop", b"ref") is None


def test_a_reference_names_the_newest_message_and_the_oldest_is_forgotten(submit: Submit) -> None:
    ledger = Ledger(2)
    entries = [entry(submit(), b"%d" % number, b"ref") for number in range(3)]
    for one in entries:
        ledger.add(one)
    assert ledger.find("habar", b"ref") is entries[2]
    assert ledger.find("habar", b"0") is None
    assert list(ledger.of("habar")) == entries[1:]


def test_what_is_forgotten_is_forgotten_by_its_reference_too(submit: Submit) -> None:
    ledger = Ledger(1)
    ledger.add(entry(submit(), b"1", b"a"))
    ledger.add(entry(submit(), b"2", b"b"))
    assert ledger.find("habar", b"a") is None


def test_it_is_over_when_its_time_has_come_or_somebody_was_told(submit: Submit) -> None:
    one = entry(submit())
    assert (one.is_over(9.9), one.state_at(9.9)) == (False, MessageState.ENROUTE)
    assert (one.is_over(10.0), one.state_at(10.0)) == (True, MessageState.DELIVERED)
    one.owed = 1
    assert not one.is_over(11.0)
    one.told = True
    assert (one.is_over(0.0), one.state_at(0.0)) == (True, MessageState.DELIVERED)


def test_without_an_end_it_stays_on_its_way_until_it_is_cancelled(submit: Submit) -> None:
    one = entry(submit())
    one.state = None
    assert (one.is_over(1e9), one.state_at(1e9)) == (False, MessageState.ENROUTE)
    one.cancelled = True
    assert (one.is_over(0.0), one.state_at(0.0)) == (True, MessageState.DELETED)
