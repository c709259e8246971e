"""Writes down what became of messages at the operator's door: taken, put off, held, ended.

Guarantees: a message ends once, and so is refunded at most once; one that ended stays as it ended
(only receipts may better it, see receipts.py). A run puts off, marks and releases only what it has
in hand. Events of one kind are written by one statement; the order of those about one message is
kept. Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from habar.model.status import MessageState
from habar.store.awaiting import awaited_until
from habar.store.callbacks import CallsReleased, HostSeen
from habar.store.events import Boarded, Finished, Held, PartAccepted, Postponed, Released
from habar.store.operator_key import operator_key
from habar.store.postgres.calls import settle_call
from habar.store.postgres.connection import Connection
from habar.store.postgres.receipts import EARLY_MS, EarlyRow
from habar.store.postgres.sql import QUERIES
from habar.store.postgres.texts import pack
from habar.store.writes import Write


async def write_parts(connection: Connection, events: Sequence[PartAccepted]) -> list[EarlyRow]:
    """Each part gets its row; a message whose last part this is leaves the window.

    Answers the parked receipts that outran these parts: receipts.apply_early's to apply.
    """
    early: list[EarlyRow] = []
    for several in _told_once(events):
        early += await _accept(connection, several)
    return early


def _told_once(events: Sequence[PartAccepted]) -> Iterator[list[PartAccepted]]:
    """Runs in which no part comes twice: of two words about one, the later stays."""
    run: list[PartAccepted] = []
    seen: set[tuple[int, int]] = set()
    for event in events:
        if event[:2] in seen:
            yield run
            run, seen = [], set()
        run.append(event)
        seen.add(event[:2])
    yield run


async def _accept(connection: Connection, events: Sequence[PartAccepted]) -> list[EarlyRow]:
    rows = sorted(
        (message_id, part, operator_id, operator_key(name), pack(name), at)
        for message_id, part, operator_id, name, at, *_ in events
    )
    sent = {
        event.message_id: awaited_until(event)
        for event in events
        if event.last and event.final_state is None
    }
    ended = {
        event.message_id: (event.message_id, event.final_state, event.at)
        for event in events
        if event.last and event.final_state and event.message_id not in sent
    }
    if ended:
        columns = zip(*ended.values(), strict=True)
        await connection.execute(QUERIES["mark_sent_for_good"], *columns)
    given = zip(*rows, strict=True)
    last = (list(sent), list(sent.values()))
    return await connection.fetch(QUERIES["accept_parts"], *given, EARLY_MS, *last)


async def write_settled(connection: Connection, node_id: int, writes: Sequence[Write]) -> None:
    """Leaves in each write the message that it changed; None where it came too late."""
    for several in _alike(writes):
        kind = type(several[0].item)
        if kind is Postponed:
            await _postpone(connection, node_id, several)
        elif kind is Finished:
            await _finish(connection, several)
        elif kind in _OF_SEVERAL:
            await _change_each(connection, node_id, several[0])
        elif kind in _OF_CALLS:
            several[0].answer = await settle_call(connection, node_id, several[0].item)
        else:
            raise TypeError(f"no event of the journal's: {kind.__name__}")


_OF_SEVERAL = (Released, Boarded, Held)
"""Events that are about several messages."""
_OF_CALLS = (CallsReleased, HostSeen)


def _alike(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """Runs of one kind in which no message comes twice; what names several stands for itself."""
    run: list[Write] = []
    seen: set[int] = set()
    for write in writes:
        item = write.item
        alone = not isinstance(item, Postponed | Finished)
        if run and (alone or type(item) is not type(run[0].item) or item.message_id in seen):
            yield run
            run, seen = [], set()
        run.append(write)
        if alone:
            yield run
            run = []
        else:
            seen.add(item.message_id)
    if run:
        yield run


async def _postpone(connection: Connection, node_id: int, writes: list[Write]) -> None:
    rows = [
        (
            one.message_id,
            one.due_at,
            pack(one.error),
            bool(one.uncertain),
            one.at,
            one.operator_id,
        )
        for one in (write.item for write in writes)
    ]
    done = await connection.fetch(QUERIES["postpone"], node_id, *zip(*rows, strict=True))
    _tell(writes, {row[0] for row in done})


async def _finish(connection: Connection, writes: list[Write]) -> None:
    ended = await end_messages(
        connection,
        [
            (one.message_id, one.state, one.at, one.error, bool(one.refund))
            for one in (write.item for write in writes)
        ],
    )
    _tell(writes, ended)


def _tell(writes: list[Write], changed: set[int]) -> None:
    for write in writes:
        message_id = write.item.message_id
        write.answer = message_id if message_id in changed else None


async def _change_each(connection: Connection, node_id: int, write: Write) -> None:
    """Of several messages the first that changed is told."""
    event: Released | Boarded | Held = write.item
    name, values = _change(event)
    rows = await connection.fetch(QUERIES[name], node_id, event.message_ids, *values)
    changed = {row[0] for row in rows}
    write.answer = next((one for one in event.message_ids if one in changed), None)


def _change(event: Released | Boarded | Held) -> tuple[str, tuple[str | int, ...]]:
    """The statement that does it, and what it is given after the messages' ids."""
    if isinstance(event, Boarded):
        return "board", ()
    if isinstance(event, Held):
        return "hold", (pack(event.error), event.at)
    return ("release_uncertain", (event.at,)) if event.uncertain else ("release", ())


Ending = tuple[int, MessageState, int, str, bool]
"""message id, state, time, error, whether the price goes back."""


async def end_messages(connection: Connection, endings: Sequence[Ending]) -> set[int]:
    """End messages that have not ended yet, and give prices back; which of them ended."""
    if not endings:
        return set()
    packed = [(*ending[:3], pack(ending[3]), ending[4]) for ending in endings]
    rows = await connection.fetch(QUERIES["finish"], *zip(*packed, strict=True))
    back = sorted(tuple(row[:5]) for row in rows if row[5])
    if back:
        await connection.execute(QUERIES["refund"], *zip(*back, strict=True))
    return {row[0] for row in rows}
