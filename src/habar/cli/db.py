"""`habar db`: the database itself: its schema, what is in it, whether it keeps its promises.

Guarantees: no URL is shown with its password.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from habar.cli.columns import show_pairs
from habar.cli.place import CONFIG, ConfigOption, DataOption, fail, settings_of, told
from habar.config import GatewaySettings, Settings

if TYPE_CHECKING:
    from habar.app.databases import Database
    from habar.store.copied import Copied, Watch
    from habar.store.inspection import Contents

app = typer.Typer(
    help="The database: its schema, its state, its soundness, and moving it.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url", help="Another database: postgresql://user@host:port/name, or sqlite:PATH."
    ),
]


@app.command()
def migrate(url: UrlOption = None, config: ConfigOption = None, data: DataOption = None) -> None:
    """Bring the database to the schema of this version; safe beside running nodes."""
    database = _database(url, config, data)
    from habar.app import databases

    taken: list[int] = []

    def tell(number: int) -> None:
        taken.append(number)
        typer.echo(f"step {number} is taken")

    with told():
        schema = asyncio.run(databases.migrate(database, tell))
    if not taken:
        typer.echo("nothing to do")
    typer.echo(f"{database.shown} has schema {schema}")


@app.command()
def status(url: UrlOption = None, config: ConfigOption = None, data: DataOption = None) -> None:
    """What there is: engine, schema, size, about how many messages, who works on it."""
    database = _database(url, config, data)
    from habar.app import databases

    with told():
        found = asyncio.run(databases.status(database))
    schema = f"{found.schema}, this version needs {found.needed}" if found.schema else "none"
    if found.contents is None:
        schema += "; run: habar db migrate" if found.schema < found.needed else ""
    pairs = [
        ("database", database.shown),
        ("engine", f"{found.engine} {found.server}"),
        ("schema", schema),
    ]
    show_pairs([*pairs, *(_contents(found.contents) if found.contents else ())])


@app.command()
def check(url: UrlOption = None, config: ConfigOption = None, data: DataOption = None) -> None:
    """Prove on the data what Habar promises; exit code 1 where a promise is broken.

    Reads everything, as it was at one moment, beside the running gateway.
    """
    database = _database(url, config, data)
    from habar.app import databases

    with told():
        report = asyncio.run(databases.check(database))
    for warning in report.warnings:
        typer.echo(f"warning: {warning}")
    for finding in report.findings:
        for line in finding.told():
            typer.echo(line)
    if report.findings:
        count = sum(finding.count for finding in report.findings)
        fail(f"{database.shown}: {count} broken {'promise' if count == 1 else 'promises'}")
    typer.echo(f"{database.shown} keeps its promises")


@app.command()
def copy(
    source: Annotated[
        str, typer.Option("--from", help="The embedded installation: a data folder or sqlite:PATH.")
    ],
    target: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="postgresql://user@host:port/name; without it the configuration's database.",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Move an embedded installation to PostgreSQL.

    Given again after it was broken off, the same command goes on where it was.
    """
    where = _database(target, config, None)
    from habar.app import databases

    with told():
        from_where = databases.named(source)
        with _watching() as watch:
            copied = asyncio.run(databases.copy(from_where, where, watch))
    if copied.done_at is not None:
        typer.echo(f"nothing to do: all of it has been there since {_day(copied.done_at)}")
        return
    _tell_copied(copied)
    if not copied.good:
        fail(
            f"{where.shown} is not to be used: find out why, and copy into a new database;"
            " the source is as it was"
        )
    for line in _next(from_where, where.setting):
        typer.echo(line)


def _database(url: str | None, config: Path | None, data: Path | None) -> Database:
    """The database that `--url` (or `--to`) names, else the installation's."""
    from habar.app.databases import configured, named

    if url is not None:
        with told():
            return named(url)
    if data is not None:
        return configured(Settings(gateway=GatewaySettings(data=str(data))))
    if config is not None or CONFIG.exists():
        return configured(settings_of(config or CONFIG))
    return configured(Settings())


def _contents(contents: Contents) -> Iterator[tuple[str, str]]:
    if contents.size is not None:
        yield "size", f"{contents.size / 1_000_000:.1f} MB"
    yield "accounts", str(contents.accounts)
    yield "messages", f"about {contents.messages}"
    if contents.oldest_at is not None:
        yield "oldest message", _day(contents.oldest_at)
    if contents.spans is not None:
        yield "days' spans", f"{contents.spans} with {contents.partitions} partitions"
    yield "nodes alive", " ".join(contents.alive) or "none"
    if contents.unfinished_copy:
        yield "copy", "not finished: not to be used yet"


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()


def _tell_copied(copied: Copied) -> None:
    rows = ", ".join(f"{count} {name}" for name, count in copied.rows.items())
    typer.echo(f"copied: {rows}")
    if copied.earlier:
        typer.echo(f"{copied.earlier} rows of these had been brought by an earlier try")
    for one in copied.differences:
        typer.echo(f"{one.table}: {one.figure}: {one.source} there, {one.target} here", err=True)
    if copied.changed:
        typer.echo("somebody wrote into the source while it was copied", err=True)
    if copied.good:
        typer.echo(
            f"compared: {copied.figures} figures are the same on both sides (rows, ids, states,"
            " parts, prices, balances, ledger, octets of texts, checksum of ids with texts)"
        )


def _next(source: Database, url: str) -> Iterator[str]:
    yield "next, in habar.toml (a password belongs into a file that password_file names):"
    yield "  [database]"
    yield f'  url = "{url}"'
    yield f"then start Habar, and put {source.shown} away: what waits would be sent a second time"


class _Quiet:
    """Nobody looks on."""

    def stage(self, words: str, total: int) -> None:
        """See store.copied.Watch."""

    def advance(self, count: int = 1) -> None:
        """See store.copied.Watch."""


@contextmanager
def _watching() -> Iterator[Watch]:
    """A progress bar where there is a terminal."""
    from rich.console import Console

    from habar.cli.bar import Bar

    console = Console()
    if not console.is_terminal:
        yield _Quiet()
        return
    bar = Bar(console)
    try:
        yield bar
    finally:
        bar.clear()
