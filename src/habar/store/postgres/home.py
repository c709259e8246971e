"""The data folder of a node: it keeps the node's name for one process, and is known again.

Guarantees: one process has the name in this folder, for as long as it lives (flock). The folder has
a mark of its own, made once: a run of that name with that mark is of a process that is dead, since
its lock is ours. A run of that name with another mark may live on another machine.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from habar.errors import AlreadyOpen, StoreUnavailable
from habar.store.lock import lock_file

_OCTETS = 16


@dataclass(frozen=True, slots=True)
class Home:
    """A name that is ours in a folder, until `leave`."""

    lock: int
    mark: str

    def leave(self) -> None:
        """Another process may have the name."""
        os.close(self.lock)


def enter(folder: Path, name: str) -> Home:
    """Take the name. Raises AlreadyOpen where another process has it here, StoreUnavailable."""
    path = folder / f"node-{name}.lock"
    lock = lock_file(path)
    if lock is None:
        raise AlreadyOpen(f"another process is the node {name} here")
    try:
        return Home(lock, _mark(lock))
    except OSError as error:
        os.close(lock)
        raise StoreUnavailable(f"{path}: {error}") from error


def _mark(lock: int) -> str:
    mark = os.pread(lock, 2 * _OCTETS, 0).decode("ascii", "replace")
    if len(mark) < 2 * _OCTETS:
        mark = secrets.token_hex(_OCTETS)
        os.pwrite(lock, mark.encode(), 0)
        os.fsync(lock)
    return mark
