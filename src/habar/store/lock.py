"""A file whose lock says which process has something: gone with the process, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from habar.errors import StoreUnavailable


def lock_file(path: Path) -> int | None:
    """The descriptor of the locked file, made if need be; None where another process has it.

    Raises StoreUnavailable where the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
