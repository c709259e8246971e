"""A stopped operator: what was accepted waits on disk, memory stays small, and sending resumes."""

import asyncio

import pytest

from habar.simulator import Simulator

from .conftest import SHOP
from .customer import Load
from .smsc import Arrivals
from .waiting import eventually

MOST_RESIDENT = 300 * 1024 * 1024
FIRST = 5_000


@pytest.mark.parametrize("count", [100_000, pytest.param(1_000_000, marks=pytest.mark.torture)])
async def test_messages_wait_on_disk(
    produce, operator: tuple[Simulator, Arrivals], count: int
) -> None:
    simulator, arrivals = operator
    simulator.stop_listening()
    gateway = await produce(simulator.port, window=100)
    load = Load(SHOP)
    async with gateway, asyncio.TaskGroup() as group:
        group.create_task(load.run(gateway.port, single=1, packages=4, size=1000))
        while len(load.accepted) < count:
            await load.reach(load.answers + 10)
            assert gateway.resident < MOST_RESIDENT
        load.stopping = True
    assert not load.put_off
    assert not load.unanswered
    assert not arrivals.links

    async with gateway:
        await simulator.listen_again()
        await eventually(lambda: len(arrivals.links) >= FIRST)
        assert gateway.resident < MOST_RESIDENT
    assert arrivals.links.keys() <= load.accepted.keys()
    assert not arrivals.repeated
