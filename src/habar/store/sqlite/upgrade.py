"""`habar db migrate` on a file: the steps that are missing, taken while no gateway has it.

Guarantees: a file of another program or a newer version is refused untouched, and so is one whose
gateway runs: what it has in memory was made for the schema before.
"""

from __future__ import annotations

import os
from pathlib import Path

from habar.errors import AlreadyOpen
from habar.store.lock import lock_file
from habar.store.sqlite.checking import moment
from habar.store.sqlite.connection import connect
from habar.store.sqlite.migrate import migrate, newest, version_of


def upgrade(path: Path) -> list[int]:
    """The numbers of the steps that were taken.

    Raises NotFound, SchemaMismatch, AlreadyOpen, StoreUnavailable.
    """
    with moment(path) as connection:
        if version_of(connection) == newest():
            return []
    lock = lock_file(Path(f"{path}.lock"))
    if lock is None:
        raise AlreadyOpen(f"a gateway of an older version runs on {path}: stop it first")
    try:
        return _take(path)
    finally:
        os.close(lock)


def _take(path: Path) -> list[int]:
    connection = connect(path, cache_kib=8_192, busy=5.0, read_only=False)
    try:
        before = version_of(connection)
        return list(range(before + 1, migrate(connection, permitted=True) + 1))
    finally:
        connection.close()
