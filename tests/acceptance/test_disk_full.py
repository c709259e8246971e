"""The disk is full: nothing is accepted, nothing is lost, and when there is room all goes on.

Tried in two ways: on a small tmpfs (which only root may mount), and with a limit on the size of the
files that the process may write (which anybody may set, and lift again from outside).
"""

import asyncio
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from habar.simulator import Simulator

from .conftest import BALANCE, PRICE, SHOP
from .customer import Answer, Customer, Load, ask
from .gateway import PATIENCE, Gateway
from .ledger import hold_money
from .smsc import Arrivals
from .test_nothing_is_lost import all_arrived, all_delivered, twice_only_from_the_window
from .waiting import eventually

MIB = 1024 * 1024
SMALL = 12 * MIB
BALLAST = 8 * MIB
ROOM = 2 * MIB  # what the limited process may write in one file
FULL = "the store cannot write"


class Disk:
    """Where the data is, and how room is made on it."""

    def __init__(
        self,
        data: Path,
        make_room: Callable[[int], None],
        *,
        spawned: Callable[[int], None] | None = None,
    ) -> None:
        self.data = data
        self.make_room = make_room
        """Given the gateway's process, or 0 where it does not run."""
        self.spawned = spawned


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Disk]:
    mount = tmp_path / "disk"
    mount.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={SMALL}", "none", str(mount)]
    if os.geteuid() or subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip(
            "no tmpfs can be mounted here (it takes root); the limit on files is tried instead"
        )
    ballast = mount / "ballast"
    ballast.write_bytes(bytes(BALLAST))
    try:
        yield Disk(mount / "data", lambda pid: ballast.unlink())
    finally:
        subprocess.run(["umount", "--lazy", str(mount)], check=True)


@pytest.fixture
def limited(tmp_path: Path) -> Disk:
    most = ROOM

    def limit(pid: int) -> None:
        # Python ignores SIGXFSZ: a write over the limit fails with EFBIG and does not kill.
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def make_room(pid: int) -> None:
        nonlocal most
        most = resource.RLIM_INFINITY
        if pid:
            limit(pid)

    return Disk(tmp_path / "data", make_room, spawned=limit)


@pytest.fixture(params=["tmpfs", "limited"])
def disk(request: pytest.FixtureRequest) -> Disk:
    found: Disk = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def gateway(disk: Disk, produce, operator: tuple[Simulator, Arrivals]) -> Gateway:
    made: Gateway = await produce(
        operator[0].port, data=disk.data, spawned=disk.spawned, more=ONLY_ERRORS
    )
    return made


ONLY_ERRORS = """
[log]
level = "error"
"""


async def fill(gateway: Gateway, load: Load) -> None:
    """Send until the disk is so full that nothing more is accepted, and /readyz says so.

    It may become so by and by: what is found done gives a little room back.
    """

    async def is_full() -> bool:
        before = len(load.accepted)
        await load.run(gateway.port, single=4, packages=4)  # each ends when it is put off
        return len(load.accepted) == before and not await is_ready(gateway)

    await eventually(is_full)
    for answer in load.put_off:
        hold_put_off(answer)


def hold_put_off(answer: Answer) -> None:
    assert (answer.status, answer.error) == (503, 200), answer
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"


async def is_accepting(gateway: Gateway, load: Load) -> bool:
    answer = await ask(gateway.port, load.next_document(1))
    load.count(answer, 1)
    return answer.status == 200


@pytest.mark.rule("xml.overload-retry-after", "xml.package-error-200")
async def test_a_full_disk_accepts_nothing_and_loses_nothing(
    disk: Disk, gateway: Gateway, operator: tuple[Simulator, Arrivals]
) -> None:
    _, arrivals = operator
    load = Load(SHOP)
    async with gateway:
        await fill(gateway, load)
        disk.make_room(gateway.pid)
        await eventually(lambda: is_accepting(gateway, load))
        await eventually(lambda: is_ready(gateway))
        await all_arrived(arrivals, load.accepted)
        await all_delivered(gateway, load)
        assert not arrivals.repeated
    assert FULL in gateway.log()
    await hold_money(gateway.data, SHOP.name, BALANCE, PRICE, len(load.accepted))


async def test_a_kill_with_the_disk_full_loses_nothing(
    disk: Disk, gateway: Gateway, operator: tuple[Simulator, Arrivals]
) -> None:
    _, arrivals = operator
    load = Load(SHOP)
    await gateway.start()
    await fill(gateway, load)
    await gateway.kill()
    refused = await gateway.refusal()
    if refused is None:
        await gateway.kill()
    else:
        assert refused.code == 1
        assert FULL in refused.err
    disk.make_room(0)
    await gateway.start()
    await all_arrived(arrivals, load.accepted)
    await eventually(lambda: is_accepting(gateway, load))
    await all_delivered(gateway, load)
    await twice_only_from_the_window(gateway, arrivals)
    assert (await gateway.stop()).code == 0
    await hold_money(gateway.data, SHOP.name, BALANCE, PRICE, len(arrivals.links))


async def is_ready(gateway: Gateway) -> bool:
    """What /readyz tells the load balancer."""
    async with Customer(gateway.port) as customer:
        customer.writer.write(b"GET /readyz HTTP/1.1\r\nHost: habar\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            return b" 200 " in await customer.reader.readline()
