"""What the kernel tells of processes and of the machine (Linux's /proc, proc(5)).

Guarantees: the parsing is pure; a process that is gone raises ProcessLookupError.
Knows nothing of the gateway.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERTZ = os.sysconf("SC_CLK_TCK")
_MEMORY = {"tmpfs", "ramfs"}
_SYNCS = 30


def parse_cpu(stat: str) -> float:
    """Processor seconds, user and system, of a /proc/PID/stat; names may hold blanks."""
    fields = stat[stat.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / HERTZ


def parse_family_cpu(stat: str) -> float:
    """The same with all children that have ended."""
    fields = stat[stat.rindex(")") + 2 :].split()
    return sum(int(field) for field in fields[11:15]) / HERTZ


def parse_share(rollup: str) -> float:
    """MB of a /proc/PID/smaps_rollup, memory that several share divided among them (Pss)."""
    (line,) = [line for line in rollup.splitlines() if line.startswith("Pss:")]
    return int(line.split()[1]) * 1024 / 1e6


def parse_memory(status: str) -> tuple[float, float]:
    """(resident now, at most so far) in MB of a /proc/PID/status."""
    found = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Vm"))
    now, peak = (int(found.get(key, "0").split()[0]) for key in ("VmRSS", "VmHWM"))
    return now * 1024 / 1e6, peak * 1024 / 1e6


def parse_busy(stat: str) -> tuple[float, float]:
    """(busy, stolen) processor seconds of the machine, of a /proc/stat."""
    user, nice, system, _idle, _iowait, irq, softirq, stolen = (
        int(word) for word in stat.splitlines()[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq) / HERTZ, stolen / HERTZ


def parse_filesystem(mounts: str, folder: str) -> str:
    """Type of the file system that holds a folder, of a /proc/self/mounts."""
    best, kind = "", "unknown"
    for line in mounts.splitlines():
        _, point, type_, *_ = line.split()
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, type_
    return kind


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(f"process {pid} has ended") from None


def cpu_of(pid: int) -> float:
    """Processor seconds of a process so far."""
    return parse_cpu(_read(pid, "stat"))


def memory_of(pid: int) -> tuple[float, float]:
    """(resident now, at most so far) in MB."""
    return parse_memory(_read(pid, "status"))


def children(pid: int) -> list[int]:
    """The ids of its children."""
    return [int(word) for word in _read(pid, f"task/{pid}/children").split()]


def family_cpu(pid: int) -> float:
    """Processor seconds of a process and of all children that it has or had."""
    total = parse_family_cpu(_read(pid, "stat"))
    for child in children(pid):
        with suppress(ProcessLookupError):
            total += cpu_of(child)
    return total


def family_memory(pid: int) -> float:
    """MB of a process and its children; what they share is counted once."""
    total = 0.0
    for one in (pid, *children(pid)):
        with suppress(ProcessLookupError):
            total += parse_share(_read(one, "smaps_rollup"))
    return total


def filesystem(folder: Path) -> str:
    """Type of the file system that holds a folder."""
    return parse_filesystem(Path("/proc/self/mounts").read_text(), str(folder.resolve()))


def in_memory(folder: Path) -> bool:
    """Whether nothing in the folder ever reaches a disk."""
    return filesystem(folder) in _MEMORY


def sync_ms(folder: Path) -> float:
    """Median milliseconds for 4 KiB to reach the disk."""
    path = folder / "sync"
    spans = []
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            begin = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            spans.append(time.perf_counter() - begin)
    path.unlink()
    return sorted(spans)[_SYNCS // 2] * 1000


@dataclass(frozen=True, slots=True)
class Moment:
    """Readings at one moment, to be subtracted."""

    at: float
    busy: float
    stolen: float
    own: float
    """Of the processes that were named and of this one."""

    @classmethod
    def now(cls, pids: Iterable[int] = (), family: int = 0) -> Moment:
        """Read everything; `family`: a process that is named with all its children."""
        busy, stolen = parse_busy(Path("/proc/stat").read_text())
        own = sum(cpu_of(pid) for pid in [*pids, os.getpid()])
        own += family_cpu(family) if family else 0.0
        return cls(time.monotonic(), busy, stolen, own)

    def noise_since(self, earlier: Moment) -> dict[str, float]:
        """Processors taken by others, in the mean, and the load average."""
        seconds = max(self.at - earlier.at, 0.001)
        foreign = self.busy - earlier.busy - (self.own - earlier.own)
        return {
            "foreign_cpus": max(0.0, foreign / seconds),
            "stolen_cpus": (self.stolen - earlier.stolen) / seconds,
            "load_average": os.getloadavg()[0],
        }
