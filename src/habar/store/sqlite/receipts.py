"""Writes down operators' receipts: which part each means, and what becomes of its message.

What a receipt means is part_rows' to say; one that means nothing known is parked (parked.py).
Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from habar.store.events import PartAccepted, ReceiptSeen
from habar.store.part_rows import PartRow, ends_all
from habar.store.sqlite.parked import Parked
from habar.store.sqlite.part_rows import PartRows


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
        _tell(rows, part, receipt, receipt.at)
        touched[part.message_id, part.part] = part, receipt.at
        answers.append(part.message_id)
    for part, at in touched.values():
        rows.settle(part, at)
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
                _apply(rows, part, receipt, max(receipt.at, event.at))
    if rows is not None:
        rows.save()


def apply_to(
    connection: sqlite3.Connection, receipt: ReceiptSeen, message_id: int, number: int
) -> bool:
    """Give a part the receipt that somebody says is its own; False: there is no such part."""
    rows = PartRows(connection)
    part = rows.numbered(message_id, number)
    if part is None:
        return False
    _apply(rows, part, receipt, max(receipt.at, part.sent_at))
    rows.save()
    return True


def _meant(rows: PartRows, receipt: ReceiptSeen) -> PartRow | None:
    """The part of the first candidate that names one."""
    for name in receipt.candidates:
        part = rows.named((receipt.operator_id, name))
        if part is not None:
            return part
    return None


def _tell(rows: PartRows, part: PartRow, receipt: ReceiptSeen, at: int) -> None:
    part.take(receipt)
    if ends_all(receipt):
        for other in rows.others(part):
            other.hear(receipt)
        part.message.end(receipt.state, at)


def _apply(rows: PartRows, part: PartRow, receipt: ReceiptSeen, at: int) -> None:
    _tell(rows, part, receipt, at)
    rows.settle(part, at)
