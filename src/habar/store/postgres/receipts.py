"""Writes down operators' receipts: which part each means, and what becomes of its message.

What a receipt means is part_rows' to say. Parts are looked for among the messages of the last days
first, so that a receipt does not ask every partition. The messages that are meant are locked before
the states of their parts are read: receipts that reach two nodes at once add up. One that means
nothing known is parked, where staff can see it, and found by the part it outran: by the part's own
transaction, or, where both were written at the same moment by two nodes, by `rematch` soon after.

Guarantees: a receipt counts as early for ten minutes; after that an operator's id may have been
given to another message. Runs inside a transaction that its caller holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from habar.model.status import MessageState
from habar.store.events import ReceiptSeen
from habar.store.operator_key import operator_key
from habar.store.part_rows import NAMESAKES, MessageRow, Name, PartRow, ends_all, meant
from habar.store.postgres.connection import Connection
from habar.store.postgres.sql import QUERIES
from habar.store.postgres.texts import pack, unpack

EARLY_MS = 600_000
"""How long before its part a receipt may have come."""
_NO_END = (1 << 63) - 1
_REMATCHED = 500


class PartRows:
    """The parts of messages that one transaction has locked."""

    def __init__(self, connection: Connection, recent: int) -> None:
        self._connection = connection
        self._recent = recent
        self._parts: dict[tuple[int, int], PartRow] = {}
        self._messages: dict[int, MessageRow] = {}
        self._by_message: defaultdict[int, list[PartRow]] = defaultdict(list)
        self._named: dict[Name, list[tuple[int, int]]] = {}

    async def find(self, names: Iterable[Name]) -> None:
        """Lock and read the parts of those names, with all others of their messages."""
        wanted = {name: key for name in names if (key := operator_key(name[1])) is not None}
        await self._lock_named(wanted, self._recent, _NO_END)
        older = {name: key for name, key in wanted.items() if name not in self._named}
        if self._recent:
            await self._lock_named(older, 0, self._recent)
        await self._read({number[0] for numbers in self._named.values() for number in numbers})

    async def _lock_named(self, wanted: dict[Name, int], first: int, end: int) -> None:
        if not wanted:
            return
        rows = await self._connection.fetch(
            QUERIES["lock_named"],
            [name[0] for name in wanted],
            list(wanted.values()),
            [pack(name[1]) for name in wanted],
            first,
            end,
            NAMESAKES,
        )
        for operator_id, text, message_id, part in rows:
            self._named.setdefault((operator_id, unpack(text)), []).append((message_id, part))

    async def lock(self, message_ids: set[int]) -> None:
        """Lock messages, and read all their parts that the operator has taken."""
        if message_ids:
            await self._connection.fetch(QUERIES["lock_messages"], sorted(message_ids))
            await self._read(message_ids)

    async def _read(self, message_ids: set[int]) -> None:
        """Read the parts of messages that are locked.

        By a statement after the one that locked: it sees what was written by whom we waited for,
        be it a part that was not there before.
        """
        if not message_ids:
            return
        for row in await self._connection.fetch(QUERIES["locked_parts"], sorted(message_ids)):
            message = self._messages.get(row[2])
            if message is None:
                message = self._messages[row[2]] = MessageRow(*row[10:12])
            part = self._parts[row[2], row[3]] = PartRow(row, message)
            self._by_message[row[2]].append(part)

    def meant(self, receipt: ReceiptSeen) -> PartRow | None:
        """The part of the first candidate that names one."""
        for name in receipt.candidates:
            numbers = self._named.get((receipt.operator_id, name), ())
            part = meant([self._parts[n] for n in numbers if n in self._parts])
            if part is not None:
                return part
        return None

    def numbered(self, message_id: int, part: int) -> PartRow | None:
        """The part of that number."""
        return self._parts.get((message_id, part))

    def tell(self, part: PartRow, receipt: ReceiptSeen, at: int) -> None:
        """A receipt for the part, and for its message where it speaks for that."""
        part.take(receipt)
        if ends_all(receipt):
            for one in self._by_message[part.message_id]:
                one.hear(receipt)
            part.message.end(receipt.state, at)

    def settle(self, part: PartRow, at: int) -> None:
        """What becomes of the part's message."""
        parts = self._by_message[part.message_id]
        open_: list[MessageState | None] = [None] * (part.message.parts - len(parts))
        before, now = [one.was for one in parts], [one.state for one in parts]
        part.message.settle(before + open_, now + open_, at)

    async def save(self) -> None:
        """Write what has changed."""
        parts = sorted(
            (p.message_id, p.part, p.state, pack(p.error), p.done_at, p.receipt_at, p.receipts)
            for p in self._parts.values()
            if p.changed
        )
        settled = [
            (message_id, message.state, message.changed_at)
            for message_id, message in self._messages.items()
            if message.changed_at is not None
        ]
        if parts:  # what settles a message is a change of a part of its own
            columns = zip(*settled, strict=True) if settled else ((), (), ())
            await self._connection.execute(
                QUERIES["save_receipts"], *zip(*parts, strict=True), *columns
            )


async def write_receipts(
    connection: Connection, recent: int, receipts: Sequence[ReceiptSeen]
) -> list[int | None]:
    """The message that each receipt is about; None for one that matches nothing and is parked.

    `recent`: the first message id of the last days.
    """
    rows = PartRows(connection, recent)
    await rows.find((one.operator_id, name) for one in receipts for name in one.candidates)
    answers: list[int | None] = []
    touched: dict[tuple[int, int], tuple[PartRow, int]] = {}
    for receipt in receipts:
        part = rows.meant(receipt)
        if part is None:
            await _park(connection, receipt)
            answers.append(None)
            continue
        rows.tell(part, receipt, receipt.at)
        touched[part.message_id, part.part] = part, receipt.at
        answers.append(part.message_id)
    for part, at in touched.values():
        rows.settle(part, at)
    await rows.save()
    return answers


async def _park(connection: Connection, receipt: ReceiptSeen) -> None:
    """Keep a receipt aside, under every id that it may mean."""
    names = list(dict.fromkeys(name for name in receipt.candidates if name))
    receipt_id = await connection.fetchval(
        QUERIES["park_receipt"],
        receipt.operator_id,
        pack(names[0]) if names else "",
        receipt.state,
        pack(receipt.error),
        receipt.done_at,
        receipt.at,
        pack(receipt.raw),
        bool(receipt.whole),
    )
    if names:
        keys = [operator_key(name) for name in names]
        await connection.execute(QUERIES["park_keys"], receipt_id, keys, list(map(pack, names)))


EarlyRow = Sequence[Any]
"""A parked receipt with the part that it outran, as `early_receipts` selects them."""


async def rematch(connection: Connection, recent: int, since: int) -> None:
    """Find parked receipts whose part was written by another node in the same moment."""
    rows = await connection.fetch(
        QUERIES["parted_receipts"], since - EARLY_MS, EARLY_MS, recent, _REMATCHED
    )
    if rows:
        given = zip(*map(tuple, rows), strict=True)
        await apply_early(
            connection, await connection.fetch(QUERIES["early_receipts"], *given, EARLY_MS)
        )


async def apply_early(connection: Connection, found: Sequence[EarlyRow]) -> None:
    """Give parts the receipts that outran them."""
    if not found:
        return
    await connection.execute(QUERIES["unpark_receipts"], [row[2] for row in found])
    rows = PartRows(connection, 0)
    await rows.lock({row[0] for row in found})
    for row in found:
        part = rows.numbered(row[0], row[1])
        if part is not None:
            _apply(rows, part, receipt_of(row[2:11]), row[11])
    await rows.save()


async def apply_to(
    connection: Connection, receipt: ReceiptSeen, message_id: int, number: int
) -> bool:
    """Give a part the receipt that somebody says is its own; False: there is no such part."""
    rows = PartRows(connection, 0)
    await rows.lock({message_id})
    part = rows.numbered(message_id, number)
    if part is None:
        return False
    _apply(rows, part, receipt, part.sent_at)
    await rows.save()
    return True


def _apply(rows: PartRows, part: PartRow, receipt: ReceiptSeen, sent_at: int) -> None:
    at = max(receipt.at, sent_at)
    rows.tell(part, receipt, at)
    rows.settle(part, at)


def receipt_of(row: Sequence[Any]) -> ReceiptSeen:
    """A row of those that are kept aside, as it was seen."""
    _, operator_id, name, state, error, done_at, at, raw, whole = row
    return ReceiptSeen(
        operator_id,
        (unpack(name),),
        MessageState(state),
        unpack(error),
        done_at,
        at,
        unpack(raw),
        whole,
    )
