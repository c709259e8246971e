"""Several nodes on one PostgreSQL, each a process of its own, and what happens to them.

Guarantees: every wait ends; each node's folder, port and log are its own. Knows no protocol.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import asyncpg

from habar.admin.accounts import Accounts
from habar.admin.money import format_money
from habar.app.database import Place, books_of
from habar.config import DatabaseSettings
from habar.model.account import AccountKind
from habar.store.postgres.migrate import migrate

from ..postgres.server import Server
from .customer import Load, Login
from .gateway import HABAR, Gateway

LEASE = 2.0
"""Seconds."""
_BREATH = 0.05  # s, until a customer who was cut off comes again


class Cluster:
    """Nodes that share a database. `make`, then `start`."""

    def __init__(self, server: Server, url: str, nodes: Sequence[Gateway]) -> None:
        self.server = server
        self.place = Place(nodes[0].data, DatabaseSettings(url=url))
        self.nodes = nodes

    @classmethod
    async def make(
        cls, server: Server, make: Callable[[str, str], Gateway], names: Sequence[str]
    ) -> Self:
        """`make` gets a node's name and what its habar.toml says of the database."""
        url = server.url(await server.create_database())
        connection = await asyncpg.connect(url)
        await migrate(connection)
        await connection.close()
        section = f'[database]\nurl = "{url}"\nlease_seconds = {LEASE}\n'
        return cls(server, url, [make(name, section) for name in names])

    async def furnish(self, login: Login, balance: int, price: int) -> None:
        """Give the installation its account."""
        async with books_of(self.place) as store:
            now = time.time_ns() // 1_000_000
            await Accounts(store.books, actor="test", now=lambda: now).add(
                login.name,
                login.password,
                kind=AccountKind.FULL,
                balance=balance,
                settings={"part_price": format_money(price)},
            )

    async def start(self) -> None:
        """Start those that do not run, and wait until they listen."""
        await asyncio.gather(*[node.start() for node in self.nodes if not node.runs])

    async def stop(self) -> list[int]:
        """Stop all in order; their exit codes."""
        return [ended.code for ended in await asyncio.gather(*[n.stop() for n in self.nodes])]

    # --- What happens to them --------------------------------------------------------------------
    async def kill_one(self, dice: random.Random) -> None:
        """SIGKILL to one of them; it is started again, perhaps after the others took over."""
        node = dice.choice(self.nodes)
        await node.kill()
        await pause(dice.choice([0.0, dice.uniform(0, 2 * LEASE)]))
        await node.start()

    async def freeze_one(self, dice: random.Random) -> None:
        """One is stopped for longer than its lease, and goes on as if nothing had been."""
        node = dice.choice(self.nodes)
        node.freeze()
        await pause(LEASE * dice.uniform(1.1, 2.5))
        node.thaw()

    async def restart_database(self, dice: random.Random) -> None:
        """As `pg_ctl restart -m immediate`, at times with a while between the two."""
        await asyncio.to_thread(self.server.stop, "immediate")
        await pause(dice.choice([0.0, 0.0, dice.uniform(0, 1.5 * LEASE)]))
        await asyncio.to_thread(self.server.start)

    @property
    def mishaps(self) -> list[Callable[[random.Random], Awaitable[None]]]:
        """All of them."""
        return [self.kill_one, self.freeze_one, self.restart_database]


class Surge:
    """Customers at every node, who come again whenever they are cut off or put off.

    They wait while more than `most` messages are accepted and have not arrived: `arrived` counts.
    """

    def __init__(
        self,
        load: Load,
        nodes: Sequence[Gateway],
        arrived: Callable[[], int],
        *,
        single: int = 4,
        size: int = 20,
        most: int = 2_000,
    ) -> None:
        self._load = load
        self._nodes = nodes
        self._arrived = arrived
        self._single = single
        self._size = size
        self._most = most
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        works = [self._brake(), *[self._at(node) for node in self._nodes]]
        self._tasks = [asyncio.create_task(work) for work in works]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self._load.stopping = True
        await asyncio.gather(*self._tasks)

    async def _at(self, node: Gateway) -> None:
        while not self._over.is_set():
            if node.runs and not self._load.stopping:
                await self._load.run(node.port, single=self._single, packages=1, size=self._size)
            await pause(_BREATH, self._over)

    async def _brake(self) -> None:
        while not self._over.is_set():
            self._load.stopping = len(self._load.accepted) - self._arrived() > self._most
            await pause(_BREATH, self._over)
        self._load.stopping = True


async def pause(seconds: float, over: asyncio.Event | None = None) -> None:
    """Let so much time pass for the processes outside; shorter if `over` comes."""
    with suppress(TimeoutError):
        await asyncio.wait_for((over or asyncio.Event()).wait(), seconds)


def configuration(section: str, smsc_port: int, *, window: int, binds: int, password: str) -> str:
    """A node's habar.toml: one listener on a free port, one operator; data beside the file."""
    return f"""
[gateway]
data = "data"

{section}
[[listeners]]
port = 0
ops = true

[[operators]]
name = "operator"
host = "127.0.0.1"
port = {smsc_port}
system_id = "habar"
password = "{password}"
window = {window}
binds = {binds}
reconnect_seconds = 1.0
"""


def node_at(
    folder: Path,
    name: str,
    text: str,
    secrets: Sequence[str],
    *,
    program: Sequence[str] = HABAR,
    words: Sequence[str] = (),
) -> Gateway:
    """A node in a folder of its own; not yet started. `words`: more options of `habar serve`."""
    home = folder / name
    home.mkdir()
    config = home / "habar.toml"
    config.touch(0o600)
    config.write_text(text)
    words = ("--config", "habar.toml", *words)
    node = Gateway(home, words, home / "data", secrets=secrets, program=program)
    node.environment["HABAR_GATEWAY_NODE"] = name
    return node
