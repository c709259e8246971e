"""Calls made by processes of their own, so that they have another core than the gateway's.

Guarantees:
- What `client.Client` promises of a call, this promises too: such a process has a Client, and none
  calls what the gateway's guard would not let out.
- A call that a process cannot make to its end, or does not answer in time, is answered as one that
  nobody was asked for: it is made again, at least once as ever, and no host is blamed.
- A process that ends or hangs is replaced, after pauses that grow and begin anew when one has
  lived for a minute. Meanwhile the others call; without any a call waits for some seconds.
- Processes end with the gateway, also when that is killed while they are stopped. Nothing secret is
  in their arguments or their environment, and they have none of the gateway's files.
How many calls there are at a time is the caller's to say. Knows no customers and no store.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
import structlog

from habar.callbacks.exchange import Answer, Request
from habar.callbacks.pipe import READY, Ask, Begin, Pipe, Tell, encode

log = structlog.get_logger("habar.callbacks")

COMMAND = (sys.executable, "-P", "-m", "habar.callbacks.child")
"""Starts such a process; the descriptor of its socket and our process id are added."""
ENVIRONMENT = frozenset(
    (
        *("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH"),
        *("HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS"),
        *("SSL_CERT_DIR", "SSL_CERT_FILE"),
        *("LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    )
)
"""What they are told of the gateway's environment: how to find the code, names and authorities."""
_STEADY = 60.0
"""Seconds after which a process is taken to run well."""
_ENDS_WITHIN = 1.0
"""Seconds after which one that was told to end is killed."""
_ENDED = Answer(0, "the process that made the call has ended, it is made again", asked=False)
_HANGS = Answer(0, "the process that made the call does not answer, it is made again", asked=False)
_NOBODY = Answer(0, "no process to make the call could be started, it is made again", asked=False)


class Times(NamedTuple):
    """Seconds."""

    start: float = 30.0
    """For a process to get ready."""
    grace: float = 5.0
    """For an answer beyond the call's own time; and for a process, where there is none."""
    first_pause: float = 0.2
    """Before one is started again; doubled each time."""
    last_pause: float = 30.0


_TIMES = Times()


class OutsideClient:
    """So many processes that make calls. To be made in a running loop, and closed."""

    def __init__(
        self,
        allowed_networks: Iterable[str] = (),
        processes: int = 1,
        *,
        command: Sequence[str] = COMMAND,
        times: Times = _TIMES,
    ) -> None:
        """`allowed_networks`: see Guard. Raises ValueError."""
        self.restarts = 0
        """Processes that had to be replaced."""
        self._begin = encode(Begin(tuple(allowed_networks)))
        self._command = command
        self._times = times
        self._links: list[_Link] = []
        """To those that are ready."""
        self._some = asyncio.Event()
        """There is one, or there will never be one."""
        self._closed = False
        self._keepers = [
            asyncio.create_task(self._keep(), name=f"habar-calls-{number}")
            for number in range(1, processes + 1)
        ]

    @property
    def alive(self) -> int:
        """Processes that are ready to call."""
        return len(self._links)

    @property
    def pids(self) -> list[int]:
        """Of those."""
        return [link.pid for link in self._links]

    async def call(self, request: Request, seconds: float) -> Answer:
        """Have the call made; it takes so many seconds at most, and a grace where all is ill."""
        if not self._links:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._times.grace):
                    await self._some.wait()
            if not self._links:
                return _NOBODY
        link = min(self._links, key=len)
        return await link.call(request, seconds, self._times.grace)

    async def close(self) -> None:
        """End all processes; calls under way are answered."""
        self._closed = True
        self._some.set()
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    # --- Life ----------------------------------------------------------------------------------
    async def _keep(self) -> None:
        """One process after another."""
        loop, pause = asyncio.get_running_loop(), self._times.first_pause
        while True:
            began = loop.time()
            try:
                why = await self._live()
            except OSError as error:  # no memory, no descriptors: it may pass
                why = f"cannot be started: {error.strerror or type(error).__name__}"
            if loop.time() - began >= _STEADY:
                pause = self._times.first_pause
            self.restarts += 1
            log.warning("a process that makes calls is replaced", why=why, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._times.last_pause)

    async def _live(self) -> str:
        """Start a process and see it to its end: why it ended. Raises OSError."""
        ours, theirs = socket.socketpair()
        try:
            process = await self._start(theirs.fileno())
            link = _Link(process.pid, self._forget)
            await asyncio.get_running_loop().create_unix_connection(lambda: link.pipe, sock=ours)
        except BaseException:  # a process that was started sees it, and ends
            ours.close()
            raise
        finally:
            theirs.close()
        try:
            return await self._use(link)
        finally:
            await self._end(link, process)

    async def _start(self, descriptor: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            str(descriptor),
            str(os.getpid()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            pass_fds=(descriptor,),
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name in ENVIRONMENT},
        )

    async def _use(self, link: _Link) -> str:
        link.pipe.say(self._begin)
        try:
            async with asyncio.timeout(self._times.start):
                await link.ready.wait()
        except TimeoutError:
            return "it does not start"
        if link.over.is_set():
            return "it ended at its start"
        self._links.append(link)
        self._some.set()
        await link.over.wait()
        return link.why

    def _forget(self, link: _Link) -> None:
        """Give it no more calls."""
        if link in self._links:
            self._links.remove(link)
        if not self._links and not self._closed:
            self._some.clear()

    async def _end(self, link: _Link, process: asyncio.subprocess.Process) -> None:
        """Whatever it does: when this returns it is gone."""
        link.close()
        try:
            if not link.hangs:
                async with asyncio.timeout(_ENDS_WITHIN):
                    await process.wait()
        except TimeoutError:
            log.warning("a process that makes calls does not end: killed", pid=process.pid)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


class _Link:
    """A process, as calls see it."""

    def __init__(self, pid: int, forget: Callable[[_Link], None]) -> None:
        self.pid = pid
        self._forget = forget
        self.pipe = Pipe(self._ready, self._lost)
        self.ready = asyncio.Event()
        """It calls, or will never call."""
        self.over = asyncio.Event()
        """It is of no use any more."""
        self.hangs = False
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._number = 0
        self._loop = asyncio.get_running_loop()
        self._told = msgspec.msgpack.Decoder(Tell)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def why(self) -> str:
        """Why it is of no use."""
        return "it does not answer" if self.hangs else "it has ended"

    async def call(self, request: Request, seconds: float, grace: float) -> Answer:
        """Have a call made."""
        self._number = number = self._number + 1
        try:
            document = encode(Ask(number, seconds, request))
        except ValueError:  # half a character, which no octets stand for
            return Answer(0, "the URL cannot be called")
        answered: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting[number] = answered
        timer = self._loop.call_later(seconds + grace, self._late)
        self.pipe.say(document)
        try:
            return await answered
        finally:
            timer.cancel()
            self._waiting.pop(number, None)

    def close(self) -> None:
        """Nothing is answered any more."""
        self._over(_ENDED)
        self.pipe.close()

    def _ready(self, document: bytes) -> None:
        if document == READY:
            self.pipe.hear(self._tell)
            self.ready.set()

    def _tell(self, document: bytes) -> None:
        number, answer = self._told.decode(document)
        answered = self._waiting.pop(number, None)
        if answered is not None and not answered.done():
            answered.set_result(answer)

    def _late(self) -> None:
        """The process has a clock of its own for each call: one that is late is ill."""
        self.hangs = True
        self._over(_HANGS)

    def _lost(self) -> None:
        self._over(_ENDED)

    def _over(self, answer: Answer) -> None:
        self.over.set()
        self.ready.set()
        self._forget(self)
        for answered in self._waiting.values():
            if not answered.done():
                answered.set_result(answer)
