"""What a person decides: of a message in doubt, and of a receipt that matched nothing.

Guarantees: only what is in doubt, or kept aside, is decided of; each decision leaves its audit row.
Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3

from habar.errors import Conflict, NotFound
from habar.model.status import MessageState, Stage
from habar.store.sqlite.parked import receipt_of
from habar.store.sqlite.questions import begun
from habar.store.sqlite.receipts import apply_to
from habar.store.sqlite.results import end_message
from habar.store.sqlite.sql import CALLBACKS, QUERIES


def decide(
    connection: sqlite3.Connection, message_id: int, resend: bool, *, actor: str, now: int
) -> None:
    """See store.port.Store."""
    row = connection.execute(QUERIES["whose"], (message_id,)).fetchone()
    if row is None:
        raise NotFound(f"message {message_id}")
    _, stage, _, error = row
    if stage != Stage.HELD:
        raise Conflict(f"message {message_id} is not held")
    if resend:
        connection.execute(QUERIES["resend"], (now, message_id))
    else:
        refund = not begun(connection, message_id)
        end_message(connection, message_id, MessageState.REJECTED, error, now, refund=refund)
    action = "message resend" if resend else "message fail"
    connection.execute(QUERIES["insert_audit"], (now, actor, action, str(message_id), ""))


def match(
    connection: sqlite3.Connection,
    receipt_id: int,
    message_id: int,
    part: int,
    *,
    actor: str,
    now: int,
) -> None:
    """See store.port.Store."""
    row = connection.execute(QUERIES["parked_receipt"], (receipt_id,)).fetchone()
    if row is None:
        raise NotFound(f"receipt {receipt_id}")
    if connection.execute(QUERIES["whose"], (message_id,)).fetchone() is None:
        raise NotFound(f"message {message_id}")
    receipt = receipt_of(row)
    taken = connection.execute(QUERIES["part_operator"], (message_id, part)).fetchone()
    if taken != (receipt.operator_id,) or not apply_to(connection, receipt, message_id, part):
        raise Conflict(f"the receipt's operator has not taken part {part} of message {message_id}")
    # The receipt may be older than customers' web services are called for.
    connection.execute(CALLBACKS["give_time"], (now, now, message_id))
    connection.execute(QUERIES["unpark_receipt"], (receipt_id,))
    subject, detail = f"receipt {receipt_id}", f"message {message_id}, part {part}"
    connection.execute(QUERIES["insert_audit"], (now, actor, "receipt match", subject, detail))
