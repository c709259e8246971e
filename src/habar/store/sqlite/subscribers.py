"""Writes down what subscribers write and what is owed for it, and tells which parts can be joined.

Guarantees (store.inbox): a message, its obligation and the end of its parts are one transaction's;
parts of one group are kept in their order. A batch is few statements, however long. Runs inside a
transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from habar.store.callbacks import CallKind, CallStage
from habar.store.inbox import (
    DueGroups,
    Group,
    InboundState,
    Noted,
    Received,
    Segment,
)
from habar.store.inbox_rows import (
    SubscribersEvent,
    by_kind,
    group_of,
    received_values,
    said,
    segment_values,
    state_of,
)
from habar.store.segments import KNOWN_GENERATIONS, GroupKey, Groups, Mark, Placed, key_of
from habar.store.sqlite.sql import INBOX, insert

OPT_OUTS = "opt_out"
"""The name of the number that grows with each change of them."""
_KEY = ("operator_id", "sender", "short_code", "reference", "total")


def write_subscribers(
    connection: sqlite3.Connection, events: Sequence[SubscribersEvent]
) -> list[int | None]:
    """What each event's `done` is to be told, in their order."""
    answers: list[int | None] = [None] * len(events)
    write: dict[type, Any] = {Segment: _keep, Received: _receive, Noted: _note}
    for kind, places in by_kind(events):
        found = write[kind](connection, [events[place] for place in places])
        for place, answer in zip(places, found, strict=True):
            answers[place] = answer
    return answers


# --- Parts ----------------------------------------------------------------------------------------
def _keep(connection: sqlite3.Connection, segments: Sequence[Segment]) -> list[int | None]:
    groups = Groups(_known(connection, {key_of(segment) for segment in segments}))
    placed = [groups.place(segment) for segment in segments]
    rows = [segment_values(one, str) for one in placed if one is not None]
    insert(connection, "insert_segment", rows, INBOX)
    return [_told(one) for one in placed]


def _told(placed: Placed | None) -> int | None:
    return None if placed is None else int(placed.mark == Mark.LAST)


def _known(connection: sqlite3.Connection, keys: Iterable[GroupKey]) -> list[Any]:
    rows: list[Any] = []
    for key in keys:
        values = {**dict(zip(_KEY, key, strict=True)), "generations": KNOWN_GENERATIONS}
        rows += connection.execute(INBOX["known_parts"], values).fetchall()
    return rows


def _join(connection: sqlite3.Connection, event: Received) -> bool:
    """Whether the event's group was there to be joined, as the event has it."""
    if event.group is None:
        return True
    values = {**event.group._asdict(), "parts": event.parts - event.missing}
    return connection.execute(INBOX["join_group"], values).rowcount > 0


def due_groups(
    connection: sqlite3.Connection, question: DueGroups
) -> list[tuple[Group, list[Segment]]]:
    """See store.inbox.DueGroups; the complete ones first."""
    before, limit = question
    found = connection.execute(INBOX["complete_groups"], (limit,)).fetchall()
    found += connection.execute(INBOX["overdue_groups"], (before, limit)).fetchall()
    groups: list[tuple[Group, list[Segment]]] = []
    for key in list(dict.fromkeys(found))[:limit]:
        rows = connection.execute(INBOX["parts_of_group"], key)
        groups.append((Group(*key), [group_of(row, str)[1] for row in rows]))
    return groups


# --- Messages -------------------------------------------------------------------------------------
def _receive(connection: sqlite3.Connection, events: Sequence[Received]) -> list[int | None]:
    taken = [_join(connection, event) for event in events]
    live = [event for event, is_taken in zip(events, taken, strict=True) if is_taken]
    first: int = connection.execute(INBOX["next_inbound"]).fetchone()[0]
    ids = range(first, first + len(live))
    rows = [(number, *received_values(one, str)) for number, one in zip(ids, live, strict=True)]
    insert(connection, "insert_inbound", rows, INBOX)
    owed = [
        _obligation(event.account_id, number, event.host, event.at)
        for number, event in zip(ids, live, strict=True)
        if state_of(event.account_id, event.method) == InboundState.WAITING
    ]
    insert(connection, "owe_inbound", owed, INBOX)
    for account_id, msisdn, short_code, active, at in said(live):
        put_opt_out(connection, account_id, msisdn, short_code, active=active, at=at)
    given = iter(ids)
    return [next(given) if is_taken else None for is_taken in taken]


def _obligation(account_id: int, inbound_id: int, host: str, at: int) -> tuple[Any, ...]:
    """The columns of a callback from account_id to since."""
    return (account_id, CallKind.INBOUND, inbound_id, 0, at, host, CallStage.WAITING, at, at)


def owe(
    connection: sqlite3.Connection, account_id: int, inbound_id: int, host: str, at: int
) -> None:
    """Let somebody be called with a message."""
    connection.execute(INBOX["owe_inbound"], _obligation(account_id, inbound_id, host, at))


def put_opt_out(
    connection: sqlite3.Connection,
    account_id: int,
    msisdn: int,
    short_code: str,
    *,
    active: bool,
    at: int,
) -> None:
    """Write down a word on an account's messages, as the newest of all."""
    [(change,)] = connection.execute(INBOX["next_number"], (OPT_OUTS,)).fetchall()
    values = (account_id, msisdn, short_code, active, at, change)
    connection.execute(INBOX["put_opt_out"], values)


def _note(connection: sqlite3.Connection, notes: Sequence[Noted]) -> list[int | None]:
    return [
        inbound_id
        if connection.execute(INBOX["note_inbound"], (note, inbound_id)).rowcount
        else None
        for inbound_id, note in notes
    ]
