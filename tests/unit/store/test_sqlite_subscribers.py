"""A batch of subscribers' messages is few statements, however long it is."""

from __future__ import annotations

import sqlite3
from typing import Any

from habar.store.inbox import CallMethod, Received, Segment
from habar.store.sqlite.subscribers import write_subscribers


def whole(number: int) -> Received:
    method = CallMethod.GET
    return Received(1, 0, 1, f"7{number}", "1", "", "", 0, 1, 0, None, 0, method, "host", "")


def part(number: int) -> Segment:
    return Segment(1, "7", "1", 5, 255, number, "", 0, b"x", b"", 0, None)


def statements(connection: sqlite3.Connection, events: list[Any]) -> int:
    """How many it took."""
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    answers = write_subscribers(connection, events)
    connection.set_trace_callback(None)
    assert len(answers) == len(events)
    return len(seen)


def test_whole_messages_with_their_obligations(connection: sqlite3.Connection) -> None:
    assert statements(connection, [whole(n) for n in range(200)]) <= 5


def test_parts_and_whole_messages_mixed(connection: sqlite3.Connection) -> None:
    events = [one for n in range(1, 201) for one in (whole(n), part(n))]
    assert statements(connection, events) <= 9
    assert connection.execute("SELECT count(*) FROM inbound_segment").fetchone() == (200,)
    assert connection.execute("SELECT count(*) FROM callback").fetchone() == (200,)
