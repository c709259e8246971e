"""Brings a database to the schema of this version by the numbered files in migrations/.

Safe while the version before still runs: a migration adds what the new version needs and takes
nothing away that the old one uses; its first line says for which versions that holds
(`-- serves: 3` means: software made for schema 3 and later may go on). What is no longer used is
taken away by a later migration, when no old version is left. Software refuses a schema that lacks
a step, and one that serves it no more; it never migrates by itself.

Guarantees: each step is one transaction; two processes may try at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from habar.errors import SchemaMismatch, StoreUnavailable
from habar.store.postgres.connection import Connection, is_forbidden, is_unavailable, told
from habar.store.postgres.sql import QUERIES

COMMAND = "habar db migrate"
_STEP_SECONDS = 86_400.0
_SERVES = re.compile(r"^-- serves: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """One file."""

    number: int
    name: str
    script: str

    @property
    def serves(self) -> int:
        """The oldest schema whose software may run on this one."""
        found = _SERVES.search(self.script)
        return int(found[1]) if found else self.number


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database has."""

    version: int
    """0: it is empty."""
    serves: int


def steps() -> list[Step]:
    """All of them, in order."""
    folder = files(__package__) / "migrations"
    found = sorted((entry.name, entry) for entry in folder.iterdir())
    return [
        Step(int(name[:4]), name.removesuffix(".sql"), entry.read_text("utf-8"))
        for name, entry in found
        if name.endswith(".sql")
    ]


def newest() -> int:
    """The schema that this version needs."""
    return steps()[-1].number


async def schema_of(connection: Connection) -> Schema:
    """What the database has. Raises SchemaMismatch where it is another program's."""
    try:
        row = await connection.fetchrow(QUERIES["schema"])
    except asyncpg.UndefinedTableError:
        if await connection.fetchval(QUERIES["any_table"]):
            raise SchemaMismatch("the database belongs to another program") from None
        return Schema(0, 0)
    return Schema(*row) if row else Schema(0, 0)


async def check(connection: Connection) -> None:
    """Raise SchemaMismatch, with the command to run, where this version does not fit."""
    schema, needed = await schema_of(connection), newest()
    if schema.version < needed:
        has = f"schema {schema.version}" if schema.version else "no schema"
        raise SchemaMismatch(f"the database has {has}, this version needs {needed}; run: {COMMAND}")
    if schema.serves > needed:
        raise SchemaMismatch(
            f"the database has schema {schema.version}, which serves versions for schema"
            f" {schema.serves} and later; this one is for {needed}: install a newer Habar"
        )


async def migrate(
    connection: Connection, told_step: Callable[[Step], None] = lambda _: None
) -> None:
    """Take every step that is missing, and tell each one when it is taken.

    Raises SchemaMismatch, StoreUnavailable.
    """
    try:
        await schema_of(connection)
        await connection.execute(QUERIES["make_schema"])
        for step in steps():
            if await _take(connection, step):
                told_step(step)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        refused = not is_unavailable(error) or is_forbidden(error)
        words = "refused the migration" if refused else "cannot be reached"
        raise StoreUnavailable(f"the database {words}: {told(error)}") from error


async def _take(connection: Connection, step: Step) -> bool:
    async with connection.transaction():
        row = await connection.fetchrow(QUERIES["lock_schema"])
        if row is None or row[0] >= step.number:
            return False
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute(step.script, timeout=_STEP_SECONDS)
        await connection.execute(QUERIES["set_schema"], step.number, step.serves)
    return True
