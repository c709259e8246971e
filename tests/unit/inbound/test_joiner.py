"""inbound/joiner.py: when parts are joined, by whom, and what comes of a message without some."""

from typing import Any

import pytest

from habar.config import InboundSettings
from habar.inbound import Joiner, Rules, Subscribers
from habar.inbound.joiner import joined
from habar.operators import Alphabet, OperatorSettings
from habar.store.inbox import CallMethod, DueGroups, Group, Rule, Segment

from ...inbound.memory import MemoryJournal

START = 1_790_000_000_000
MINUTE = 60_000
RULE = Rule("8785", 1, "salem", CallMethod.GET, "http://example.org/", id=11)
OPERATOR = OperatorSettings(7, "op", "h", 1, "s", "p")


class Clock:
    """Time that the test moves; never more than one timer is set."""

    def __init__(self) -> None:
        self.now = START
        self.timer: Any = None

    def now_ms(self) -> int:
        return self.now

    def call_later(self, delay: float, call: Any) -> Any:
        assert self.timer is None, "two timers would be two rounds at once"
        self.timer = (delay, call)
        return self

    def cancel(self) -> None:
        self.timer = None

    def ring(self) -> float:
        """Let the timer ring; how long it was set for."""
        (delay, call), self.timer = self.timer, None
        call()
        return float(delay)


class Node:
    """A process with a joiner; two may share a journal."""

    def __init__(self, journal: MemoryJournal, clock: Clock | None = None, **more: Any) -> None:
        self.clock = clock or Clock()
        self.journal: Any = journal
        self.calls = 0
        self.subscribers = Subscribers(
            self.journal, Rules([RULE]), InboundSettings(), self.clock.now_ms, owed=self._owed
        )
        operators = {7: OPERATOR}
        self.joiner = Joiner(
            self.journal, self.subscribers, operators.get, clock=self.clock, **more
        )

    def _owed(self) -> None:
        self.calls += 1


def segment(number: int, text: bytes = b"x", **changes: Any) -> Segment:
    plain = Segment(7, "77771234567", "8785", 42, 3, number, "", 0, text, b"", START, None)
    return plain._replace(**changes)


def kept(*segments: Segment) -> MemoryJournal:
    journal = MemoryJournal()
    for each in segments:
        journal.record(each)
    journal.commit()
    return journal


@pytest.mark.rule("inbox.joined")
def test_a_whole_message_is_joined_at_the_next_round() -> None:
    journal = kept(segment(3, b"!"), segment(1, b"salem "), segment(2, b"habar"))
    node = Node(journal)
    node.joiner.start()
    journal.commit()  # the question
    journal.commit()  # the message
    [message] = journal.messages
    assert message.text == "salem habar!"
    assert (message.parts, message.missing, message.account_id) == (3, 0, 1)
    assert message.at == START
    assert node.calls == 1
    assert node.subscribers.received == 1
    assert node.clock.timer[0] == 5.0


def test_a_hint_joins_at_once() -> None:
    journal = kept()
    node = Node(journal)
    node.joiner.start()
    journal.commit()
    for number in (1, 2, 3):
        journal.record(segment(number))
    journal.commit()
    node.joiner.hint()
    journal.commit()
    journal.commit()
    assert len(journal.messages) == 1


def test_the_part_that_completes_a_message_is_the_hint() -> None:
    node = Node(kept())
    assert node.subscribers.completed != node.joiner.hint
    node.joiner.start()
    assert node.subscribers.completed == node.joiner.hint


def test_a_hint_in_the_middle_of_a_round_brings_another_round_at_once() -> None:
    journal = kept()
    node = Node(journal)
    node.joiner.start()
    node.joiner.hint()
    journal.commit()
    assert node.clock.ring() == 0.0
    journal.commit()
    assert node.clock.ring() == 5.0


@pytest.mark.rule("inbox.joined")
def test_a_missing_part_is_waited_for_and_then_marked() -> None:
    journal = kept(segment(1, b"salem "), segment(3, b"!", at=START + 5))
    node = Node(journal, join_minutes=60)
    node.joiner.start()
    journal.commit()
    node.clock.now += 60 * MINUTE
    node.clock.ring()
    journal.commit()
    assert journal.messages == []
    node.clock.now += 1
    node.clock.ring()
    journal.commit()
    journal.commit()
    [message] = journal.messages
    assert message.text == "salem […]!"
    assert (message.parts, message.missing) == (3, 1)
    assert message.at == START + 60 * MINUTE + 1
    assert node.subscribers.incomplete == 1
    assert journal.questions[-1] == DueGroups(START + 1, 100)


def test_the_part_that_comes_too_late_is_passed_on_after_its_own_time() -> None:
    journal = kept(segment(1), segment(3))
    clock = Clock()
    clock.now += 61 * MINUTE
    node = Node(journal, clock)
    node.joiner.start()
    journal.commit()
    journal.commit()
    journal.record(segment(2, b"late", at=clock.now))
    journal.commit()
    clock.now += 61 * MINUTE
    clock.ring()
    journal.commit()
    journal.commit()
    assert [message.text for message in journal.messages] == ["x[…]x", "[…]late[…]"]


def test_of_two_nodes_one_joins() -> None:
    journal = kept(segment(1, b"salem "), segment(2), segment(3))
    one, two = Node(journal), Node(journal)
    one.joiner.start()
    two.joiner.start()
    journal.commit()
    journal.commit()
    assert len(journal.messages) == 1
    assert one.subscribers.received + two.subscribers.received == 1
    assert one.calls + two.calls == 1
    assert one.clock.timer is not None
    assert two.clock.timer is not None, "who came second goes on"


def test_a_full_batch_is_followed_by_the_next_at_once() -> None:
    journal = kept(*(segment(n, reference=r) for r in range(3) for n in (1, 2, 3)))
    node = Node(journal, batch=2)
    node.joiner.start()
    journal.commit()
    assert node.clock.timer is None, "not before the first are joined: they would be told again"
    journal.commit()
    assert node.clock.ring() == 0.0
    journal.commit()
    journal.commit()
    assert len(journal.messages) == 3
    assert node.clock.ring() == 5.0


def test_a_store_that_is_down_is_asked_again_later() -> None:
    journal = kept(segment(1), segment(2), segment(3))
    journal.down = True
    node = Node(journal)
    node.joiner.start()
    node.joiner.hint()
    journal.commit()
    assert node.joiner.failures == 1
    journal.down = False
    assert node.clock.ring() == 5.0
    journal.commit()
    journal.commit()
    assert len(journal.messages) == 1


def test_after_stop_nothing_is_asked() -> None:
    journal = kept()
    node = Node(journal)
    node.joiner.hint()
    assert journal.questions == [], "not started"
    node.joiner.start()
    journal.commit()
    node.joiner.stop()
    node.joiner.hint()
    assert node.clock.timer is None
    assert len(journal.questions) == 1


def test_a_round_that_ends_after_stop_is_the_last() -> None:
    journal = kept(segment(1), segment(2), segment(3))
    node = Node(journal)
    node.joiner.start()
    node.joiner.stop()
    journal.commit()
    journal.commit()
    assert len(journal.messages) == 1, "what was begun is ended"
    assert node.clock.timer is None


# --- One message of the parts ---------------------------------------------------------------------
GROUP = Group(7, "77771234567", "8785", 42, 3, 0)


def test_the_first_transaction_id_and_the_earliest_time_are_kept() -> None:
    whole = joined(
        GROUP,
        [
            segment(3, transaction_id="c", sent_at=10),
            segment(2, transaction_id="b", sent_at=30),
            segment(1),
        ],
        OPERATOR,
    )
    assert (whole.transaction_id, whole.sent_at) == ("b", 10)
    assert (whole.operator_id, whole.sender, whole.short_code) == (7, "77771234567", "8785")
    assert whole.group == GROUP


def test_an_operator_that_is_gone_is_read_by_the_standard() -> None:
    journal = kept(*(segment(n, b"@\0", operator_id=8) for n in (1, 2, 3)))
    node = Node(journal)
    node.joiner.start()
    journal.commit()
    journal.commit()
    assert journal.messages[0].text == "¡@" * 3


def test_parts_are_read_by_the_operator_s_settings() -> None:
    latin = OperatorSettings(7, "op", "h", 1, "s", "p", alphabet=Alphabet.LATIN1)
    assert joined(GROUP, [segment(n, b"@\xe9") for n in (1, 2, 3)], latin).text == "@é" * 3
