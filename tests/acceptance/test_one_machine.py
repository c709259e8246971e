"""`habar serve --processes 2`: two nodes on one machine, one port for the customers of both."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from habar.app.database import books_of
from habar.simulator import Simulator

from ..postgres.server import Server
from .cluster import Cluster, configuration, node_at
from .conftest import BALANCE, PRICE, SHOP
from .customer import Load, ask
from .gateway import Gateway
from .ledger import hold_money, in_the_queue
from .smsc import PASSWORD, Arrivals
from .test_nothing_is_lost import all_arrived
from .waiting import eventually

NAMES = {"machine-1", "machine-2"}


@pytest.fixture
async def machine(
    own_postgres: Server,
    operator: tuple[Simulator, Arrivals],
    tmp_path: Path,
    installations: list[Gateway],
) -> Cluster:
    def make(name: str, section: str) -> Gateway:
        text = configuration(section, operator[0].port, window=10, binds=2, password=PASSWORD)
        secrets = (PASSWORD, SHOP.password)
        node = node_at(tmp_path, name, text, secrets, words=("--processes", "2"))
        installations.append(node)
        return node

    machine = await Cluster.make(own_postgres, make, ["machine"])
    await machine.furnish(SHOP, BALANCE, PRICE)
    return machine


async def test_a_process_that_dies_is_started_again_and_all_end_together(
    machine: Cluster, operator: tuple[Simulator, Arrivals]
) -> None:
    _, arrivals = operator
    [supervisor] = machine.nodes
    await supervisor.start()
    before = await alive(machine)
    assert set(before) == NAMES
    load = Load(SHOP)
    await send(load, supervisor, 40)
    victim, *_ = children(supervisor.pid)
    os.kill(victim, signal.SIGKILL)
    await eventually(lambda: victim not in children(supervisor.pid))
    await eventually(lambda: is_whole(machine, supervisor, before))
    await send(load, supervisor, 40)
    await all_arrived(arrivals, load.accepted)
    await eventually(lambda: is_empty(machine))
    await hold_money(machine.place, SHOP.name, BALANCE, PRICE, len(arrivals.links))
    assert await machine.stop() == [0]
    assert await alive(machine) == {}


async def send(load: Load, supervisor: Gateway, packages: int) -> None:
    """So many, each by a connection of its own: either process may get it."""
    for _ in range(packages):
        load.count(await ask(supervisor.port, load.next_document(5)), 5)


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def alive(machine: Cluster) -> dict[str, int]:
    """The run of each node that the others take to be alive, by its name."""
    async with books_of(machine.place) as store:
        return {node.name: node.id for node in await store.nodes() if node.alive}


async def is_whole(machine: Cluster, supervisor: Gateway, before: dict[str, int]) -> bool:
    """Whether both run, one of them anew: for a while the dead one's run still counts as alive.

    A successor that is asked to stop before it has begun its own run leaves that of the dead one
    to lapse.
    """
    now = await alive(machine)
    begun_anew = set(now.values()) - set(before.values())
    return len(children(supervisor.pid)) == 2 and set(now) == NAMES and len(begun_anew) == 1


async def is_empty(machine: Cluster) -> bool:
    return await in_the_queue(machine.place) == 0
