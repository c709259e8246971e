"""`habar db`: the database itself: its schema, what is in it, whether it keeps its promises.

Guarantees: no URL is shown with its password.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from habar.cli.columns import show_pairs
from habar.cli.place import CONFIG, ConfigOption, DataOption, fail, settings_of, told
from habar.config import GatewaySettings, Settings

if TYPE_CHECKING:
    from habar.app.databases import Database
    from habar.store.inspection import Contents

app = typer.Typer(
    help="The database: its schema, its state, its soundness.",
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


def _database(url: str | None, config: Path | None, data: Path | None) -> Database:
    """The database that `--url` names, else the installation's."""
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
