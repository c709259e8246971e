"""The gateway as its users run it: a process, its ports, its files, its log.

`--rounds` says how often it is killed, `--seed` repeats a run; tests marked `torture` run only when
they are asked for (`--torture`, or `-m` with the word).
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from habar.admin.accounts import Accounts
from habar.admin.money import format_money
from habar.app.database import Place, books_of
from habar.config import DatabaseSettings
from habar.model.account import AccountKind
from habar.simulator import Simulator

from .customer import Login
from .gateway import Gateway
from .smsc import PASSWORD, Arrivals, smsc
from .smsc_process import SmscProcess

SHOP = Login("shop", "s3cret-of-the-shop")
BALANCE = 1_000_000_000
"""Tiyn of a production account: enough for every test."""
PRICE = 50
"""Tiyn a part."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=20, help="how often the gateway is killed")
    parser.addoption("--seed", type=int, default=None, help="repeat the random moments of a run")
    parser.addoption("--torture", action="store_true", help="run the tests marked torture too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--torture") or "torture" in config.getoption("-m", ""):
        return
    torture = [item for item in items if item.get_closest_marker("torture")]
    if torture:
        config.hook.pytest_deselected(items=torture)
        items[:] = [item for item in items if item not in torture]


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--rounds"))


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Chance that can be repeated: pytest shows the seed of a test that fails."""
    seed = request.config.getoption("--seed")
    if seed is None:
        seed = random.SystemRandom().randrange(1_000_000)
    print(f"--seed={seed}")
    return random.Random(seed)


@pytest.fixture
def installations() -> Iterator[list[Gateway]]:
    """Every gateway of the test: ended after it, and its log held clean."""
    gateways: list[Gateway] = []
    yield gateways
    for gateway in gateways:
        gateway.destroy()
    for gateway in gateways:
        hold_clean(gateway)


def hold_clean(gateway: Gateway) -> None:
    log = gateway.logs()
    assert "Traceback" not in log, log
    assert 'password="' not in log
    for secret in gateway.secrets:
        assert secret not in log


@pytest.fixture
def sandbox(tmp_path: Path, installations: list[Gateway]) -> Gateway:
    """`habar serve` without a configuration, on free ports; not yet started."""
    words = ("--data", "habar-data", "--port", "0", "--simulator-port", "0")
    gateway = Gateway(tmp_path, words, tmp_path / "habar-data")
    installations.append(gateway)
    return gateway


@pytest.fixture
def produce(tmp_path: Path, installations: list[Gateway]) -> Callable[..., Awaitable[Gateway]]:
    """Makes a production installation with the account shop; not yet started."""

    async def make(
        smsc_port: int,
        *,
        window: int = 10,
        data: Path | None = None,
        more: str = "",
        database: str = "",
        **process: Any,
    ) -> Gateway:
        """`database`: the URL of a PostgreSQL with our schema."""
        data = data or tmp_path / "data"
        if database:
            more += f'\n[database]\nurl = "{database}"\n'
        config = tmp_path / "habar.toml"
        config.touch(0o600)
        config.write_text(configuration(smsc_port, window=window, data=data) + more)
        secrets = (PASSWORD, SHOP.password)
        words = ("--config", "habar.toml")
        gateway = Gateway(tmp_path, words, data, secrets=secrets, **process)
        installations.append(gateway)
        await furnish(Place(data, DatabaseSettings(url=database)))
        return gateway

    return make


def configuration(smsc_port: int, *, window: int = 10, data: Path | str = "data") -> str:
    """A habar.toml: one listener on a free port, one operator."""
    return f"""
[gateway]
data = "{data}"

[[listeners]]
port = 0
ops = true

[[operators]]
name = "operator"
host = "127.0.0.1"
port = {smsc_port}
system_id = "habar"
password = "{PASSWORD}"
window = {window}
"""


async def furnish(place: Place) -> None:
    """Give an installation its account."""
    now = time.time_ns() // 1_000_000
    async with books_of(place, make=True) as store:
        accounts = Accounts(store.books, actor="test", now=lambda: now)
        await accounts.add(
            SHOP.name,
            SHOP.password,
            kind=AccountKind.FULL,
            balance=BALANCE,
            settings={"part_price": format_money(PRICE)},
        )


@pytest.fixture
async def operator() -> AsyncIterator[tuple[Simulator, Arrivals]]:
    """An SMSC inside the test, and what reached it."""
    arrivals = Arrivals()
    async with smsc(arrivals) as simulator:
        yield simulator, arrivals


@pytest.fixture
async def smsc_process(tmp_path: Path) -> AsyncIterator[SmscProcess]:
    """An operator's SMSC as a process of its own."""
    made = SmscProcess(tmp_path, "operator")
    try:
        await made.start()
        yield made
    finally:
        made.destroy()


@pytest.fixture
async def second_smsc_process(tmp_path: Path) -> AsyncIterator[SmscProcess]:
    """Another operator's."""
    made = SmscProcess(tmp_path, "second")
    try:
        await made.start()
        yield made
    finally:
        made.destroy()
