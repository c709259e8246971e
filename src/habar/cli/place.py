"""Which installation a command works on, and how its errors are told.

A command beside the gateway opens the same database, SQLite or PostgreSQL: that of `--data`, of
`--config`, of `HABAR_CONFIG`, of a `habar.toml` in this folder, else the sandbox's in
`./habar-data`.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from habar.config import ConfigError, GatewaySettings, Settings, load
from habar.errors import HabarError, NotFound
from habar.store.callbacks import Callbacks
from habar.store.inbox import Inbox
from habar.store.port import Store

T = TypeVar("T")
CONFIG = Path("habar.toml")
SANDBOX = Settings()

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="HABAR_CONFIG", help="The gateway's habar.toml."),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="A data folder itself, for example another sandbox's."),
]


@dataclass(frozen=True, slots=True)
class Installation:
    """The gateway's database, open for staff's work, and what of its settings that needs."""

    store: Store
    timezone: str
    """New accounts', and that of the times that staff are told."""
    in_file: frozenset[str] = frozenset()
    """Names of the operators that stand in the settings file."""

    @property
    def inbox(self) -> Inbox:
        """Subscribers' messages, short codes and opt-outs."""
        return self.store.inbox

    @property
    def callbacks(self) -> Callbacks:
        """What customers are owed to be told."""
        return self.store.callbacks


def fail(sentence: str, code: int = 1) -> NoReturn:
    """Say what is wrong on standard error and stop."""
    typer.echo(f"habar: {sentence}", err=True)
    raise typer.Exit(code)


def settings_of(config: Path) -> Settings:
    """The settings of a file; every fault in it on a line of its own, then exit code 2."""
    try:
        return load(config)
    except ConfigError as error:
        typer.echo(f"habar: {config} cannot be used:", err=True)
        for fault in error.faults:
            typer.echo(f"  {fault}", err=True)
        raise typer.Exit(2) from None


def with_store(
    config: Path | None,
    data: Path | None,
    work: Callable[[Installation], Awaitable[T]],
    *,
    first: bool = False,
) -> T:
    """Open the installation's database for staff's work, do it, close it.

    With `first` the work may be the first that a new installation sees: the database is made then,
    but only where a configuration says that there is to be one.
    """
    from habar.app.database import Place, books_of  # the engine is paid for when it is used

    settings = _settings(config, data)
    configured = data is None and settings is not SANDBOX

    async def run() -> T:
        async with books_of(Place.of(settings), make=first and configured) as store:
            in_file = frozenset(operator.name for operator in settings.operators)
            return await work(Installation(store, settings.gateway.timezone, in_file))

    with told():
        return asyncio.run(run())


def _settings(config: Path | None, data: Path | None) -> Settings:
    if data is not None:
        return Settings(gateway=GatewaySettings(data=str(data)))
    if config is not None or CONFIG.exists():
        return settings_of(config or CONFIG)
    return SANDBOX


@contextmanager
def told() -> Iterator[None]:
    """Turn Habar's own errors into one sentence and exit code 1."""
    try:
        yield
    except NotFound as error:  # its text may be the bare name of what is missing
        fail(f"there is no {str(error).removeprefix('there is no ')}")
    except HabarError as error:
        fail(str(error) or type(error).__name__)


def actor() -> str:
    """Who the audit says did it: the user of the operating system."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"


def now_ms() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000


def new_password(from_stdin: bool, what: str = "Password") -> str:
    """A new password from standard input's first line, or asked for twice."""
    if from_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        return line or fail(f"no {what.lower()} on standard input", 2)
    return str(typer.prompt(what, hide_input=True, confirmation_prompt=True))
