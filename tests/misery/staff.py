"""The people who run the gateway, by commands beside it: they decide, and they change operators.

Guarantees: nobody tells the gateway, it has to notice. Whoever decides on a message in doubt asks
the operator before: what it does not have is sent again, what it has is now and then sent again all
the same, else ended. Every decision is written down for the judge, every change for whoever counts
connections. `stop` puts everything back as it was.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from random import Random

from msgspec.structs import replace

from habar.config import OperatorSettings, to_json
from habar.errors import HabarError
from habar.model.route import Route, Target
from habar.store.sqlite import SqliteStore

from .gateway import Wall, command
from .loop import VirtualLoop
from .operators import OPERATORS, Operator, next_of
from .smsc import Smsc
from .trace import Trace

EVERY = 20.0
"""Seconds from one look at what is held to the next."""
CHANGES_EVERY = 400.0
"""Seconds between two changes of one operator, on average."""
CHANGED_FOR = 30.0
LATE = 120.0
"""Seconds after which the last operator is added."""
CHANGES = ("window", "throughput", "binds", "system_type", "disabled")


async def put(store: SqliteStore, settings: OperatorSettings, now: int) -> int:
    """`habar operator add`, or `set`; the operator's id."""
    return await store.network.put_operator(
        settings.name, to_json(settings), in_doubt=settings.in_doubt, actor="staff", now=now
    )


async def lead(store: SqliteStore, operator_id: int, now: int) -> None:
    """77 0N goes to operator N, and where that one is out or in trouble to the next."""
    targets = (Target(operator_id), Target(next_of(operator_id), step=2))
    route = Route(id=0, position=0, targets=targets, prefix=f"77{operator_id:02}")
    await store.network.add_route(route, actor="staff", now=now)


class Staff:
    """`smscs` by operator id: those whose operators hold for a person can be asked by one alone."""

    def __init__(
        self,
        loop: VirtualLoop,
        wall: Wall,
        path: Path,
        smscs: Mapping[int, Smsc],
        random: Random,
        trace: Trace,
    ) -> None:
        self.resent: Counter[int] = Counter()
        """How often a message was ordered to go again, by its id."""
        self.ended: set[int] = set()
        self.decided_at: dict[int, float] = {}
        """When something was last decided, by operator."""
        self.changed_at: dict[str, list[float]] = defaultdict(list)
        """When an operator was changed, by its name."""
        self.done: Counter[str] = Counter()
        """How often what was changed."""
        self._loop = loop
        self._wall = wall
        self._path = path
        self._smscs = smscs
        self._random = random
        self._trace = trace
        self._tasks: list[asyncio.Task[None]] = []

    # --- Decisions -------------------------------------------------------------------------------
    async def decide(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(EVERY)
            for operator_id, operator in enumerate(OPERATORS, 1):
                if operator.settings.in_doubt == "hold":
                    async with command(self._path, self._random) as store:
                        await self._look(store, operator_id)

    async def _look(self, store: SqliteStore, operator_id: int) -> None:
        for held in await store.held(operator_id, 50):
            takes = self._smscs[operator_id].book.takes
            has_it = any(
                recipient == held.recipient and takes[recipient, part]
                for recipient, part in list(takes)
            )
            resend = not has_it or self._random.random() < 0.3
            try:
                await store.decide(held.message_id, resend, actor="staff", now=self._wall.now_ms())
            except HabarError as error:  # its customer has deleted it meanwhile
                self._trace.note("not decided", held.message_id, type(error).__name__)
                continue
            self.decided_at[operator_id] = self._loop.time()
            if resend:
                self.resent[held.message_id] += 1
            else:
                self.ended.add(held.message_id)

    # --- Changes ---------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to change operators."""
        for operator_id, operator in enumerate(OPERATORS, 1):
            work = self._change(operator_id, operator, Random(self._random.random()))
            self._tasks.append(asyncio.ensure_future(work))

    async def stop(self) -> None:
        """Change nothing any more, and have everything as it was."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        async with command(self._path, self._random) as store:
            for operator_id, operator in enumerate(OPERATORS, 1):
                await self._begin(store, operator_id, operator)
                await self._enable(store, operator.name, True)

    async def _change(self, operator_id: int, operator: Operator, random: Random) -> None:
        if operator.late:
            await asyncio.sleep(LATE)
            async with command(self._path, self._random) as store:
                await self._begin(store, operator_id, operator)
        while True:
            await asyncio.sleep(random.expovariate(1 / CHANGES_EVERY))
            what = random.choice(CHANGES)
            self.done[what] += 1
            async with command(self._path, self._random) as store:
                if what == "disabled":
                    await self._enable(store, operator.name, False)
                else:
                    await self._put(store, _other(operator.settings, what, random))
            await asyncio.sleep(random.expovariate(1 / CHANGED_FOR))
            async with command(self._path, self._random) as store:
                await self._put(store, operator.settings)
                await self._enable(store, operator.name, True)

    async def _begin(self, store: SqliteStore, operator_id: int, operator: Operator) -> None:
        """Have it as it ought to be, with its route."""
        await self._put(store, operator.settings)
        led = {route.targets[0].operator_id for route in await store.network.routes()}
        if operator_id not in led:
            await lead(store, operator_id, self._wall.now_ms())

    async def _put(self, store: SqliteStore, settings: OperatorSettings) -> None:
        await put(store, settings, self._wall.now_ms())
        self._note(settings.name)

    async def _enable(self, store: SqliteStore, name: str, enabled: bool) -> None:
        await store.network.enable_operator(name, enabled, actor="staff", now=self._wall.now_ms())
        self._note(name)

    def _note(self, name: str) -> None:
        self.changed_at[name].append(self._loop.time())
        self._trace.note("changed", name)


def _other(settings: OperatorSettings, what: str, random: Random) -> OperatorSettings:
    """The same operator with something else said of it."""
    if what == "window":
        return replace(settings, window=random.randrange(1, 20))
    if what == "throughput":
        return replace(settings, throughput=random.randrange(10, 40))
    if what == "binds":
        return replace(settings, binds=random.randrange(1, 4))
    return replace(settings, system_type=random.choice(("VMA", "SMPP", "x")))
