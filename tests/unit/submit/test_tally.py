"""What the door counts of what it answers."""

from dataclasses import replace

from habar.errors import Refusal, StoreUnavailable
from habar.model.account import Compat, DuplicateId
from habar.model.message import Outcome, Protocol
from habar.submit.door import Door, DoorSettings
from habar.submit.tally import Tally


def test_each_outcome_is_one_of_three() -> None:
    tally = Tally()
    tally.count(
        [
            Outcome(1, 2, 106),
            Outcome(2, 1, 100),
            Outcome(1, 2, 106, repeat=True),
            Outcome(1, 2, 0, Refusal.DUPLICATE_ID),
            Outcome(0, 1, 0, Refusal.SENDER),
            Outcome(0, 1, 0, Refusal.SENDER),
        ]
    )
    assert (tally.accepted, tally.parts, tally.repeated, tally.turned_away) == (2, 3, 1, 0)
    assert {reason: n for reason, n in tally.refused.items() if n} == {
        Refusal.DUPLICATE_ID: 1,
        Refusal.SENDER: 2,
    }


def test_every_reason_has_its_count_from_the_start() -> None:
    assert Tally().refused == dict.fromkeys(Refusal, 0)


def test_the_door_counts_what_it_answers(journal, handoff, routes, clock, now, shop) -> None:
    """By the checks, by the store, by a store that fails, and what is not looked at."""
    calls, answers = [], []
    door = Door(
        journal,
        handoff,
        routes,
        now=lambda: now,
        monotonic=clock,
        call_soon=calls.append,
        settings=DoorSettings(slice_size=2, backlog_limit=5),
    )
    good, bad = (None, "77771234567", "SHOP", None, None, None, "Test"), (None,) * 6 + ("Test",)
    door.submit(shop, Protocol.XML, [bad], answers.append)
    assert door.tally.refused[Refusal.RECIPIENT] == 1
    door.submit(shop, Protocol.XML, [good, bad, good], answers.append)
    assert door.tally.accepted == 0  # not before the commit
    for _ in range(2):
        while calls:
            calls.pop(0)()
        journal.commit()
    assert (door.tally.accepted, door.tally.parts) == (2, 2)
    assert door.tally.refused[Refusal.RECIPIENT] == 2

    journal.failures.append(StoreUnavailable("the disk is full"))
    door.submit(shop, Protocol.XML, [good], answers.append)
    journal.commit()
    assert door.tally.refused[Refusal.FAULT] == 1

    journal.backlog = 6
    door.submit(shop, Protocol.XML, [good], answers.append)
    journal.backlog = 0
    door.drain()
    door.submit(shop, Protocol.XML, [good], answers.append)
    assert door.tally.turned_away == 2
    assert door.tally.accepted == 2
    assert len(answers) == 5


def test_a_repeat_is_not_a_message_more(journal, handoff, routes, clock, now, shop) -> None:
    account = replace(shop, compat=Compat(duplicate_id=DuplicateId.IDEMPOTENT))
    door = Door(journal, handoff, routes, now=lambda: now, monotonic=clock, call_soon=print)
    for _ in range(2):
        draft = ("7", "77771234567", "SHOP", None, None, None, "Test")
        door.submit(account, Protocol.XML, [draft], lambda _: None)
        journal.commit()
    assert (door.tally.accepted, door.tally.repeated) == (1, 1)
