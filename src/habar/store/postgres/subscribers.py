"""Writes down what subscribers write and what is owed for it, and tells which parts can be joined.

Guarantees (store.inbox): a message, its obligation and the end of its parts are one transaction's;
parts of one group are kept in their order, and who writes to a group, on whichever node, has it for
himself until he commits. A batch is few statements, however long. Runs inside a transaction that
its caller holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from habar.store.inbox import DueGroups, Group, Noted, Received, Segment
from habar.store.inbox_rows import (
    Said,
    SubscribersEvent,
    by_kind,
    group_of,
    received_values,
    said,
    segment_values,
)
from habar.store.postgres.connection import Connection
from habar.store.postgres.sql import INBOX
from habar.store.postgres.texts import pack, unpack
from habar.store.segments import (
    KNOWN_GENERATIONS,
    GroupKey,
    Groups,
    Mark,
    Placed,
    key_of,
    lock_of,
)

OPT_OUTS = "opt_out"
"""The name of the number that grows with each change of them."""


async def write_subscribers(
    connection: Connection, events: Sequence[SubscribersEvent]
) -> list[int | None]:
    """What each event's `done` is to be told, in their order."""
    answers: list[int | None] = [None] * len(events)
    write: dict[type, Any] = {Segment: _keep, Received: _receive, Noted: _note}
    await _lock(connection, events)
    for kind, places in by_kind(events):
        found = await write[kind](connection, [events[place] for place in places])
        for place, answer in zip(places, found, strict=True):
            answers[place] = answer
    return answers


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """For statements that take many rows at once."""
    return [list(column) for column in zip(*rows, strict=True)]


async def _lock(connection: Connection, events: Sequence[SubscribersEvent]) -> None:
    """Have the groups; in order, so that two nodes do not wait for one another."""
    keys = {key_of(event) for event in events if isinstance(event, Segment)}
    keys |= {key_of(e.group) for e in events if isinstance(e, Received) and e.group is not None}
    if keys:
        await connection.execute(INBOX["lock_groups"], sorted({lock_of(key) for key in keys}))


# --- Parts ----------------------------------------------------------------------------------------
async def _keep(connection: Connection, segments: Sequence[Segment]) -> list[int | None]:
    keys = [_packed(key) for key in {key_of(segment) for segment in segments}]
    known = await connection.fetch(INBOX["known_parts"], *columns(keys), KNOWN_GENERATIONS)
    groups = Groups([_unpacked(tuple(row)) for row in known])
    placed = [groups.place(segment) for segment in segments]
    rows = [segment_values(one, pack) for one in placed if one is not None]
    if rows:
        await connection.execute(INBOX["insert_segments"], *columns(rows))
    return [_told(one) for one in placed]


def _packed(key: GroupKey) -> GroupKey:
    return (key[0], pack(key[1]), pack(key[2]), *key[3:])


def _unpacked(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (row[0], unpack(row[1]), unpack(row[2]), *row[3:])


def _told(placed: Placed | None) -> int | None:
    return None if placed is None else int(placed.mark == Mark.LAST)


async def _join(connection: Connection, events: Sequence[Received]) -> list[bool]:
    """Whether each event's group, if it has one, was there to be joined, as the event has it.

    Of two in a batch that have the same, the first is asked for.
    """
    asked: dict[Group, int] = {}
    for place, event in enumerate(events):
        if event.group is not None:
            asked.setdefault(event.group, place)
    taken = [event.group is None for event in events]
    if asked:
        rows = [
            (*_packed(key_of(group)), group.generation, events[place].parts - events[place].missing)
            for group, place in asked.items()
        ]
        places = list(asked.values())
        for (number,) in await connection.fetch(INBOX["join_groups"], *columns(rows)):
            taken[places[number - 1]] = True
    return taken


async def due_groups(
    connection: Connection, question: DueGroups
) -> list[tuple[Group, list[Segment]]]:
    """See store.inbox.DueGroups; the complete ones first."""
    before, limit = question
    found = await connection.fetch(INBOX["complete_groups"], limit)
    found += await connection.fetch(INBOX["overdue_groups"], before, limit)
    keys = list(dict.fromkeys(map(tuple, found)))[:limit]
    if not keys:
        return []
    groups: dict[Group, list[Segment]] = {}
    for row in await connection.fetch(INBOX["parts_of_groups"], *columns(keys)):
        group, segment = group_of(tuple(row), unpack)
        groups.setdefault(group, []).append(segment)
    return list(groups.items())


# --- Messages -------------------------------------------------------------------------------------
async def _receive(connection: Connection, events: Sequence[Received]) -> list[int | None]:
    taken = await _join(connection, events)
    live = [event for event, is_taken in zip(events, taken, strict=True) if is_taken]
    if not live:
        return [None] * len(events)
    rows = [(*received_values(event, pack), event.host) for event in live]
    ids = await connection.fetch(INBOX["insert_inbound"], *columns(rows))
    await put_opt_outs(connection, said(live))
    given = iter(ids)
    return [next(given)[0] if is_taken else None for is_taken in taken]


async def put_opt_outs(connection: Connection, words: Sequence[Said]) -> None:
    """Write down words on accounts' messages, as the newest of all; of one subscriber the last.

    The number is drawn first: it keeps others out until the commit, so that changes are seen in
    the order of their numbers.
    """
    if not words:
        return
    last: dict[tuple[int, int], Said] = {}
    for one in words:
        last.pop((one.account_id, one.msisdn), None)
        last[one.account_id, one.msisdn] = one
    first = await connection.fetchval(INBOX["next_numbers"], OPT_OUTS, len(last))
    rows = [
        (*one._replace(short_code=pack(one.short_code)), first + place)
        for place, one in enumerate(last.values())
    ]
    await connection.execute(INBOX["put_opt_outs"], *columns(rows))


async def _note(connection: Connection, notes: Sequence[Noted]) -> list[int | None]:
    last = {inbound_id: pack(note) for inbound_id, note in notes}
    rows = await connection.fetch(INBOX["note_inbound"], list(last), list(last.values()))
    there = {row[0] for row in rows}
    return [note.inbound_id if note.inbound_id in there else None for note in notes]
