"""`habar ported`: numbers that their subscribers took along to another network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from habar.admin.ported import Import, PortedNumbers, Progress, msisdn_of
from habar.cli.columns import printable
from habar.cli.place import (
    ConfigOption,
    DataOption,
    Installation,
    actor,
    fail,
    now_ms,
    told,
    with_store,
)

app = typer.Typer(
    help="Numbers that were ported to another network.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Number = Annotated[str, typer.Argument(help="As 77011234567.")]
_CHUNK = 1 << 20


def _ported(place: Installation) -> PortedNumbers:
    return PortedNumbers(place.store.network, actor=actor(), now=now_ms)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: msisdn and network.", dir_okay=False)],
    network: Annotated[
        str | None,
        typer.Option(help="All numbers of the file are this network's; only they stand in it."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Forget numbers (of the network) that are not in the file."),
    ] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Bring in a file of ported numbers, beside the running gateway."""
    began = time.monotonic()
    with _watching(file) as progress:
        done = with_store(
            config,
            data,
            lambda place: _ported(place).load(
                file, network=network, replace=replace, on_progress=progress
            ),
        )
    _tell(done, time.monotonic() - began)
    if done.wrong:
        kept = f", and {done.kept} numbers that are not in it stay" if replace and done.kept else ""
        lines = "1 line is" if done.wrong == 1 else f"{done.wrong} lines are"
        fail(f"{file}: {lines} no ported number{kept}: mend it and import it again")


@app.command()
def show(number: Number, config: ConfigOption = None, data: DataOption = None) -> None:
    """Where a number was ported to."""
    network = with_store(config, data, lambda place: _ported(place).find(number))
    msisdn = msisdn_of(number)
    typer.echo(f"{msisdn} is {network}'s" if network else f"{msisdn} is not ported")


@app.command()
def count(config: ConfigOption = None, data: DataOption = None) -> None:
    """How many numbers are ported."""
    typer.echo(with_store(config, data, lambda place: _ported(place).count()))


@app.command()
def remove(number: Number, config: ConfigOption = None, data: DataOption = None) -> None:
    """Forget that a number was ported."""
    with told():
        msisdn = msisdn_of(number)
    if not with_store(config, data, lambda place: _ported(place).drop(number)):
        fail(f"{msisdn} is not ported")
    typer.echo(f"{msisdn} is its range's again")


@app.command()
def clear(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Forget all ported numbers."""
    if not yes:
        there = with_store(config, data, lambda place: _ported(place).count())
        typer.confirm(f"Forget all {there} ported numbers?", abort=True)
    cleared = with_store(config, data, lambda place: _ported(place).clear())
    typer.echo(f"{cleared} ported numbers are forgotten")


def _tell(done: Import, seconds: float) -> None:
    rate = done.lines / max(seconds, 0.001)
    typer.echo(
        f"{done.lines} lines in {seconds:.1f} s ({rate:.0f} a second): {done.written} written,"
        f" {done.unchanged} unchanged, {done.removed} removed, {done.wrong} wrong"
    )
    for line in done.wrong_lines:
        typer.echo(f"  {printable(line)}", err=True)
    if done.wrong > len(done.wrong_lines):
        typer.echo(f"  and {done.wrong - len(done.wrong_lines)} more", err=True)


@contextmanager
def _watching(file: Path) -> Iterator[Progress | None]:
    """A progress bar where there is a terminal."""
    from rich.console import Console

    from habar.cli.bar import Bar

    console = Console()
    if not console.is_terminal:
        yield None
        return
    bar = Bar(console, rate="numbers/s")
    bar.stage("ported numbers", _lines_of(file))
    before = Import()

    def progress(now: Import) -> None:
        if now.removed and not before.removed:
            bar.stage("no longer ported", None)
        bar.advance(now.lines - before.lines + now.removed - before.removed)
        before.lines, before.removed = now.lines, now.removed

    try:
        yield progress
    finally:
        bar.clear()


def _lines_of(file: Path) -> int | None:
    """About how many lines there are; None where it cannot be said."""
    try:
        with file.open("rb") as octets:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: octets.read(_CHUNK), b""))
    except OSError:
        return None  # whoever reads it tells why
