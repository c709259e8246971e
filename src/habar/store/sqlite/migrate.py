"""Brings a database to the schema of this version by the numbered files in migrations/.

Guarantees: each step is one transaction; two processes may try at once; a file that belongs to
another program, or to a newer version of this one, is refused untouched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from habar.errors import SchemaMismatch, StoreUnavailable

APPLICATION_ID = 0x48414252
"""`HABR` in the file's head, so that `file` and we can tell whose it is."""
COMMAND = "habar db migrate"


def migrations() -> list[tuple[int, str]]:
    """(version, script) in order."""
    folder = files(__package__) / "migrations"
    scripts = sorted((entry.name, entry) for entry in folder.iterdir())
    return [
        (int(name[:4]), entry.read_text("utf-8"))
        for name, entry in scripts
        if name.endswith(".sql")
    ]


def newest() -> int:
    """The schema that this version needs."""
    return migrations()[-1][0]


def version_of(connection: sqlite3.Connection) -> int:
    """The schema that the file has, 0 where it has none. Raises SchemaMismatch."""
    _check_owner(connection)
    return _version(connection)


def migrate(connection: sqlite3.Connection, *, permitted: bool) -> int:
    """Take every step that is missing; the version reached. Raises SchemaMismatch."""
    steps = migrations()
    needed = steps[-1][0]
    try:
        version = version_of(connection)
        if version > needed:
            raise SchemaMismatch(f"the database has schema {version}, this version knows {needed}")
        if version < needed and not permitted:
            raise SchemaMismatch(
                f"the database has schema {version}, this version needs {needed}; run: {COMMAND}"
            )
        for number, script in steps:
            if number > version:
                _take(connection, number, script)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the database cannot be read: {error}") from error
    return needed


def _check_owner(connection: sqlite3.Connection) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner == APPLICATION_ID:
        return
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if owner or tables:
        raise SchemaMismatch("the database belongs to another program")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _take(connection: sqlite3.Connection, number: int, script: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) < number:  # another process may have been quicker
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
