"""The network in memory: order, pieces, ends, and what never arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from habar.simulator import Settings, Simulator

from .loop import Process, VirtualLoop
from .network import Address, End, Network
from .trace import Trace

ADDRESS: Address = ("smsc", 2775)


class Talker(asyncio.Protocol):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.lost: list[Exception | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.end: Any = transport

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)


class World:
    """A loop, a network, somebody who listens and somebody who has connected."""

    def __init__(self, seed: int = 1) -> None:
        self.loop = VirtualLoop()
        self.trace = Trace(self.loop.time)
        self.network = Network(self.loop, Random(seed), self.trace)
        self.servers: list[Talker] = []

    def run(self, work: Callable[[World], Awaitable[Any]]) -> Any:
        async def all_of_it() -> Any:
            self.listener = await self.loop.create_server(self._server, *ADDRESS)
            return await work(self)

        return self.loop.spend(all_of_it())

    def _server(self) -> Talker:
        self.servers.append(Talker())
        return self.servers[-1]

    async def connect(self) -> tuple[Talker, Talker]:
        """The two ends' protocols."""
        _, client = await self.loop.create_connection(Talker, *ADDRESS)
        return client, self.servers[-1]


def test_octets_arrive_in_order_whole_and_later() -> None:
    async def work(world: World) -> None:
        world.network.weather_at(ADDRESS).pieces = 0.5
        client, server = await world.connect()
        sent = [bytes([65 + n % 26]) * (n + 1) for n in range(100)]
        for octets in sent:
            client.end.write(octets)
        assert server.heard == []
        await asyncio.sleep(10.0)
        assert b"".join(server.heard) == b"".join(sent)
        assert len(server.heard) > len(sent)

    World().run(work)


def test_a_close_is_heard_behind_the_octets_and_closes_the_other_end() -> None:
    async def work(world: World) -> None:
        client, server = await world.connect()
        client.end.write(b"last words")
        client.end.close()
        client.end.write(b"too late")
        await asyncio.sleep(10.0)
        assert b"".join(server.heard) == b"last words"
        assert (client.lost, server.lost) == ([None], [None])
        assert world.network.lines(ADDRESS) == []

    World().run(work)


@pytest.mark.parametrize("who", ["client", "server", "line"])
def test_a_reset_is_heard_once(who: str) -> None:
    async def work(world: World) -> None:
        client, server = await world.connect()
        if who == "line":
            client.end.line.reset()
        else:
            (client if who == "client" else server).end.abort()
        await asyncio.sleep(10.0)
        errors = [type(lost) for (lost,) in (client.lost, server.lost)]
        assert (
            errors
            == {
                "client": [type(None), ConnectionResetError],
                "server": [ConnectionResetError, type(None)],
                "line": [ConnectionResetError] * 2,
            }[who]
        )

    World().run(work)


def test_on_a_line_that_has_vanished_nothing_arrives_and_nobody_is_told() -> None:
    async def work(world: World) -> None:
        client, server = await world.connect()
        client.end.write(b"on its way")
        client.end.line.vanish()
        client.end.write(b"hello")
        server.end.write(b"hello")
        await asyncio.sleep(10.0)
        assert (client.heard, server.heard, client.lost, server.lost) == ([], [], [], [])
        client.end.abort()
        await asyncio.sleep(10.0)
        assert (client.lost, server.lost) == ([None], [])

    World().run(work)


def test_an_end_that_does_not_read_reads_later() -> None:
    async def work(world: World) -> None:
        client, server = await world.connect()
        server.end.pause_reading()
        client.end.write(b"patience")
        await asyncio.sleep(10.0)
        assert server.heard == []
        server.end.resume_reading()
        await asyncio.sleep(0.0)
        await asyncio.sleep(0.1)
        assert b"".join(server.heard) == b"patience"

    World().run(work)


def test_an_address_refuses_or_never_answers() -> None:
    async def work(world: World) -> None:
        weather = world.network.weather_at(ADDRESS)
        weather.refuses = True
        with pytest.raises(ConnectionRefusedError):
            await world.connect()
        weather.refuses, weather.swallows = False, True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3_600.0):
                await world.connect()
        weather.swallows = False
        world.listener.close()
        with pytest.raises(ConnectionRefusedError):
            await world.connect()

    World().run(work)


def test_who_is_killed_says_nothing_and_the_other_end_hears_a_reset() -> None:
    async def work(world: World) -> None:
        process = Process("client")
        client, server = await process.run(world.loop.create_task, world.connect())
        server.end.write(b"are you there?")
        world.loop.kill(process)
        world.network.kill(process)
        await asyncio.sleep(10.0)
        assert (client.heard, client.lost) == ([], [])
        assert [type(lost) for lost in server.lost] == [ConnectionResetError]

    World().run(work)


def test_an_address_is_taken_once_and_port_0_is_any() -> None:
    async def work(world: World) -> None:
        with pytest.raises(OSError, match="taken"):
            await world.loop.create_server(Talker, *ADDRESS)
        free = [await world.loop.create_server(Talker, "h", 0) for _ in range(2)]
        names = {one.sockets[0].getsockname() for one in free}
        assert len(names) == 2

    World().run(work)


def test_equal_seeds_are_equal_courses() -> None:
    async def work(world: World) -> None:
        client, server = await world.connect()
        for n in range(50):
            client.end.write(b"x" * n)
            server.end.write(b"y" * n)
            await asyncio.sleep(0.01)
        client.end.line.reset()
        await asyncio.sleep(1.0)

    def digest(seed: int) -> str:
        world = World(seed)
        world.run(work)
        return world.trace.digest

    assert digest(1) == digest(1) != digest(2)


def test_the_sandboxs_own_smsc_runs_on_it() -> None:
    async def work(world: World) -> None:
        settings = Settings(host="sim", port=0)
        async with Simulator(settings, clock=lambda: 1_790_000_000_000) as simulator:
            _, client = await world.loop.create_connection(Talker, "sim", simulator.port)
            enquire_link = bytes.fromhex("00000010000000150000000000000001")
            assert isinstance(client, Talker)
            client.end.write(enquire_link)
            await asyncio.sleep(1.0)
            assert b"".join(client.heard)[4:8] == bytes.fromhex("80000015")
            assert isinstance(client.end, End)

    World().run(work)


def test_a_line_that_is_cut_short_breaks_off_in_the_middle_of_what_is_written_next() -> None:
    async def work(world: World) -> None:
        client, server = await world.connect()
        world.network.lines(ADDRESS)[0].cut_short = True
        client.end.write(b"x" * 100)
        client.end.write(b"y")
        await asyncio.sleep(10.0)
        (heard,) = {bytes(octet) for octet in zip(b"".join(server.heard), strict=True)}
        assert heard == b"x"
        assert 0 < len(b"".join(server.heard)) < 100
        assert [type(lost) for lost in (*client.lost, *server.lost)] == [ConnectionResetError] * 2

    World().run(work)


def test_nobody_is_there_while_an_operator_is_away() -> None:
    async def work(world: World) -> None:
        world.network.weather_at(ADDRESS).away = True
        with pytest.raises(ConnectionRefusedError):
            await world.connect()
        world.network.weather_at(ADDRESS).away = False
        await world.connect()

    World().run(work)
