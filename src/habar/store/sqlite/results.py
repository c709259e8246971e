"""Writes down what became of messages at the operator's door: taken, put off, held, ended.

Guarantees: a message ends once, and so is refunded at most once; one that ended stays as it ended
(only receipts may better it, see receipts.py). Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from habar.model.status import MessageState
from habar.store.awaiting import awaited_until
from habar.store.events import Boarded, Finished, Held, PartAccepted, Postponed, Released
from habar.store.operator_key import operator_key
from habar.store.sqlite.sql import QUERIES, insert


def write_parts(connection: sqlite3.Connection, events: Sequence[PartAccepted]) -> None:
    """Each part gets its row; a message whose last part this is leaves the window."""
    insert(
        connection,
        "insert_part",
        [
            (
                event.message_id,
                event.part,
                event.operator_id,
                operator_key(event.operator_message_id),
                event.operator_message_id,
                event.at,
            )
            for event in events
        ],
    )
    sent = [(awaited_until(e), e.message_id) for e in events if e.last and e.final_state is None]
    if sent:
        connection.executemany(QUERIES["mark_sent"], sent)
    ended = [(e.final_state, e.at, e.message_id) for e in events if e.last and e.final_state]
    if ended:
        connection.executemany(QUERIES["mark_sent_for_good"], ended)


def write_settled(
    connection: sqlite3.Connection, event: Postponed | Finished | Released | Boarded | Held
) -> int | None:
    """The message that the event changed; None where it came too late to change anything.

    Of several messages the first that changed is told.
    """
    if isinstance(event, Postponed):
        return _postpone(connection, event)
    if isinstance(event, Finished):
        ended = end_message(
            connection, event.message_id, event.state, event.error, event.at, refund=event.refund
        )
        return event.message_id if ended else None
    return _change_each(connection, event)


def end_message(
    connection: sqlite3.Connection,
    message_id: int,
    state: MessageState,
    error: str,
    at: int,
    *,
    refund: bool,
) -> bool:
    """End a message that has not ended yet, and give its price back if `refund`."""
    rows = connection.execute(QUERIES["finish"], (state, at, error, refund, message_id)).fetchall()
    if not rows:
        return False
    if refund:
        account_id, price, parts = rows[0]
        connection.execute(QUERIES["give_back"], (price, parts, account_id))
        if price:
            connection.execute(
                QUERIES["insert_refund"], (account_id, at, price, message_id, message_id)
            )
    return True


def _postpone(connection: sqlite3.Connection, event: Postponed) -> int | None:
    uncertain_at = event.at if event.uncertain else None
    changed = connection.execute(
        QUERIES["postpone"],
        (
            event.due_at,
            event.error,
            event.uncertain,
            uncertain_at,
            event.operator_id,
            event.message_id,
        ),
    ).rowcount
    return event.message_id if changed else None


def _change_each(connection: sqlite3.Connection, event: Released | Boarded | Held) -> int | None:
    name, values = _change(event)
    first = None
    for message_id in event.message_ids:
        done = connection.execute(QUERIES[name], (*values, message_id))
        if done.rowcount and first is None:
            first = message_id
    return first


def _change(event: Released | Boarded | Held) -> tuple[str, tuple[str | int, ...]]:
    """The statement that does it, and what it is given before the message's id."""
    if isinstance(event, Boarded):
        return "board", ()
    if isinstance(event, Held):
        return "hold", (event.error, event.at)
    return ("release_uncertain", (event.at,)) if event.uncertain else ("release", ())
