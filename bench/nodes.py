"""The gateways of a case: as many as there are folders, on one database.

Guarantees: they are asked to end together; figures are sums over all of them. Knows no load.
"""

from __future__ import annotations

import re
import signal
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.machine import children, cpu_of, memory_of
from bench.processes import BenchError, Process

_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
_BOUND = re.compile(r"^habar_binds_up\{[^}]*\} (\d+)", re.MULTILINE)
_START = 60.0  # s
_CALLERS, _NOT_CALLERS = "callbacks", "front,dispatch"
_LOOK = 0.1  # s between two looks whether all are bound


class Gateway(Process):
    """`habar serve` on a folder."""

    def __init__(self, folder: Path, profile: Path | None = None, roles: str = "") -> None:
        """`roles`: empty for all of them."""
        entry = ["-m", "habar"] if profile is None else ["-m", "bench.profiled", str(profile)]
        command = [sys.executable, *entry, "serve", "--config", str(folder / "habar.toml")]
        command += ["--roles", roles] if roles else []
        super().__init__("gateway", command, folder / "gateway.log")
        self.profile_file = profile
        self.port = 0

    def listening(self) -> int:
        """Wait for its port."""
        found = _LISTENING.search(self.line(_START))
        if found is None:
            raise BenchError("the gateway did not say where it listens")
        self.port = int(found[1])
        return self.port

    def binds(self) -> int:
        """How many binds to all operators it has now."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as page:
            return binds_up(page.read().decode())

    def profile(self, on: bool) -> None:
        """Begin or end to profile, where that was asked for."""
        if self.profile_file is not None:
            self.signal(signal.SIGUSR1 if on else signal.SIGUSR2)


def binds_up(metrics: str) -> int:
    """The binds that stand, of a page of metrics, over all operators."""
    return sum(map(int, _BOUND.findall(metrics)))


class Nodes:
    """All of them; leaving a `with` block ends them."""

    def __init__(
        self, folders: Sequence[Path], *, callers: Sequence[Path] = (), profile: bool = False
    ) -> None:
        """`callers`: folders of those that only call web services; the others then do not."""
        self._folders = folders
        self._callers = callers
        self._profiles = profile
        self._gateways: list[Gateway] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            others = _NOT_CALLERS if self._callers else ""
            for folder, roles in [
                *((folder, others) for folder in self._folders),
                *((folder, _CALLERS) for folder in self._callers),
            ]:
                profile = folder / "profile" if self._profiles else None
                self._gateways.append(stack.enter_context(Gateway(folder, profile, roles)))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for gateway in self._gateways:
            gateway.leave()
        self._stack.__exit__(kind, error, trace)

    def listening(self) -> None:
        """Wait until each has a port."""
        for gateway in self._gateways:
            gateway.listening()

    def bound(self, operators: int = 1, timeout: float = 60.0) -> None:
        """Wait until each has a bind to each operator; the first gives up what is not its share.

        Raises BenchError after `timeout` seconds.
        """
        end = time.monotonic() + timeout
        while any(gateway.binds() != operators for gateway in self._bound):
            if time.monotonic() > end:
                raise BenchError(f"not every node has bound within {timeout:.0f} s")
            time.sleep(_LOOK)

    def stop(self) -> None:
        """End all at once, in order, and wait for it."""
        for gateway in self._gateways:
            gateway.leave()
        for gateway in self._gateways:
            gateway.stop()

    def profile(self, on: bool) -> None:
        """Begin or end to profile, where that was asked for."""
        for gateway in self._gateways:
            gateway.profile(on)

    @property
    def _bound(self) -> Sequence[Gateway]:
        """Those that customers and operators reach."""
        return self._gateways[: len(self._folders)]

    @property
    def profile_files(self) -> list[Path]:
        """Of the first of them, and of the first that only calls."""
        first = [self._gateways[0], *self._gateways[len(self._folders) :][:1]]
        return [one.profile_file for one in first if one.profile_file is not None]

    @property
    def ports(self) -> list[int]:
        """Where customers' programs reach them."""
        return [gateway.port for gateway in self._bound]

    @property
    def pids(self) -> list[int]:
        """Their ids."""
        return [gateway.pid for gateway in self._gateways]

    @property
    def helpers(self) -> list[int]:
        """The ids of the processes that make their calls."""
        return [child for pid in self.pids for child in children(pid)]

    def cpu(self) -> float:
        """Processor seconds so far."""
        return sum(map(cpu_of, self.pids))

    def memory(self) -> tuple[float, float]:
        """(resident now, at most so far) in MB."""
        now, peak = zip(*map(memory_of, self.pids), strict=True)
        return sum(now), sum(peak)
