"""Receipts that match nothing, as staff see them, and a person's word on one of them.

Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from habar.model.times import moment
from habar.store.port import Store


@dataclass(frozen=True, slots=True)
class Orphan:
    """A receipt of which nobody knows the message. `at` is in the zone that was asked for."""

    id: int
    at: str
    operator: str
    operator_message_id: str
    state: str
    error: str
    raw: str


class OrphanReceipts:
    """Reads and matches. `actor` is who the audit says did it."""

    def __init__(self, store: Store, *, actor: str, now: Callable[[], int]) -> None:
        self._store = store
        self._actor = actor
        self._now = now

    async def list(self, limit: int, *, zone: str) -> list[Orphan]:
        """The newest, at most `limit`."""
        names = {row.id: row.name for row in await self._store.network.operators()}
        return [
            Orphan(
                found.id,
                moment(found.at, zone),
                names.get(found.operator_id, str(found.operator_id)),
                found.operator_message_id,
                f"{found.state.value} {found.state.name}",
                found.error,
                found.raw,
            )
            for found in await self._store.unmatched_receipts(limit)
        ]

    async def match(self, receipt_id: int, message_id: int, part: int) -> None:
        """It is about that part. Raises NotFound, Conflict."""
        await self._store.match(receipt_id, message_id, part, actor=self._actor, now=self._now())
