"""`habar range`: which numbers were given to which network."""

from __future__ import annotations

from typing import Annotated

import typer

from habar.cli.columns import show_table
from habar.cli.place import ConfigOption, DataOption, with_store
from habar.cli.route import routing

app = typer.Typer(
    help="Number ranges: which network numbers were given to.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Prefix = Annotated[str, typer.Argument(help="2 to 11 digits, the first a 7, as 7701.")]


@app.command("list")
def list_(config: ConfigOption = None, data: DataOption = None) -> None:
    """All ranges, by prefix."""
    ranges = with_store(config, data, lambda place: routing(place).ranges())
    show_table(("prefix", "network"), ranges, right=frozenset())


@app.command()
def add(
    prefix: Prefix,
    network: Annotated[str, typer.Argument(help="Small Latin letters, digits and hyphens.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Give a range to a network, which may be a new one."""
    with_store(config, data, lambda place: routing(place).add_range(prefix, network))
    typer.echo(f"{prefix} is {network}'s")


@app.command()
def remove(prefix: Prefix, config: ConfigOption = None, data: DataOption = None) -> None:
    """Forget a range."""
    with_store(config, data, lambda place: routing(place).remove_range(prefix))
    typer.echo(f"{prefix} is nobody's")
