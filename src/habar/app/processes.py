"""From `habar serve --processes N` to N processes on the same ports, and back.

Guarantees: each port is the supervisor's before any process is started, so that one that is taken
is told in a sentence, and port 0 means the same port to all. A signal is passed on to every
process once; they have a session of their own, so that Ctrl-C reaches them through the supervisor
only and not twice. A second signal ends the supervisor at once, and with it all of them (`member`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Self

import structlog

from habar import __version__
from habar.app.listeners import is_used
from habar.app.member import READY, Handed, pack
from habar.app.node import ThisNode
from habar.app.signals import stop_asked
from habar.app.supervisor import Supervisor
from habar.app.told import told
from habar.config import Settings, address
from habar.northbound.http.sockets import close_all, reserve

log = structlog.get_logger("habar")
MARGIN = 10.0
"""Seconds beyond `drain_seconds` after which a process that does not end is killed."""


class LoopClock:
    """The running loop's time."""

    def now(self) -> float:
        """See supervisor.Clock."""
        return asyncio.get_running_loop().time()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """See supervisor.Clock."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
        return event.is_set()


class Process:
    """A real process, as the supervisor sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, command: Sequence[str], handed: bytes) -> Self:
        """Start a command and write `handed` to its standard input. Raises OSError.

        To be called in the main thread: by PR_SET_PDEATHSIG a process ends with the thread that
        started it.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        if process.stdin is not None:
            with contextlib.suppress(ConnectionError):  # it has ended: `ready` will tell
                process.stdin.write(handed)
                await process.stdin.drain()
            process.stdin.close()
        return cls(process)

    @property
    def pid(self) -> int:
        """See supervisor.Child."""
        return self._process.pid

    async def ready(self) -> bool:
        """See supervisor.Child."""
        if self._process.stdout is None:
            return False
        return await self._process.stdout.readline() == READY

    async def ended(self) -> int:
        """See supervisor.Child."""
        return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """See supervisor.Child."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


async def run_processes(
    settings: Settings,
    node: ThisNode,
    processes: int,
    command: Sequence[str],
    started: Callable[[list[str]], None],
) -> int:
    """Serve by so many processes until a signal; the exit code. Raises StartError.

    `node` gives the roles, and the name that theirs begin with. `command` starts one of them.
    `started` is told once where they listen, when all do.
    """
    with stop_asked() as stop:
        async with _reserved(settings, node) as ports:
            names = [f"{node.name}-{number}" for number in range(1, processes + 1)]

            async def start(number: int) -> Process:
                handed = Handed(
                    settings=settings,
                    name=names[number - 1],
                    roles=node.roles,
                    number=number,
                    ports=ports,
                    supervisor=os.getpid(),
                )
                return await Process.start(command, pack(handed))

            def all_ready() -> None:
                log.info("all processes serve", version=__version__, nodes=names)
                started(
                    [
                        address(listener.host, port)
                        for listener, port in zip(settings.listeners, ports, strict=True)
                        if is_used(listener, node.roles)
                    ]
                )

            patience = settings.gateway.drain_seconds + MARGIN
            supervisor = Supervisor(names, start, LoopClock(), patience=patience)
            code = await supervisor.run(stop, all_ready)
    log.info("stopped", code=code)
    return code


@contextlib.asynccontextmanager
async def _reserved(settings: Settings, node: ThisNode) -> AsyncIterator[tuple[int, ...]]:
    """The port of each listener, held until the end of the block."""
    held: list[socket.socket] = []
    ports: list[int] = []
    try:
        for listener in settings.listeners:
            port = listener.port
            if is_used(listener, node.roles):
                with told(listener.address):
                    sockets = await reserve(listener.host, port)
                held += sockets
                port = sockets[0].getsockname()[1]
            ports.append(port)
        yield tuple(ports)
    finally:
        close_all(held)
