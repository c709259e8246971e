"""dispatch/mover.py: what waits for an operator that is out goes to the next one, in batches."""

from __future__ import annotations

import asyncio
from typing import Any

from habar.dispatch import mover as mover_module
from habar.dispatch.mover import Mover
from habar.errors import StoreUnavailable
from habar.model.message import Outgoing
from habar.store.events import Moved
from habar.store.readings import Place, Queued

NOW = 1_790_000_000_000


def message(message_id: int, account_id: int = 1) -> Outgoing:
    return Outgoing(message_id, account_id, 1, "SHOP", 77010000001, "t", 0, 0, 1, NOW, None)


class HandStore:
    """Queues by operator; every question is kept."""

    def __init__(self, *messages: Outgoing) -> None:
        self.journal = self
        self.queue = list(messages)
        self.moves: list[Moved] = []
        self.broken = False
        self.taken: set[int] = set()
        """Those that another node has moved meanwhile."""

    async def queued(
        self, operator_id: int, after: Place | None, limit: int, now: int
    ) -> list[Queued]:
        assert (operator_id, now) == (1, NOW)
        places = [Queued(Place(1, m.account_id, m.due_at, m.message_id), m) for m in self.queue]
        return [q for q in places if after is None or q.place > after][:limit]

    def ask(self, question: Moved, done: Any) -> None:
        self.moves.append(question)
        moved = [n for n, _ in question.moves if n not in self.taken]
        answer = StoreUnavailable("disk full") if self.broken else moved
        asyncio.get_running_loop().call_soon(done, answer)


class HandWays:
    """Every other message has another operator."""

    def __init__(self, nowhere: set[int] | None = None) -> None:
        self.nowhere = nowhere or set()
        self.hints: list[tuple[int, int, int, int]] = []

    def elsewhere(self, message: Outgoing, operator_id: int) -> int:
        return operator_id if message.message_id in self.nowhere else 2

    def waiting(self, *hint: int) -> None:
        self.hints.append(hint)  # type: ignore[arg-type]


def mover(store: HandStore, ways: HandWays) -> Mover:
    return Mover(store, ways, lambda: NOW)  # type: ignore[arg-type]


async def test_what_waits_moves_and_the_other_operator_hears_of_it() -> None:
    store, ways = HandStore(message(1), message(2), message(3, account_id=9)), HandWays()
    one = mover(store, ways)
    await one.move(lambda: {1})
    assert store.moves == [Moved(((1, 2), (2, 2), (3, 2)), 1, NOW)]
    assert sorted(ways.hints) == [(2, 1, 1, NOW), (2, 9, 1, NOW)]
    assert one.moved == 3


async def test_what_has_no_other_operator_stays_and_nobody_is_asked_for_it() -> None:
    store, ways = HandStore(message(1)), HandWays(nowhere={1})
    await mover(store, ways).move(lambda: {1})
    assert store.moves == []
    assert ways.hints == []


async def test_what_has_nowhere_to_go_does_not_keep_others_from_moving(monkeypatch: Any) -> None:
    monkeypatch.setattr(mover_module, "BATCH", 2)
    store = HandStore(*(message(n) for n in range(1, 8)))
    await mover(store, HandWays(nowhere={1, 2, 5})).move(lambda: {1})
    assert [n for question in store.moves for n, _ in question.moves] == [3, 4, 6, 7]


async def test_nothing_more_leaves_an_operator_that_is_back(monkeypatch: Any) -> None:
    monkeypatch.setattr(mover_module, "BATCH", 2)
    store = HandStore(*(message(n) for n in range(1, 8)))
    await mover(store, HandWays()).move(lambda: {1} if len(store.moves) < 2 else set())
    assert [n for question in store.moves for n, _ in question.moves] == [1, 2, 3, 4]


async def test_what_another_node_moved_is_counted_there() -> None:
    store, ways = HandStore(message(1), message(2)), HandWays()
    store.taken = {1, 2}
    one = mover(store, ways)
    await one.move(lambda: {1})
    assert (one.moved, ways.hints) == (0, [])


async def test_a_store_that_cannot_write_is_left_alone_until_the_next_round() -> None:
    store, ways = HandStore(message(1)), HandWays()
    store.broken = True
    one = mover(store, ways)
    await one.move(lambda: {1})
    assert (one.moved, one.failures, ways.hints) == (0, 1, [])
    store.broken = False
    await one.move(lambda: {1})
    assert one.moved == 1
