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

from bench.machine import cpu_of, memory_of
from bench.processes import BenchError, Process

_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
_BOUND = re.compile(r"^habar_binds_up\{[^}]*\} (\d+)", re.MULTILINE)
_START = 60.0  # s
_LOOK = 0.1  # s between two looks whether all are bound


class Gateway(Process):
    """`habar serve` on a folder."""

    def __init__(self, folder: Path, profile: Path | None = None) -> None:
        entry = ["-m", "habar"] if profile is None else ["-m", "bench.profiled", str(profile)]
        config = str(folder / "habar.toml")
        super().__init__(
            "gateway", [sys.executable, *entry, "serve", "--config", config], folder / "gateway.log"
        )
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

    def __init__(self, folders: Sequence[Path], *, profile: bool = False) -> None:
        self._folders = folders
        self._profiles = profile
        self._gateways: list[Gateway] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for folder in self._folders:
                profile = folder / "profile" if self._profiles else None
                self._gateways.append(stack.enter_context(Gateway(folder, profile)))
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
        while any(gateway.binds() != operators for gateway in self._gateways):
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
    def profile_file(self) -> Path | None:
        """Of the first of them."""
        return self._gateways[0].profile_file

    @property
    def ports(self) -> list[int]:
        """Where they listen."""
        return [gateway.port for gateway in self._gateways]

    @property
    def pids(self) -> list[int]:
        """Their ids."""
        return [gateway.pid for gateway in self._gateways]

    def cpu(self) -> float:
        """Processor seconds so far."""
        return sum(map(cpu_of, self.pids))

    def memory(self) -> tuple[float, float]:
        """(resident now, at most so far) in MB."""
        now, peak = zip(*map(memory_of, self.pids), strict=True)
        return sum(now), sum(peak)
