"""A database file that is moved away: read in order, as it was at one moment, with nobody at work.

Guarantees: the gateway's lock is held, so that no gateway starts meanwhile; one read transaction
sees one moment; nothing is written. Who the installation is and how far it has come are told by
digests, so that a copy that was broken off goes on only where nothing has happened since.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from habar.errors import AlreadyOpen, StoreUnavailable
from habar.store.copied import Figures, FirstOfDay, Key, Table
from habar.store.lock import lock_file
from habar.store.sqlite.checking import moment, must_exist
from habar.store.sqlite.connection import name_of
from habar.store.sqlite.migrate import migrate
from habar.store.sqlite.sql import COPYING, FIGURES

Result = TypeVar("Result")


class SqliteSource:
    """`store.copied.Source` on a file."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self.identity = _digest(connection, "identity")
        self.state = _digest(connection, "state")
        numbers: dict[str, int] = dict(connection.execute(COPYING["sequences"]).fetchall())
        self.next_id = numbers.pop("message")
        self.numbers: Mapping[str, int] = numbers

    def days(self) -> list[FirstOfDay]:
        """See store.copied.Source."""
        return self._ask(
            lambda c: [FirstOfDay(*row) for row in c.execute(COPYING["days"]).fetchall()]
        )

    def count(self, table: Table) -> int:
        """See store.copied.Source."""
        statement = f"SELECT count(*) FROM {table.name}"  # noqa: S608 - a name of our own
        return self._ask(lambda c: int(c.execute(statement).fetchone()[0]))

    def rows(self, table: Table, after: Key | None, limit: int) -> list[Sequence[Any]]:
        """See store.copied.Source."""
        statement = _in_order(table, begun=after is not None)
        return self._ask(lambda c: c.execute(statement, (*(after or ()), limit)).fetchall())

    def highest(self, table: Table) -> int | None:
        """See store.copied.Source."""
        statement = f"SELECT max(id) FROM {table.name}"  # noqa: S608 - a name of our own
        there: int | None = self._ask(lambda c: c.execute(statement).fetchone()[0])
        given: int | None = self._ask(
            lambda c: c.execute(COPYING["given"], (table.name,)).fetchone()[0]
        )
        return max((number for number in (there, given) if number is not None), default=None)

    def figures(self, table: Table) -> Figures:
        """See store.copied.Source."""

        def question(connection: sqlite3.Connection) -> Figures:
            cursor = connection.execute(FIGURES[table.name])
            names = [column[0] for column in cursor.description]
            return {n: v or 0 for n, v in zip(names, cursor.fetchone(), strict=True)}

        return self._ask(question)

    def unchanged(self) -> bool:
        """See store.copied.Source."""
        with moment(self._path) as connection:
            return _digest(connection, "state") == self.state

    def _ask(self, question: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            return question(self._connection)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path} cannot be read: {name_of(error)}") from error


@contextmanager
def source(path: Path) -> Iterator[SqliteSource]:
    """The file, with its gateway kept away.

    Raises NotFound, AlreadyOpen where its gateway runs, SchemaMismatch, StoreUnavailable.
    """
    must_exist(path)
    lock = lock_file(Path(f"{path}.lock"))
    if lock is None:
        raise AlreadyOpen(f"a gateway runs on {path}: stop it first")
    try:
        with moment(path) as connection:
            migrate(connection, permitted=False)
            yield SqliteSource(path, connection)
    finally:
        os.close(lock)


def _digest(connection: sqlite3.Connection, name: str) -> str:
    rows = connection.execute(COPYING[name]).fetchall()
    return hashlib.blake2b(repr(rows).encode(), digest_size=16).hexdigest()


def _in_order(table: Table, *, begun: bool) -> str:
    key = ", ".join(table.key)
    marks = ", ".join("?" * len(table.key))
    after = f"WHERE ({key}) > ({marks})" if begun else ""
    columns = ", ".join(table.columns)
    # Only names of our own stand in it; the values are parameters.
    return f"SELECT {columns} FROM {table.name} {after} ORDER BY {key} LIMIT ?"  # noqa: S608
