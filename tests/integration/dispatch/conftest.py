"""The gateway's way out, whole: the door, a real store, the dispatcher, a simulated SMSC."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from habar.dispatch import Lane
from habar.model.retry import RetryPlan
from habar.model.route import Operator, Routes
from habar.operators import Link, OperatorSettings
from habar.simulator import Received, Settings, Simulator

from ..gateway import Gateway, SkippingClock


class Rig(Gateway):
    """One gateway with one operator."""

    def __init__(self, path: Path, sim: Simulator, clock: SkippingClock) -> None:
        super().__init__(path, clock)
        self.sim = sim

    async def start(self, *, retry: RetryPlan, ahead: int, **changes: Any) -> None:
        await self.open()
        plain: dict[str, Any] = {
            "host": self.sim.host,
            "port": self.sim.port,
            "system_id": "habar",
            "password": "habar",
            "reconnect_first": 0.02,
            "reconnect_last": 0.1,
        }
        operator_id = await self.store.books.ensure_operator("sim")
        self.settings = OperatorSettings(operator_id, "sim", **(plain | changes))
        routes = Routes((Operator(operator_id, "sim", self.settings.gives_receipts),))
        await self.begin([self.settings], routes, retry=retry, ahead=ahead)

    @property
    def lane(self) -> Lane:
        return self.dispatcher.lanes[self.settings.id]

    @property
    def link(self) -> Link:
        """The one in the first slot."""
        return self.lane.links._links[1]

    async def up(self) -> None:
        await self.when(lambda: self.lane.links.bound == self.settings.binds)

    def lock_file(self) -> sqlite3.Connection:
        """Take the database away, as a command that hangs in a transaction would."""
        thief = sqlite3.connect(self.path, isolation_level=None)
        thief.execute("BEGIN IMMEDIATE")
        return thief


@pytest.fixture
def when_taken() -> list[Callable[[Received], object]]:
    """What a test wants done at the moment at which the SMSC takes a submit_sm."""
    return []


@pytest.fixture
async def sim(when_taken: list[Callable[[Received], object]]) -> AsyncIterator[Simulator]:
    def taken(received: Received) -> None:
        for call in when_taken:
            call(received)

    settings = Settings(port=0, receipt_delay=0.0, retry_delay=0.05)
    async with Simulator(settings, on_message=taken) as simulator:
        yield simulator


@pytest.fixture
async def make_rig(tmp_path: Path, sim: Simulator) -> AsyncIterator[Callable[..., Any]]:
    """Start gateways on one database file, one after the other; the last is stopped."""
    rigs: list[Rig] = []

    async def make(*, retry: RetryPlan | None = None, ahead: int = 1000, **changes: Any) -> Rig:
        rig = Rig(tmp_path / "habar.db", sim, SkippingClock())
        await rig.start(retry=retry or RetryPlan(first=30, last=100), ahead=ahead, **changes)
        rigs.append(rig)
        return rig

    yield make
    for rig in rigs[-1:]:
        await rig.stop()


@pytest.fixture
async def rig(make_rig: Callable[..., Any]) -> Rig:
    """A gateway that is linked to the simulator."""
    made: Rig = await make_rig()
    await made.up()
    return made
