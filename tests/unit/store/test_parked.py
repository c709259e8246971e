"""Receipts set aside: which are remembered, and what happens when there are too many."""

from __future__ import annotations

import sqlite3

from habar.model.status import MessageState
from habar.store.events import PartAccepted, ReceiptSeen
from habar.store.sqlite.parked import EARLY_MS, Parked

NOW = 1_790_000_000_000


def receipt(*names: str, at: int = NOW) -> ReceiptSeen:
    return ReceiptSeen(1, names, MessageState.DELIVERED, "", None, at, "")


def part(name: str, at: int = NOW) -> PartAccepted:
    return PartAccepted(5, 1, 1, name, at, last=True)


def names(found: list[ReceiptSeen]) -> list[str]:
    return [one.candidates[0] for one in found]


def asks_the_table(parked: Parked, connection: sqlite3.Connection, event: PartAccepted) -> bool:
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    parked.unpark(connection, event)
    connection.set_trace_callback(None)
    return bool(asked)


def test_found_under_any_of_its_names_once(connection: sqlite3.Connection) -> None:
    parked = Parked(connection)
    parked.park(connection, receipt("31", "1f"))
    assert names(parked.unpark(connection, part("1f"))) == ["1f"]
    assert parked.unpark(connection, part("31")) == []


def test_a_part_without_a_receipt_is_spared_the_table(connection: sqlite3.Connection) -> None:
    parked = Parked(connection)
    parked.park(connection, receipt("31"))
    assert not asks_the_table(parked, connection, part("32"))
    assert asks_the_table(parked, connection, part("31"))


def test_a_restart_remembers(connection: sqlite3.Connection) -> None:
    Parked(connection).park(connection, receipt("31"))
    assert names(Parked(connection).unpark(connection, part("31"))) == ["31"]


def test_too_many_are_asked_of_the_table(connection: sqlite3.Connection) -> None:
    parked = Parked(connection, capacity=2)
    for name in "abc":
        parked.park(connection, receipt(name))
    assert names(parked.unpark(connection, part("c"))) == ["c"]
    assert asks_the_table(parked, connection, part("x"))
    assert not asks_the_table(parked, connection, part("x", NOW + EARLY_MS))


def test_old_ones_make_room(connection: sqlite3.Connection) -> None:
    parked = Parked(connection, capacity=2)
    for name in "ab":
        parked.park(connection, receipt(name))
    parked.park(connection, receipt("c", at=NOW + EARLY_MS + 1))
    assert not asks_the_table(parked, connection, part("x"))
    assert names(parked.unpark(connection, part("c", NOW + EARLY_MS + 1))) == ["c"]


def test_a_rolled_back_match_is_found_again(connection: sqlite3.Connection) -> None:
    parked = Parked(connection)
    parked.park(connection, receipt("31"))
    connection.execute("BEGIN")
    parked.unpark(connection, part("31"))
    connection.execute("ROLLBACK")
    assert names(parked.unpark(connection, part("31"))) == ["31"]
