"""Keeps several processes of the gateway alive, and ends them together: the rules of it.

Guarantees: a process that ends unasked is started again, after pauses that grow from one second to
half a minute and begin anew when it has lived for a minute. The first one is ready before the
others are started: what would keep all of them from starting is told once. A process that cannot
start for a reason that a person must mend (its exit code says so) ends all, but only at its very
first start: later the others go on. A stop asks each process once, and waits; one that does not
end in time is killed. Knows no system call, no settings and no clock of its own: all are given.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

import structlog

log = structlog.get_logger("habar.supervisor")
FIRST_PAUSE, LAST_PAUSE = 1.0, 30.0
"""Seconds before a process is started again; doubled each time."""
STEADY = 60.0
"""Seconds after which a process is taken to run well."""
MENDED_BY_PEOPLE = frozenset({1, 2})
"""Exit codes of `habar serve` that say: it cannot start, and trying again will not help."""


class Child(Protocol):
    """A process of the gateway."""

    @property
    def pid(self) -> int:
        """Its id."""

    async def ready(self) -> bool:
        """Wait until it serves; False: it has ended before."""

    async def ended(self) -> int:
        """Wait for its end: its exit code, or minus the signal that ended it."""

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens where it has ended."""


class Clock(Protocol):
    """Time, as the rules need it."""

    def now(self) -> float:
        """Seconds that never go back."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for an event at most so long: whether it came."""


Start = Callable[[int], Awaitable[Child]]
"""Starts process number so and so, from 1. Raises OSError."""


class _Life(NamedTuple):
    """How a process lived: whether it ever served, how it ended, for how many seconds."""

    ready: bool
    code: int
    seconds: float


class Supervisor:
    """See the module's docstring. `names` are the processes'; `patience`: seconds for a stop."""

    def __init__(
        self, names: Sequence[str], start: Start, clock: Clock, *, patience: float
    ) -> None:
        self._names = names
        self._start = start
        self._clock = clock
        self._patience = patience
        self._stop = asyncio.Event()
        self._gone = asyncio.Event()
        self._first_up = asyncio.Event()
        self._waited_for = set(range(1, len(names) + 1))
        self._living: dict[int, Child] = {}
        self._asked: set[Child] = set()
        self._code = 0

    async def run(self, stop: asyncio.Event, all_ready: Callable[[], None]) -> int:
        """Serve until `stop`; the exit code. `all_ready` is called once.

        0: all ended in order; 1: one of them did not; else that of one that could not start.
        """
        self._all_ready = all_ready
        asked = asyncio.create_task(self._asked_by(stop), name="await the stop")
        ending = asyncio.create_task(self._end_all(), name="end all processes")
        try:
            async with asyncio.TaskGroup() as keepers:
                for number in range(1, len(self._names) + 1):
                    keepers.create_task(self._keep(number), name=f"keep {self._names[number - 1]}")
            self._gone.set()
            await ending
        finally:
            for task in (asked, ending):
                task.cancel()
            await asyncio.gather(asked, ending, return_exceptions=True)
        return self._code

    async def _asked_by(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stop.set()
        self._first_up.set()

    async def _keep(self, number: int) -> None:
        """One process after another, until the stop."""
        if number > 1:
            await self._first_up.wait()
        pause, first = FIRST_PAUSE, True
        while not self._stop.is_set():
            life = await self._live(number)
            if self._stop.is_set():
                self._judge(number, life)
                return
            if first and not life.ready and life.code in MENDED_BY_PEOPLE:
                self._give_up(life.code)
                return
            first = False
            if life.seconds >= STEADY:
                pause = FIRST_PAUSE
            self._tell(number, life, again_in=pause)
            await self._clock.wait(self._stop, pause)
            pause = min(2 * pause, LAST_PAUSE)

    async def _live(self, number: int) -> _Life:
        """Start a process and see it to its end."""
        began = self._clock.now()
        try:
            child = await self._start(number)
        except OSError as error:  # no memory, no descriptors: of this machine, and it may pass
            log.error("a process cannot be started", node=self._name(number), error=str(error))
            return _Life(ready=False, code=0, seconds=0.0)
        self._living[number] = child
        if self._stop.is_set():  # it came while this one was being made
            self._ask(child)
        try:
            ready = await child.ready()
            if ready:
                self._up(number)
            code = await child.ended()
        finally:
            del self._living[number]
        return _Life(ready, code, self._clock.now() - began)

    def _up(self, number: int) -> None:
        self._first_up.set()
        if number in self._waited_for:
            self._waited_for.remove(number)
            if not self._waited_for and not self._stop.is_set():
                self._all_ready()

    def _give_up(self, code: int) -> None:
        """A process could not start, and said why itself: the others end in order."""
        self._code = code
        self._stop.set()
        self._first_up.set()

    async def _end_all(self) -> None:
        await self._stop.wait()
        for child in list(self._living.values()):
            self._ask(child)
        if not await self._clock.wait(self._gone, self._patience):
            for number, child in self._living.items():
                log.error("a process does not end: killed", node=self._name(number), pid=child.pid)
                child.send(signal.SIGKILL)

    def _ask(self, child: Child) -> None:
        """Ask a process to end; once, since a second time would end it at once."""
        if child not in self._asked:
            self._asked.add(child)
            child.send(signal.SIGTERM)

    def _judge(self, number: int, life: _Life) -> None:
        """How one ended that was to end; what never served had nothing to put in order."""
        if life.code == 0 or (not life.ready and life.code == -signal.SIGTERM):
            return
        log.error("a process did not end in order", node=self._name(number), exit=_words(life.code))
        self._code = self._code or 1

    def _tell(self, number: int, life: _Life, *, again_in: float) -> None:
        log.warning(
            "a process has ended and is started again",
            node=self._name(number),
            exit=_words(life.code),
            served=life.ready,
            again_in=again_in,
        )

    def _name(self, number: int) -> str:
        return self._names[number - 1]


def _words(code: int) -> str:
    """An exit code, or the name of the signal."""
    try:
        return f"code {code}" if code >= 0 else signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
