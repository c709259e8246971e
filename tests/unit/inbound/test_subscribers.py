"""inbound/subscribers.py, deliveries.py: kept first, acknowledged then."""

from typing import Any

import pytest

from habar.config import InboundSettings
from habar.inbound import Inbound, Receipts, Rules, Subscribers
from habar.operators import OperatorSettings
from habar.store.inbox import CallMethod, Received, Rule
from habar.wire.smpp import CommandId, CommandStatus, Pdu, make_pdu

from ...inbound.memory import MemoryJournal

NOW = 1_790_000_030_000
RULE = Rule("8785", 1, method=CallMethod.GET, url="http://example.org/", id=11)
POLLED = Rule("1414", 2, id=12)


class Desk:
    """A subscribers' desk with one operator at it."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.now = NOW
        self.calls = 0
        self.hints = 0
        journal: Any = self.journal
        rules = Rules([RULE, POLLED])
        self.subscribers = Subscribers(
            journal, rules, InboundSettings(), lambda: self.now, owed=self._owed
        )
        self.subscribers.completed = self._completed
        self.inbound = Inbound(Receipts(journal, lambda: self.now), self.subscribers)
        self.operator = OperatorSettings(7, "op", "h", 1, "s", "p")
        self.acks: list[int] = []

    def _owed(self) -> None:
        self.calls += 1

    def _completed(self) -> None:
        self.hints += 1

    def deliver(self, pdu: Pdu) -> None:
        assert self.inbound.deliver(self.operator, pdu, self.acks.append) is None


def message(text: bytes = b"Hi", code: bytes = b"8785", **fields: Any) -> Pdu:
    plain = {"source_addr": b"+77771234567", "destination_addr": code, "short_message": text}
    return make_pdu(CommandId.DELIVER_SM, **(plain | fields))


def part(number: int, total: int = 2, text: bytes = b"x", code: bytes = b"8785#5") -> Pdu:
    header = bytes((5, 0, 3, 42, total, number))
    return message(header + text, code, esm_class=0x40)


@pytest.mark.rule("inbox.stored-first")
def test_a_message_is_stored_and_then_acknowledged() -> None:
    desk = Desk()
    desk.deliver(message())
    assert desk.acks == []
    assert desk.calls == 0
    desk.journal.commit()
    assert desk.acks == [CommandStatus.ESME_ROK]
    [stored] = desk.journal.messages
    assert (stored.account_id, stored.sender, stored.text) == (1, "77771234567", "Hi")
    assert (stored.at, stored.group) == (NOW, None)
    assert desk.calls == 1
    assert desk.subscribers.received == 1


@pytest.mark.rule("inbox.stored-first")
def test_while_the_journal_is_down_nothing_is_acknowledged() -> None:
    desk = Desk()
    desk.journal.down = True
    desk.deliver(message())
    desk.deliver(part(1))
    desk.journal.commit()
    assert desk.acks == []
    assert desk.subscribers.received == desk.subscribers.parts == 0
    desk.journal.down = False
    desk.journal.commit()
    assert desk.acks == [CommandStatus.ESME_ROK] * 2


def test_a_part_waits_on_disk_for_the_others() -> None:
    desk = Desk()
    desk.deliver(part(2, text=b"world", code=b"8785"))
    desk.journal.commit()
    assert desk.acks == [CommandStatus.ESME_ROK]
    assert desk.journal.messages == []
    assert desk.hints == 0
    [group] = desk.journal.groups
    assert (group.operator_id, group.sender, group.short_code) == (7, "77771234567", "8785")
    desk.deliver(part(1, text=b"hello "))
    desk.journal.commit()
    assert len(desk.journal.groups) == 1, "the transaction id tells no message from another"
    assert desk.hints == 1
    assert desk.subscribers.parts == 2


def test_a_part_that_comes_twice_is_acknowledged_twice_and_kept_once() -> None:
    desk = Desk()
    for _ in range(2):
        desk.deliver(part(1))
        desk.journal.commit()
    assert desk.acks == [CommandStatus.ESME_ROK] * 2
    assert (desk.subscribers.parts, desk.subscribers.repeated) == (1, 1)


def test_nobody_is_called_for_what_nobody_is_to_be_called_for() -> None:
    desk = Desk()
    desk.deliver(message(code=b"1414"))
    desk.deliver(message(code=b"9999"))
    desk.journal.commit()
    assert desk.calls == 0
    assert desk.subscribers.received == 2
    assert desk.subscribers.unrouted == 1


def test_what_cannot_be_read_is_kept_and_counted() -> None:
    desk = Desk()
    desk.deliver(message(b"\xff\x01", esm_class=0x40))
    desk.journal.commit()
    assert desk.acks == [CommandStatus.ESME_ROK]
    assert desk.journal.messages[0].text == "[unreadable] FF01"
    assert desk.journal.messages[0].account_id == 1
    assert desk.subscribers.unreadable == 1


def test_a_receipt_goes_the_other_way() -> None:
    desk = Desk()
    told: list[Any] = []
    journal: Any = desk.journal
    journal.record = lambda event, done: told.append(event)
    receipt = message(b"id:42 stat:DELIVRD", esm_class=4)
    assert desk.inbound.deliver(desk.operator, receipt, desk.acks.append) == 102
    desk.deliver(message())
    assert [isinstance(event, Received) for event in told] == [False, True]
