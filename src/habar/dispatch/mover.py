"""Moves what waits for an operator that is out to the next operators of its routes.

Guarantees: small batches, one at a time; what has no other operator stays where it is, and so does
what the operator has taken in part; a message is moved once however many nodes do it at once; a
store that cannot answer is asked again at the next round; nothing leaves an operator that is back.
Knows no links.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from habar.dispatch.ways import Ways
from habar.errors import HabarError
from habar.model.message import Outgoing
from habar.store.events import Moved
from habar.store.port import Store
from habar.store.readings import Place, Queued

BATCH = 500
"""Messages a transaction."""


class Mover:
    """One process's."""

    def __init__(self, store: Store, ways: Ways, now_ms: Callable[[], int]) -> None:
        self.moved = 0
        """Messages since the process began."""
        self.failures = 0
        """Rounds that the store could not do."""
        self._store = store
        self._ways = ways
        self._now_ms = now_ms

    async def move(self, out: Callable[[], Collection[int]]) -> None:
        """Go once through the queues of the operators that are out, for as long as they are."""
        for operator_id in sorted(out()):
            try:
                await self._empty(operator_id, out)
            except HabarError:
                self.failures += 1
                return

    async def _empty(self, operator_id: int, out: Callable[[], Collection[int]]) -> None:
        place: Place | None = None
        while operator_id in out():
            queued = await self._store.queued(operator_id, place, BATCH, self._now_ms())
            await self._move(operator_id, queued)
            if len(queued) < BATCH:
                return
            place = queued[-1].place

    async def _move(self, operator_id: int, queued: Sequence[Queued]) -> None:
        targets: dict[int, tuple[Outgoing, int]] = {}
        for _, message in queued:
            target = self._ways.elsewhere(message, operator_id)
            if target != operator_id:
                targets[message.message_id] = (message, target)
        if not targets:
            return
        moves = tuple((message_id, target) for message_id, (_, target) in targets.items())
        moved = await self._ask(Moved(moves, operator_id, self._now_ms()))
        self.moved += len(moved)
        now = self._now_ms()
        for target, account_id, priority in {
            (targets[n][1], targets[n][0].account_id, targets[n][0].priority) for n in moved
        }:
            self._ways.waiting(target, account_id, priority, now)

    async def _ask(self, question: Moved) -> list[int]:
        """The ids that moved. Raises HabarError."""
        answered: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()

        def answer(value: list[int] | HabarError) -> None:
            if answered.cancelled():
                return
            if isinstance(value, HabarError):
                answered.set_exception(value)
            else:
                answered.set_result(value)

        self._store.journal.ask(question, answer)
        return await answered
