"""A network in memory: what is written at one end comes out at the other, later, in pieces, or not.

Guarantees: octets keep their order on a line; delays, pieces and losses are drawn from one seeded
source in the order in which the octets are written, so that equal runs are equal. A line may be
reset (both ends hear of it), cut on one side (a process died), or vanish: then octets of both ends
go nowhere and neither hears of anything. Addresses refuse connections, or leave them unanswered.
Knows no protocol.
"""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from .loop import Process, VirtualLoop, process_of
from .trace import Trace

Factory = Callable[[], asyncio.BaseProtocol]
Address = tuple[str, int]


@dataclass(slots=True)
class Weather:
    """How the lines to one address are at the moment. Times are seconds."""

    quickest: float = 0.002
    slowest: float = 0.04
    pieces: float = 0.1
    """How likely a write comes in pieces."""
    refuses: bool = False
    swallows: bool = False
    """Requests to connect are never answered."""
    away: bool = False
    """Nobody is there at all."""


class Cargo(NamedTuple):
    """What is on its way to an end: octets, the end of the stream (None), or a reset."""

    arrives: float
    what: bytes | OSError | None


class End(asyncio.Transport):
    """One end of a line, as asyncio's protocols know a transport."""

    def __init__(self, line: Line, protocol: asyncio.BaseProtocol, context: Context) -> None:
        super().__init__()
        self.line = line
        self.process: Process | None = process_of(context)
        self.peer: End
        self._protocol: Any = protocol
        self._context = context
        self._closing = False
        self._lost = False
        self._paused = False
        self._ended = False
        """The other end hears nothing of us any more."""
        self._coming: deque[Cargo] = deque()
        self._timer: asyncio.TimerHandle | None = None

    # --- As asyncio.Transport --------------------------------------------------------------------
    def write(self, data: Any) -> None:
        """Send octets on their way."""
        if data and not self._closing and not self._ended:
            self.line.carry(self.peer, bytes(data))

    def write_eof(self) -> None:
        """The other end will read an end; we go on reading."""
        if not self._ended:
            self._ended = True
            self.line.carry(self.peer, None)

    def can_write_eof(self) -> bool:
        """It can."""
        return True

    def close(self) -> None:
        """What was written arrives yet."""
        if not self._closing:
            self.write_eof()
            self._lose(None)

    def abort(self) -> None:
        """At once: what is on its way to the other end may be lost."""
        if not self._lost:
            self._ended = True
            self.line.break_off(self.peer)
            self._lose(None)

    def is_closing(self) -> bool:
        """Whether it is closing or closed."""
        return self._closing

    def pause_reading(self) -> None:
        """Let the octets wait."""
        self._paused = True

    def resume_reading(self) -> None:
        """Take them again."""
        self._paused = False
        self._await()

    def is_reading(self) -> bool:
        """Whether octets are taken."""
        return not (self._paused or self._closing)

    def get_write_buffer_size(self) -> int:
        """The line takes everything at once."""
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Only who the other end is; there is no socket."""
        return self.line.address if name == "peername" else default

    # --- What comes ------------------------------------------------------------------------------
    def expect(self, cargo: Cargo) -> None:
        """Something is on its way here."""
        if not self._lost:
            self._coming.append(cargo)
            self._await()

    def forget(self) -> None:
        """What is on its way here does not arrive."""
        self._coming.clear()

    def _await(self) -> None:
        if self._timer is None and self._coming and not self._paused:
            self._timer = self.line.network.loop.call_at(
                self._coming[0].arrives, self._arrive, context=self._context
            )

    def _arrive(self) -> None:
        self._timer = None
        now = self.line.network.loop.time()
        while self._coming and self._coming[0].arrives <= now and self.is_reading():
            what = self._coming.popleft().what
            self.line.network.trace.note("arrives", self.line.number, self.line.side(self), what)
            if isinstance(what, bytes):
                self._protocol.data_received(what)
            elif isinstance(what, OSError):
                self._ended = True
                self._lose(what)
            elif not self._protocol.eof_received():
                self.close()
        self._await()

    def _lose(self, why: OSError | None) -> None:
        """Tell the protocol, soon, once."""
        self._closing = True
        if self._lost:
            return
        self._lost = True
        self._coming.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.line.left(self)
        loop = self.line.network.loop
        loop.call_soon(self._protocol.connection_lost, why, context=self._context)

    def begin(self) -> None:
        """Tell the protocol that it is connected."""
        self._context.run(self._protocol.connection_made, self)

    def die(self) -> None:
        """Its process is dead: the other end hears of a reset, the protocol of nothing."""
        if not self._lost:
            self._ended = True
            self.line.break_off(self.peer)
            self._closing = self._lost = True
            self._coming.clear()
            self.line.left(self)


class Line:
    """A connection. `number` counts the lines of a network from 1."""

    def __init__(self, network: Network, number: int, address: Address) -> None:
        self.network = network
        self.number = number
        self.address = address
        self.over_at: float | None = None
        """When it was reset, left by an end, or vanished: an octet that came later was none."""
        self.vanished = False
        self.cut_short = False
        """What is written next is broken off in the middle, and the line with it."""
        self.ends: list[End] = []
        self._last = [0.0, 0.0]

    def side(self, end: End) -> int:
        """0: who connected. 1: who listened."""
        return self.ends.index(end)

    def carry(self, to: End, what: bytes | OSError | None) -> None:
        """Send it on its way; nothing arrives where the line has vanished."""
        if self.cut_short and isinstance(what, bytes) and len(what) > 1:
            self._cut(to, what)
            return
        network = self.network
        for piece in network.cut(self.address, what):
            side = self.side(to)
            arrives = max(
                self._last[side] + 1e-6, network.loop.time() + network.delay(self.address)
            )
            self._last[side] = arrives
            if not self.vanished:
                to.expect(Cargo(arrives, piece))

    def break_off(self, to: End) -> None:
        """That end will hear of a reset; what was on its way there is lost, or arrives before."""
        if self.network.random.random() < 0.5:
            to.forget()
        self.carry(to, ConnectionResetError(errno.ECONNRESET, "reset"))

    def reset(self) -> None:
        """Something between the two ends it: both hear of it."""
        self.network.trace.note("reset", self.number)
        for end in self.ends:
            self.break_off(end)
        self._over()

    def _cut(self, to: End, what: bytes) -> None:
        """A part of it arrives, then both ends hear of a reset."""
        self.cut_short = False
        self.network.trace.note("cut", self.number)
        self.carry(to, what[: self.network.random.randrange(1, len(what))])
        self.carry(to, ConnectionResetError(errno.ECONNRESET, "reset"))
        self.break_off(to.peer)
        self._over()

    def vanish(self) -> None:
        """From now on nothing arrives on either side, and nobody is told."""
        self.network.trace.note("vanishes", self.number)
        self.vanished = True
        for end in self.ends:
            end.forget()
        self._over()

    def left(self, end: End) -> None:
        """That end is closed."""
        self._over()
        self.network.forget(self, end)

    def _over(self) -> None:
        if self.over_at is None:
            self.over_at = self.network.loop.time()


class Listener(asyncio.AbstractServer):
    """Who answers at an address."""

    def __init__(self, network: Network, address: Address, factory: Factory) -> None:
        self.factory = factory
        self.context = copy_context()
        self.sockets = (_Name(address),)
        self._network = network
        self._address = address

    def close(self) -> None:
        """Answer no more; what is connected goes on."""
        self._network.stop_listening(self._address, self)

    async def wait_closed(self) -> None:
        """It is closed at once."""


class _Name:
    """All that is asked of a listener's socket."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def getsockname(self) -> Address:
        return self._address


class Network:
    """All addresses and lines. `loop.network` becomes this one."""

    def __init__(self, loop: VirtualLoop, random: Random, trace: Trace) -> None:
        self.loop = loop
        self.random = random
        self.trace = trace
        self.weather: dict[Address, Weather] = {}
        self.attempts: dict[Address, list[float]] = {}
        """When somebody tried to connect."""
        self._listeners: dict[Address, Listener] = {}
        self._lines: dict[int, Line] = {}
        self._made = 0
        self._port = 40_000
        loop.network = self

    def lines(self, address: Address) -> list[Line]:
        """Those to an address of which an end is open, in the order in which they were made."""
        return [line for line in self._lines.values() if line.address == address]

    def weather_at(self, address: Address) -> Weather:
        """To be changed at any time."""
        return self.weather.setdefault(address, Weather())

    def listen(self, factory: Factory, host: str, port: int) -> Listener:
        """Answer at an address; port 0 takes a free one. Raises OSError where somebody does."""
        if port == 0:
            self._port += 1
            port = self._port
        address = (host, port)
        if address in self._listeners:
            raise OSError(errno.EADDRINUSE, f"{host}:{port} is taken")
        listener = self._listeners[address] = Listener(self, address, factory)
        return listener

    def stop_listening(self, address: Address, listener: Listener) -> None:
        """Refuse connections there."""
        if self._listeners.get(address) is listener:
            del self._listeners[address]

    async def connect(
        self, factory: Factory, host: str, port: int
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Make a line. Raises ConnectionRefusedError; may never return."""
        address = (host, port)
        weather = self.weather_at(address)
        self.attempts.setdefault(address, []).append(self.loop.time())
        if weather.swallows:
            self.trace.note("swallowed", address)
            await self.loop.create_future()
        await asyncio.sleep(self.delay(address))
        listener = self._listeners.get(address)
        if listener is None or weather.refuses or weather.away:
            self.trace.note("refused", address)
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"{host}:{port}")
        return self._join(address, factory, listener)

    def _join(
        self, address: Address, factory: Factory, listener: Listener
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        self._made += 1
        line = self._lines[self._made] = Line(self, self._made, address)
        self.trace.note("connected", line.number, address)
        here, there = factory(), listener.context.copy().run(listener.factory)
        ends = End(line, here, copy_context()), End(line, there, listener.context.copy())
        ends[0].peer, ends[1].peer = ends[1], ends[0]
        line.ends += ends
        ends[1].begin()
        here.connection_made(ends[0])
        return ends[0], here

    def kill(self, process: Process) -> None:
        """Its ends of all lines are gone, as when the machine's kernel closes them."""
        for line in list(self._lines.values()):
            for end in line.ends:
                if end.process is process:
                    end.die()

    def forget(self, line: Line, end: End) -> None:
        """An end is closed; with the second the line is nobody's."""
        if all(one.is_closing() for one in line.ends):
            self._lines.pop(line.number, None)

    # --- Chance ----------------------------------------------------------------------------------
    def delay(self, address: Address) -> float:
        """How long something takes to that address or back."""
        weather = self.weather_at(address)
        return self.random.uniform(weather.quickest, weather.slowest)

    def cut(self, address: Address, what: bytes | OSError | None) -> list[Any]:
        """In which pieces it arrives."""
        if not isinstance(what, bytes) or len(what) < 2:
            return [what]
        if self.random.random() >= self.weather_at(address).pieces:
            return [what]
        at = self.random.randrange(1, len(what))
        return [what[:at], what[at:]]
