"""Messages in doubt, as staff see them, and a person's word on one of them.

A message is in doubt where a link or process died with it in the window and its operator's data
say that it may not be sent twice. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from habar.model.times import moment
from habar.store.port import Store


@dataclass(frozen=True, slots=True)
class Held:
    """A message in doubt. `since` is in the zone that was asked for."""

    message_id: int
    since: str
    operator: str
    recipient: str
    why: str


class HeldMessages:
    """Reads and decides. `actor` is who the audit says did it."""

    def __init__(self, store: Store, *, actor: str, now: Callable[[], int]) -> None:
        self._store = store
        self._actor = actor
        self._now = now

    async def list(self, limit: int, *, zone: str) -> list[Held]:
        """The longest held first, at most `limit`."""
        names = {row.id: row.name for row in await self._store.network.operators()}
        return [
            Held(
                found.message_id,
                moment(found.at, zone),
                names.get(found.operator_id, str(found.operator_id)),
                str(found.recipient),
                found.error,
            )
            for found in await self._store.held(None, limit)
        ]

    async def decide(self, message_id: int, *, resend: bool) -> None:
        """Send it again, or end it unsent. Raises NotFound, Conflict (it is in no doubt)."""
        await self._store.decide(message_id, resend=resend, actor=self._actor, now=self._now())
