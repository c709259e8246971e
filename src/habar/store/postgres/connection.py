"""Connections to PostgreSQL, and which of its errors mean what.

Guarantees: a commit returns after it is on the server's disk (synchronous_commit is `on`); a
statement, a lock and a silent transaction have limits, so that a node that was stopped in the
middle of its work gives its locks back within seconds; no password is ever part of an error. Plans
by index only: a table may grow by a million rows between two statistics.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from typing import Protocol as Port

import asyncpg

from habar.errors import StoreUnavailable

_SETTINGS = {
    "application_name": "habar",
    "jit": "off",
    "timezone": "UTC",
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "enable_seqscan": "off",
    "enable_mergejoin": "off",
}
_LONG_SETTINGS = {
    "application_name": "habar",
    "timezone": "UTC",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "60000",
}
"""For work that is not a node's: as the server has it, but without a limit."""
_LESS = {"application_name", "timezone", "default_transaction_isolation", "statement_timeout"}
"""What engines that speak PostgreSQL's protocol know of these settings at the least."""


class Connection(Port):
    """What we use of asyncpg's connection."""

    async def execute(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,  # noqa: ASYNC109 - asyncpg's own
    ) -> str:
        """Do a statement; the server's word for what it did (`UPDATE 3`).

        `timeout`: seconds, where an Address's `answer_seconds` will not do.
        """

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """All rows."""

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """The first row, or None."""

    async def fetchval(self, query: str, *args: Any) -> Any:
        """The first row's first value, or None."""

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """Commit at the end of the block, or roll back where it raises."""

    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[Sequence[Any]], columns: Sequence[str]
    ) -> str:
        """Put rows into a table by COPY."""

    async def add_listener(self, channel: str, callback: Callable[..., None]) -> None:
        """Call for each notification."""

    def add_termination_listener(self, callback: Callable[..., None]) -> None:
        """Call when it breaks or is closed."""

    def is_closed(self) -> bool:
        """Whether it is of no use any more."""

    def terminate(self) -> None:
        """Close it without a word."""

    async def close(self, *, timeout: float) -> None:  # noqa: ASYNC109 - asyncpg's own
        """Close it in order."""


_UNAVAILABLE_CLASSES = frozenset({"08", "28", "3D", "40", "53", "57", "58", "XX"})
_UNAVAILABLE_STATES = frozenset({"25006", "25P03", "25P04", "55P03"})
_FORBIDDEN_CLASSES = frozenset({"3F", "42"})
_AGAIN = frozenset({"40001", "40P01"})
_NO_ANSWER_CLASSES = frozenset({"08", "57"})
_NOT_KNOWN = "40003"
_LAST_WORDS = frozenset({"FATAL", "PANIC"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is, and the password where it does not stand in the URL."""

    url: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    lock_ms: int = 8_000
    """Milliseconds that a statement waits for another transaction's lock: longer than a stopped
    node may keep its own (`idle_ms`), so that the others wait it out."""
    idle_ms: int = 3_000
    """Milliseconds after which the server ends a transaction in which nothing is said."""
    statement_ms: int = 15_000
    """Milliseconds after which the server ends a statement."""
    answer_seconds: float = 20.0
    """Seconds after which a server that says nothing is given up; more than `statement_ms`."""
    connect_seconds: float = 5.0

    async def connect(self) -> Connection:
        """A new connection. Raises StoreUnavailable."""
        settings = {
            **_SETTINGS,
            "lock_timeout": str(self.lock_ms),
            "idle_in_transaction_session_timeout": str(self.idle_ms),
            "statement_timeout": str(self.statement_ms),
        }
        return await self._reach(settings, self.answer_seconds)

    async def connect_for_long(self) -> Connection:
        """A connection whose statements may take hours. Raises StoreUnavailable."""
        return await self._reach({**_LONG_SETTINGS, "lock_timeout": str(self.lock_ms)}, None)

    async def _reach(self, settings: dict[str, str], seconds: float | None) -> Connection:
        try:
            try:
                return await self._connect(settings, seconds)
            except asyncpg.UndefinedObjectError:
                known = {name: settings[name] for name in _LESS & settings.keys()}
                return await self._connect(known, seconds)
        except (asyncpg.PostgresError, OSError) as error:
            raise StoreUnavailable(f"the database cannot be reached: {told(error)}") from error
        except Exception as error:  # noqa: BLE001 - of a URL that cannot be read, for one
            # Its words, and so its traceback, may have a piece of the URL in them.
            words = f"the database cannot be reached: {told(error)}"
        raise StoreUnavailable(words)

    async def _connect(self, settings: dict[str, str], seconds: float | None) -> Connection:
        connection: Connection = await asyncpg.connect(
            self.url,
            password=self.password,
            timeout=self.connect_seconds,
            command_timeout=seconds,
            max_cached_statement_lifetime=0,
            statement_cache_size=256,
            server_settings=settings,
            target_session_attrs="read-write",
        )
        return connection


def is_unavailable(error: BaseException) -> bool:
    """Whether `error` tells of the server or the way to it, rather than of one value."""
    if isinstance(error, OSError | TimeoutError | asyncio.IncompleteReadError | MemoryError):
        return True
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        known = state[:2] in _UNAVAILABLE_CLASSES or state in _UNAVAILABLE_STATES
        return known or is_forbidden(error)
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # a value that cannot be written is one
    return isinstance(error, asyncpg.InternalClientError)


def is_forbidden(error: BaseException) -> bool:
    """Whether a table, column or right is missing.

    That is about no single value: what an operator said is not to be thrown away for it.
    """
    if not isinstance(error, asyncpg.PostgresError):
        return False
    return (error.sqlstate or "")[:2] in _FORBIDDEN_CLASSES


def may_be_repeated(error: BaseException) -> bool:
    """Whether the transaction lost against another one and only has to be done again."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in _AGAIN


def is_answer(error: BaseException) -> bool:
    """Whether the server itself said no: then a commit has not happened, for certain.

    The last words of a process or server that ends are no answer: where a commit could not be
    brought to the disk, the server's next start may find it there.
    """
    if not isinstance(error, asyncpg.PostgresError):
        return False
    severity = getattr(error, "severity_en", None) or getattr(error, "severity", None)
    state = error.sqlstate or ""
    known = state[:2] not in _NO_ANSWER_CLASSES and state != _NOT_KNOWN
    return known and severity not in _LAST_WORDS


def name_of(error: BaseException) -> str:
    """What may be logged of an error: its name, never a value."""
    state = getattr(error, "sqlstate", None)
    return f"{type(error).__name__} {state}" if state else type(error).__name__


def told(error: BaseException) -> str:
    """What may be said to people of a failure to connect: the server's words have no secret."""
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return "it takes no writes (a standby, or default_transaction_read_only)"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, asyncpg.PostgresError | OSError):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__
