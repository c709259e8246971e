"""An event loop whose time passes only when nothing is left to do; processes that can be killed.

Guarantees: real time plays no part. When nothing is ready the clock jumps to the next timer; what
would run in a thread runs at once, in the loop; connections are those of a `Network` in memory.
What one process of the simulation has begun (calls, timers, tasks) is gone when it is killed:
nothing of it runs any more, and a `finally` that Python insists on can begin nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")
BEGIN = 1_000.0
"""Seconds on the virtual clock when a loop is made."""
_TURNS_WITHOUT_TIME = 1_000_000

_PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class Deadlock(RuntimeError):
    """Nothing is ready, and no timer will ever make anything so; or time stands still for ever."""


class Wires(Protocol):
    """The network as the loop needs it."""

    async def connect(
        self, factory: Callable[[], asyncio.BaseProtocol], host: str, port: int
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect. Raises OSError."""

    def listen(
        self, factory: Callable[[], asyncio.BaseProtocol], host: str, port: int
    ) -> asyncio.AbstractServer:
        """Listen. Raises OSError."""


class Process:
    """What may be killed as a whole: whatever is begun inside `run` belongs to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self._context = copy_context()
        self._context.run(_PROCESS.set, self)

    def run(self, call: Callable[..., Result], *args: Any) -> Result:
        """Call something as this process."""
        return self._context.copy().run(call, *args)

    def bury(self) -> None:
        """Close what the dead process was in the middle of; none of it can begin anything."""
        for task in self.tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            with suppress(RuntimeError):  # it would like to wait for something yet
                self.run(task.get_coro().close)
        self.tasks.clear()


def process_of(context: Context | None = None) -> Process | None:
    """Whose doing it is: of this context or of the present one."""
    return _PROCESS.get() if context is None else context.get(_PROCESS)


class VirtualLoop(asyncio.BaseEventLoop):
    """See the module's docstring."""

    def __init__(self) -> None:
        super().__init__()
        self.network: Wires | None = None
        self.faults: list[dict[str, Any]] = []
        """What nobody caught."""
        self._now = BEGIN
        self._idle_turns = 0
        self._busy: list[tuple[int, Callable[[], object]]] = []
        self._selector = self
        self._dead: list[Process] = []
        self.set_exception_handler(lambda _, fault: self.faults.append(fault))
        self.set_task_factory(_make_task)

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    # --- In the place of a selector: nothing ever comes from outside -----------------------------
    def select(self, timeout: float | None) -> list[Any]:
        """Let the time pass that there is nothing to do."""
        if timeout is None:
            raise Deadlock("nothing is ready and no timer runs")
        if timeout > 0:
            self._now = max(self._now, self._scheduled[0]._when)  # type: ignore[attr-defined]
            self._idle_turns = 0
        else:
            self._idle_turns += 1
            if self._idle_turns > _TURNS_WITHOUT_TIME:
                raise Deadlock(f"time stands still at {self._now}")
            self._count_busy()
        return []

    def in_the_midst(self, turns: int, callback: Callable[[], object]) -> None:
        """Call it after so many turns of the loop in which there was something to do: most likely
        between two steps of one piece of work.
        """
        self._busy.append((turns, callback))

    def _count_busy(self) -> None:
        if self._busy:
            due = [callback for turns, callback in self._busy if turns <= 1]
            self._busy = [(turns - 1, callback) for turns, callback in self._busy if turns > 1]
            for callback in due:
                self.call_soon(callback, context=Context())

    def _process_events(self, events: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """The loop is never asleep."""

    # --- Threads are none, connections are the network's -----------------------------------------
    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Result], *args: Any
    ) -> asyncio.Future[Result]:
        """Do it at once."""
        future: asyncio.Future[Result] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - the caller is given whatever it raised
            future.set_exception(error)
        return future

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect through the network in memory."""
        assert self.network is not None
        return await self.network.connect(protocol_factory, host, port)

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> asyncio.AbstractServer:
        """Listen on the network in memory."""
        assert self.network is not None
        return self.network.listen(protocol_factory, host, port)

    # --- Processes -------------------------------------------------------------------------------
    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """As ever, unless whoever asks is dead."""
        handle = super().call_soon(callback, *args, context=context)
        return _unless_dead(handle, context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As ever, unless whoever asks is dead."""
        handle = super().call_at(when, callback, *args, context=context)
        return _unless_dead(handle, context)

    def kill(self, process: Process) -> None:
        """From now on nothing that it began happens."""
        process.dead = True
        self._dead.append(process)
        waiting = [*self._ready, *self._scheduled]  # type: ignore[attr-defined]
        for handle in waiting:
            if process_of(handle._context) is process:
                handle.cancel()

    def close(self) -> None:
        """Bury the dead, then close."""
        for process in self._dead:
            process.bury()
        super().close()

    def spend(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to the end of `work`, then close; what nobody caught is raised."""
        asyncio.set_event_loop(self)
        try:
            return self.run_until_complete(work)
        finally:
            asyncio.set_event_loop(None)
            self._end_the_living()
            self.close()

    def _end_the_living(self) -> None:
        dead = {task for process in self._dead for task in process.tasks}
        living = asyncio.all_tasks(self) - dead
        for task in living:
            task.cancel()
        if living:
            self.run_until_complete(asyncio.wait(living))


def _unless_dead(handle: Any, context: Context | None) -> Any:
    process = process_of(context)
    if process is not None and process.dead:
        handle.cancel()
    return handle


def _make_task(
    loop: asyncio.AbstractEventLoop, work: Any, context: Context | None = None
) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
    process = process_of(context)
    if process is not None:
        tasks = process.tasks
        tasks[task] = None
        task.add_done_callback(lambda done: tasks.pop(done, None))
    return task
