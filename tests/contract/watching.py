"""What a node's dispatcher hears of the others, and what a test sees of all of them.

A test with the fixture `pair` is asked of engines that say `several_nodes`. Such an engine has,
beside what every engine has:

- `await open_node(name)`: a further node on the same database, as another process would be;
- `await lapse(store)`: the store's lease has run out by the database's clock, and the store has not
  noticed. Also for a store that has died;
- `die(store)`: as for every engine; the lease does not end by that.

A node ends the runs of others whose lease is over when it asks for its binds (`slots`) or at its
own pace, and finds out at its own pace, or by its next write, that it was ended itself. What is
waited for is given up after PATIENCE seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from habar.store.nodes import Hint

PATIENCE = 60  # seconds
PAUSE = 0.02  # s


class Links:
    """A watcher: what the dispatcher of a node would be told."""

    def __init__(self, store: Any) -> None:
        self._turned = asyncio.Event()
        self.lost_runs = 0
        self.hints: list[Hint] = []
        store.watch(self)

    def lost(self) -> None:
        self.lost_runs += 1
        self._turned.set()

    def waiting(self, hint: Hint) -> None:
        self.hints.append(hint)
        self._turned.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._turned.clear()
                await self._turned.wait()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again what only becomes visible by asking."""
    never = asyncio.Event()
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            with suppress(TimeoutError):
                await asyncio.wait_for(never.wait(), PAUSE)


async def run_ids(store: Any) -> set[int]:
    """The runs that live."""
    return {node.id for node in await store.nodes() if node.alive}


async def run_of(desk: Any, other: Any) -> int:
    """The run of `desk`, the node that is not called `second`."""
    [run] = [node.id for node in await other.store.nodes() if node.alive and node.name != "second"]
    return int(run)


async def given_up(engine: Any, desk: Any, by: Any) -> None:
    """The node of `desk` loses its lease, and `by` ends its run."""
    run = await run_of(desk, by)

    async def ended() -> bool:
        if run not in await run_ids(by.store):
            return True
        await engine.lapse(desk.store)  # again, should a commit have renewed the lease meanwhile
        await by.store.slots({})
        return False

    await until(ended)
