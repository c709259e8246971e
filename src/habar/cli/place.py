"""Which installation a command works on, and how its errors are told.

A command beside the gateway opens the same database: that of `--config`, of `HABAR_CONFIG`, of a
`habar.toml` in this folder, else the sandbox's in `./habar-data`.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from habar.config import ConfigError, Settings, load
from habar.errors import HabarError
from habar.store.port import Store

T = TypeVar("T")

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="HABAR_CONFIG", help="The gateway's habar.toml."),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The sandbox's data folder, where there is no habar.toml."),
]


def fail(sentence: str, code: int = 1) -> NoReturn:
    """Say what is wrong on standard error and stop."""
    typer.echo(f"habar: {sentence}", err=True)
    raise typer.Exit(code)


def settings_of(config: Path | None) -> Settings:
    """The settings of a file; every fault in it on a line of its own, then exit code 2."""
    try:
        if config is None:
            config = Path("habar.toml")
        return load(config)
    except ConfigError as error:
        typer.echo(f"habar: {config} cannot be used:", err=True)
        for fault in error.faults:
            typer.echo(f"  {fault}", err=True)
        raise typer.Exit(2) from None


def data_folder(config: Path | None, data: Path | None) -> Path:
    """Where the database is."""
    if data is not None:
        return data
    if config is not None or Path("habar.toml").exists():
        return Path(settings_of(config).gateway.data)
    return Path("habar-data")


def with_store(config: Path | None, data: Path | None, work: Callable[[Store], Awaitable[T]]) -> T:
    """Open the installation's database for staff's work, do it, close it."""

    from habar.app.database import books_of  # the engine is paid for when it is used

    async def run() -> T:
        async with books_of(data_folder(config, data)) as store:
            return await work(store)

    with told():
        return asyncio.run(run())


@contextmanager
def told() -> Iterator[None]:
    """Turn Habar's own errors into one sentence and exit code 1."""
    try:
        yield
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


def new_password(from_stdin: bool) -> str:
    """A new password from standard input's first line, or asked for twice."""
    if from_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        return line or fail("no password on standard input", 2)
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
