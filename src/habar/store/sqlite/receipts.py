"""Writes down operators' receipts: which part each means, and what becomes of its message.

Rules: a part's final state stays, save that delivered comes after a failure: then delivered wins
(model.status.after). When all parts of a message are known, the message has the state of
model.status.of_parts. A message that has ended already, by its receipts or without them, is
changed by the same rule; money that was given back is not taken again. Of several parts with one
operator's id the newest open one is meant, else the newest.

Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from habar.model.status import after, is_open, of_parts
from habar.store.port import PartAccepted, ReceiptSeen
from habar.store.sqlite.parked import Parked
from habar.store.sqlite.part_rows import PartRow, PartRows


def write_receipts(
    connection: sqlite3.Connection, parked: Parked, receipts: Sequence[ReceiptSeen]
) -> list[int | None]:
    """The message that each receipt is about; None for one that matches nothing and is parked."""
    rows = PartRows(connection)
    answers: list[int | None] = []
    touched: dict[tuple[int, int], tuple[PartRow, int]] = {}
    rows.load(
        (receipt.operator_id, name) for receipt in receipts for name in receipt.candidates[:1]
    )
    for receipt in receipts:
        part = _meant(rows, receipt)
        if part is None:
            parked.park(connection, receipt)
            answers.append(None)
            continue
        _take(part, receipt)
        touched[part.message_id, part.part] = part, receipt.at
        answers.append(part.message_id)
    for part, at in touched.values():
        _settle(rows, part, at)
    rows.save()
    return answers


def apply_early(
    connection: sqlite3.Connection, parked: Parked, events: Sequence[PartAccepted]
) -> None:
    """Give parts that were just accepted the receipts that outran them."""
    rows = None
    for event in events:
        for receipt in parked.unpark(connection, event):
            rows = rows or PartRows(connection)
            part = rows.numbered(event.message_id, event.part)
            if part is not None:
                _take(part, receipt)
                _settle(rows, part, max(receipt.at, event.at))
    if rows is not None:
        rows.save()


def _meant(rows: PartRows, receipt: ReceiptSeen) -> PartRow | None:
    """The part of the first candidate that names one."""
    for name in receipt.candidates:
        part = rows.named((receipt.operator_id, name))
        if part is not None:
            return part
    return None


def _take(part: PartRow, receipt: ReceiptSeen) -> None:
    """Note the receipt, and what it says where that is news."""
    part.changed = True
    part.receipts += 1
    if is_open(receipt.state):
        return
    told = after(part.state, receipt.state)
    if told is not part.state:
        part.state = told
        part.error, part.done_at, part.receipt_at = receipt.error, receipt.done_at, receipt.at


def _settle(rows: PartRows, part: PartRow, at: int) -> None:
    """End the message, or better its end, where all its parts are known."""
    told = of_parts(rows.states(part))
    message = part.message
    if told is None:
        return
    if after(message.state, told) is not message.state:
        message.state, message.changed_at = told, at
